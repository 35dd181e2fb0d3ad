"""How one batch comes into the ledger: decided, written, projected, and answered with a receipt.

Everything here happens inside one savepoint of the writer; nothing is kept when any of it is refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from kg.acts import Batch, Change, Receipt, Taken
from kg.chain import Heads, digest_of
from kg.deciding import Decision, check_made_well, decide, fingerprint
from kg.effects import Effects
from kg.entries import Book, Written, write_entries
from kg.facts import request_of
from kg.objection import Objection, object_to
from kg.standings import Stands, in_portions
from kg.tables import chain, entries, payloads


@dataclass(frozen=True)
class Outcome:
    """What a batch did: the receipt, the changes of the stores, where the chains stand now."""

    receipt: Receipt
    changes: tuple[Change, ...]
    heads: Heads
    erased: bool = False


_KEYED = select(entries.c.batch).where(
    entries.c.party == bindparam("party"),
    entries.c.recorder == bindparam("recorder"),
    entries.c.idempotency_key == bindparam("key"),
)
_RECORDED = select(entries, payloads.c.iri, payloads.c.salt, payloads.c.facts, payloads.c.payload).join(
    payloads, payloads.c.entry == entries.c.number, isouter=True
)
_OF_BATCH = _RECORDED.where(entries.c.batch == bindparam("batch")).order_by(entries.c.number)
_OF_NUMBERS = _RECORDED.where(entries.c.number.in_(bindparam("numbers", expanding=True)))
_POSITIONS = select(chain.c.entry, chain.c.audience, chain.c.position).where(
    chain.c.entry.in_(bindparam("numbers", expanding=True))
)


def take(
    connection: Connection, book: Book, batch: Batch, now: datetime, heads: Heads, *, any_erased: bool
) -> Outcome | tuple[Objection, ...]:
    """Takes a batch in, all of it or nothing. `any_erased` is False when the ledger never erased anything."""
    check_made_well(batch, book.base)
    request = fingerprint(batch.acts) if batch.idempotency_key else None
    earlier = _earlier(connection, batch) if request else ()
    if earlier and request_of(earlier[0].facts) == request:
        positions = positions_of(connection, [row.number for row in earlier])
        taken = tuple(_taken_before(row, row.iri or "", row.kind, positions) for row in earlier)
        return Outcome(Receipt(earlier[0].batch, taken, created=False), (), heads)
    stands = Stands(connection, book.key, any_erased)
    decisions, objections = decide(connection, batch, now, stands)
    if objections:
        return tuple(objections)
    written: list[Written] = []
    changes: tuple[Change, ...] = ()
    if not all(decision.unchanged for decision in decisions):
        if earlier:
            return (object_to("KeyReused", value=batch.idempotency_key),)
        written = write_entries(connection, book, batch, now, heads, decisions, request)
        stands.fetch(end for one in written for end in one.standing.ties)
        stands.change_to({one.iri: one.standing for one in written})
        last = written[-1].entry
        heads = replace(heads, number=last["number"], digest=last["digest"], time=last["time"])
        changes, heads = Effects(connection, book, written, stands).project(heads)
    receipt = _receipt(connection, decisions, written)
    return Outcome(receipt, changes, heads, any(one.after is None for one in written))


def _earlier(connection: Connection, batch: Batch) -> Sequence[Any]:
    """The entries that were written under the same Idempotency-Key, none if it is new."""
    keys = {"party": batch.party, "recorder": batch.recorder, "key": batch.idempotency_key}
    earlier = connection.execute(_KEYED, keys).scalar()
    return connection.execute(_OF_BATCH, {"batch": earlier}).all() if earlier else ()


def positions_of(connection: Connection, numbers: Iterable[int]) -> Mapping[int, Mapping[str, int]]:
    """By entry, its place in the chain of each audience whose store it changed."""
    found: dict[int, dict[str, int]] = {}
    for portion in in_portions(numbers):
        for number, audience, position in connection.execute(_POSITIONS, {"numbers": portion}):
            found.setdefault(number, {})[audience] = position
    return found


def _receipt(connection: Connection, decisions: Sequence[Decision], written: Sequence[Written]) -> Receipt:
    """What became of every act, in the order in which they were sent."""
    left = {decision.act.iri: _number(decision) for decision in decisions if decision.unchanged}
    rows: dict[int, Any] = {}
    for portion in in_portions(left.values()):
        rows.update((row.number, row) for row in connection.execute(_OF_NUMBERS, {"numbers": portion}))
    positions = positions_of(connection, (*left.values(), *(one.entry["number"] for one in written)))
    by_iri = {one.iri: one for one in written}
    taken = tuple(
        _taken_before(rows[left[decision.act.iri]], decision.act.iri, decision.kind, positions)
        if decision.unchanged
        else _taken(by_iri[decision.act.iri], positions)
        for decision in decisions
    )
    if written:
        return Receipt(written[0].entry["batch"], taken, created=True)
    batches = sorted({row.batch for row in rows.values()})
    # Several documents that came in by several batches have no earlier batch in common.
    return Receipt(batches[0] if len(batches) == 1 else "", taken, created=False)


def _number(decision: Decision) -> int:
    """The entry that stands for a document that an act leaves as it is."""
    if decision.row is not None:
        return decision.row.content_entry
    assert decision.gone is not None
    return decision.gone.entry


def _taken(one: Written, positions: Mapping[int, Mapping[str, int]]) -> Taken:
    """What became of an act that was written."""
    return Taken(
        id=one.entry["id"],
        iri=one.iri,
        kind=one.decision.kind,
        digest=one.document.digest if one.document else None,
        audience=one.entry["audience"],
        position_in_audience=positions.get(one.entry["number"], {}),
        salt=one.salt.hex() if one.after is not None else None,
        supersedes=one.entry["supersedes"],
        unchanged=False,
    )


def _taken_before(row: Any, iri: str, kind: str, positions: Mapping[int, Mapping[str, int]]) -> Taken:
    """What an entry of before says of an act that changes nothing."""
    return Taken(
        id=row.id,
        iri=iri,
        kind=kind,
        digest=digest_of(zlib.decompress(row.payload)) if row.payload else None,
        audience=row.audience,
        position_in_audience=positions.get(row.number, {}),
        salt=row.salt.hex() if row.salt else None,
        supersedes=row.supersedes,
        unchanged=True,
    )
