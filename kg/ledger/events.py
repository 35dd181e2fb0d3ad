"""What happened in an audience's store, position by position, as far as it may be told now; read by key.

A page of a stream has to be answered fast whatever the length of the chain, so nothing here reads more than the
positions that are asked and the documents that stand in them. What may be told is what `kg.past` lets a past show: the
words of a document that stands there still or was withdrawn, unless its ground is over or it ties to what is hidden.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from kg.ledger import tables
from kg.ledger.quads import Said
from kg.ledger.standings import BITS, DocumentRow, document_rows, erased_rows
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed
from kg.past import Fate
from kg.visible import is_over

e, p, c = tables.entries.c, tables.payloads.c, tables.chain.c

_BETWEEN = Statement(
    select(c.position, c.entry, e.time, c.effects)
    .join(tables.entries, e.number == c.entry)
    .where(c.audience == bindparam("audience"), c.position.between(bindparam("first"), bindparam("last")))
    .order_by(c.position),
    as_it_is,
)
_TIMES = Statement(
    select(c.position, e.time)
    .join(tables.entries, e.number == c.entry)
    .where(c.audience == bindparam("audience"), among(c.position, "positions")),
    as_it_is,
)
_WORDS = Statement(
    select(
        *(e.id, e.number, e.time, e.party, e.recorder, e.delegation, e.audience, p.iri, e.batch),
        *(p.facts, p.payload),
    )
    .join(tables.payloads, p.entry == e.number, isouter=True)
    .where(among(e.id, "ids")),
    as_it_is,
)
_NAMES = Statement(
    select(e.id, p.iri).join(tables.payloads, p.entry == e.number).where(among(e.id, "ids")),
    as_it_is,
)
_VERSIONS = Statement(
    select(p.iri, e.number, e.id, p.facts)
    .join(tables.entries, e.number == p.entry)
    .where(among(p.iri, "iris"))
    .order_by(e.number),
    as_it_is,
)
_TURNS = Statement(
    select(c.entry, c.effects)
    .where(c.audience == bindparam("audience"), among(c.entry, "numbers"))
    .order_by(c.position),
    as_it_is,
)


@dataclass(frozen=True)
class Came:
    """A contribution that came into the store."""

    position: int
    time: str
    """When it came in; the contribution itself may be older."""
    contribution: str
    said: Said | None
    """What the store says of it; None when its words may not be shown (any more)."""
    payload: bytes
    """Its triples; empty without `said`."""
    supersedes: str | None
    """The contribution that it took the place of there."""
    again: bool
    """Whether something else brought it to light: then it may have stood there before."""
    document: str | None
    """The document's name, as long as it may be told."""


@dataclass(frozen=True)
class Went:
    """A contribution that left the store, and no newer one took its place."""

    position: int
    time: str
    contribution: str
    ended: tuple[str, str] | None
    """How and when its document ended; None when it is only hidden from this audience."""
    document: str | None
    """The document's name, as long as it may be told."""


Event = Came | Went


def events_between(
    driver: Driver, key: str, audience: str, positions: tuple[int, int], now: datetime
) -> tuple[Event, ...]:
    """The events of these positions (the first to the last), in order: in each, what went before what came.

    `key` is the ledger's, under which erased names are found.
    """
    first, last = positions
    rows = [
        (position, entry, time, json.loads(effects))
        for position, entry, time, effects in _BETWEEN.each(driver, audience=audience, first=first, last=last)
    ]
    came = {id for *_, effects in rows for id, _ in effects["entered"]}
    gone = {id for *_, effects in rows for id in (*effects["left"], *(one[0] for one in effects["ended"]))}
    # Words are read before standings: what is taken away meanwhile is then found taken away.
    words = {id: columns for id, *columns in _WORDS.each(driver, ids=listed(came))}
    names = dict(_NAMES.each(driver, ids=listed(gone - came)))
    names |= {id: columns[6] for id, columns in words.items() if columns[6] is not None}
    told = _Told(driver, key, audience, now, names.values())
    found: list[Event] = []
    for position, entry, time, effects in rows:
        ended = {id: (str(how), str(when)) for id, how, when in effects["ended"]}
        replaced = {supersedes for _, supersedes in effects["entered"] if supersedes}
        for id in dict.fromkeys((*effects["left"], *ended)):
            if id not in replaced:
                found.append(Went(position, time, id, ended.get(id), told.name(names.get(id))))
        for id, supersedes in effects["entered"]:
            number, made, party, recorder, delegation, wide, iri, batch, facts, packed = words[id]
            ties = json.loads(facts) if facts else {}
            shown = packed is not None and told.may_show(iri, ties)
            said = Said(id, made, party, recorder, delegation, wide, iri, batch, supersedes) if shown else None
            payload = zlib.decompress(packed) if shown else b""
            found.append(Came(position, time, id, said, payload, supersedes, number != entry, told.name(iri)))
    return tuple(found)


