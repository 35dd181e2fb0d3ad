"""The one thread that writes the ledger: batches in, one commit for all that wait, answers after it is on disk.

Each batch has a savepoint of its own, so one that is refused spoils no other. A commit that fails answers nobody with
success, and the writer takes nothing in after it: what reached the disk is not known until somebody has looked.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from kg.ledger.acts import Act, Batch, Change, LedgerUnavailable, Receipt
from kg.ledger.beside import add_missing
from kg.ledger.chain import Book, Heads, Mark
from kg.ledger.lookups import heads_in
from kg.ledger.statement import Driver, Statement, as_it_is, driver_of, only
from kg.ledger.tables import BUSY_MILLISECONDS_MAX, documents, erased, open_engine
from kg.ledger.taking import Outcome, take
from kg.objection import Objection

GROUP_MAX = 64  # Batches in one commit: beyond this an fsync costs nothing a batch, and the first waits too long.
QUEUE_MAX = 4096  # Batches that wait; more than this means that the disk stands still, and memory would fill.
SCRUB_SECONDS = 1.0  # A quiet moment: so long without a batch, and the file is written anew after an erasure.
SCRUB_DELAY_SECONDS_MAX = 60.0  # Without a quiet moment it is done all the same, and the batches wait.
SCRUB_BUSY_MILLISECONDS = 200  # How long one try may wait for a reader who still needs the log.

log = logging.getLogger(__name__)

Answer = Receipt | tuple[Objection, ...]

d = documents.c
_OVER = Statement(
    select(d.party, d.iri)
    .where(d.ground_ends.is_not(None), d.ground_ends < bindparam("today"), d.ended.is_(None))
    .order_by(d.party, d.iri),
    as_it_is,
)
_NEXT_GROUND = Statement(select(func.min(d.ground_ends)).where(d.ground_ends.is_not(None), d.ended.is_(None)), only)
_ANY_ERASED = Statement(select(erased.c.name).limit(1), only)


@dataclass(frozen=True)
class Job:
    """A batch that waits; without one, only the grounds that are over are ended."""

    batch: Batch | None
    now: datetime
    future: Future[Answer] = field(default_factory=Future)


@dataclass
class Group:
    """What one commit holds, as it grows."""

    heads: Heads
    jobs: list[Job] = field(default_factory=list)
    answers: list[Answer | ValueError | sqlite3.IntegrityError] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    erased: bool = False
    last: bool = False
    """True when the writer was told to stop while this group formed."""

    def keep(self, outcome: Outcome) -> None:
        """Takes over what a batch did."""
        self.heads = outcome.heads
        self.changes.extend(outcome.changes)
        self.erased = self.erased or outcome.erased


class Writer:
    """Keeps the connection that writes, and the thread that uses it; `tell` is called with each change, in order."""

    def __init__(
        self, url: str, book: Book, mark: Mark, tell: Callable[[Change], None], *, outage: str | None = None
    ) -> None:
        self._engine: Engine = open_engine(url, writes=True)
        reads = open_engine(url, writes=False)
        add_missing(reads, self._engine)
        reads.dispose()
        self._book = book
        self._mark = mark
        self._tell = tell
        self._queue: queue.Queue[Job | None] = queue.Queue(QUEUE_MAX)
        with self._engine.connect() as connection:
            driver = driver_of(connection.connection)
            self.heads = heads_in(driver, book)
            self._next_ground: str | None = _NEXT_GROUND.first(driver)
            self._any_erased = _ANY_ERASED.first(driver) is not None
            # Set by an erasure in its own commit: after a crash the work is taken up again.
            self.scrubbing = bool(driver.execute("PRAGMA user_version").fetchone()[0])
        self._file_is_anew = False
        self._scrub_by = time.monotonic()
        self.outage = outage or self._torn()
        self._thread = threading.Thread(target=self._live, name="ledger", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> Future[Answer]:
        """Lets a job wait for the next commit, or answers at once that nothing is taken in."""
        refused = self.outage or (None if self._thread.is_alive() else "the writer has stopped")
        if refused is None:
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                refused = f"{QUEUE_MAX} batches wait already"
        if refused is not None:
            job.future.set_exception(LedgerUnavailable(refused))
        return job.future

    def stop(self) -> None:
        """Commits what waits, and ends the thread."""
        self._queue.put(None)
        self._thread.join()
        self.outage = self.outage or "the ledger is closed"
        while not self._queue.empty():
            late = self._queue.get_nowait()
            if late is not None:
                late.future.set_exception(LedgerUnavailable(self.outage))
        self._engine.dispose()

    def _torn(self) -> str | None:
        """Why nothing may be written: the ledger is shorter than what was acknowledged. None when it is not."""
        number, digest = self._mark.read() or (0, "")
        if number < 0:
            return "the mark beside the ledger cannot be read"
        if number > self.heads.number:
            return f"the ledger ends at entry {self.heads.number}, and entry {number} was acknowledged"
        if number == self.heads.number > 0 and digest != self.heads.digest:
            return f"entry {number} is not the one that was acknowledged"
        return None

    def _live(self) -> None:
        """One commit after another, until told to stop."""
        stopping = False
        while not stopping:
            due = self.scrubbing and self.outage is None
            if due and time.monotonic() >= self._scrub_by:
                self._scrub()
            try:
                job = self._queue.get(timeout=SCRUB_SECONDS if due else None)
            except queue.Empty:
                # Nobody has written for a moment: nobody has to wait.
                self._scrub()
                continue
            stopping = job is None or self._commit(job)
        if self.scrubbing and self.outage is None:
            self._scrub()

    def _commit(self, first: Job) -> bool:
        """One commit for this job and those that wait with it; True when the writer has to stop after it."""
        group = Group(self.heads, [first])
        begun = False
        try:
            with self._engine.connect() as connection, connection.begin():
                begun = True
                driver = driver_of(connection.connection)
                for job in self._together(group):
                    self._take(driver, job, group)
        except (DBAPIError, sqlite3.Error) as error:
            # Without a transaction nothing can be in doubt: somebody else held the lock for too long.
            self._fail(group, f"the ledger could not write: {error}", outage=begun)
            return group.last
        except BaseException:
            self._fail(group, "the writer has stopped at a fault of its own", outage=True)
            raise
        self.heads = group.heads
        self._mark.write(group.heads)
        try:
            if group.erased:
                self._erased()
            for change in group.changes:
                self._tell(change)
        except BaseException:
            self.outage = "a store could not follow the ledger"
            raise
        finally:
            for job, answer in zip(group.jobs, group.answers, strict=True):
                if isinstance(answer, Exception):
                    job.future.set_exception(answer)
                else:
                    job.future.set_result(answer)
        return group.last

    def _together(self, group: Group) -> Iterator[Job]:
        """The jobs of one commit: the first, and what waits when the one before is done."""
        yield group.jobs[0]
        while len(group.jobs) < GROUP_MAX:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            if job is None:
                group.last = True
                return
            group.jobs.append(job)
            yield job

    def _take(self, driver: Driver, job: Job, group: Group) -> None:
        """One job in a savepoint of its own, after the grounds that are over by its time."""
        ended = self._end_grounds(driver, job.now, group)
        if job.batch is None:
            group.answers.append(Receipt("", (), created=ended))
            return
        any_erased = self._any_erased or group.erased
        driver.execute("SAVEPOINT batch").close()
        try:
            outcome = take(driver, self._book, job.batch, job.now, group.heads, any_erased=any_erased)
        except (ValueError, sqlite3.IntegrityError) as error:
            # A bug of whoever made the batch: theirs to hear, and nobody else's.
            driver.execute("ROLLBACK TO batch").close()
            group.answers.append(error)
            return
        finally:
            driver.execute("RELEASE batch").close()
        if not isinstance(outcome, Outcome):
            # Objections come before anything is written.
            group.answers.append(outcome)
            return
        group.keep(outcome)
        if outcome.erased:
            driver.execute("PRAGMA user_version=1").close()
            self._any_erased = True
        grounds = (act.document.ground_ends for act in job.batch.acts if act.document)
        self._next_ground = min((g for g in (self._next_ground, *grounds) if g is not None), default=None)
        group.answers.append(outcome.receipt)

    def _end_grounds(self, driver: Driver, now: datetime, group: Group) -> bool:
        """Writes an entry for each document whose ground is over; True when there was one."""
        today = now.date().isoformat()
        if self._next_ground is None or self._next_ground >= today:
            return False
        over = _OVER.all(driver, today=today)
        for party, rows in groupby(over, key=lambda row: str(row[0])):
            acts = tuple(Act("groundEnded", row[1]) for row in rows)
            outcome = take(
                driver,
                self._book,
                Batch(party, party, "byHolder", acts),
                now,
                group.heads,
                any_erased=self._any_erased or group.erased,
            )
            assert isinstance(outcome, Outcome)
            group.keep(outcome)
        self._next_ground = _NEXT_GROUND.first(driver)
        return bool(over)

    def _fail(self, group: Group, why: str, *, outage: bool) -> None:
        """Answers everybody of a group that its commit did not succeed."""
        log.error("%s; %d batches were not taken in", why, len(group.jobs))
        if outage:
            self.outage = why
        for job in group.jobs:
            job.future.set_exception(LedgerUnavailable(why))

    def _erased(self) -> None:
        """The first that is done after an erasure, before it is answered: the words are out of SQLite's log."""
        if not self.scrubbing:
            self._scrub_by = time.monotonic() + SCRUB_DELAY_SECONDS_MAX
        self.scrubbing, self._file_is_anew = True, False
        raw = self._engine.raw_connection()
        try:
            self._empty_log(driver_of(raw))
        except sqlite3.Error as error:
            log.warning("what was erased still stands in the log: %s", error)
        finally:
            raw.close()

    def _scrub(self) -> None:
        """Sees to it that what was erased is in no file: writes the file anew, then empties SQLite's log.

        Deleted cells are overwritten with zeros at once; but when SQLite divides a page, a copy of a cell may stay in
        its unused part. So after an erasure, in a quiet moment, the whole file is written anew.
        """
        raw = self._engine.raw_connection()
        driver = driver_of(raw)
        try:
            if not self._file_is_anew:
                driver.execute("PRAGMA temp_store=FILE").close()
                driver.execute("VACUUM").close()
                driver.execute("PRAGMA temp_store=MEMORY").close()
                self._file_is_anew = True
            if self._empty_log(driver):
                driver.execute("PRAGMA user_version=0").close()
                self.scrubbing = False
        except sqlite3.Error as error:
            # Not an outage: nothing of the ledger is in doubt, and it is tried again.
            log.warning("what was erased may still stand in unused parts of the file: %s", error)
        finally:
            raw.close()
        self._scrub_by = time.monotonic() + SCRUB_DELAY_SECONDS_MAX

    def _empty_log(self, driver: Driver) -> bool:
        """Moves what stands in SQLite's log into the file and empties it; False while a reader needs the log."""
        driver.execute(f"PRAGMA busy_timeout={SCRUB_BUSY_MILLISECONDS}").close()
        # (busy, pages in the log, pages moved)
        answer = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS_MAX}").close()
        return answer is not None and not answer[0]
