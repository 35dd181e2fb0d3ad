"""The append-only record of everything that was taken in, in order. It is the only truth.

A chain of entries, each bound by its digest to the one before; beside it, erasable, the names and words of documents;
and made from these an index of how each document stands. Reads (`kg.ledger.lookups`) go on in any number of threads and
processes; one process at a time writes, by one thread (`kg.ledger.writer`), and answers only after COMMIT has returned.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from kg.ledger import tables
from kg.ledger.acts import Act, Batch, Change, Current, Fault, LedgerUnavailable, Receipt, Recorded, Taken, Verified
from kg.ledger.chain import Mark, new_key
from kg.ledger.lookups import Lookups
from kg.ledger.snapshot import Snapshot
from kg.ledger.verification import Progress, Verification
from kg.ledger.writer import Answer, Job, Writer

__all__ = [
    "Act",
    "Answer",
    "Batch",
    "Change",
    "Current",
    "Fault",
    "Ledger",
    "LedgerUnavailable",
    "Receipt",
    "Recorded",
    "Snapshot",
    "Taken",
    "Verified",
]


class Ledger(Lookups):
    """One ledger in one file: opened to write by one process at a time, to read by any other beside it."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        super().__init__(url)
        self._listeners: list[Callable[[Change], None]] = []
        self._lock = None if read_only else _lock(self.file)
        self._mark = Mark(self.file.with_name(self.file.name + "-mark"), writes=not read_only)
        self._writer: Writer | None = None
        if read_only:
            return
        try:
            self._writer = Writer(url, self._book, self._mark, self._tell)
        except DBAPIError as error:
            self.close()
            raise LedgerUnavailable(f"{self.file} cannot be read as a ledger: {error.orig}") from error

    @classmethod
    def create(cls, url: str, base: str) -> Self:
        """A new, empty ledger for this base IRI (without a slash at its end), open to write."""
        file = tables.file_of(url)
        try:
            # Only its owner reads it: it holds what is for nobody else. SQLite's files beside it follow it in this.
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise LedgerUnavailable(f"there is a ledger at {file} already") from error
        engine = tables.open_engine(url, writes=True)
        facts = {"base": base.rstrip("/"), "key": new_key(), "schema": tables.SCHEMA_VERSION}
        with engine.begin() as connection:
            tables.METADATA.create_all(connection)
            connection.execute(insert(tables.meta), [{"name": name, "value": value} for name, value in facts.items()])
        engine.dispose()
        return cls(url)

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Self:
        """The ledger that is there. Raises LedgerUnavailable when there is none, or another process writes it."""
        return cls(url, read_only=read_only)

    @property
    def outage(self) -> str | None:
        """Why nothing is taken in; None when all is well."""
        return "this process opened the ledger to read only" if self._writer is None else self._writer.outage

    @property
    def scrubbing(self) -> bool:
        """True while erased bytes may still stand in SQLite's log, because a reader keeps it."""
        return self._writer is not None and self._writer.scrubbing

    def close(self) -> None:
        """Writes what waits, and lets go of the file."""
        if self._writer is not None:
            self._writer.stop()
        super().close()
        self._mark.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def heads(self) -> Mapping[str, tuple[int, str]]:
        """Audience to its position and the digest there."""
        return super().heads() if self._writer is None else self._writer.heads.chains

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Calls the listener with each change of a store: in order, after its commit, before anybody is answered."""
        self._listeners.append(listener)

    def submit(self, batch: Batch, now: datetime) -> Future[Answer]:
        """Hands a batch to the writer. Answered once it is on disk; LedgerUnavailable when it cannot get there."""
        return self._hand_over(Job(batch, now))

    def end_grounds(self, now: datetime) -> Future[Answer]:
        """Ends each document whose ground is over. Every batch does this first; a quiet service has to ask for it."""
        return self._hand_over(Job(None, now))

    def verify(self, progress: Progress | None = None) -> Verified:
        """Looks at everything, and reports every fault. `progress` is called with entries done and in all."""
        return Verification(self._reads, self._book, self._mark, progress).run()

    def resume(self, progress: Progress | None = None) -> Verified:
        """After an outage: looks at everything and, when all is sound, takes in again.

        A commit that failed may have reached the disk all the same: afterwards compare `heads` with the projections,
        and make anew what differs.
        """
        if self._writer is not None:
            self._writer.stop()
        verified = self.verify(progress)
        if self._writer is not None:
            outage = None if verified.sound else verified.faults[0].what
            self._writer = Writer(self.url, self._book, self._mark, self._tell, outage=outage)
        return verified

    def _hand_over(self, job: Job) -> Future[Answer]:
        if self._writer is None:
            job.future.set_exception(LedgerUnavailable(self.outage))
            return job.future
        return self._writer.submit(job)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)


def _lock(file: Path) -> int:
    """The lock of the one process that writes; it falls with the process, however that ends."""
    handle = os.open(file.with_name(file.name + "-lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise LedgerUnavailable(f"another process writes {file}; open it to read only") from error
    return handle
