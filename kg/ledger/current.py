"""A row of the index as others read it: how a document stands, or what is left of it."""

from __future__ import annotations

import zlib

from kg.ledger.acts import Current
from kg.ledger.standings import DocumentRow, ErasedRow, audiences_of


def current_of(row: DocumentRow, payload: bytes | None = None) -> Current:
    """A row of the index as others read it."""
    return Current(
        iri=row.iri,
        party=row.party,
        recorder=row.recorder,
        entry=row.entry,
        contribution=row.contribution,
        classes=tuple(row.classes.split()),
        audience=row.audience,
        table=tuple(row.table_of.split()),
        ground=row.ground,
        ground_ends=row.ground_ends,
        perspectives=tuple(row.perspectives.split()),
        dated=row.dated,
        ended=row.ended,
        ended_at=row.ended_at,
        visible=audiences_of(row.visible),
        seen=frozenset(row.stone_of),
        digest=row.payload_digest,
        time=row.time,
        delegation=row.delegation,
        payload=zlib.decompress(payload) if payload else None,
    )


def current_of_erased(iri: str, row: ErasedRow) -> Current:
    """What is left of an erased document: that it was, whose, and who knew it."""
    return Current(
        iri=iri,
        party=row.party,
        recorder=row.party,
        entry=row.entry,
        contribution="",
        classes=(),
        audience="own",
        table=(),
        ground=None,
        ground_ends=None,
        perspectives=(),
        dated=None,
        ended="erased",
        ended_at=row.time,
        visible=frozenset(),
        seen=audiences_of(row.seen),
        digest=None,
    )
