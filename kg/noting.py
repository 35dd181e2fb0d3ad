"""Who read what is not public, and on what day a token was last used: noted a moment later, so that no reader waits.

Notes are kept in memory for at most NOTE_SECONDS and then written together: an end without warning loses those, not
more. A note that finds no room is dropped and counted; a reader never waits for it.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, func, literal_column, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from kg.accounts import Accounts
from kg.ledger import tables
from kg.ledger.statement import Statement, writes
from kg.ledger.transactions import Transactions

NOTE_SECONDS = 1.0  # How long a note may wait to be written: what a kill can lose.
NOTES_MAX = 2000  # Requests whose notes wait; above it the disk stands still, and reading goes on.
ROWS_AT_ONCE = 500  # Lines in one transaction: about a millisecond, in which the ledger's writer waits.
STORE = "store"  # The door of the store of partners, asked as a whole.

log = logging.getLogger(__name__)

r = tables.reads.c


@dataclass(frozen=True)
class Read:
    """One line: somebody read a document at a door on a day."""

    document: str
    day: str
    reader: str
    token: str
    door: str
    holder: str
    audience: str
    first: str
    """When the first time of that day was, to the minute (UTC)."""
    times: int


_PUT = insert(tables.reads).values({c.name: bindparam(c.name) for c in tables.reads.c})
_NOTE = writes(
    _PUT.on_conflict_do_update(
        index_elements=[r.document, r.day, r.reader, r.token, r.door], set_={"times": r.times + literal_column("1")}
    )
)
_THERE = Statement(select(tables.documents.c.iri).where(tables.documents.c.iri == bindparam("iri")), lambda row: row[0])
_OF_HOLDER = Statement(
    select(tables.reads)
    .where(r.holder == bindparam("holder"))
    .order_by(r.first.desc(), r.document, r.reader)
    .limit(bindparam("most")),
    lambda row: Read(*row),
)
_OF_DOCUMENT = Statement(
    select(tables.reads)
    .where(r.document == bindparam("document"))
    .order_by(r.first.desc(), r.reader)
    .limit(bindparam("most")),
    lambda row: Read(*row),
)
_COUNTS = Statement(
    select(r.day, r.holder, r.audience, r.reader, r.door, func.count(), func.sum(r.times))
    .group_by(r.day, r.holder, r.audience, r.reader, r.door)
    .order_by(r.day.desc(), r.holder, r.audience, r.reader, r.door)
    .limit(bindparam("most")),
    tuple,
)
_SWEEP = writes(delete(tables.reads).where(r.day < bindparam("oldest")))


class Notes(Transactions):
    """The notes of one ledger, and the thread that writes them."""

    def __init__(self, url: str, accounts: Accounts, *, days: int) -> None:
        super().__init__(url)
        self.accounts = accounts
        self.days = days
        self.dropped = 0
        self._waiting: queue.Queue[tuple[Read, ...] | None] = queue.Queue(NOTES_MAX)
        self._used: dict[str, datetime] = {}
        self._marked: set[tuple[str, str]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, name="notes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Writes what waits, and lets go of the file."""
        self._stopping.set()
        self._thread.join()
        super().close()

    def used(self, token: str, now: datetime) -> None:
        """A token is used; written once a day."""
        if (token, now.date().isoformat()) not in self._marked:
            self._used[token] = now

    def read(
        self, documents: Iterable[tuple[str, str, str]], *, reader: str, token: str, door: str, now: datetime
    ) -> None:
        """Documents, each with its holder and audience, are read by a party at a door."""
        if not self.days:
            return
        utc = now.astimezone(UTC)
        day, minute = utc.date().isoformat(), f"{utc:%Y-%m-%dT%H:%MZ}"
        rows = tuple(
            Read(document, day, reader, token, door, holder, audience, minute, 1)
            for document, holder, audience in documents
        )
        if rows:
            try:
                self._waiting.put_nowait(rows)
            except queue.Full:
                self.dropped += 1

    def flush(self) -> None:
        """Writes all that waits. For the thread, and for who has to see it now."""
        used, self._used = self._used, {}
        self._mark(used)
        waiting = list(self._taken())
        for start in range(0, len(waiting), ROWS_AT_ONCE):
            some = waiting[start : start + ROWS_AT_ONCE]
            with self._writing() as driver:
                # What was erased meanwhile leaves no line behind.
                there = [one for one in some if not one.document or _THERE.first(driver, iri=one.document)]
                _NOTE.run(driver, [vars(one) for one in there])

    def _mark(self, used: dict[str, datetime]) -> None:
        if not used:
            return
        now = max(used.values())
        self.accounts.mark_used(used, now)
        today = now.date().isoformat()
        self._marked = {one for one in self._marked if one[1] == today} | {(token, today) for token in used}

    def _taken(self) -> Iterator[Read]:
        while True:
            try:
                rows = self._waiting.get_nowait()
            except queue.Empty:
                return
            yield from rows or ()

    def _live(self) -> None:
        while not self._stopping.wait(NOTE_SECONDS):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.flush()
        except (DBAPIError, sqlite3.Error) as error:
            self.dropped += 1
            log.error("who read what could not be noted: %s", error)

    def sweep(self, now: datetime) -> None:
        """Drops what is older than it may be kept."""
        oldest = (now.astimezone(UTC) - timedelta(days=self.days)).date().isoformat()
        try:
            with self._writing() as driver:
                _SWEEP.run(driver, [{"oldest": oldest}])
        except (DBAPIError, sqlite3.Error) as error:
            log.error("notes of who read what could not be dropped: %s", error)

    def of_holder(self, holder: str, most: int) -> Sequence[Read]:
        """Who read what a party (slug) holds, the newest first."""
        with self._reading() as driver:
            return _OF_HOLDER.all(driver, holder=holder, most=most)

    def of_document(self, iri: str, most: int) -> Sequence[Read]:
        """Who read one document, the newest first."""
        with self._reading() as driver:
            return _OF_DOCUMENT.all(driver, document=iri, most=most)

    def counts(self, most: int) -> Sequence[tuple[str, str, str, str, str, int, int]]:
        """(day, holder, audience, reader, door, documents, times): how much was read, without names of documents."""
        with self._reading() as driver:
            return _COUNTS.all(driver, most=most)
