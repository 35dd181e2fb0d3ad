"""One audience's store as it was at a past position, less what may not be shown now, read from the ledger."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, func, select

from kg.ledger import tables
from kg.ledger.chain import erased_name
from kg.ledger.quads import Said, about, content, contribution_iri, over_since, tombstone
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed, only
from kg.past import Course, Step, Then, courses, redactions_of, still_visible

ROWS_AT_ONCE = 500  # Payloads of some 2 KB: a chunk's worth is read ahead.

e, p, c = tables.entries.c, tables.payloads.c, tables.chain.c

_CHAIN = Statement(
    select(c.position, e.time, c.effects)
    .join(tables.entries, e.number == c.entry)
    .where(c.audience == bindparam("audience"))
    .order_by(c.position),
    as_it_is,
)
_ENTRIES = Statement(select(e.number, e.id, e.follows, e.kind, e.name_digest).order_by(e.number), as_it_is)
_FACTS = Statement(select(p.entry, p.iri, p.facts).where(among(p.entry, "numbers")), as_it_is)
_WORDS = Statement(
    select(e.number, e.id, e.time, e.party, e.recorder, e.delegation, e.audience, p.iri, e.batch, p.payload)
    .join(tables.payloads, p.entry == e.number)
    .where(among(e.number, "numbers"))
    .order_by(e.number),
    as_it_is,
)
_FIRST = Statement(select(func.min(p.entry)).where(p.iri == bindparam("iri")), only)
_AT_POSITION = Statement(
    select(c.position, e.time, c.digest)
    .join(tables.entries, e.number == c.entry)
    .where(c.audience == bindparam("audience"), c.position == bindparam("position")),
    as_it_is,
)
_LAST = Statement(
    select(c.position).where(c.audience == bindparam("audience")).order_by(c.position.desc()).limit(1), only
)


@dataclass(frozen=True)
class Place:
    """A position of an audience's chain: when it came to stand there, and the digest that proves it."""

    position: int
    time: str
    digest: str


@dataclass(frozen=True)
class Kept:
    """What of a past store is shown now, by document, without its words."""

    place: Place
    redactions: int
    """How many things happened since that change what is shown of it: with the position they name its bytes."""
    shown: Mapping[str, tuple[int, str | None]]
    """Document to the entry of the contribution that stood there, and what that superseded there."""
    stones: Mapping[str, tuple[str, str]]
    """Document to how and when it ended."""


@dataclass(frozen=True)
class Told:
    """All that an audience was told, as steps, and how the entries of the ledger hang together."""

    steps: tuple[Step, ...]
    numbers: Mapping[str, int]
    """Contribution to its entry."""
    names: Mapping[int, str]
    """Document to the digest of its name, of those that are erased."""


def place_at(driver: Driver, audience: str, time: str) -> Place | None:
    """Where an audience's chain stood at a time (as the ledger writes it); None before its first position."""
    # Times rise with positions, so twenty looks by key find one among a million.
    low, high = 0, int(_LAST.first(driver, audience=audience) or 0)
    found: Place | None = None
    while low < high:
        middle = (low + high + 1) // 2
        place = place_of(driver, audience, middle)
        assert place is not None
        if place.time <= time:
            low, found = middle, place
        else:
            high = middle - 1
    return found


def place_of(driver: Driver, audience: str, position: int) -> Place | None:
    """A position of an audience's chain; None when it has no such position."""
    found = _AT_POSITION.first(driver, audience=audience, position=position)
    return Place(*found) if found else None


def came_at(driver: Driver, audience: str, iri: str) -> tuple[tuple[str, str], ...]:
    """(time, contribution) of each of a document's contributions that came into an audience's store, in order."""
    document: int | None = _FIRST.first(driver, iri=iri)
    found: list[tuple[str, str]] = []
    if document is None:
        return ()
    for step in told(driver, audience).steps:
        if document in step.entered and (not found or found[-1][1] != step.entered[document][0]):
            found.append((step.time, step.entered[document][0]))
    return tuple(found)


def told(driver: Driver, audience: str) -> Told:
    """Reads an audience's whole chain. A document is named by the number of its first entry: names can be erased."""
    first: dict[int, int] = {}
    document_of: dict[str, int] = {}
    numbers: dict[str, int] = {}
    names: dict[int, str] = {}
    for number, id, follows, kind, name_digest in _ENTRIES.each(driver):
        document = first[number] = number if follows is None else first[follows]
        document_of[id], numbers[id] = document, number
        if kind == "erase":
            names[document] = name_digest
    steps = []
    for position, time, effects in _CHAIN.each(driver, audience=audience):
        happened = json.loads(effects)
        steps.append(
            Step(
                position,
                time,
                {document_of[id]: (id, supersedes) for id, supersedes in happened["entered"]},
                frozenset(document_of[id] for id in happened["left"]),
                {document_of[id]: (how, when) for id, how, when in happened["ended"]},
                {document_of[id]: id for id, _, _ in happened["ended"]},
            )
        )
    return Told(tuple(steps), numbers, names)