def times_of(driver: Driver, audience: str, positions: Iterable[int]) -> Mapping[int, str]:
    """When an audience's chain came to stand at each of these positions."""
    return dict(_TIMES.each(driver, audience=audience, positions=listed(positions)))


class _Told:
    """What may be told of some documents in one audience, now."""

    def __init__(self, driver: Driver, key: str, audience: str, now: datetime, iris: Iterable[str]) -> None:
        self._driver = driver
        self._key = key
        self._audience = audience
        self._bit = BITS[audience]
        self._now = now
        self._rows: dict[str, DocumentRow] = document_rows(driver, sorted(set(iris)))
        self._grounds = self._last_grounds()
        self._hidden: dict[str, bool] = {}

    def fate(self, iri: str | None) -> Fate:
        """What has become of a document in this audience's store."""
        row = self._rows.get(iri or "")
        if row is None:
            return "erased"
        if row.visible & self._bit:
            return "groundEnded" if is_over(row.ground_ends, self._now) else "stands"
        how: Fate = row.stone_of[self._audience][0] if self._audience in row.stone_of else "hidden"  # type: ignore[assignment]
        return how

    def name(self, iri: str | None) -> str | None:
        """The document's name, unless it is erased or hidden from this audience."""
        return None if iri is None or self.fate(iri) in ("erased", "hidden") else iri

    def may_show(self, iri: str, facts: Mapping[str, Any]) -> bool:
        """Whether words of a document, with what was read from them, may be shown."""
        if self.fate(iri) not in ("stands", "withdrawn"):
            return False
        if is_over(facts.get("ground_ends"), self._now) or is_over(self._grounds.get(iri), self._now):
            return False
        return not self._any_hidden(facts.get("ties", ()))

    def _any_hidden(self, ends: Sequence[str]) -> bool:
        unknown = [end for end in ends if end not in self._hidden]
        if unknown:
            rows = document_rows(self._driver, unknown)
            absent = [end for end in unknown if end not in rows]
            gone = erased_rows(self._driver, self._key, absent) if absent else {}
            for end in unknown:
                row, erased = rows.get(end), gone.get(end)
                if row is not None:
                    self._hidden[end] = not row.visible & self._bit and self._audience not in row.stone_of
                else:
                    self._hidden[end] = erased is not None and not erased.seen & self._bit
        return any(self._hidden[end] for end in ends)

    def _last_grounds(self) -> Mapping[str, str | None]:
        """The last day of the ground of the words of each document that stood in this store last."""
        grounds = {iri: row.ground_ends for iri, row in self._rows.items() if row.shown & self._bit}
        # The present words never stood here (a draft of a new version): those that did are found among the older ones.
        older = [iri for iri, row in self._rows.items() if not row.shown & self._bit and self.fate(iri) == "withdrawn"]
        versions: dict[str, list[tuple[int, str, str | None]]] = {}
        for iri, number, id, facts in _VERSIONS.each(self._driver, iris=listed(older)) if older else ():
            ends = json.loads(facts).get("ground_ends") if facts else None
            versions.setdefault(iri, []).append((number, id, ends))
        for iri, known in versions.items():
            if any(ends for _, _, ends in known):
                grounds[iri] = self._ground_of_last(known)
        return grounds

    def _ground_of_last(self, versions: Sequence[tuple[int, str, str | None]]) -> str | None:
        grounds = {id: ends for _, id, ends in versions}
        last: str | None = None
        numbers = listed(number for number, _, _ in versions)
        for _, effects in _TURNS.each(self._driver, audience=self._audience, numbers=numbers):
            told = json.loads(effects)
            ids = (*told["left"], *(one[0] for one in told["ended"]), *(one[0] for one in told["entered"]))
            last = next((id for id in reversed(ids) if id in grounds), last)
        return grounds.get(last or "")
