"""How one batch comes into the ledger: decided, written, projected, and answered with a receipt.

Everything here happens inside one savepoint of the writer; nothing is kept when any of it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select

from kg.ledger.acts import Batch, Change, Receipt, Taken
from kg.ledger.chain import Book, Heads, digest_of
from kg.ledger.deciding import Decision, Written, check_made_well, decide, fingerprint
from kg.ledger.effects import Effects
from kg.ledger.entries import write_entries
from kg.ledger.facts import request_of
from kg.ledger.recorded import RECORDED, EntryRow, positions_of
from kg.ledger.standings import Stands
from kg.ledger.statement import Driver, Statement, among, listed, only
from kg.ledger.tables import entries
from kg.objection import Objection, object_to


@dataclass(frozen=True)
class Outcome:
    """What a batch did: the receipt, the changes of the stores, where the chains stand now."""

    receipt: Receipt
    changes: tuple[Change, ...]
    heads: Heads
    erased: bool = False


_KEYED = Statement(
    select(entries.c.batch).where(
        entries.c.party == bindparam("party"),
        entries.c.recorder == bindparam("recorder"),
        entries.c.idempotency_key == bindparam("key"),
    ),
    only,
)
_OF_BATCH = Statement(RECORDED.where(entries.c.batch == bindparam("batch")), EntryRow._make)
_OF_NUMBERS = Statement(RECORDED.where(among(entries.c.number, "numbers")), EntryRow._make)


def take(
    driver: Driver, book: Book, batch: Batch, now: datetime, heads: Heads, *, any_erased: bool
) -> Outcome | tuple[Objection, ...]:
    """Takes a batch in, all of it or nothing. `any_erased` is False when the ledger never erased anything."""
    check_made_well(batch, book.base)
    request = batch.request or fingerprint(batch.acts) if batch.idempotency_key else None
    earlier = _earlier(driver, batch) if request else ()
    if earlier and request_of(earlier[0].facts) == request:
        positions = positions_of(driver, [row.number for row in earlier])
        taken = tuple(_taken_before(row, row.iri or "", row.kind, positions) for row in earlier)
        return Outcome(Receipt(earlier[0].batch, taken, created=False), (), heads)
    if earlier and request_of(earlier[0].facts):
        return (object_to("KeyReused", value=batch.idempotency_key),)
    stands = Stands(driver, book.key, any_erased)
    decisions, objections = decide(driver, batch, now, stands)
    if objections:
        return tuple(objections)
    written: list[Written] = []
    changes: tuple[Change, ...] = ()
    if not all(decision.unchanged for decision in decisions):
        if earlier:
            return (object_to("KeyReused", value=batch.idempotency_key),)
        written = write_entries(driver, book, batch, now, heads, decisions, request)
        stands.fetch(end for one in written for end in one.standing.ties)
        stands.change_to({one.iri: one.standing for one in written})
        last = written[-1].entry
        heads = replace(heads, number=last["number"], digest=last["digest"], time=last["time"])
        changes, heads = Effects(driver, book, written, stands).project(heads)
    receipt = _receipt(driver, decisions, written)
    return Outcome(receipt, changes, heads, any(one.after is None for one in written))


def _earlier(driver: Driver, batch: Batch) -> Sequence[EntryRow]:
    """The entries that were written under the same Idempotency-Key, none if it is new."""
    earlier = _KEYED.first(driver, party=batch.party, recorder=batch.recorder, key=batch.idempotency_key)
    return _OF_BATCH.all(driver, batch=earlier) if earlier else ()


def _receipt(driver: Driver, decisions: Sequence[Decision], written: Sequence[Written]) -> Receipt:
    """What became of every act, in the order in which they were sent."""
    left = {decision.act.iri: _number(decision) for decision in decisions if decision.unchanged}
    rows = {row.number: row for row in _OF_NUMBERS.each(driver, numbers=listed(left.values()))} if left else {}
    positions = positions_of(driver, (*left.values(), *(one.entry["number"] for one in written)))
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


def _taken_before(row: EntryRow, iri: str, kind: str, positions: Mapping[int, Mapping[str, int]]) -> Taken:
    """What an entry of before says of an act that changes nothing."""
    payload = row.payload
    return Taken(
        id=row.id,
        iri=iri,
        kind=kind,
        digest=digest_of(payload) if payload is not None else None,
        audience=row.audience,
        position_in_audience=positions.get(row.number, {}),
        salt=row.salt.hex() if row.salt else None,
        supersedes=row.supersedes,
        unchanged=True,
    )
