"""The Waterwijk example: made up and marked so everywhere, in open sea, and other than Moerwijk in what it answers."""

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from kg.vocabulary import DCTERMS, FICTIONAL, LW, RDF_TYPE
from tests.example_store import (
    BASE,
    OURS,
    Loaded,
    ask,
    build_store,
    example_questions,
    example_store,
    known,
    read_example,
    rows,
    short,
)
from tests.running import Service, free_port, until_ready

GEO = "http://www.opengis.net/ont/geosparql#"
ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "waterwijk"
MOERWIJK = ROOT / "examples" / "moerwijk"
SEA = (3.9, 53.4, 4.1, 53.6)  # West, south, east, north: the North Sea, with no coast in sight.
MARK = "Dit is een voorbeeld. Deze betrokkene is verzonnen"  # What every page of a made-up holder says.
PARTIES = {"wijk"} | {
    f"voorbeeld-{name}" for name in ["vlot", "jongeren", "haven", "anker", "getij", "winkeliers", "peiling", "branding"]
}
# A value that something in Waterwijk answers to, for each parameter of our own questions that must be given.
NEEDED = {
    "thing": f"{BASE}/id/voorbeeld-vlot/v-lift",
    "policy": f"{BASE}/id/voorbeeld-anker/b-lift",
    "party": "voorbeeld-haven",
    "place": "ww-knopenplein",
}


@cache
def documents() -> tuple[Loaded, ...]:
    """The public documents of Waterwijk."""
    return read_example(EXAMPLE)


@cache
def store() -> ox.Store:
    """Waterwijk as the public audience sees it."""
    return build_store(documents())


def needed(name: str) -> dict[str, str]:
    """Values for the parameters without which this question can't be asked."""
    return {p.name: NEEDED[p.name] for p in example_questions()[name].parameters if p.required}


