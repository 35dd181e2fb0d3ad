"""The pages, as a reader, a screen reader and a program meet them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pyoxigraph as ox
import pytest
from babel.messages.pofile import read_po

from kg.voices import Words
from service.pages.words import begun, colon
from tests.page_reading import Element, read_page, site_of

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "service" / "pages"
LW = "https://w3id.org/lerende-wijk/def#"
# Pages that answer in all forms: (Dutch address, English address).
PAGES = [
    ("/nl/", "/en/"),
    ("/nl/naast-elkaar", "/en/side-by-side"),
    ("/nl/naast-elkaar?thema=housing", "/en/side-by-side?theme=housing"),
    ("/nl/naast-elkaar?links=gemeente&rechts=pstad", "/en/side-by-side?left=gemeente&right=pstad"),
    ("/nl/nog-open", "/en/still-open"),
    ("/nl/wie", "/en/who"),
    ("/nl/wie/gemeente", "/en/who/gemeente"),
    ("/nl/thema", "/en/theme"),
    ("/nl/thema/safety", "/en/theme/safety"),
    ("/nl/plek", "/en/place"),
    ("/nl/plek/pl-heeswijkplein", "/en/place/pl-heeswijkplein"),
    ("/nl/over", "/en/about"),
]
DOCUMENTS = ["/doc/ddh/v-13", "/doc/gemeente/b-agenda", "/doc/redactie/c-45", "/doc/redactie/bron-hm"]
STORY = "/doc/ddh/v-13"
ANSWERED: dict[str, int] = {}  # Which local links answered what: each is followed once.


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of a service with the Moerwijk example, reading as a Dutch browser does."""
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    headers = {"Accept": accept, "Accept-Language": "nl"}
    with httpx.Client(base_url=site_of(request), headers=headers, timeout=30) as client:
        yield client


def page(site: httpx.Client, address: str, status: int = 200) -> Element:
    """A page's elements."""
    answer = site.get(address)
    assert status == answer.status_code, answer.text[:500]
    return read_page(answer.text)


def other_form(address: str, suffix: str) -> str:
    """The address of the same page in another form."""
    path, mark, asked = address.partition("?")
    return (path + "start" if path.endswith("/") else path) + suffix + mark + asked


def items_of(html: Element) -> set[str]:
    """The items that a page shows."""
    return {element.attributes["data-item"] for element in html.all(data_item=None)}


@pytest.mark.parametrize("address", [address for pair in PAGES for address in pair])
def test_each_page_has_a_frame(site: httpx.Client, address: str) -> None:
    """One h1, a language, a skip link to the main part, landmarks, and a way to the other language."""
    html = page(site, address)
    root = html.all("html")[0]
    assert address[1:3] == root.attributes["lang"]
    assert 1 == len(html.all("h1"))
    assert "#main" == html.all("a")[0].attributes["href"]
    assert [1, 1, 1] == [len(html.all(name)) for name in ("header", "main", "footer")] or html.all("main", id="main")
    assert html.all("nav") != []
    tongue = html.all("a", hreflang=None)[0].attributes
    assert {"nl": "en", "en": "nl"}[address[1:3]] == tongue["hreflang"]


@pytest.mark.parametrize(("dutch", "english"), PAGES)
def test_both_languages_are_one_click_apart_and_keep_the_choice(site: httpx.Client, dutch: str, english: str) -> None:
    """The language link keeps place and parameters, in the words of the other language."""
    assert english == page(site, dutch).all("a", hreflang="en")[0].attributes["href"]
    assert dutch == page(site, english).all("a", hreflang="nl")[0].attributes["href"]


@pytest.mark.parametrize("address", [dutch for dutch, _ in PAGES])
def test_html_json_and_csv_hold_the_same_items(site: httpx.Client, address: str) -> None:
    """Nothing is in one form that is not in the others."""
    shown = items_of(page(site, address))
    as_json = json.loads(site.get(other_form(address, ".json")).text)
    as_csv = list(csv.DictReader(io.StringIO(site.get(other_form(address, ".csv")).text)))
    assert shown == {item["item"] for item in as_json["items"]}
    assert shown == {line["item"].removeprefix("'") for line in as_csv}
    assert len(as_csv) == len(as_json["items"])


def test_the_turtle_of_a_page_is_what_the_holders_gave(site: httpx.Client) -> None:
    """Each document of the page with its holder, nothing without one."""
    address = "/nl/naast-elkaar?thema=safety"
    triples = list(ox.parse(site.get(other_form(address, ".ttl")).content, format=ox.RdfFormat.TURTLE))
    held = {t.subject.value for t in triples if t.predicate.value == LW + "heldBy"}
    shown = items_of(page(site, address))
    assert shown == held


