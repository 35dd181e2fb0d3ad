"""The entries of one batch: their envelopes, what can be erased of them, and how each document stands after them."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert

from kg.ledger.acts import Batch
from kg.ledger.chain import Book, Heads, digest_of, entry_digest, erased_name, new_salt
from kg.ledger.deciding import Decision, Written
from kg.ledger.facts import facts_of, facts_text, row_from, with_words, without_words
from kg.ledger.quads import time_text
from kg.ledger.standings import audiences_of
from kg.ledger.statement import Driver, writes
from kg.ledger.tables import entries, payloads
from kg.party import RANKS
from kg.visible import Standing

COMPRESSION = 3  # Of zlib: a payload of 2 KB in 20 microseconds to a quarter; higher takes longer and saves little.


_PUT_ENTRIES = writes(insert(entries))
_PUT_PAYLOADS = writes(insert(payloads))
_ERASE = writes(delete(payloads).where(payloads.c.iri == bindparam("name")))


def write_entries(
    driver: Driver,
    book: Book,
    batch: Batch,
    now: datetime,
    heads: Heads,
    decisions: Sequence[Decision],
    request: str | None,
) -> list[Written]:
    """Writes what is not unchanged, in order; `request` is the fingerprint that belongs to the batch's key."""
    shared = {
        "party": batch.party,
        "recorder": batch.recorder,
        "delegation": batch.delegation,
        "batch": str(uuid.uuid4()),
        # A clock that runs back must not turn the order of the entries round.
        "time": max(time_text(now), heads.time),
        "idempotency_key": batch.idempotency_key,
    }
    written: list[Written] = []
    previous = heads.digest
    for decision in (decision for decision in decisions if not decision.unchanged):
        one = _write(
            book, decision, request, shared | {"number": heads.number + len(written) + 1, "previous": previous}
        )
        written.append(one)
        # The first entry carries the key and its fingerprint for all of the batch.
        previous, request, shared["idempotency_key"] = one.entry["digest"], None, None
    _PUT_ENTRIES.run(driver, [one.entry for one in written])
    _ERASE.run(driver, [{"name": one.iri} for one in written if one.after is None])
    _PUT_PAYLOADS.run(driver, [_kept(one) for one in written if one.after is not None])
    return written


def _kept(one: Written) -> dict[str, Any]:
    """The row of what can be erased later."""
    return {
        "entry": one.entry["number"],
        "iri": one.iri,
        "salt": one.salt,
        "facts": one.facts,
        "payload": zlib.compress(one.document.payload, COMPRESSION) if one.document else None,
    }


def _write(book: Book, decision: Decision, request: str | None, shared: Mapping[str, Any]) -> Written:
    """One entry, and how its document stands after it."""
    row, document, iri = decision.row, decision.act.document, decision.act.iri
    salt = new_salt()
    facts = facts_of(document) if document else {}
    # Nothing is kept beside an erasure: not even a salt, so its name is digested under the ledger's key.
    is_erasure = decision.kind == "erase"
    text = None if is_erasure else facts_text(facts, request)
    known = document or row
    assert known is not None
    entry: dict[str, Any] = {
        **shared,
        "id": str(uuid.uuid4()),
        "kind": decision.kind,
        "audience": known.audience,
        "name_digest": erased_name(book.key, iri) if is_erasure else digest_of(salt, iri.encode()),
        "payload_digest": digest_of(salt, document.payload) if document else None,
        "facts_digest": digest_of(salt, text.encode()) if text else None,
        "follows": row.entry if row else None,
        "supersedes": row.contribution if row and (decision.kind == "replace" or not document) else None,
    }
    entry["digest"] = entry_digest(entry)
    if document:
        after = with_words(row, row_from(entry, iri, facts, document.digest))
        ties = tuple(facts["ties"])
        standing = Standing(iri, RANKS[after.audience], ties, after.ground_ends, None, frozenset(after.stone_of))
        return Written(decision, entry, salt, text, after, standing)
    assert row is not None
    seen = audiences_of(row.visible) | row.stone_of.keys()
    if is_erasure:
        return Written(decision, entry, salt, None, None, Standing(iri, 0, (), None, "erased", frozenset(seen)))
    after = without_words(row, entry)
    standing = Standing(iri, RANKS[row.audience], (), row.ground_ends, after.ended, frozenset(seen))
    return Written(decision, entry, salt, text, after, standing)
