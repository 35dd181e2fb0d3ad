"""Named positions: made by the steward, asked, fetched and cited for ever, less what was redacted."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import yaml

from kg.ledger import Ledger
from kg.moments import Snapshots
from tests.inside import Inside, inside
from tests.neighbourhood import BASE, NOW, batch, document, taken
from tests.running import copy_of, wijkgraaf
from tests.stories import story
from tests.test_times import EVERYTHING, let_go, now, say

ENDINGS = (".bib", ".cff", ".jsonld", ".ttl", ".json", ".html")


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to, each with stories of its own."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("snapshots"))) as service:
        yield service


@pytest.fixture(scope="module")
def holder(service: Inside) -> dict[str, str]:
    """The token of who tells the stories."""
    return service.token("voorbeeld-bewoners", "contribute")


@pytest.fixture(scope="module")
def steward(service: Inside) -> dict[str, str]:
    """The token of who names moments."""
    return service.token("wijk", "steward")


@pytest.fixture(autouse=True)
def _room(service: Inside) -> None:
    """Each test begins with room for two pasts."""
    let_go(service)


def make(service: Inside, steward: dict[str, str], name: str, title: str = "") -> httpx.Response:
    """Names this moment."""
    return service.client.post("/snapshots", json={"name": name, "title": title}, headers=steward)


def unpacked(service: Inside, name: str, form: str = "nq") -> bytes:
    """The contents of a dump, which is what its description says."""
    answer = service.client.get(f"/snapshots/{name}.{form}.gz")
    assert (200, "application/gzip") == (answer.status_code, answer.headers["content-type"])
    found = service.client.get(f"/snapshots/{name}.json").json()
    told = next(one for one in found["dumps"] if one["href"] == f"/snapshots/{name}.{form}.gz")
    assert (told["bytes"], told["sha256"]) == (len(answer.content), hashlib.sha256(answer.content).hexdigest())
    assert f'"{told["sha256"]}"' == answer.headers["etag"]
    return gzip.decompress(answer.content)


def test_the_steward_alone_names_a_moment_and_a_name_stays(service: Inside, steward: dict[str, str]) -> None:
    """201 once, 409 the second time; nobody else; names that look like times or addresses are refused."""
    made = make(service, steward, "eerste", "Voor het onderzoek")
    assert (201, "/snapshots/eerste") == (made.status_code, made.headers["location"])
    assert 409 == make(service, steward, "eerste").status_code
    assert 401 == make(service, {}, "tweede").status_code
    assert 403 == make(service, service.token("redactie", "contribute"), "tweede").status_code
    for name in ("2026-01-31", "diff", "Hoofdletter", "a.nq.gz", "", "a" * 65):
        assert 400 == make(service, steward, name).status_code, name
    for body in (b"{", b"[]", b'{"name": 3}', b'{"name": "a", "naam": "b"}', b'{"name": "a", "title": "een\\nlijn"}'):
        answer = service.client.post("/snapshots", content=body, headers=steward | {"Content-Type": "application/json"})
        assert 400 == answer.status_code, body
    assert 415 == service.client.post("/snapshots", content=b"name=a", headers=steward).status_code
    listed = service.client.get("/snapshots", headers={"Accept": "application/json"}).json()["snapshots"]
    assert ["Voor het onderzoek"] == [one["title"] for one in listed if one["name"] == "eerste"]


def test_a_snapshot_is_asked_by_its_name_and_keeps_its_bytes(
    service: Inside, holder: dict[str, str], steward: dict[str, str]
) -> None:
    """`at=name` and the dumps hold the same contributions; both are the same after more was said, and made anew."""
    say(service, holder, "s-1", "Vastgelegde woorden")
    assert 201 == make(service, steward, "vast").status_code
    asked = {"query": EVERYTHING, "at": "vast"}
    accept = {"Accept": "application/n-triples"}
    before = service.client.get("/sparql", params=asked, headers=accept)
    nquads, trig = unpacked(service, "vast"), unpacked(service, "vast", "trig")
    say(service, holder, "s-1", "Latere woorden")
    say(service, holder, "s-2", "Nog latere woorden")
    assert before.content == service.client.get("/sparql", params=asked, headers=accept).content
    service.house.times.dumps._forget()
    assert (nquads, trig) == (unpacked(service, "vast"), unpacked(service, "vast", "trig"))
    assert b"Vastgelegde woorden" in nquads
    assert b"atere woorden" not in nquads
    quads = set(ox.parse(nquads, format=ox.RdfFormat.N_QUADS))
    assert quads == set(ox.parse(trig, format=ox.RdfFormat.TRIG))
    graph = ox.Store()
    graph.load(before.content, format=ox.RdfFormat.N_TRIPLES)
    assert {quad.triple for quad in graph} == {quad.triple for quad in quads}


def test_every_citation_reads_back(service: Inside, steward: dict[str, str]) -> None:
    """BibTeX, CFF, schema.org, DCAT, JSON and pages, by ending and by Accept, with a title that tries to break them."""
    title = 'Een "titel" met {haken} \\ & 100% : ~ é'
    assert 201 == make(service, steward, "citaat", title).status_code
    found = {end: service.client.get(f"/snapshots/citaat{end}") for end in ENDINGS}
    assert {200} == {answer.status_code for answer in found.values()}
    cff = yaml.safe_load(found[".cff"].text)
    assert (title, "dataset", "1.2.0") == (cff["title"], cff["type"], cff["cff-version"])
    assert title == json.loads(found[".jsonld"].text)["name"]
    described = found[".json"].json()
    digest = next(dump["sha256"] for dump in described["dumps"] if dump["format"] == "application/n-quads")
    assert f"sha256:{digest}" == cff["identifiers"][0]["value"]
    bibtex = found[".bib"].text
    assert bibtex.count("{") - bibtex.count("\\{") == bibtex.count("}") - bibtex.count("\\}")
    assert r"met \{haken\} \textbackslash{} \& 100\%" in bibtex
    turtle = list(ox.parse(found[".ttl"].content, format=ox.RdfFormat.TURTLE))
    assert {digest} <= {str(quad.object.value) for quad in turtle if isinstance(quad.object, ox.Literal)}
    for text in (bibtex, found[".cff"].text, found[".jsonld"].text, described["citation"]):
        assert digest in text
        assert f"Nothing had been redacted as of {described['asOf']}" in text
    for accept, end in (("application/x-bibtex", ".bib"), ("application/yaml", ".cff"), ("text/turtle", ".ttl")):
        assert found[end].content == service.client.get("/snapshots/citaat", headers={"Accept": accept}).content
    etag = found[".bib"].headers["etag"]
    assert 304 == service.client.get("/snapshots/citaat.bib", headers={"If-None-Match": etag}).status_code
    assert 406 == service.client.get("/snapshots/citaat", headers={"Accept": "image/png"}).status_code
    for missing in ("/snapshots/geen", "/snapshots/geen.nq.gz", "/snapshots/citaat.doc", "/snapshots/geen.html"):
        assert 404 == service.client.get(missing).status_code, missing
    assert 400 == service.client.get("/snapshots/citaat?onzin=1").status_code
    assert 400 == service.client.get("/snapshots/citaat.bib?onzin=1").status_code
    series = service.client.get("/snapshots", headers={"Accept": "text/turtle"})
    assert "DatasetSeries" in series.text


def test_what_is_erased_is_in_no_dump_and_the_citation_says_so(
    service: Inside, holder: dict[str, str], steward: dict[str, str]
) -> None:
    """The files go at once, and those made anew lack the story; nothing in the data folder holds its bytes."""
    words = "Een verhaal dat verdwijnt uit elk bestand"
    story = say(service, holder, "s-3", words)
    make(service, steward, "wissen")
    for form in ("nq", "trig"):
        assert words.encode() in unpacked(service, "wissen", form)
    folder = service.house.times.dumps.folder
    assert {"wissen.nq.gz", "wissen.trig.gz"} <= {file.name for file in folder.iterdir()}
    service.end("erase", story)
    assert not folder.exists()
    for form in ("nq", "trig"):
        assert words.encode() not in unpacked(service, "wissen", form)
    for end in ENDINGS:
        answer = service.client.get(f"/snapshots/wissen{end}")
        assert "1" == answer.headers.get("wijkgraaf-redactions", "1")
    for end in (".bib", ".cff", ".jsonld", ".ttl", ".json"):
        text = service.client.get(f"/snapshots/wissen{end}").text
        assert "Changed since it was made, as of " in text
        assert "parts of it may no longer be shown" in text
    for lang, told in (("nl", "misschien niet meer in"), ("en", "may no longer be shown")):
        assert told in service.client.get(f"/snapshots/wissen.html?lang={lang}").text
    while service.house.ledger.scrubbing:
        now()
    for file in service.house.settings.data.rglob("*"):
        if file.is_file():
            # By another process: closing the ledger's file here would let go of the locks that the service has on it.
            held = subprocess.run(["cat", str(file)], capture_output=True, check=True).stdout
            held += gzip.decompress(held) if file.suffix == ".gz" else b""
            assert words.encode() not in held, file


def test_what_changed_between_two_times_stands_by_party(
    service: Inside, holder: dict[str, str], steward: dict[str, str]
) -> None:
    """Added, replaced, withdrawn, erased without a name; for those whom it is for; the same on the command line."""
    replaced = say(service, holder, "v-1", "Eerst")
    withdrawn = say(service, holder, "v-2", "Straks weg")
    erased = say(service, holder, "v-3", "Straks gewist")
    make(service, steward, "voor")
    say(service, holder, "v-1", "Daarna")
    added = say(service, holder, "v-4", "Nieuw")
    hidden = say(service, holder, "v-5", "Voor partners", audience="partners")
    service.end("withdraw", withdrawn)
    service.end("erase", erased)
    make(service, steward, "na")
    asked = {"from": "voor", "to": "na"}
    found = service.client.get("/snapshots/diff", params=asked, headers={"Accept": "application/json"}).json()
    assert [f"{BASE}/id/voorbeeld-bewoners"] == [party["party"] for party in found["parties"]]
    party = found["parties"][0]
    assert {"added": 1, "replaced": 1, "withdrawn": 1, "erased": 1} == party["counts"]
    expected = [("added", added), ("replaced", replaced), ("withdrawn", withdrawn), ("erased", None)]
    assert expected == [(row["kind"], row["document"]) for row in party["changes"]]
    rows = service.client.get("/snapshots/diff", params=asked, headers={"Accept": "text/csv"}).text.splitlines()
    assert 1 + len(expected) == len(rows)
    partner = service.token("voorbeeld-zorg", "read-partners") | {"Accept": "application/json"}
    theirs = service.client.get("/snapshots/diff", params=asked, headers=partner).json()["parties"][0]["changes"]
    assert [added, hidden] == [row["document"] for row in theirs if row["kind"] == "added"]
    for lang, words in (("nl", "zonder naam, want gewist"), ("en", "without a name, because it is erased")):
        page = service.client.get("/snapshots/diff", params=asked | {"lang": lang}, headers={"Accept": "text/html"})
        assert words in page.text
    assert 400 == service.client.get("/snapshots/diff", params={"to": "na"}).status_code
    assert 404 == service.client.get("/snapshots/diff", params={"from": "geen", "to": "na"}).status_code
    empty = service.client.get("/snapshots/diff", params={"from": "na", "to": "na"}, headers={"Accept": "text/csv"})
    assert 1 == len(empty.text.splitlines())


def test_a_difference_without_an_end_is_until_now(
    service: Inside, holder: dict[str, str], steward: dict[str, str]
) -> None:
    """Without `to` it is now; by its address as JSON and CSV; a partner may ask for what everybody sees."""
    make(service, steward, "begin")
    added = say(service, holder, "n-1", "Sinds het begin")
    say(service, holder, "n-2", "Voor partners", audience="partners")
    partner = service.token("voorbeeld-zorg", "read-partners")
    found = service.client.get("/snapshots/diff.json", params={"from": "begin"}).json()
    assert [added] == [row["document"] for party in found["parties"] for row in party["changes"]]
    again = {"from": "begin", "to": found["to"]["asked"]}
    assert found == service.client.get("/snapshots/diff.json", params=again).json()
    rows = service.client.get("/snapshots/diff.csv", params={"from": "begin"}, headers={"Accept": "text/html"})
    assert (2, "text/csv") == (len(rows.text.splitlines()), rows.headers["content-type"].partition(";")[0])
    for audience, count in ((None, 2), ("partners", 2), ("public", 1)):
        asked = {"from": "begin"} | ({"audience": audience} if audience else {})
        told = service.client.get("/snapshots/diff.json", params=asked, headers=partner).json()
        assert (audience or "partners", count) == (
            told["audience"],
            sum(map(len, [p["changes"] for p in told["parties"]])),
        )
    for audience, status in (("partners", 401), ("own", 400)):
        assert status == service.client.get("/snapshots/diff.json", params=asked | {"audience": audience}).status_code


def test_the_page_of_a_difference_names_parties_and_documents(
    service: Inside, holder: dict[str, str], steward: dict[str, str]
) -> None:
    """Parties by name, documents by title or else by their path, links to the same as JSON and CSV."""
    make(service, steward, "vooraf")
    say(service, holder, "t-1", "Zonder titel")
    body = (
        "@prefix lw: <https://w3id.org/lerende-wijk/def#> . @prefix dcterms: <http://purl.org/dc/terms/> .\n"
        f"<{BASE}/id/voorbeeld-bewoners/t-2> a lw:Initiative ; lw:heldBy <{BASE}/id/voorbeeld-bewoners> ;\n"
        "lw:audience <https://w3id.org/lerende-wijk/id/concept/audience/public> ;\n"
        'dcterms:title "Met <titel>"@nl ; dcterms:description "Wij doen iets."@nl .'
    )
    made = service.client.post(
        "/contributions", content=body.encode(), headers=holder | {"Content-Type": "text/turtle"}
    )
    assert 201 == made.status_code, made.text
    asked = {"from": "vooraf", "lang": "nl"}
    page = service.client.get("/snapshots/diff", params=asked, headers={"Accept": "text/html"})
    assert 200 == page.status_code
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    assert "Met &lt;titel&gt;</span>" in main
    assert ">voorbeeld-bewoners/t-1</a>" in main
    assert ">voorbeeld-bewoners</a>" not in main
    for form in ("json", "csv"):
        assert 200 == service.client.get(f"/snapshots/diff.{form}?from=vooraf").status_code
        assert f'href="/snapshots/diff.{form}?from=vooraf"' in main


def test_moments_the_wrong_way_round_are_told_in_words(service: Inside, steward: dict[str, str]) -> None:
    """By the labels of the page, in both languages, on the page and as a problem; today and before it say what may."""
    make(service, steward, "r-1")
    say(service, service.token("voorbeeld-bewoners", "contribute"), "r-1", "Iets ertussen")
    make(service, steward, "r-2")
    told = service.client.get("/snapshots/diff.json", params={"from": "r-2", "to": "r-1"})
    assert (400, "TimesReversed") == (told.status_code, told.json()["errors"][0]["name"])
    for lang, words in (("nl", "Van: r-2) komt na het tweede (Tot en met: r-1)"), ("en", "(From: r-2) comes after")):
        asked = {"from": "r-2", "to": "r-1", "lang": lang}
        page = service.client.get("/snapshots/diff", params=asked, headers={"Accept": "text/html"})
        assert (400, True) == (page.status_code, words in page.text)
        for label in ("Van", "Tot en met") if lang == "nl" else ("From", "To"):
            assert f">{label}</label>" in page.text
    today = now()[:10]
    for asked, path in (({"from": "r-1", "to": today}, "to"), ({"from": "1999-12-31"}, "from")):
        error = service.client.get("/snapshots/diff.json", params=asked).json()["errors"][0]
        assert path == error["path"]
        since, until = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", error["message"]["en"])
        for at in (since, until):
            assert 200 == service.client.get("/snapshots/diff.json", params={"from": at}).status_code, at


def test_the_command_names_fetches_and_compares(moerwijk_folder: Path, tmp_path: Path) -> None:
    """`wijkgraaf snapshot` on a folder that nobody serves."""
    data = ("--data", str(copy_of(moerwijk_folder, tmp_path)))
    assert wijkgraaf("snapshot", "create", "een", "--title", "Eerste", *data).stdout.startswith("een\t")
    assert 1 == wijkgraaf("snapshot", "create", "een", *data, check=False).returncode
    assert "Eerste" in wijkgraaf("snapshot", "list", *data).stdout
    assert wijkgraaf("snapshot", "show", "een", "--format", "bib", *data).stdout.startswith("@misc{wijkgraaf-een,")
    file = tmp_path / "een.nq.gz"
    told = wijkgraaf("snapshot", "dump", "een", "--output", str(file), *data).stdout
    assert told.split()[0] == hashlib.sha256(file.read_bytes()).hexdigest()
    changed = wijkgraaf("snapshot", "diff", "2000-01-01", "een", "--format", "csv", *data, check=False)
    assert (1, True) == (changed.returncode, "TimeBefore" in changed.stderr)
    nothing = wijkgraaf("snapshot", "diff", "een", "een", "--format", "csv", *data).stdout
    assert ["party,kind,document,before,after,time"] == nothing.split()
    silent = wijkgraaf("snapshot", "diff", "een", *data)
    assert ("", True) == (silent.stdout, "Nothing changed" in silent.stderr)
    assert "--audience" in wijkgraaf("snapshot", "diff", "--help").stdout
    body = story("voorbeeld-bewoners", "k-1", text="Voor partners", audience="partners")
    (tmp_path / "k.ttl").write_text(body)
    wijkgraaf("publish", str(tmp_path / "k.ttl"), "--party", "voorbeeld-bewoners", *data)
    assert "" == wijkgraaf("snapshot", "diff", "een", *data).stdout
    theirs = wijkgraaf("snapshot", "diff", "een", "--audience", "partners", *data).stdout
    assert "voorbeeld-bewoners/k-1" in theirs
    assert 2 == wijkgraaf("snapshot", "show", "een", "--format", "doc", *data, check=False).returncode
    assert 1 == wijkgraaf("snapshot", "show", "geen", *data, check=False).returncode


def test_a_ledger_from_before_there_were_snapshots_opens(tmp_path: Path) -> None:
    """Without the table there are none; the first name makes it; the ledger verifies before and after."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    ledger = Ledger.create(url, BASE)
    taken(ledger, batch("ans", document("ans", "a")))
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("DROP TABLE snapshots")
    connection.close()
    snapshots = Snapshots(url)
    with Ledger.open(url) as opened:
        assert opened.verify().sound
        assert [] == list(snapshots.all())
        assert snapshots.find("a") is None
        made = snapshots.name("a", "", NOW)
        assert [made] == list(snapshots.all())
        assert opened.verify().sound
    snapshots.close()