@pytest.mark.parametrize("address", [dutch for dutch, _ in PAGES])
def test_no_statement_stands_without_its_party(site: httpx.Client, address: str) -> None:
    """Cards, connections, responses and experiences name who says it, within the statement itself."""
    html = page(site, address)
    names = {item["item"]: item for item in json.loads(site.get(other_form(address, ".json")).text)["items"]}
    for element in html.all(data_item=None):
        item = names[element.attributes["data-item"]]
        if item["what"] in ("card", "connection", "response", "experience", "claim"):
            assert item["voice"] == element.attributes["data-voice"], item
            from_register = item["voice"].endswith("/id/wijk")
            spoken = element.text + (" " + viewpoint_name(element) if viewpoint_name(element) else "")
            assert from_register or item["voiceName"] in spoken or "/wie/" in address, item


def viewpoint_name(element: Element) -> str:
    """The name above the viewpoint in which a statement stands."""
    above = element.parent
    while above is not None and "data-party" not in above.attributes:
        above = above.parent
    return above.attributes.get("aria-label", "") if above else ""


@pytest.mark.parametrize("address", ["/nl/naast-elkaar", "/nl/naast-elkaar?thema=housing", STORY, "/doc/betje/i-betje"])
def test_a_figure_and_its_table_have_the_same_edges(site: httpx.Client, address: str) -> None:
    """The table is the contract, the picture is the extra."""
    html = page(site, address)
    pictures = html.all("svg", data_twin=None)
    assert pictures != []
    for picture in pictures:
        drawn = sorted(edge.attributes["data-edge"] for edge in picture.all("g", data_edge=None))
        tables = html.all("table", data_twin=picture.attributes["data-twin"])
        assert [drawn] == [
            sorted(row.attributes["data-edge"] for row in table.all("tr", data_edge=None)) for table in tables
        ]


def test_each_text_carries_its_own_language(site: httpx.Client) -> None:
    """What is only there in one language says so on the page in the other."""
    for address in ("/en/side-by-side?theme=housing", f"{STORY}?lang=en"):
        html = page(site, address)
        said = [element for element in html.all("div") if element.has_class("said")]
        assert said != []
        for element in said:
            assert element.attributes["lang"] in ("nl", "en"), element.text


def test_start_has_its_words(site: httpx.Client) -> None:
    """The words with which people come in."""
    text = page(site, "/nl/").all("main")[0].text
    for words in (
        "Moerwijk vertelt.",
        "Hier staan verhalen van bewoners, plannen van de gemeente en het werk van mensen in de wijk naast elkaar. "
        "Iedereen spreekt met eigen woorden. Wij voegen niets samen en geven geen punten.",
        "Zoek een straat, plek of onderwerp",
        "Wat wilt u doen?",
        "Lezen wat mensen vertellen",
        "Zien wat er met een verhaal is gedaan",
        "Zien wat mensen hier kunnen en willen doen",
        "U kunt het altijd terugnemen",
        "Ontbreekt hier iets? Dan heeft nog niemand het ingevoerd. Het betekent niet dat het er niet is.",
    ):
        assert words in text


def test_a_story_about_mould_says_whose_voice_it_is_and_what_was_done(site: httpx.Client) -> None:
    """Teller, holder, recorder, source, and what others connect with it, in words."""
    text = page(site, STORY).all("main")[0].text
    for words in (
        "Een bewoonster vertelt over schimmel",
        "een bewoonster, opgetekend door Duurzaam Den Haag",
        "Dit is hier niet neergezet door Duurzaam Den Haag.",
        "Onze redactie (Demoredactie) las dit in",
        "Wie zegt dit?",
        "gaat in op dit",
        "was aanleiding voor",
    ):
        assert words in text


def test_what_was_read_in_public_sources_names_who_read_it(site: httpx.Client) -> None:
    """A connection or response that the editors read never says that the organisation itself connects or answers."""
    found = 0
    for address in ("/nl/naast-elkaar", "/nl/wie/gemeente", STORY):
        for element in page(site, address).all(data_voice=None):
            party = element.attributes["data-voice"].rsplit("/", 1)[1]
            recorded = party not in ("redactie", "wijk") and not party.startswith("voorbeeld-")
            if recorded and (element.name == "tr" or element.has_class("stated") or element.has_class("reply")):
                found += 1
                assert "door Demoredactie" in element.text, element.text
    assert found > 0