def column(found: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    """Some cells of each row."""
    return [tuple(row.get(name, "") for name in names) for row in found]


def of_kind(*kinds: str) -> list[Loaded]:
    """The documents of these kinds."""
    wanted = {ox.NamedNode(LW + kind) for kind in kinds}
    return [
        d
        for d in documents()
        if any(
            t.subject.value == d.document and t.predicate.value == RDF_TYPE and t.object in wanted for t in d.triples
        )
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `wijkgraaf demo --example waterwijk`, begun in an empty folder."""
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    command = [sys.executable, "-m", "service", "demo", "--example", "waterwijk", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    service = until_ready(Service(folder / "data-waterwijk", port, process, BASE))
    yield service.url
    service.stop()


def test_the_examples_of_its_api_are_its_own(demo: str) -> None:
    """The OpenAPI text suggests a place and a party of this neighbourhood: asked, neither is noted as unknown."""
    paths = httpx.get(f"{demo}/api/openapi.json").json()["paths"]
    for question, name in (("open-calls", "place"), ("how-a-viewpoint-developed", "party")):
        parameters = {p["name"]: p for p in paths[f"/queries/{question}"]["get"]["parameters"]}
        asked = {name: parameters[name]["example"]}
        answer = httpx.get(f"{demo}/queries/{question}.csv", params=asked)
        assert (200, False) == (answer.status_code, "wijkgraaf-note" in answer.headers), asked


def test_every_party_is_marked_as_made_up() -> None:
    """All parties, the register included, are marked, and their name says so in both languages."""
    parties = of_kind("Party")
    assert PARTIES == {short(ox.NamedNode(d.document)) for d in parties}
    for party in parties:
        assert ["true"] == [t.object.value for t in party.triples if t.predicate.value == FICTIONAL], party.document
        titles = [t.object.value for t in party.triples if t.predicate.value == f"{DCTERMS}title"]
        assert all(title.startswith(("Voorbeeld: ", "Example: ")) for title in titles)
        assert len(titles) == 2


def test_whoever_holds_or_records_anything_is_one_of_them() -> None:
    """Nobody else speaks in Waterwijk, so no statement is without the mark."""
    assert PARTIES >= {d.holder.rsplit("/", 1)[1] for d in documents()} | {
        d.recorder.rsplit("/", 1)[1] for d in documents()
    }


def test_what_the_register_holds_says_so_in_its_title() -> None:
    """Places and shared facilities bear names that may exist elsewhere: each says that it is made up."""
    register = [d for d in of_kind("Place", "Neighbourhood", "Facility") if d.holder == f"{BASE}/id/wijk"]
    assert 15 == len(register)
    for document in register:
        titles = [t.object.value for t in document.triples if t.predicate.value == f"{DCTERMS}title"]
        assert all(title.endswith(("(verzonnen)", "(made up)")) for title in titles), titles


def test_the_register_says_which_waterwijk_this_is_not() -> None:
    """The text of the neighbourhood and the README say plainly that no real neighbourhood of this name is meant."""
    (place,) = [d for d in documents() if d.document == f"{BASE}/id/wijk/ww-waterwijk"]
    texts = [t.object.value for t in place.triples if t.predicate.value == f"{DCTERMS}description"]
    assert all("Almere" in text for text in texts)
    assert len(texts) == 2
    assert "this\nis none of them" in (EXAMPLE / "README.md").read_text()


def test_every_row_of_every_question_bears_the_mark() -> None:
    """Wherever a question tells a holder, it tells that the holder is made up."""
    for name in OURS:
        for row in ask(name, store(), **needed(name)):
            assert "holder" not in row or "true" == row["fictional"], (name, row)


def test_no_name_is_shared_with_moerwijk() -> None:
    """But for the register itself no thing bears the name of a thing in the other example."""
    there = {d.document for d in read_example(MOERWIJK)}
    assert {f"{BASE}/id/wijk"} == there & {d.document for d in documents()}


def test_every_text_is_there_in_dutch_and_english() -> None:
    """Whatever has a language has it in both."""
    lacking = []
    for document in documents():
        told: dict[tuple[str, str], set[str]] = {}
        for t in document.triples:
            if isinstance(t.object, ox.Literal) and t.object.language:
                told.setdefault((t.subject.value, t.predicate.value), set()).add(t.object.language)
        lacking += [(key, languages) for key, languages in told.items() if languages != {"nl", "en"}]
    assert [] == lacking


def test_every_position_lies_in_open_sea() -> None:
    """No coordinate is anywhere near where somebody lives."""
    west, south, east, north = SEA
    positions = [t.object.value for d in documents() for t in d.triples if t.predicate.value.endswith("asWKT")]
    assert 17 == len(positions)
    for position in positions:
        for longitude, latitude in re.findall(r"([\d.]+) ([\d.]+)", position):
            assert west < float(longitude) < east, position
            assert south < float(latitude) < north, position


def test_a_story_is_placed_no_finer_than_a_neighbourhood_or_a_facility() -> None:
    """Where somebody told something is never a street or an address."""
    wide = {d.document for d in of_kind("Neighbourhood", "Facility")}
    assert set() == {place for d in of_kind("Story") for place in d.objects("appliesTo")} - wide


def test_the_positions_agree_with_what_lies_within_what() -> None:
    """Wherever the register says that one thing lies within another and both have a position, the positions agree."""
    query = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
        PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
        SELECT ?inner ?outer (geof:sfIntersects(?a, ?b) AS ?meet) (geof:sfWithin(?a, ?b) AS ?within) {
            ?inner geo:sfWithin ?outer ; geo:hasGeometry/geo:asWKT ?a . ?outer geo:hasGeometry/geo:asWKT ?b }"""
    found = rows(query, store())
    assert 15 == len(found)
    # A point beside a quay that is drawn as a line does not lie within it, though it lies at it.
    along = {"wijk/ww-lantaarnkade", "wijk/ww-kapiteinspad"}
    assert [] == [row for row in found if row["outer"] not in along and row["within"] != "true"]


@pytest.mark.parametrize("name", OURS)
def test_every_question_has_an_answer_and_another_than_in_moerwijk(name: str) -> None:
    """Asked alike in both neighbourhoods, each question has rows in both, and not the same."""
    here = ask(name, store(), **needed(name))
    there = ask(
        name,
        example_store(),
        **{p.name: known(name, p.name) for p in example_questions()[name].parameters if p.required},
    )
    assert here
    assert there
    assert here != there


def test_which_stories_no_policy_meets() -> None:
    """Nine of the thirteen stories touch no policy, and none of the partners' is told."""
    expected = "branding/v-bakker branding/v-zwemmen anker/v-huismeester jongeren/v-kade jongeren/v-lassen"
    expected += " vlot/v-soep vlot/v-mantel vlot/v-bord"
    assert {f"voorbeeld-{name}" for name in expected.split()} == {
        row["story"] for row in ask("stories-no-policy-meets", store())
    }


def test_what_the_round_did_not_reach() -> None:
    """The kitchen-table round says itself which two streets are missing, and when one looks back."""
    found = ask("rounds-of-learning", store(), lang="en")
    assert {("voorbeeld-vlot/ronde-keukentafel", "2027-03-01")} == set(column(found, "round", "lookBack"))
    assert all("the Lantaarnkade and the Boeistraat" in row["notReached"] for row in found)
    assert {"voorbeeld-vlot", "voorbeeld-getij"} == {row["party"] for row in found}


def test_where_experiences_of_one_place_differ() -> None:
    """The quay is safe for young people and not for others; the landing has a slope, and it is too steep."""
    assert {
        ("wijk/ww-lantaarnkade", "criterion/safe", "experience/helps", "voorbeeld-jongeren"),
        ("wijk/ww-lantaarnkade", "criterion/safe", "experience/hinders", "voorbeeld-vlot"),
        ("wijk/f-ww-pontsteiger", "criterion/obstacleFree", "experience/helps", "voorbeeld-haven"),
        ("wijk/f-ww-pontsteiger", "criterion/obstacleFree", "experience/hinders", "voorbeeld-getij"),
    } == set(column(ask("where-experiences-differ", store()), "location", "criterion", "sort", "holder"))


def test_the_open_call_and_the_offer_beside_it() -> None:
    """Young people call for a room, and the shopkeepers offer one; nobody has said that the two fit."""
    assert ["voorbeeld-jongeren/c-ruimte"] == [row["connection"] for row in ask("open-calls", store())]
    assert {("voorbeeld-jongeren/c-ruimte", "voorbeeld-winkeliers/o-zaal")} <= set(
        column(ask("calls-an-offer-could-meet", store()), "connection", "offer")
    )


def test_what_was_agreed_and_what_became_of_it() -> None:
    """Two joined, the municipality did not; the board in the hall came of it, and a later story tells of the board."""
    found = ask("agreements-and-what-became-of-them", store())
    assert [
        ("promised", "voorbeeld-anker"),
        ("joined", "voorbeeld-vlot"),
        ("joined", "voorbeeld-winkeliers"),
        ("became", "voorbeeld-anker"),
    ] == [(row["aspect"], row["party"]) for row in found]
    changed = ask("what-changed-because-of-a-story", store(), story=f"{BASE}/id/voorbeeld-vlot/v-lift")
    assert "voorbeeld-vlot/v-bord" in {row.get("laterStory") for row in changed}


def test_the_consent_that_ends_far_from_now() -> None:
    """One consent has a last day, in 2041."""
    assert [("2041-12-31", "voorbeeld-vlot/v-mantel")] == column(ask("grounds-that-end", store()), "ends", "story")


def test_what_lies_within_by_words_and_by_position() -> None:
    """Of the eastern part: what is only said, what is only so by its position, and what lies in it for a part."""
    assert {
        ("voorbeeld-vlot/f-soepboot", "true", "within"),
        ("wijk/f-ww-pontsteiger", "false", "within"),
        ("wijk/f-ww-speelvlot", "true", "unknown"),
        ("wijk/ww-boeistraat", "true", "unknown"),
        ("wijk/ww-lantaarnkade", "false", "partly"),
        ("wijk/ww-schelpenpark", "false", "partly"),
    } == set(column(ask("what-lies-within-this-place", store(), place="ww-ankerkant"), "thing", "said", "position"))
    whole = {row["thing"] for row in ask("what-lies-within-this-place", store(), place="ww-waterwijk")}
    assert "wijk/f-ww-ziekenhuis" not in whole
    assert {"wijk/f-ww-leesboot", "wijk/ww-ankerkant", "voorbeeld-anker/f-energiehoek"} <= whole
    # Of what overlaps each lies partly in the other; the town around both lies in neither.
    park = ask("what-lies-within-this-place", store(), place="ww-schelpenpark")
    assert [("wijk/ww-ankerkant", "partly"), ("wijk/ww-waterwijk", "partly")] == column(park, "thing", "position")


def test_what_is_said_and_what_the_position_tells_may_differ() -> None:
    """A facility that is said to lie in a part whose boundary it lies outside is listed, with both."""
    elsewhere = ox.NamedNode(f"{BASE}/id/voorbeeld-haven/f-elders")
    spot = ox.NamedNode(f"{elsewhere.value}#ligging")
    graph = ox.NamedNode(f"{BASE}/contributions/extra")
    facts = (
        (elsewhere, RDF_TYPE, ox.NamedNode(LW + "Facility")),
        (elsewhere, LW + "heldBy", ox.NamedNode(f"{BASE}/id/voorbeeld-haven")),
        (elsewhere, f"{GEO}sfWithin", ox.NamedNode(f"{BASE}/id/wijk/ww-zeilkant")),
        (elsewhere, f"{GEO}hasGeometry", spot),
        (spot, f"{GEO}asWKT", ox.Literal("POINT(4.02 53.506)", datatype=ox.NamedNode(f"{GEO}wktLiteral"))),
    )
    quads = tuple(ox.Quad(subject, ox.NamedNode(predicate), value, graph) for subject, predicate, value in facts)
    found = ask("what-lies-within-this-place", build_store(documents(), quads), place="ww-zeilkant")
    assert [("true", "outside")] == [
        (row["said"], row["position"]) for row in found if row["thing"] == "voorbeeld-haven/f-elders"
    ]


def test_the_nearest_facilities_in_metres() -> None:
    """From the middle of the square, with the distances that the coordinates give; the same distance, by name."""
    found = ask("nearest-facilities", store(), place="ww-knopenplein")
    assert [
        (65, "voorbeeld-winkeliers/f-bakkerij"),
        (65, "voorbeeld-jongeren/f-kink"),
        (259, "wijk/f-ww-kajuit"),
        (359, "wijk/f-ww-leesboot"),
        (426, "voorbeeld-vlot/f-soepboot"),
        (596, "wijk/f-ww-pontsteiger"),
        (666, "voorbeeld-getij/f-steunpunt"),
        (2516, "wijk/f-ww-ziekenhuis"),
    ] == [(int(row["metres"]), row["facility"]) for row in found]
    middle = (4.012, 53.506)
    for row in found:
        (there,) = [
            t.object.value
            for d in documents()
            for t in d.triples
            if short(t.subject) == f"{row['facility']}#ligging" and t.predicate.value == f"{GEO}asWKT"
        ]
        longitude, latitude = map(float, re.findall(r"[\d.]+", there))
        assert abs(int(row["metres"]) - on_a_sphere(middle, (longitude, latitude))) < 1, row
    care = ask("nearest-facilities", store(), place="ww-knopenplein", theme="care")
    assert ["voorbeeld-getij/f-steunpunt", "wijk/f-ww-ziekenhuis"] == [row["facility"] for row in care]
    assert [] == ask("nearest-facilities", store(), place="ww-boeistraat")


def on_a_sphere(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance in metres between two points (longitude, latitude), on the earth's mean radius."""
    west, south, east, north = (math.radians(degrees) for degrees in (*one, *other))
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def test_the_demo_serves_it_and_every_page_bears_the_mark(demo: str) -> None:
    """`wijkgraaf demo --example waterwijk` loads it into a folder of its own; pages of all kinds say "voorbeeld"."""
    answer = httpx.get(f"{demo}/queries/open-calls", headers={"Accept": "text/csv"}, timeout=60)
    assert 200 == answer.status_code
    assert "voorbeeld-jongeren/c-ruimte" in answer.text
    for path in (
        "/doc/voorbeeld-vlot/v-lift",
        "/doc/wijk/f-ww-kajuit",
        "/doc/voorbeeld-anker/afspraak-lift",
        "/doc/voorbeeld-vlot/c-lift",
        "/doc/voorbeeld-haven",
    ):
        page = httpx.get(f"{demo}{path}", headers={"Accept": "text/html"}, follow_redirects=True, timeout=60)
        assert 200 == page.status_code
        assert MARK in page.text, path
    place = httpx.get(
        f"{demo}/doc/wijk/ww-waterwijk", headers={"Accept": "text/html"}, follow_redirects=True, timeout=60
    )
    assert "Waterwijk (verzonnen)" in place.text
    assert "Deze wijk is verzonnen." in place.text
    start = httpx.get(f"{demo}/nl/", headers={"Accept": "text/html"}, timeout=60)
    assert "Nog niemand heeft hier iets met elkaar verbonden" not in start.text


def test_an_example_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The command says which examples there are and leaves no folder with a ledger behind."""
    command = [sys.executable, "-m", "service", "demo", "--example", "nergens"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert 2 == done.returncode
    assert "moerwijk, waterwijk" in done.stderr
    assert [] == list(tmp_path.glob("*/ledger.sqlite"))


def test_the_first_page_bears_its_own_name_and_says_that_it_is_made_up(demo: str) -> None:
    """Waterwijk tells, not Moerwijk; and no editors are said to have read sources where there are none."""
    for tongue, name, words in (
        ("nl", "Waterwijk (verzonnen) vertelt.", "Deze wijk is verzonnen"),
        ("en", "Waterwijk (verzonnen) tells.", "This neighbourhood is made up"),
    ):
        page = httpx.get(f"{demo}/{tongue}/", timeout=60).text
        assert f"<h1>{name}</h1>" in page
        assert words in page
        assert "Moerwijk" not in page
        assert "read-and-summed" not in page