def at_once(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of entries, so many at once as are read ahead."""
    rest = iter(numbers)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some


class Facts:
    """What is known of contributions beside their triples: name, ties, ground; of what is erased, nothing."""

    def __init__(self, driver: Driver, numbers: Sequence[int]) -> None:
        self._found: dict[int, tuple[str, Mapping[str, Any]]] = {}
        for some in at_once(numbers):
            for number, iri, facts in _FACTS.each(driver, numbers=listed(some)):
                self._found[number] = (iri, json.loads(facts) if facts else {})

    def name(self, number: int) -> str | None:
        """The document's IRI."""
        return self._found[number][0] if number in self._found else None

    def ties(self, number: int) -> tuple[str, ...]:
        """Documents at the other end of its ties."""
        return tuple(self._found[number][1].get("ties", ())) if number in self._found else ()

    def ground_ends(self, number: int) -> str | None:
        """The last day of its ground."""
        return self._found[number][1].get("ground_ends") if number in self._found else None


def kept(driver: Driver, key: str, audience: str, place: Place, now: datetime, history: Told | None = None) -> Kept:
    """What of the store at this place is shown now. `key` is the ledger's, under which erased names are found."""
    history = history or told(driver, audience)
    found = courses(history.steps, place.position)
    wanted = {document: _numbers(course, history.numbers) for document, course in found.items()}
    facts = Facts(driver, sorted({number for numbers in wanted.values() for number in numbers}))

    def ground_of(contribution: str) -> str | None:
        return facts.ground_ends(history.numbers[contribution])

    ends = {end for course in found.values() if course.said for end in facts.ties(history.numbers[course.said[0]])}
    by_digest = {erased_name(key, end): end for end in ends} if history.names else {}
    thens: list[Then] = []
    named: dict[str, Course] = {}
    for document, course in found.items():
        iri = facts.name(history.numbers[course.last]) or by_digest.get(history.names.get(document, ""))
        if iri is None:
            # Erased, and nobody whose words stand there ties to it.
            continue
        named[iri] = course
        ties = facts.ties(history.numbers[course.said[0]]) if course.said else ()
        thens.append(Then(iri, course.said is not None, course.fate, ties, ground_of(course.last)))
    visible = still_visible(thens, now)
    return Kept(
        place,
        sum(redactions_of(course, ground_of, now) for course in found.values()),
        {iri: (history.numbers[said[0]], said[1]) for iri in visible.shown if (said := named[iri].said)},
        {iri: _stone(named[iri], ground_of(named[iri].last)) for iri in sorted(visible.stones)},
    )


def _numbers(course: Course, numbers: Mapping[str, int]) -> set[int]:
    """The entries whose facts decide about a document."""
    ids = {course.last, *(id for id, _ in course.pauses), *([course.said[0]] if course.said else ())}
    return {numbers[id] for id in ids}


def _stone(course: Course, ground_ends: str | None) -> tuple[str, str]:
    """How and when it ended: as it was told then, or as it is told now of what stood there then."""
    if course.fate == "erased" and course.end:
        return course.end
    if course.said is None and course.stone:
        return course.stone
    if course.end:
        return course.end
    assert ground_ends is not None
    return "groundEnded", over_since(ground_ends)


class Past:
    """A past store that is being read: all of it as it is kept in one moment of the ledger."""

    def __init__(self, driver: Driver, base: str, kept: Kept) -> None:
        self.kept = kept
        self._driver = driver
        self._base = base

    def said(self, iris: Iterable[str] | None = None) -> Iterator[tuple[Said, bytes]]:
        """Its contributions with their triples, in the order of the ledger; those of some documents, or all."""
        shown = self.kept.shown
        supersedes = dict(shown.values() if iris is None else (shown[iri] for iri in iris if iri in shown))
        for some in at_once(sorted(supersedes)):
            for number, *columns, payload in _WORDS.each(self._driver, numbers=listed(some)):
                yield Said._make((*columns, supersedes[number])), zlib.decompress(payload)

    def of(self, party: str) -> Iterator[tuple[Said, bytes]]:
        """The contributions of one party."""
        return ((said, payload) for said, payload in self.said() if said.party == party)

    def nquads(self) -> Iterator[bytes]:
        """All of it in parts: each contribution with what the ledger says of it, then the tombstones."""
        for said, payload in self.said():
            yield content(self._base, said.id, payload)
            yield about(self._base, said)
        for iri, stone in self.kept.stones.items():
            yield tombstone(self._base, iri, *stone)

    def trig(self) -> Iterator[bytes]:
        """The same in parts of TriG: a block for each contribution, one for the ledger's words, one for tombstones."""
        for said, payload in self.said():
            yield f"<{contribution_iri(self._base, said.id)}> {{\n".encode() + payload + b"}\n"
        ledger, register = f"{self._base}/graph/ledger", f"{self._base}/graph/register"
        yield f"<{ledger}> {{\n".encode()
        for said, _ in self.said():
            yield _without_graph(about(self._base, said), ledger)
        yield f"}}\n<{register}> {{\n".encode()
        for iri, stone in self.kept.stones.items():
            yield _without_graph(tombstone(self._base, iri, *stone), register)
        yield b"}\n"


def _without_graph(quads: bytes, graph: str) -> bytes:
    """N-Quads of one graph as triples."""
    return quads.replace(f" <{graph}> .\n".encode(), b" .\n")
