"""What a batch changes in each store, and in the index of how documents stand: who sees what after it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from kg.ledger import tables
from kg.ledger.acts import Change
from kg.ledger.chain import SHARED, Book, Heads, canonical, position_digest, shared_envelope
from kg.ledger.deciding import Written
from kg.ledger.quads import about, content, contribution_iri, tombstone
from kg.ledger.standings import BITS, DocumentRow, ErasedRow, Stands, bits_of
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed, writes
from kg.party import AUDIENCES
from kg.visible import revisit

WRITTEN_TIME = datetime.min
"""Here a ground is over when an entry says so, never by the clock: a store is a function of the ledger."""


@dataclass
class Effect:
    """What one entry does to one store.

    [id, what it supersedes there] of contributions that come in, ids of those that go, [id, how, when] of ends.
    """

    entered: list[list[str | None]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    ended: list[list[str]] = field(default_factory=list)


@dataclass
class Turn:
    """What changes in one store by one batch, as it is worked out."""

    effects: dict[int, Effect] = field(default_factory=dict)
    entered: list[DocumentRow] = field(default_factory=list)
    left: list[DocumentRow] = field(default_factory=list)
    stones_out: list[tuple[str, str, str]] = field(default_factory=list)
    stones_in: list[tuple[str, str, str]] = field(default_factory=list)
    redacts: bool = False


_PAYLOADS = Statement(
    select(tables.payloads.c.entry, tables.payloads.c.payload).where(among(tables.payloads.c.entry, "numbers")),
    as_it_is,
)
_ENTRIES = Statement(
    select(*(tables.entries.c[name] for name in ("number", *SHARED))).where(among(tables.entries.c.number, "numbers")),
    as_it_is,
)
_PUT_DOCUMENTS = writes(insert(tables.documents).prefix_with("OR REPLACE"))
_SEE_DOCUMENT = writes(
    update(tables.documents)
    .where(tables.documents.c.iri == bindparam("name"))
    .values(visible=bindparam("now_visible"), shown=bindparam("now_shown"), stones=bindparam("now_stones"))
)
_PUT_ERASED = writes(insert(tables.erased))
_NAME_ERASED = writes(
    update(tables.erased).where(tables.erased.c.name == bindparam("digest")).values(named=bindparam("now_named"))
)
_PUT_TIES = writes(insert(tables.ties))
_PUT_RESPONSES = writes(insert(tables.responses))
_PUT_CHAIN = writes(insert(tables.chain))
_DROP_DOCUMENTS = writes(delete(tables.documents).where(tables.documents.c.iri == bindparam("name")))
_DROP_TIES = writes(delete(tables.ties).where(tables.ties.c.document == bindparam("name")))
_DROP_READS = writes(delete(tables.reads).where(tables.reads.c.document == bindparam("name")))
_DROP_RESPONSES = writes(delete(tables.responses).where(tables.responses.c.document == bindparam("name")))


class Effects:
    """Works out the effects of one batch, audience by audience, and writes them."""

    def __init__(self, driver: Driver, book: Book, written: Sequence[Written], stands: Stands) -> None:
        self._driver = driver
        self._base = book.base
        self._written = {one.iri: one for one in written}
        self._stands = stands
        self._after: dict[str, DocumentRow] = {one.iri: one.after for one in written if one.after is not None}
        self._erased: dict[str, ErasedRow] = {}
        self._named_anew: dict[str, ErasedRow] = {}
        for one in written:
            if one.after is None:
                name, party = one.entry["name_digest"], one.entry["party"]
                seen = bits_of(one.standing.seen)
                self._erased[one.iri] = ErasedRow(name, party, one.entry["number"], seen, 0, one.entry["time"])

    def project(self, heads: Heads) -> tuple[tuple[Change, ...], Heads]:
        """The change of each store that changes, with the heads after it; everything is written when it returns."""
        changes: list[Change] = []
        chains = dict(heads.chains)
        rows: list[dict[str, Any]] = []
        for audience in AUDIENCES:
            turn = self._turn(audience)
            rows_here, chains[audience] = self._chain(audience, turn, chains[audience])
            rows.extend(rows_here)
            if rows_here:
                changes.append(self._change(audience, turn, chains[audience]))
        self._write_index()
        _PUT_CHAIN.run(self._driver, rows)
        return tuple(changes), replace(heads, chains=chains)

    def _turn(self, audience: str) -> Turn:
        """Looks again at what the batch touches, and sorts out what comes and goes."""
        part, scope = revisit(self._written, self._stands.seen_by(audience), audience, WRITTEN_TIME)
        turn = Turn()
        drawn = Effect()
        for iri in (*self._written, *sorted(scope - self._written.keys())):
            one = self._written.get(iri)
            effect = Effect() if one else drawn
            self._come_and_go(audience, iri, iri in part.shown, turn, effect)
            self._stone(audience, iri, iri in part.stones, turn)
            if one is not None:
                effect.ended.extend(_announced(one, audience))
                turn.redacts = turn.redacts or any(how == "erased" for _, how, _ in effect.ended)
                if effect != Effect():
                    turn.effects[one.entry["number"]] = effect
        if drawn != Effect():
            # What is drawn along belongs to the first entry that changes this store.
            number = min(turn.effects, default=next(iter(self._written.values())).entry["number"])
            effect = turn.effects.setdefault(number, Effect())
            effect.entered.extend(drawn.entered)
            effect.left.extend(drawn.left)
        return turn

    def _come_and_go(self, audience: str, iri: str, shown: bool, turn: Turn, effect: Effect) -> None:
        """Whether the document's contribution comes into the store, leaves it, or makes place for a newer one."""
        bit = BITS[audience]
        before = self._stands.row(iri)
        stood = before is not None and bool(before.visible & bit)
        one = self._written.get(iri)
        anew = one is not None and one.document is not None
        # Withdrawing takes nothing from the past; going otherwise does, and coming back may give it back.
        taken_back = one is not None and one.standing.ended == "withdrawn"
        turn.redacts = turn.redacts or (stood and not shown and not taken_back)
        turn.redacts = turn.redacts or (shown and not stood and before is not None)
        if stood and before is not None and (anew or not shown):
            turn.left.append(before)
            effect.left.append(before.contribution)
        row = self._after.get(iri, before)
        if row is None or (one is not None and one.after is None):
            return
        if shown and (anew or not stood):
            turn.entered.append(row)
            effect.entered.append([row.contribution, row.said_in(audience).supersedes])
        visible = row.visible | bit if shown else row.visible & ~bit
        stones = row.stones
        if shown and stones != "{}" and audience in (left := row.stone_of):
            del left[audience]
            stones = canonical(left).decode()
        after = row._replace(visible=visible, shown=row.shown | (bit if shown else 0), stones=stones)
        if after != row:
            self._after[iri] = after

    def _stone(self, audience: str, iri: str, stands: bool, turn: Turn) -> None:
        """Whether its tombstone comes, goes, or changes."""
        bit = BITS[audience]
        before, gone = self._stands.row(iri), self._stands.erased(iri)
        was: tuple[str, str] | None = None
        if before is not None and before.stones != "{}" and audience in before.stone_of:
            how, when = before.stone_of[audience]
            was = (how, when)
        elif gone is not None and gone.named & bit:
            was = ("erased", gone.time)
        now: tuple[str, str] | None = None
        erased = self._erased.get(iri) or self._named_anew.get(iri) or gone
        if erased is not None:
            now = ("erased", erased.time) if stands else None
            anew = erased._replace(named=erased.named | bit if stands else erased.named & ~bit)
            if iri in self._erased:
                self._erased[iri] = anew
            elif anew != erased:
                self._named_anew[iri] = anew
        elif stands and (row := self._after.get(iri, before)) is not None:
            how, when = row.stone_of[audience]
            now = (how, when)
        if was != now:
            turn.stones_out.extend([(iri, *was)] if was else ())
            turn.stones_in.extend([(iri, *now)] if now else ())

    def _chain(self, audience: str, turn: Turn, head: tuple[int, str]) -> tuple[list[dict[str, Any]], tuple[int, str]]:
        """The rows that this batch adds to the audience's chain, and its new head."""
        envelopes = self._envelopes(audience, turn)
        rows = []
        position, previous = head
        for number, effect in sorted(turn.effects.items()):
            position += 1
            told = {"entered": effect.entered, "left": effect.left, "ended": effect.ended}
            digest = position_digest(
                audience,
                position,
                previous,
                [envelopes[str(id)] for id, _ in effect.entered],
                effect.left,
                effect.ended,
            )
            rows.append(
                {
                    "audience": audience,
                    "position": position,
                    "entry": number,
                    "effects": canonical(told).decode(),
                    "previous": previous,
                    "digest": digest,
                }
            )
            previous = digest
        return rows, (position, previous)

    def _envelopes(self, audience: str, turn: Turn) -> dict[str, Mapping[str, Any]]:
        """By contribution, what this audience is told of each that came in."""
        entries: dict[int, Mapping[str, Any]] = {one.entry["number"]: one.entry for one in self._written.values()}
        drawn = [row.content_entry for row in turn.entered if row.content_entry not in entries]
        if drawn:
            for number, *columns in _ENTRIES.each(self._driver, numbers=listed(drawn)):
                entries[number] = dict(zip(SHARED, columns, strict=True))
        return {
            row.contribution: shared_envelope(entries[row.content_entry], row.said_in(audience).supersedes)
            for row in turn.entered
        }

    def _change(self, audience: str, turn: Turn, head: tuple[int, str]) -> Change:
        """The same in N-Quads, for the projection."""
        words = {
            one.entry["number"]: one.document.payload for one in self._written.values() if one.document is not None
        }
        drawn = [row.content_entry for row in turn.entered if row.content_entry not in words]
        if drawn:
            for number, payload in _PAYLOADS.each(self._driver, numbers=listed(drawn)):
                words[number] = zlib.decompress(payload)
        base = self._base
        remove = [about(base, row.said_in(audience)) for row in turn.left]
        remove.extend(tombstone(base, *stone) for stone in turn.stones_out)
        add: list[bytes] = []
        for row in turn.entered:
            add.append(content(base, row.contribution, words[row.content_entry]))
            add.append(about(base, row.said_in(audience)))
        add.extend(tombstone(base, *stone) for stone in turn.stones_in)
        graphs = tuple(contribution_iri(base, row.contribution) for row in turn.left)
        return Change(audience, *head, graphs, b"".join(remove), b"".join(add), turn.redacts)

    def _write_index(self) -> None:
        """The documents, their ties and responses, as they stand now."""
        driver = self._driver
        written = self._written.values()
        standing_before = [iri for iri in self._written if (row := self._stands.row(iri)) and row.ended is None]
        _DROP_TIES.run(driver, [{"name": iri} for iri in standing_before])
        _DROP_RESPONSES.run(driver, [{"name": iri} for iri in standing_before])
        _DROP_DOCUMENTS.run(driver, [{"name": iri} for iri in self._erased])
        _DROP_READS.run(driver, [{"name": iri} for iri in self._erased])
        _PUT_ERASED.run(driver, [row._asdict() for row in self._erased.values()])
        named = self._named_anew.values()
        _NAME_ERASED.run(driver, [{"digest": row.name, "now_named": row.named} for row in named])
        _PUT_DOCUMENTS.run(driver, [row._asdict() for iri, row in self._after.items() if iri in self._written])
        seen = [row for iri, row in self._after.items() if iri not in self._written]
        _SEE_DOCUMENT.run(
            driver,
            [
                {"name": row.iri, "now_visible": row.visible, "now_shown": row.shown, "now_stones": row.stones}
                for row in seen
            ],
        )
        _PUT_TIES.run(driver, [{"document": one.iri, "target": end} for one in written for end in one.standing.ties])
        _PUT_RESPONSES.run(
            driver,
            [
                {"party": one.entry["party"], "kind": given[0], "target": given[1], "document": one.iri}
                for one in written
                if one.document is not None and (given := one.document.response) is not None
            ],
        )


def _announced(one: Written, audience: str) -> list[list[str]]:
    """[id, how, when] when this audience is told of an end: of what stood there, or of what is erased and once did."""
    before = one.decision.row
    if one.document is not None or before is None or audience not in one.standing.seen:
        return []
    if one.after is None:
        return [[before.contribution, "erased", one.entry["time"]]]
    return [[before.contribution, *one.after.stone_of[audience]]] if before.visible & BITS[audience] else []
