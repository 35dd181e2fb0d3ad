"""Work that goes on after its request was answered: how far it is, and what came of it, for who started it.

It lives as long as the process: a client that leaves does not stop it, a service that stops does, and then nothing was
written or all of it. What came of it is kept for a while, so that a client can fetch it that was away.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kg.admission import Refused
from kg.ledger.acts import LedgerUnavailable
from kg.objection import object_to
from kg.synchronising import Progress, Stage, Synchronised

KEPT_SECONDS = 3600.0  # How long an outcome can be fetched: a night's script that looks once an hour still sees it.
KEPT_PER_PARTY_MAX = 20  # Outcomes kept for one party; the oldest goes first.
SECRET_BYTES = 16  # Of the name: who does not know it cannot guess it.

log = logging.getLogger(__name__)

Outcome = Synchronised | Refused
Work = Callable[[Progress], Outcome]


@dataclass
class Running:
    """One synchronisation that goes on by itself. `owner` and `holder` are slugs."""

    id: str
    owner: str
    holder: str
    started: datetime
    ended: datetime | None = None
    stage: Stage = "waiting"
    done: int = 0
    of: int = 0
    future: Future[Outcome] = field(default_factory=Future)

    @property
    def path(self) -> str:
        """Where its progress is told."""
        return f"/progress/{self.id}"

    def tell(self, stage: Stage, done: int, of: int) -> None:
        """How far it is."""
        self.stage, self.done, self.of = stage, done, of

    async def wait(self, seconds: float) -> Outcome | None:
        """What came of it, as soon as it is there; None when it is not after so many seconds."""
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self.future)), seconds)
        except TimeoutError:
            return None


class Synchronisations:
    """Which run and which have run, one at a time for each holder."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._all: dict[str, Running] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def turn(self, holder: str) -> asyncio.Lock:
        """Held while a message for this holder is received and worked on: a party has one body in memory at a time."""
        return self._turns.setdefault(holder, asyncio.Lock())

    def running(self, holder: str) -> Running | None:
        """The one that goes on for this holder now."""
        with self._lock:
            return next((r for r in self._all.values() if r.holder == holder and r.ended is None), None)

    def find(self, id: str, owner: str | None) -> Running | None:
        """One by its id, for who started it."""
        with self._lock:
            self._forget()
            found = self._all.get(id)
        return found if found is not None and found.owner == owner else None

    def start(self, owner: str, holder: str, work: Work) -> Running:
        """Has the work done in a thread of its own."""
        running = Running(secrets.token_urlsafe(SECRET_BYTES), owner, holder, self._now())
        with self._lock:
            self._forget()
            self._all[running.id] = running
        # A thread that ends with the process: the checkers and the ledger are closed under it, and then it fails.
        threading.Thread(target=self._run, args=(running, work), name="synchronising", daemon=True).start()
        return running

    def _run(self, running: Running, work: Work) -> None:
        try:
            outcome = work(running.tell)
        except (LedgerUnavailable, OSError, RuntimeError):
            log.exception("the synchronisation of %s ended", running.holder)
            outcome = Refused((object_to("NotReady", limit="1 min"),))
        except BaseException:
            log.exception("a bug in the synchronisation of %s", running.holder)
            self._end(running, Refused((object_to("CheckFailed"),)))
            raise
        self._end(running, outcome)

    def _end(self, running: Running, outcome: Outcome) -> None:
        running.ended = self._now()
        running.future.set_result(outcome)

    def _forget(self) -> None:
        """Lets go of what is old, and of what is too much for one party."""
        before = self._now() - timedelta(seconds=KEPT_SECONDS)
        ended = [r for r in self._all.values() if r.ended is not None]
        kept: dict[str, int] = {}
        for running in sorted(ended, key=lambda r: r.started, reverse=True):
            kept[running.owner] = kept.get(running.owner, 0) + 1
            if kept[running.owner] > KEPT_PER_PARTY_MAX or (running.ended and running.ended < before):
                del self._all[running.id]