def test_a_summary_is_cited_as_the_editors_and_a_source_as_its_publisher(site: httpx.Client) -> None:
    """A reference names whose words these are."""
    cited = {}
    for address in (STORY, "/doc/redactie/bron-hm"):
        html = page(site, address)
        cited[address] = next(e.text for e in html.all("p") if e.has_class("citation"))
    assert cited[STORY].startswith("Demoredactie, samenvatting van: Duurzaam Den Haag, ")
    assert not cited["/doc/redactie/bron-hm"].startswith("Demoredactie")


def test_who_says_this_keeps_publishing_summing_up_and_entering_apart(site: httpx.Client) -> None:
    """Each role has its own words, and none contradicts another."""
    text = page(site, STORY).all("aside")[0].text
    for words in ("Gepubliceerd door", "Samengevat door", "Ingevoerd door"):
        assert words in text
    registered = page(site, "/doc/wijk/f-winter").all("main")[0].text
    assert [] == [words for words in ("zelf neergezet", "niet neergezet door") if words in registered]


def test_search_looks_in_texts_too(site: httpx.Client) -> None:
    """A word in a story finds the story, also by its beginning, in capitals or not; the middle of a word does not."""
    names = {item["item"].rsplit("/", 1)[1] for item in json.loads(site.get("/nl/zoeken.json?q=SCHIMM").text)["items"]}
    assert {"v-13", "v-14", "v-21", "v-22", "v-schimmel"} <= names
    assert [] == json.loads(site.get("/nl/zoeken.json?q=chimmel").text)["items"]


def test_a_question_is_asked_and_answered_in_the_words_of_the_reader(site: httpx.Client) -> None:
    """Choices with labels, columns in words, no bare names of connections, downloads; a refused value is a 400."""
    html = page(site, "/queries/open-calls?lang=nl&theme=health")
    labels = {label.text for label in html.all("label")}
    assert {"Thema", "Plek"} <= labels
    assert "gezondheid" in {option.text.casefold() for option in html.all("option")}
    whole = page(site, "/queries/open-calls?lang=nl")
    assert {"Verbinding", "Wie zegt dit"} <= {head.text for head in whole.all("th")}
    assert [] == [cell.text for cell in whole.all("td") if cell.text.startswith("http")]
    for kind in ("text/csv", "application/sparql-results+json"):
        address = next(link.attributes["href"] for link in whole.all("a", type=kind))
        assert kind == site.get(address).headers["content-type"].partition(";")[0]
    refused = page(site, "/queries/open-calls?lang=en&theme=nothing", 400)
    assert "nothing" in refused.all("p", role="alert")[0].text


def test_a_page_knows_the_parameters_of_both_languages(site: httpx.Client) -> None:
    """`theme` works where `thema` does, and the choice is kept."""
    assert items_of(page(site, "/nl/naast-elkaar?theme=housing&order=newest")) == items_of(
        page(site, "/nl/naast-elkaar?thema=housing&volgorde=nieuwste")
    )


def test_who_takes_part_says_how(site: httpx.Client) -> None:
    """Who put something here, of whom the editors read something, and who is only named, stand apart."""
    states = {"put": "zette hier zelf iets neer", "read": "gelezen door de redactie", "named": "alleen genoemd"}
    rows = {
        e.attributes["data-item"].rsplit("/", 1)[1]: e.text for e in page(site, "/nl/wie").all("li", data_item=None)
    }
    assert states["read"] in rows["gemeente"]
    assert states["put"] in rows["redactie"]
    assert states["named"] in " ".join(rows.values())
    assert [] == [text for text in rows.values() if 1 != sum(words in text for words in states.values())]


def test_the_editors_page_lists_what_they_hold(site: httpx.Client) -> None:
    """Claims, sources, rounds and dialogues are rows; a claim's page has the other claims, a round's its dialogue."""
    held = {iri.rsplit("/", 1)[1] for iri in items_of(page(site, "/nl/wie/redactie"))}
    assert {"bron-hm", "ronde-2023", "verhalenavond-2023", "bewering-inwoners-wiki"} <= held
    assert "Andere bronnen zeggen" in page(site, "/doc/redactie/bewering-inwoners-wiki").all("main")[0].text
    assert "Verhalenavond" in page(site, "/doc/redactie/ronde-2023").all("section", aria_labelledby="gathered")[0].text


def test_a_made_up_party_has_a_mark_of_its_own(site: httpx.Client) -> None:
    """Its mark is hollow, its name in a choice says "voorbeeld", and its items say so in every form."""
    html = page(site, "/nl/naast-elkaar")
    made_up = [o.text for o in html.all("option") if o.attributes.get("value", "").startswith("voorbeeld-")]
    assert made_up != []
    assert [] == [text for text in made_up if not text.endswith("(voorbeeld)")]
    assert [] != [mark for mark in html.all("svg") if mark.has_class("fictional")]
    for line in csv.DictReader(io.StringIO(site.get("/nl/naast-elkaar.csv").text)):
        assert ("true" if "/id/voorbeeld-" in line["voice"] else "") == line["fictional"]


