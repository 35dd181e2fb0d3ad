"""Comparing: the shortcut for lines finds what reading the whole body finds, whatever was done to the lines."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.comparing import Difference, compare, without_known
from kg.contribution import Document
from kg.objection import Objection
from kg.reading import Whole, read, read_whole
from tests.examples import BASE, ONTOLOGY
from tests.stories import story

SPEAKER = f"{BASE}/id/straat"
VIEW, HOUSE = f"{BASE}/view/straat", f"{BASE}/contributions/"
NQUADS = "application/n-quads"
GRAPHS = ("", f" <{VIEW}>", f" <{HOUSE}een>", f" <{HOUSE}twee>", f" <{BASE}/graph/ledger>")


def _documents() -> list[Document]:
    text = "".join(story("straat", name, text=f'Verhaal {name} \\\\ \\"é\\" <{HOUSE}een> .') for name in "abc")
    found = read(text.encode(), "text/turtle", base=BASE, speaker=SPEAKER, ontology=ONTOLOGY, mint=lambda: "nooit")
    return [d for d in found if isinstance(d, Document)]


DOCUMENTS = _documents()
LINES = [line.decode() for document in DOCUMENTS for line in document.payload.splitlines()]
KNOWN = {d.iri: d.digest for d in DOCUMENTS[:2]} | {f"{SPEAKER}/elders": "0" * 64}
DISGUISES = (
    lambda line: line,
    lambda line: " " + line,
    lambda line: line + "\r",
    lambda line: line + " # klaar",
    lambda line: line.replace("/id/straat/a", "/id/straat/\\u0061"),
    lambda line: line.replace("> <", ">  <", 1),
    lambda line: line.replace("Verhaal", "Gedicht"),
    lambda line: line.replace("> .", ">"),
    lambda line: "",
    lambda line: "# " + line,
)


def _slow(body: bytes) -> Difference | tuple[Objection, ...]:
    """The difference as reading everything finds it."""
    found = read_whole(body, NQUADS, KNOWN, base=BASE, speaker=SPEAKER, ontology=ONTOLOGY, mint=lambda: "nooit")
    if not isinstance(found, Whole):
        return Difference((), tuple(sorted(KNOWN)), ()) if found[0].name == "EmptyBody" else found
    there = {*found.unchanged, *(d.iri for d in found.documents)}
    return Difference(found.documents, tuple(sorted(KNOWN.keys() - there)), found.graphs)


def _fast(body: bytes) -> Difference | tuple[Objection, ...]:
    numbers = count()
    return compare(body, NQUADS, KNOWN, base=BASE, speaker=SPEAKER, ontology=ONTOLOGY, mint=lambda: f"n{next(numbers)}")


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    """The lines of three documents in some order, some of them changed, doubled, lost, or in graphs."""
    lines = [line for line in LINES for _ in range(draw(st.sampled_from((1, 1, 1, 1, 1, 1, 1, 1, 2, 0))))]
    kept = draw(st.permutations(lines)) if draw(st.booleans()) else lines
    disguised = draw(st.booleans())
    graph = draw(st.sampled_from(GRAPHS[:4]))
    texts = []
    for line in kept:
        strange = disguised and draw(st.integers(0, 9)) == 0
        other = draw(st.sampled_from(GRAPHS)) if strange else graph
        whole = line.removesuffix(" .") + other + " ."
        texts.append(draw(st.sampled_from(DISGUISES))(whole) if strange else whole)
    return ("\n".join(texts) + draw(st.sampled_from(("\n", "")))).encode()


@settings(max_examples=200, deadline=None)
@given(_bodies())
def test_the_shortcut_finds_what_reading_finds(body: bytes) -> None:
    """Documents, missing ones, graphs and objections with their places are the same, for any body."""
    assert _fast(body) == _slow(body)


def test_the_shortcut_is_taken() -> None:
    """The lines of a document that stands there as it is known are gone, and the others keep their numbers."""
    lines = [f"{line.removesuffix(' .')}{GRAPHS[2]} ." for line in LINES]
    rest, same, graphs = without_known("\n".join(lines).encode(), KNOWN, view=VIEW, house=HOUSE)
    assert (same, graphs) == ({d.iri for d in DOCUMENTS[:2]}, {f"{HOUSE}een"})
    left = rest.decode().split("\n")
    assert [line for line in left if line] == [line for line in lines if "/straat/c" in line.split(" ")[0]]
    assert len(left) == len(lines)


@pytest.mark.parametrize("disguise", DISGUISES[1:8])
def test_a_line_more_is_seen_in_any_disguise(disguise: Callable[[str], str]) -> None:
    """A document that stands there whole, with one more line that is written otherwise, is not taken as known."""
    more = LINES[0].replace("Verhaal", "Gedicht").rpartition("> ")[0] + '> "Nog iets" .'
    body = "\n".join([*LINES, disguise(more)]).encode()
    assert _fast(body) == _slow(body)


def test_another_alphabet_takes_no_shortcut() -> None:
    """The same bytes in another alphabet are other words: they are refused as in any body, not taken as known."""
    body = DOCUMENTS[0].payload
    found = compare(
        body,
        f"{NQUADS}; charset=iso-8859-1",
        KNOWN,
        base=BASE,
        speaker=SPEAKER,
        ontology=ONTOLOGY,
        mint=lambda: "nooit",
    )
    assert not isinstance(found, Difference)
    assert [o.name for o in found] == ["CharsetUnknown"]
