"""What changed in an audience's store between two past positions, as far as it may be told now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kg.ledger import tables
from kg.ledger.chain import erased_name
from kg.ledger.past import Kept, Place, Told, at_once, kept, told
from kg.ledger.quads import contribution_iri, party_iri
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed

KINDS = ("added", "replaced", "withdrawn", "groundEnded", "erased", "hidden")
"""`hidden`: the store no longer showed it, without an end (fewer might read it)."""

e, p = tables.entries.c, tables.payloads.c
_WHOSE = Statement(
    select(e.number, e.id, e.time, e.party, p.iri)
    .join(tables.payloads, p.entry == e.number, isouter=True)
    .where(among(e.number, "numbers")),
    as_it_is,
)


@dataclass(frozen=True)
class Changed:
    """What became of one document between two positions; its name is None when it is erased and nobody mentions it."""

    party: str
    """IRI of its holder."""
    kind: str
    document: str | None
    before: str | None
    """IRI of the contribution that stood there at the first position."""
    after: str | None
    """IRI of the contribution that stood there at the second."""
    time: str
    """When what stood there at the second came, or when it ended."""


def difference(
    driver: Driver, base: str, key: str, audience: str, places: tuple[Place, Place], now: datetime
) -> tuple[Changed, ...]:
    """By holder, then by kind, then by document: a neutral order. Equal positions give nothing."""
    history = told(driver, audience)
    first, second = (kept(driver, key, audience, place, now, history) for place in places)
    ends = dict(_ends(history, places))
    whose = _whose(driver, {*_numbers(first), *_numbers(second), *(history.numbers[id] for id, _, _ in ends.values())})
    # The names of what is erased, as far as a tie still tells them.
    told_still = {erased_name(key, iri): iri for iri, (how, _) in second.stones.items() if how == "erased"}
    names = {document: told_still.get(digest) for document, digest in history.names.items()}
    found = [*_seen(base, first, second, whose), *_ended(base, history, ends, (first, second), whose, names)]
    return tuple(
        sorted(found, key=lambda one: (one.party, KINDS.index(one.kind), one.document or "", one.before or ""))
    )


_Whose = Mapping[int, tuple[str, str, str, str | None]]


def _numbers(past: Kept) -> Iterator[int]:
    return (number for number, _ in past.shown.values())


def _whose(driver: Driver, numbers: set[int]) -> _Whose:
    """By entry: contribution, time, party, and the document's name unless it is erased."""
    found: dict[int, tuple[str, str, str, str | None]] = {}
    for some in at_once(sorted(numbers)):
        for number, *columns in _WHOSE.each(driver, numbers=listed(some)):
            found[number] = tuple(columns)
    return found


def _ends(history: Told, places: tuple[Place, Place]) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Documents that ended between, other than by being withdrawn: the contribution, how and when; the last time."""
    for step in history.steps:
        if places[0].position < step.position <= places[1].position:
            for document, (how, when) in step.ended.items():
                if how != "withdrawn":
                    yield document, (step.ids[document], how, when)


def _seen(base: str, first: Kept, second: Kept, whose: _Whose) -> Iterator[Changed]:
    """What stands there at one of the two positions, and may be shown now."""
    for iri in first.shown.keys() | second.shown.keys():
        before, after = (past.shown[iri][0] if iri in past.shown else None for past in (first, second))
        if before == after:
            continue
        known = after if after is not None else before
        assert known is not None
        _, time, party, _ = whose[known]
        kind = "added" if before is None else "replaced"
        if after is None:
            # Without an end it was hidden, and nobody is told when.
            kind, time = second.stones.get(iri, ("hidden", second.place.time))
        ids = [contribution_iri(base, whose[number][0]) if number is not None else None for number in (before, after)]
        yield Changed(party_iri(base, party), kind, iri, ids[0], ids[1], time)


def _ended(
    base: str,
    history: Told,
    ends: Mapping[int, tuple[str, str, str]],
    pasts: tuple[Kept, Kept],
    whose: _Whose,
    names: Mapping[int, str | None],
) -> Iterator[Changed]:
    """What was erased, or whose ground ended, between: that it did, whose it was, and its name while that is told."""
    for document, (id, how, when) in ends.items():
        _, _, party, iri = whose[history.numbers[id]]
        if iri is None or (iri in pasts[1].stones and iri not in pasts[0].shown):
            yield Changed(
                party_iri(base, party), how, iri or names.get(document), contribution_iri(base, id), None, when
            )