def test_stories_stay_out_of_search_engines(site: httpx.Client) -> None:
    """A story, and a page full of them, say noindex; the first page does not."""
    assert "noindex" == site.get(STORY).headers["x-robots-tag"]
    assert "noindex" == site.get("/nl/naast-elkaar").headers["x-robots-tag"]
    assert "x-robots-tag" not in site.get("/nl/").headers


def test_made_up_parties_are_marked_everywhere(site: httpx.Client) -> None:
    """Each statement of a fictional party says "voorbeeld" beside its name."""
    html = page(site, "/nl/naast-elkaar")
    found = [e for e in html.all(data_voice=None) if "/id/voorbeeld-" in e.attributes["data-voice"]]
    assert found != []
    for element in found:
        assert any(child.has_class("example") for child in element.all("span")), element.text


def test_readings_look_and_sound_other_than_what_sources_state(site: httpx.Client) -> None:
    """The editors' own readings say so, and no other party's name stands over one."""
    html = page(site, "/nl/naast-elkaar")
    rows = html.all("tr", data_edge=None)
    kinds = {"read": ("leest dit verband erin",), "stated": ("legt dit verband", ", gelezen door Demoredactie")}
    for kind, either in kinds.items():
        of_kind = [row for row in rows if row.has_class(kind)]
        assert of_kind != []
        assert [] == [row.text for row in of_kind if not any(words in row.text for words in either)]
    assert {"redactie"} == {
        row.attributes["data-voice"].rsplit("/", 1)[1]
        for row in rows
        if row.has_class("read") and "/voorbeeld-" not in row.attributes["data-voice"]
    }


@pytest.mark.parametrize(
    "address",
    ["/nl/naast-elkaar?onzin=1", "/nl/naast-elkaar?thema=housing&thema=safety", "/nl/?thema=housing",
     "/nl/naast-elkaar?thema=bestaatniet", "/nl/naast-elkaar?periode=ooit", "/nl/nog-open?periode=2015"],
)  # fmt: skip
def test_a_filter_that_is_not_understood_is_said_not_ignored(site: httpx.Client, address: str) -> None:
    """400 with the words that were not understood."""
    assert "Dit filter kennen wij niet" == page(site, address, 400).all("h1")[0].text


def test_a_theme_may_be_named_by_its_label_or_its_notation(site: httpx.Client) -> None:
    """`wonen` and `housing` show the same items."""
    assert items_of(page(site, "/nl/naast-elkaar?thema=wonen")) == items_of(
        page(site, "/nl/naast-elkaar?thema=housing")
    )


def test_filters_can_be_taken_away_one_by_one(site: httpx.Client) -> None:
    """Each active filter is a link to the page without it."""
    html = page(site, "/nl/naast-elkaar?thema=housing&plek=pl-oost&periode=2015-2019&betrokkene=gemeente")
    chips = next(element for element in html.all("ul") if element.has_class("chips"))
    assert [
        "/nl/naast-elkaar?plek=pl-oost&periode=2015-2019&betrokkene=gemeente",
        "/nl/naast-elkaar?thema=housing&periode=2015-2019&betrokkene=gemeente",
        "/nl/naast-elkaar?thema=housing&plek=pl-oost&betrokkene=gemeente",
        "/nl/naast-elkaar?thema=housing&plek=pl-oost&periode=2015-2019",
    ] == [link.attributes["href"] for link in chips.all("a")]


def test_an_empty_column_stays_and_says_so(site: httpx.Client) -> None:
    """A party that says nothing about the theme keeps its place."""
    text = page(site, "/nl/naast-elkaar?thema=meaning").all("main")[0].text
    assert "Van Staedion staat hier nog niets over dit onderwerp." in text


def test_what_is_not_here_suggests_what_is(site: httpx.Client) -> None:
    """A misspelt place leads to the place."""
    html = page(site, "/nl/plek/heeswikplein", 404)
    assert "/nl/plek/pl-heeswijkplein" in [link.attributes.get("href") for link in html.all("main")[0].all("a")]


