"""The whole of one audience's store, streamed from the ledger: what a projection is made from."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from kg.ledger.chain import Book, Heads, erased_name
from kg.ledger.quads import about, content, over_since, tombstone
from kg.ledger.standings import BITS, DocumentRow
from kg.ledger.tables import documents, entries, erased, payloads, ties
from kg.visible import is_over

CHUNK_BYTES = 1024 * 1024  # Large enough that a reader's work is parsing, small enough that nobody holds the whole.
ROWS_AT_ONCE = 500  # Payloads of some 2 KB: a chunk's worth is read ahead.

_SHOWN = (
    select(documents, payloads.c.payload)
    .join(payloads, payloads.c.entry == documents.c.content_entry)
    .where(documents.c.visible.op("&")(bindparam("bit")) != 0)
)
_STONES = select(documents).where(documents.c.stones != "{}")
_ERASED = (
    select(erased.c.name, entries.c.time)
    .join(entries, entries.c.number == erased.c.entry)
    .where(erased.c.named.op("&")(bindparam("bit")) != 0)
)
_LOOSE_ENDS = (
    select(ties.c.target)
    .distinct()
    .join(documents, documents.c.iri == ties.c.target, isouter=True)
    .where(documents.c.iri.is_(None))
)


def loose_ends(connection: Connection, key: str) -> dict[str, str]:
    """Where ties end at something that is not there: by the digest under which it would stand if it was erased."""
    return {erased_name(key, iri): iri for iri in connection.execute(_LOOSE_ENDS).scalars()}


class Snapshot:
    """N-Quads of everything in one store, in chunks, with the position and digest that they show.

    It keeps a reading transaction open until it is read to its end or closed.
    """

    def __init__(self, connection: Connection, book: Book, heads: Heads, audience: str, now: datetime) -> None:
        self.position, self.digest = heads.chains[audience]
        self._connection = connection
        self._book = book
        self._audience = audience
        self._now = now
        self._chunks = self._chunked()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Ends the reading transaction."""
        self._chunks.close()
        self._connection.close()

    def _chunked(self) -> Generator[bytes, None, None]:
        """The parts in chunks of about CHUNK_BYTES."""
        with self._connection:
            chunk: list[bytes] = []
            size = 0
            for part in chain(self._statements(), self._tombstones()):
                chunk.append(part)
                size += len(part)
                if size >= CHUNK_BYTES:
                    yield b"".join(chunk)
                    chunk, size = [], 0
            if chunk:
                yield b"".join(chunk)

    def _statements(self) -> Iterator[bytes]:
        """Every contribution that stands there; a tombstone where its ground is over and no entry says so yet."""
        base, audience = self._book.base, self._audience
        for found in self._rows(_SHOWN, {"bit": BITS[audience]}):
            row, payload = DocumentRow(*found[:-1]), found[-1]
            if row.ground_ends is not None and is_over(row.ground_ends, self._now):
                yield tombstone(base, row.iri, "groundEnded", over_since(row.ground_ends))
                continue
            yield content(base, row.contribution, zlib.decompress(payload))
            yield about(base, row.said_in(audience))

    def _tombstones(self) -> Iterator[bytes]:
        """What is left of what this audience saw end."""
        base, audience = self._book.base, self._audience
        for found in self._rows(_STONES, {}):
            row = DocumentRow(*found)
            if audience in row.stone_of:
                how, when = row.stone_of[audience]
                yield tombstone(base, row.iri, how, when)
        gone = list(self._rows(_ERASED, {"bit": BITS[audience]}))
        if gone:
            names = loose_ends(self._connection, self._book.key)
            for name, when in gone:
                yield tombstone(base, names[name], "erased", when)

    def _rows(self, statement: Select[Any], values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """Rows as they are read, never all at once."""
        for row in self._connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement, values):
            yield tuple(row)
