"""The workbench as its door gives it: what a page says of an answer, without a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.page_reading import Element, read_page, site_of

PREFIXES = "PREFIX lw: <https://w3id.org/lerende-wijk/def#> PREFIX dcterms: <http://purl.org/dc/terms/> "
COUNTED = (
    PREFIXES + "SELECT ?holder (COUNT(?story) AS ?stories) { ?story a lw:Story ; lw:heldBy ?holder }"
    " GROUP BY ?holder ORDER BY ?holder"
)
MANY = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 250"


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of a service with the Moerwijk example, reading as a Dutch browser does."""
    headers = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "nl"}
    with httpx.Client(base_url=site_of(request), headers=headers, timeout=30) as client:
        yield client


def asked(site: httpx.Client, query: str, status: int = 200, **more: str) -> Element:
    """The page with what came of a question."""
    answer = site.get("/sparql", params={"query": query, **more})
    assert status == answer.status_code, answer.text[:500]
    return read_page(answer.text)


def rows_of(page: Element) -> list[list[Element]]:
    """The cells of the answer's table, row by row."""
    return [row.all("td") for table in page.all("table", data_twin="answer") for row in table.all("tr")[1:]]


def by_id(page: Element, name: str) -> Element:
    """The one element with this id."""
    return page.all(id=name)[0]


def raw(element: Element) -> str:
    """The text of an element with its lines."""
    return "".join(child if isinstance(child, str) else raw(child) for child in element.children)


def test_things_show_their_name_and_keep_their_iri(site: httpx.Client) -> None:
    """In the reader's language, linked to their page here; an unknown IRI stands as it is."""
    query = PREFIXES + "SELECT * { VALUES ?thing { lw:Story <http://127.0.0.1:8000/id/gemeente> <urn:x:y> } }"
    cells = [row[0] for row in rows_of(asked(site, query))]
    assert ["Verhaal", "Gemeente Den Haag", "urn:x:y"] == [cell.all("a")[0].text for cell in cells]
    assert ["/def?lang=nl#Story", "/nl/wie/gemeente", "urn:x:y"] == [c.all("a")[0].attributes["href"] for c in cells]
    assert "https://w3id.org/lerende-wijk/def#Story" == cells[0].all("code")[0].text
    english = asked(site, query, lang="en")
    assert "Story" == rows_of(english)[0][0].all("a")[0].text


def test_every_kind_of_term_has_its_place(site: httpx.Client) -> None:
    """A cell without a value stays empty; a language and a datatype are named; a triple is written as one."""
    values = '(UNDEF "a"@nl) (true "2024"^^<http://www.w3.org/2001/XMLSchema#gYear>) (1.5 "x"^^<urn:own>)'
    rows = rows_of(asked(site, f"SELECT * {{ VALUES (?a ?b) {{ {values} }} }}"))
    assert [["", "a @nl"], ["true", "2024 xsd:gYear"], ["1.5", "x urn:own"]] == [[c.text for c in row] for row in rows]
    triple = rows_of(asked(site, 'SELECT * { BIND(<<( <urn:a> <urn:b> "x"@nl )>> AS ?t) }'))
    assert '<<( <urn:a> <urn:b> "x"@nl )>>' == triple[0][0].text
    assert 200 == site.get("/sparql", params={"query": "SELECT * {}"}).status_code


def test_only_safe_addresses_become_links(site: httpx.Client) -> None:
    """http, https, mailto, tel and urn; anything else is text."""
    iris = ("javascript:alert(1)", "data:text/html,x", "mailto:x@example.org", "https://example.org/", "file:///etc")
    page = asked(site, f"SELECT * {{ VALUES ?iri {{ {' '.join(f'<{iri}>' for iri in iris)} }} }}")
    assert [0, 0, 1, 1, 0] == [len(row[0].all("a")) for row in rows_of(page)]


def test_a_long_answer_is_cut_with_a_word_and_its_files_are_whole(site: httpx.Client) -> None:
    """200 of 250 rows on the page, the text says so, and the CSV has 250."""
    page = asked(site, MANY)
    assert 200 == len(rows_of(page))
    assert "de eerste 200 van 250 rijen" in by_id(page, "came").text
    csv = next(link for link in page.all("a", download=None) if link.text == "CSV")
    assert "antwoord.csv" == csv.attributes["download"]
    assert 250 == len(site.get(csv.attributes["href"]).text.strip().splitlines()) - 1


@pytest.mark.parametrize(("form", "files"), [("SELECT *", 4), ("CONSTRUCT { ?s ?p ?long }", 6)])
def test_an_answer_too_large_for_a_page_is_still_there_as_a_file(site: httpx.Client, form: str, files: int) -> None:
    """The page shows its beginning, says that there is more and offers the files; the file is whole."""
    many = f"{form} {{ ?s ?p ?o BIND(CONCAT(STR(?s), STR(?p), STR(?o), STR(?s), STR(?p), STR(?s)) AS ?long) }}"
    page = asked(site, many)
    assert "Er zijn er meer" in by_id(page, "came").text
    links = [link.attributes["href"] for link in page.all("a", download=None)]
    assert files == len(links)
    whole = site.get(links[-1])
    assert (200, True) == (whole.status_code, len(whole.content) > 500_000)


