"""The cookbook: each query answers on the Moerwijk example, in the pages and through the door, and says whose it is."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.example_store import short
from tests.running import Service

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "cookbook"
sys.path.append(str(ROOT / "docs" / "_ext"))

from recipes import answer, question, recipes  # noqa: E402

# How many rows each has on the example, and one of them in part.
KNOWN: dict[str, tuple[int, dict[str, str]]] = {
    "chains-of-connections": (1, {"reached": "voorbeeld-gemeente/i-een-lijst", "holder": "voorbeeld-gemeente"}),
    "claims-that-differ": (25, {"about": "dearhunter/b-atlas", "source": "redactie/bron-atlas", "holder": "redactie"}),
    "connections-of-a-thing": (4, {"from": "ggdh/d-gteam", "basis": "basis/read", "holder": "redactie"}),
    "connections-with-responses": (6, {"connection": "trouw/c-24", "holder": "gemeente"}),
    "criteria-of-trusted-living": (8, {"criterion": "criterion/safe", "holder": "voorbeeld-zorg"}),
    "experienced-both-ways": (1, {"helpsHolder": "voorbeeld-zorg", "holder": "voorbeeld-bewoners"}),
    "experiences-voice-by-voice": (4, {"criterion": "criterion/caring", "holder": "voorbeeld-bewoners"}),
    "labels-in-two-languages": (23, {"nl": "wonen", "en": "housing", "holder": "gemeente"}),
    "new-versions": (1, {"document": "voorbeeld-gemeente/b-gezond-wonen", "holder": "voorbeeld-gemeente"}),
    "offers": (1, {"offer": "voorbeeld-bewoners/a-klussen", "open": "true", "holder": "voorbeeld-bewoners"}),
    "one-viewpoint": (8, {"thing": "gemeente/b-agenda", "kind": "Policy", "holder": "gemeente"}),
    "open-calls": (2, {"from": "betje/i-betje", "calledUpon": "health insurers", "holder": "redactie"}),
    "said-told-written-down": (6, {"story": "ad/v-18", "paraphrasedBy": "redactie", "holder": "ad"}),
    "seen-differently": (1, {"connectionHolder": "voorbeeld-bewoners", "holder": "voorbeeld-zorg"}),
    "sources": (10, {"story": "ad/v-18", "publisher": "AD Haagsche Courant", "issued": "2019", "holder": "ad"}),
    "stories-no-policy-meets": (19, {"story": "ddh/v-21", "holder": "ddh"}),
    "stories-on-a-theme": (11, {"story": "leunstoel/v-17", "role": "a former resident", "holder": "leunstoel"}),
    "stories-per-holder": (15, {"holder": "ad", "stories": "4"}),
    "ties-between-perspectives": (22, {"toPerspective": "perspective/entrepreneurs", "connections": "2"}),
    "two-viewpoints-side-by-side": (6, {"holder": "voorbeeld-gemeente", "kind": "Dialogue"}),
    "when-it-was-taken-in": (29, {"document": "ad/v-01", "holder": "ad", "recordedBy": "redactie"}),
    "within-a-place": (28, {"facility": "betje/f-betje", "directlyIn": "wijk/pl-betjewolff", "holder": "betje"}),
    "words-in-texts": (7, {"thing": "voorbeeld-bewoners/v-schimmel", "kind": "Story", "holder": "voorbeeld-bewoners"}),
}  # fmt: skip
GRAPHS = {"describe-an-instrument", "neighbourhood-of-a-story"}
# What a ledger alone can say: when, and under which address.
OF_THE_LEDGER = {"when", "supersedes"}


def rows(found: bytes) -> list[dict[str, str]]:
    """The rows of an answer in JSON, with what tells addresses apart."""
    solutions = ox.parse_query_results(found, format=ox.QueryResultsFormat.JSON)
    assert isinstance(solutions, ox.QuerySolutions)
    names = [v.value for v in solutions.variables]
    return [{n: short(t) for n, t in zip(names, row, strict=True) if t is not None} for row in solutions]


def triples(found: bytes) -> set[ox.Triple]:
    """The triples of an answer in Turtle."""
    return {quad.triple for quad in ox.parse(found, format=ox.RdfFormat.TURTLE)}


def test_there_are_twenty_five_and_each_stands_on_one_page() -> None:
    """Every file of the cookbook is a recipe of one page, opens with its question, and is tried below."""
    pages = "\n".join(file.read_text() for file in FOLDER.glob("*.md"))
    assert sorted(recipes()) == sorted(re.findall(r"^\{\{ recipe ([\w-]+) \}\}$", pages, re.M))
    assert sorted(recipes()) == sorted({*KNOWN, *GRAPHS})
    assert 25 == len(recipes())
    for text in recipes().values():
        assert text.startswith("# ")
        assert question(text).endswith("?")


def asked(moerwijk: Service, text: str, media_type: str) -> bytes:
    """What the door answers."""
    with moerwijk.client() as client:
        found = client.post("/sparql", data={"query": text}, headers={"Accept": media_type})
    assert 200 == found.status_code, found.text
    return found.content


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_recipe_answers_as_its_page_shows(name: str, moerwijk: Service) -> None:
    """The pages and the door give the same rows in the same order, as many as are known, and each names its holder."""
    count, known = KNOWN[name]
    text = recipes()[name]
    found = rows(asked(moerwijk, text, "application/sparql-results+json"))
    assert count == len(found)
    assert [row for row in found if known.items() <= row.items()], found[:3]
    silent = [row for row in found if "holder" not in row]
    assert name == "criteria-of-trusted-living" or not silent
    assert all(set(row) <= {"criterion", "label"} for row in silent)
    shown = rows(answer(text, ox.QueryResultsFormat.JSON))
    if OF_THE_LEDGER & set(found[0]):
        found, shown = ([{k: v for k, v in r.items() if k not in OF_THE_LEDGER} for r in its] for its in (found, shown))
        assert sorted(map(str, found)) == sorted(map(str, shown))
    else:
        assert found == shown


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_a_graph_to_take_away_says_who_speaks(name: str, moerwijk: Service) -> None:
    """The pages and the door give the same triples, and every document among them has its holder."""
    text = recipes()[name]
    found = triples(asked(moerwijk, text, "text/turtle"))
    assert found == triples(answer(text))
    held = {t.subject for t in found if short(t.predicate) == "heldBy"}
    assert held
    assert held == {t.subject for t in found}
