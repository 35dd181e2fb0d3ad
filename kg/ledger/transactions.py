"""Transactions on what stands in the ledger's file beside the ledger itself, from any process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kg.ledger import tables
from kg.ledger.beside import add_missing
from kg.ledger.statement import Driver, driver_of


class Transactions:
    """Reads, and writes beside the one writer of the ledger. Nothing is remembered between two of them.

    What an earlier version's file lacks of the tables beside the ledger is made when it is opened.
    """

    def __init__(self, url: str) -> None:
        self._reads = tables.open_engine(url, writes=False)
        self._writes = tables.open_engine(url, writes=True)
        add_missing(self._reads, self._writes)

    def close(self) -> None:
        """Lets go of the file."""
        self._reads.dispose()
        self._writes.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Driver]:
        raw = self._reads.raw_connection()
        try:
            yield driver_of(raw)
        finally:
            raw.close()

    @contextmanager
    def _writing(self) -> Iterator[Driver]:
        with self._writes.begin() as connection:
            yield driver_of(connection.connection)
