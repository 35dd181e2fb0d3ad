"""A party's whole viewpoint as the ledger has it: enough to tell how another differs, and whether it moved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from kg.ledger.acts import Current
from kg.ledger.current import current_of
from kg.ledger.facts import request_of
from kg.ledger.standings import DocumentRow
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed, only
from kg.ledger.tables import documents, entries, payloads


class Mark(NamedTuple):
    """How many documents the ledger knows of a party, ended ones too, and the last entry on any of them.

    Every entry on a document moves its row to a higher number, or takes the row away: equal marks, equal viewpoints.
    """

    documents: int
    entry: int


class Held(NamedTuple):
    """One current document."""

    iri: str
    digest: str
    contribution: str
    recorder: str


@dataclass(frozen=True)
class Viewpoint:
    """The current documents of a party by IRI, sorted, and the mark of the moment in which they were read."""

    documents: Mapping[str, Held]
    mark: Mark


d, e = documents.c, entries.c
_HELD = Statement(
    select(d.iri, d.payload_digest, d.contribution, d.recorder)
    .where(d.party == bindparam("party"), d.ended.is_(None))
    .order_by(d.iri),
    Held._make,
)
_MARK = Statement(
    select(func.count(), func.coalesce(func.max(d.entry), 0)).where(d.party == bindparam("party")), Mark._make
)
_STANDING = Statement(
    select(documents).where(d.party == bindparam("party"), d.ended.is_(None)).order_by(d.iri), DocumentRow._make
)
_ENDED = Statement(select(d.iri).where(d.party == bindparam("party"), d.ended.is_not(None), among(d.iri, "iris")), only)
_OWN = Statement(select(e.id).where(among(e.id, "ids"), e.party == bindparam("party")), only)
_RECORDED_BY = Statement(
    select(e.id).where(among(e.id, "ids"), e.party == bindparam("party"), e.recorder == bindparam("recorder")), only
)
_KEYED = Statement(
    select(e.batch, payloads.c.facts)
    .join(payloads, payloads.c.entry == e.number, isouter=True)
    .where(e.party == bindparam("party"), e.recorder == bindparam("recorder"), e.idempotency_key == bindparam("key")),
    as_it_is,
)
_TAKEN = Statement(select(e.id).where(e.party == bindparam("party")).order_by(e.number), only)


def mark_of(driver: Driver, party: str) -> Mark:
    """The mark of a party's viewpoint now."""
    return _MARK.first(driver, party=party) or Mark(0, 0)


class Viewpoints(ABC):
    """The looks at whole viewpoints that a ledger offers."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Driver]:
        """A connection in which all looks see the same moment."""

    def viewpoint(self, party: str) -> Viewpoint:
        """What a party (slug) holds now, without its triples, with the mark by which the writer sees that it moved."""
        with self._reading() as driver:
            return Viewpoint({held.iri: held for held in _HELD.each(driver, party=party)}, mark_of(driver, party))

    def standing(self, party: str) -> Iterator[Current]:
        """The current documents of a party in the order of their IRIs, without their triples."""
        with self._reading() as driver:
            yield from map(current_of, _STANDING.each(driver, party=party))

    def taken_of(self, party: str) -> tuple[str, ...]:
        """The ids of every entry of a party (slug), in the order in which they were taken in."""
        with self._reading() as driver:
            return tuple(_TAKEN.each(driver, party=party))

    def ended_among(self, party: str, iris: Iterable[str]) -> frozenset[str]:
        """Which of these documents of a party were withdrawn, or lost their ground."""
        with self._reading() as driver:
            return frozenset(_ENDED.each(driver, party=party, iris=listed(iris)))

    def contributions_among(self, party: str, recorder: str, ids: Iterable[str]) -> frozenset[str]:
        """Which of these are contributions of a party; for another who records, those that it recorded."""
        with self._reading() as driver:
            if recorder == party:
                return frozenset(_OWN.each(driver, party=party, ids=listed(ids)))
            return frozenset(_RECORDED_BY.each(driver, party=party, recorder=recorder, ids=listed(ids)))

    def earlier_request(self, party: str, recorder: str, key: str) -> tuple[str, str | None] | None:
        """(batch, fingerprint of what was asked) of what was written under an Idempotency-Key; None for a new key."""
        with self._reading() as driver:
            row = _KEYED.first(driver, party=party, recorder=recorder, key=key)
        return (row[0], request_of(row[1])) if row is not None else None