def test_an_answer_of_two_hundred_rows_too_heavy_for_a_page_says_how_heavy_in_words(site: httpx.Client) -> None:
    """Where even the first rows do not fit: the limit in megabytes, and the files."""
    many = 'SELECT ?long { ?s ?p ?o BIND(CONCAT("' + "x" * 30000 + '", STR(?s)) AS ?long) }'
    page = asked(site, many, 413)
    assert "2 MB" in by_id(page, "bench-objection").text
    assert "Als bestand kunt u" in by_id(page, "bench-objection").text


def test_the_samples_of_a_yes_or_no_read_a_truth(site: httpx.Client) -> None:
    """Python and R ask for JSON and read the boolean; no table is made of it."""
    code = [
        raw(one)
        for one in asked(site, "ASK { ?s ?p ?o }").all("code")
        if "library(httr2)" in raw(one) or "import httpx" in raw(one)
    ]
    assert 2 == len(code)
    assert all("application/sparql-results+json" in one and "csv" not in one for one in code)
    assert ('answer.json()["boolean"]' in code[0], "resp_body_json(answer)$boolean" in code[1]) == (True, True)


def test_a_time_that_cannot_be_asked_is_said_beside_its_field(site: httpx.Client) -> None:
    """Anything may be typed there; what is no past, or no snapshot's name, is told in words."""
    for at, words in (("2999-01-01", "nog niet voorbij"), ("1999-01-01", "nog niets"), ("geen-naam", "geen-naam")):
        answer = site.get("/sparql", params={"query": "ASK { }", "at": at})
        page = read_page(answer.text)
        assert 400 <= answer.status_code < 500
        assert ("true", at) == tuple(by_id(page, "at").attributes[name] for name in ("aria-invalid", "value"))
        assert words in by_id(page, "at-wrong").text
        assert "type" not in by_id(page, "at").attributes


def test_a_first_question_shows_its_first_rows(site: httpx.Client) -> None:
    """All there is: 200 rows, and with too many to count a word that there are more."""
    page = asked(site, "SELECT * { ?s ?p ?o . ?a ?b ?c }")
    assert 200 == len(rows_of(page))
    assert "U ziet de eerste 200 rijen. Er zijn er meer." in by_id(page, "came").text


def test_a_graph_shows_only_prefixes_that_it_uses(site: httpx.Client) -> None:
    """One word of ours, so one prefix."""
    graph = raw(asked(site, PREFIXES + "CONSTRUCT { ?s lw:heldBy ?o } WHERE { ?s lw:heldBy ?o }").all("pre")[0])
    assert ["lw:"] == [line.split()[1] for line in graph.splitlines() if line.startswith("@prefix")]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("ASK {\n ?s lw:heldBy ?o }", "Het voorvoegsel lw: is niet bekend. Zet PREFIX lw: <https://"),
        ("ASK { ?s my:own ?o }", "Het voorvoegsel my: is niet bekend. Zet PREFIX my: <…> bovenaan."),
        ("# niets\n", "De vraag is leeg."),
        ("SELECT * { ?s ?p ", "past niet wat er staat. Verwacht: $"),
    ],
)
def test_what_is_wrong_is_said_in_words(site: httpx.Client, query: str, words: str) -> None:
    """A prefix, an empty question and a place where something else belongs each have words of their own."""
    assert words in by_id(asked(site, query, 400), "bench-objection").text


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_each_form_of_rows_can_be_downloaded(site: httpx.Client, form: str) -> None:
    """Each link gives what it says."""
    links = {link.text: link.attributes["href"] for link in asked(site, COUNTED).all("a", download=None)}
    assert form in site.get(links[form.upper()]).headers["content-type"].replace("tab-separated-values", "tsv")


