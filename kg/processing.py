"""What is kept of a party and by whom: its register of processing (GDPR, article 30), and what others recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select

from kg.ledger import tables
from kg.ledger.statement import Statement, as_it_is
from kg.ledger.transactions import Transactions
from kg.vocabulary import LW

FEW = 5  # Below this a count could point at a person: it is told as fewer than five.

d = tables.documents.c


@dataclass(frozen=True)
class Kept:
    """What a party keeps of one kind of document."""

    kind: str
    """The local name of its class: `Story`."""
    count: int | None
    """How many; None when they are fewer than FEW."""
    grounds: Sequence[str]
    """On what grounds, by notation; empty where the kind needs none."""
    audiences: Sequence[str]
    recorders: Sequence[str]
    """Who wrote it down, the party itself included."""
    since: str
    """The day on which the oldest of these came."""
    ends: str | None
    """The last day of the longest ground with an end; None when it is kept until it is withdrawn."""


@dataclass(frozen=True)
class Ending:
    """A document whose ground ends soon."""

    iri: str
    party: str
    audience: str
    ends: str


_KEPT = Statement(
    select(d.classes, d.ground, d.audience, d.recorder, d.time, d.ground_ends).where(
        d.party == bindparam("party"), d.ended.is_(None)
    ),
    as_it_is,
)
_RECORDED = Statement(
    select(d.iri, d.recorder, d.delegation, d.audience, d.time)
    .where(d.party == bindparam("party"), d.recorder != bindparam("itself"), d.ended.is_(None))
    .order_by(d.recorder, d.time, d.iri)
    .limit(bindparam("most")),
    as_it_is,
)
_ENDING = Statement(
    select(d.iri, d.party, d.audience, d.ground_ends)
    .where(d.ground_ends.is_not(None), d.ground_ends <= bindparam("until"), d.ended.is_(None))
    .order_by(d.ground_ends, d.party, d.iri)
    .limit(bindparam("most")),
    lambda columns: Ending(*columns),
)
_COUNT_RECORDED = Statement(
    select(d.recorder, func.count())
    .where(d.party == bindparam("party"), d.recorder != bindparam("itself"), d.ended.is_(None))
    .group_by(d.recorder),
    as_it_is,
)


class Processing(Transactions):
    """Looks at how documents stand. Each call is a transaction of its own."""

    def of(self, party: str) -> Sequence[Kept]:
        """What a party (slug) keeps now, by kind, in alphabetical order; counts below FEW are not told."""
        rows: dict[str, list[tuple[str, ...]]] = {}
        with self._reading() as driver:
            for classes, *rest in _KEPT.each(driver, party=party):
                own = [name for name in classes.split() if name.startswith(LW)] or classes.split()
                rows.setdefault(min(own, default="-").rpartition("#")[2], []).append(tuple(rest))
        return [_kept(kind, rows[kind]) for kind in sorted(rows)]

    def recorded_for(self, party: str, most: int) -> Sequence[tuple[str, str, str, str, str]]:
        """(document, recorder, delegation, audience, time) of what others recorded for a party, at most so many."""
        with self._reading() as driver:
            return _RECORDED.all(driver, party=party, itself=party, most=most)

    def recorders_of(self, party: str) -> dict[str, int]:
        """Recorder to how many current documents it recorded for a party."""
        with self._reading() as driver:
            return dict(_COUNT_RECORDED.each(driver, party=party, itself=party))

    def ending(self, now: datetime, days: int, most: int) -> Sequence[Ending]:
        """The documents whose ground ends within so many days, the soonest first."""
        with self._reading() as driver:
            return _ENDING.all(driver, until=(now + timedelta(days=days)).date().isoformat(), most=most)


def _kept(kind: str, rows: Sequence[tuple[str, ...]]) -> Kept:
    grounds, audiences, recorders, times, ends = ({row[at] for row in rows if row[at]} for at in range(5))
    return Kept(
        kind,
        len(rows) if len(rows) >= FEW else None,
        sorted(one.rpartition("/")[2] for one in grounds),
        sorted(audiences),
        sorted(recorders),
        min(times)[:10],
        max(ends, default=None),
    )