@pytest.mark.parametrize(
    "address", ["/nl/", "/nl/naast-elkaar?thema=housing", "/nl/nog-open", "/nl/over", STORY, "/nl/wie"]
)
def test_links_are_paths_without_host_and_lead_somewhere(site: httpx.Client, address: str) -> None:
    """No link names this service's host, and each local one answers."""
    html = page(site, address)
    links = {urljoin(address, a.attributes["href"]).partition("#")[0] for a in html.all("a", href=None)}
    assert [] == [link for link in links if link.startswith(("http://127.0.0.1", "http://localhost", "javascript:"))]
    for link in sorted({link for link in links if link.startswith("/")} - ANSWERED.keys()):
        ANSWERED[link] = site.get(link).status_code
    assert [] == [(link, status) for link, status in ANSWERED.items() if status >= 400]


@pytest.mark.parametrize("address", [*(dutch for dutch, _ in PAGES), *DOCUMENTS])
def test_nothing_on_a_page_needs_what_the_policy_forbids(site: httpx.Client, address: str) -> None:
    """No inline style, no handler, no script that runs, nothing from another host."""
    html = page(site, address)
    assert [] == html.all(style=None)
    assert [] == [e.name for e in html.all() if any(name.startswith("on") for name in e.attributes)]
    assert {"application/ld+json"} >= {script.attributes.get("type", "") for script in html.all("script")}
    sources = [e.attributes[name] for e in html.all() for name in ("src",) if name in e.attributes]
    sources += [e.attributes["href"] for e in html.all("link", href=None)]
    assert [] == [source for source in sources if not source.startswith("/")]


def test_each_page_names_the_questions_that_made_it(site: httpx.Client) -> None:
    """The list of questions is there, and each leads to its text."""
    html = page(site, "/nl/naast-elkaar")
    made = next(section for section in html.all("section") if section.has_class("made"))
    assert {"pages/cards", "pages/ties", "pages/responses"} == {code.text for code in made.all("code")}


def test_a_page_that_has_not_changed_is_not_sent_again(site: httpx.Client) -> None:
    """An ETag, and 304 without a body to who brings it back."""
    first = site.get("/nl/wie")
    again = site.get("/nl/wie", headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"", first.headers["etag"]) == (again.status_code, again.content, again.headers["etag"])


def test_no_page_counts_agreement(site: httpx.Client) -> None:
    """No score, percentage or number of people who agree."""
    for address in ("/nl/naast-elkaar", "/nl/", STORY):
        text = page(site, address).all("main")[0].text.casefold()
        for word in ("consensus", "% eens", "mensen eens", "stemmen voor", "likes", "score"):
            assert word not in text


def test_sentences_begin_with_a_capital_and_split_verbs_keep_their_object_readable() -> None:
    """An article at the start takes a capital, a name does not change; "laat zien" gets a colon, "gaat in op" none."""
    assert ["De Volkskrant", "jongeren in beweging"] == [
        begun(Words(name, "nl")).value for name in ("de Volkskrant", "jongeren in beweging")
    ]
    assert [":", ":", "", ""] == [
        colon(Words(verb, lang))
        for verb, lang in (("laat zien", "nl"), ("voert uit", "nl"), ("gaat in op", "nl"), ("illustrates", "en"))
    ]


def messages(language: str) -> dict[str, str]:
    """A catalogue."""
    file = ROOT / "service" / "pages" / "locale" / language / "LC_MESSAGES" / "wijkgraaf.po"
    with file.open("rb") as opened:
        return {str(m.id): str(m.string) for m in read_po(opened, locale=language) if m.id}


def test_every_message_has_words_in_both_languages() -> None:
    """The same ids, the same gaps, nothing empty."""
    dutch, english = messages("nl"), messages("en")
    assert set(dutch) == set(english)
    assert [] == [key for key in dutch if not dutch[key].strip() or not english[key].strip()]
    gaps = re.compile(r"{(\w+)}")
    assert [] == [key for key in dutch if sorted(gaps.findall(dutch[key])) != sorted(gaps.findall(english[key]))]


def test_every_message_that_is_used_exists_and_every_one_that_exists_is_used() -> None:
    """A missing message fails here, and an idle one too."""
    files = [*(ROOMS / "templates").glob("*.html"), *ROOMS.glob("*.py")]
    used: set[str] = set()
    starts: set[str] = set()
    for file in files:
        text = file.read_text()
        used |= set(re.findall(r"""\b(?:_|say)\("([\w.]+)"(?:\)|,)""", text))
        used |= set(re.findall(r"""ending\(card, "([\w.]+)"\)""", text))
        starts |= set(re.findall(r"""\b(?:_|say)\("([\w.]+\.)" ~""", text))
        starts |= set(re.findall(r"""\b(?:say\(|get\()f"([\w.]+\.){""", text))
    known = set(messages("nl"))
    assert set() == used - known
    assert set() == {key for key in known - used if not key.startswith(tuple(starts))}