def test_a_yes_and_a_graph_have_their_own_words_and_forms(site: httpx.Client) -> None:
    """ASK says yes or no; CONSTRUCT shows Turtle and offers six forms of a graph."""
    assert "Het antwoord is ja" in by_id(asked(site, "ASK { ?s ?p ?o }"), "came").text
    assert "Het antwoord is nee" in by_id(asked(site, "ASK { <urn:x> ?p ?o }"), "came").text
    graph = asked(site, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 3")
    links = [link.attributes["href"] for link in graph.all("a", download=None)]
    assert [200] * 6 == [site.get(link).status_code for link in links]


def test_a_chart_says_what_its_table_says_in_the_same_order(site: httpx.Client) -> None:
    """Bars for a column of numbers beside one other column; no chart for anything else."""
    page = asked(site, COUNTED)
    bars = [bar.attributes["data-value"] for bar in by_id(page, "chart").all("g")]
    assert [row[1].text for row in rows_of(page)] == bars
    years = "SELECT * { VALUES (?year ?n) { ('2001'^^xsd:gYear 1) ('2003'^^xsd:gYear -2) ('2004'^^xsd:gYear 3) } }"
    line = asked(site, "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> " + years)
    xs = [float(dot.attributes["cx"].removesuffix("%")) for dot in by_id(line, "chart").all("circle")]
    assert 2 * (xs[2] - xs[1]) == pytest.approx(xs[1] - xs[0], abs=0.2)
    assert [] == asked(site, MANY).all(id="chart")


def test_what_is_wrong_says_where_and_shows_the_line(site: httpx.Client) -> None:
    """Line and column in words, a link to the field, and the line itself; 400 as for programs."""
    page = asked(site, "SELECT ?x {\n  ?x lw:foo ?y\n}", 400)
    field = by_id(page, "query")
    assert ("2", "true") == (field.attributes["data-line"], field.attributes["aria-invalid"])
    assert "  ?x lw:foo ?y" == raw(by_id(page, "bench-objection").all("code")[0])


def test_a_text_comes_back_as_it_was_sent(site: httpx.Client) -> None:
    """Also with an empty line at the top, so that lines keep their numbers, and with markup in it."""
    query = "\n\n# </textarea><b>\nASK { ?s ?p ?o }"
    answer = site.post("/sparql?lang=nl", data={"query": query})
    inside = answer.text.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    assert "\n\n\n# &lt;/textarea&gt;&lt;b&gt;\nASK { ?s ?p ?o }" == inside
    assert "nl" == answer.headers["content-language"]


def test_the_dataset_and_the_date_stay_with_the_question(site: httpx.Client) -> None:
    """What was asked beside the text is in the form, the downloads, the shared address and the code."""
    view = "http://127.0.0.1:8000/view/gemeente"
    params = {"query": "SELECT ?s { ?s ?p ?o } LIMIT 2", "default-graph-uri": view, "at": ""}
    answer = site.get("/sparql", params=params)
    page = read_page(answer.text)
    hidden = {field.attributes["name"]: field.attributes["value"] for field in page.all("input", type="hidden")}
    assert view == hidden["default-graph-uri"]
    assert "default-graph-uri" in by_id(page, "share").attributes["value"]
    assert "at=" not in by_id(page, "share").attributes["value"]
    assert 3 == sum(view in part.text for part in page.all("details") if part.has_class("code"))
    future = site.get("/sparql", params={"query": "ASK {}", "at": "2999-01-01"})
    assert (400, "2999-01-01") == (future.status_code, by_id(read_page(future.text), "at").attributes["value"])


def test_what_the_service_changed_is_said_and_can_be_left_out(site: httpx.Client) -> None:
    """A note tells that EXISTS was asked in another form; a box in the form asks it as written, and stays so."""
    query = PREFIXES + "SELECT ?s { ?s a lw:Story FILTER NOT EXISTS { ?c lw:from ?s ; lw:to ?p . ?p a lw:Policy } }"
    for more, noted in (({}, True), ({"rewrite": "off"}, False)):
        page = asked(site, query, **more)
        box = page.all("input", type="checkbox", name_="rewrite")[0]
        assert (noted, not noted) == ("rewritten" in by_id(page, "came").text, "checked" in box.attributes)
        assert noted != ("rewrite=off" in by_id(page, "share").attributes["value"])


def test_the_shared_address_is_that_of_the_reader_and_kept_for_nobody_else(site: httpx.Client) -> None:
    """Two readers who come by different names each get their own, and pages are not kept between them."""
    for name in ("one.example", "two.example"):
        answer = site.get("/sparql", params={"query": COUNTED}, headers={"Host": name})
        assert by_id(read_page(answer.text), "share").attributes["value"].startswith(f"http://{name}/sparql?query=")
        assert "private" in answer.headers["cache-control"]


def test_the_same_question_runs_elsewhere_as_it_is_written(site: httpx.Client) -> None:
    """The curl command and the Python text, run as they stand, give the rows of the page."""
    query = COUNTED + ' # it\'s "quoted" \\ and so on\n'
    page = asked(site, query)
    curl, python, _ = (raw(part.all("code")[0]) for part in page.all("details") if part.has_class("code"))
    shell = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True, timeout=60)
    assert len(rows_of(page)) == len(shell.stdout.strip().splitlines()) - 1
    table = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True, check=True, timeout=60)
    assert "stories" in table.stdout


def test_the_words_for_completion_are_those_of_the_vocabulary(site: httpx.Client) -> None:
    """Prefixes, classes, properties and concepts, with names that a query can bear and labels in both languages."""
    answer = site.get("/def/completion.json")
    found = answer.json()
    words = {word["name"]: word for word in found["words"]}
    assert ("class", "Verhaal", "Story") == tuple(words["lw:Story"][key] for key in ("kind", "nl", "en"))
    assert ("property", "concept") == (words["lw:heldBy"]["kind"], words["theme:housing"]["kind"])
    query = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in found["prefixes"].items())
    some = " ".join(list(words)[::20])
    back = site.post("/sparql", data={"query": query + f"SELECT * {{ VALUES ?w {{ {some} }} }}", "format": "json"})
    iris = [row["w"]["value"] for row in back.json()["results"]["bindings"]]
    assert [word["iri"] for word in found["words"]][::20] == iris
