"""An entry as it was recorded, with what is kept beside it, and its places in the audiences' chains."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import select

from kg.ledger.statement import Driver, Statement, among, as_it_is, listed
from kg.ledger.tables import chain, entries, payloads


class EntryRow(NamedTuple):
    """An entry with what is kept beside it, in the order of the columns; that is None once erased."""

    number: int
    id: str
    time: str
    party: str
    recorder: str
    delegation: str
    kind: str
    audience: str
    batch: str
    idempotency_key: str | None
    name_digest: str
    payload_digest: str | None
    facts_digest: str | None
    follows: int | None
    supersedes: str | None
    previous: str
    digest: str
    iri: str | None
    salt: bytes | None
    facts: str | None
    packed: bytes | None

    @property
    def payload(self) -> bytes | None:
        """Its triples as received."""
        return zlib.decompress(self.packed) if self.packed is not None else None


RECORDED = (
    select(entries, payloads.c.iri, payloads.c.salt, payloads.c.facts, payloads.c.payload)
    .join(payloads, payloads.c.entry == entries.c.number, isouter=True)
    .order_by(entries.c.number)
)
"""Selects the columns of EntryRow."""

_POSITIONS = Statement(
    select(chain.c.entry, chain.c.audience, chain.c.position).where(among(chain.c.entry, "numbers")), as_it_is
)


def positions_of(driver: Driver, numbers: Iterable[int]) -> Mapping[int, Mapping[str, int]]:
    """By entry, its place in the chain of each audience whose store it changed."""
    found: dict[int, dict[str, int]] = {}
    for number, audience, position in _POSITIONS.each(driver, numbers=listed(numbers)):
        found.setdefault(number, {})[audience] = position
    return found
