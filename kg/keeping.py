"""Keeps every audience's projection in step with the ledger: starts them, feeds them, replaces a broken one."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kg.ledger import Change, Ledger
from kg.ledger.quads import in_graph
from kg.ontology import Ontology
from kg.party import AUDIENCES
from kg.settings import Settings
from kg.workers import Crew

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, at the edge of the house; below, time is an argument."""
    return datetime.now(UTC)


def crew_with(
    nquads: Iterable[bytes],
    head: Mapping[str, Any],
    audience: str,
    base: str,
    ontology: Ontology,
    settings: Settings,
) -> Crew:
    """A reader with these N-Quads and the vocabulary, and one warm worker; `head` says what state of a store it is.

    Call it from a thread that stays: the kernel ends the reader with that thread.
    """
    crew = Crew("kg.projection", {"base": base, "audience": audience}, headroom_bytes=settings.worker_headroom_bytes)
    crew.start()
    with tempfile.TemporaryFile(dir=settings.data) as file:
        for chunk in nquads:
            file.write(chunk)
        file.write(in_graph(f"{base}/graph/vocabulary", ontology.ntriples))
        file.flush()
        crew.load(head, file.fileno())
    crew.warm(1)
    return crew


class Projections:
    """The crews that answer questions, one an audience."""

    def __init__(
        self, ledger: Ledger, ontology: Ontology, settings: Settings, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.ledger = ledger
        self.ontology = ontology
        self.settings = settings
        self.now = now
        self.crews: dict[str, Crew] = {}
        # Readers are children of this one thread that stays: the kernel ends them when their parent thread ends.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="projections")
        self._locks = {audience: threading.Lock() for audience in AUDIENCES}

    @property
    def base(self) -> str:
        """The base of the ledger's names."""
        return self.ledger.base

    @property
    def union(self) -> bool:
        """A reader sees all contributions at once; each stands in a graph of its own."""
        return True

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.settings.data

    def start(self) -> None:
        """Makes every projection from the ledger, then follows it."""
        for audience in AUDIENCES:
            self.crews[audience] = self._starter.submit(self._make, audience).result()
        self.ledger.on_change(self._changed)

    def close(self) -> None:
        """Ends every reader and worker."""
        for crew in self.crews.values():
            crew.close()
        self._starter.shutdown()

    def _make(self, audience: str) -> Crew:
        """A reader with the store of this audience as the ledger has it now."""
        snapshot = self.ledger.snapshot(audience, self.now())
        # What is committed while we copy is applied once more afterwards, in order: that changes nothing.
        head = {"position": snapshot.position, "digest": snapshot.digest}
        return crew_with(snapshot, head, audience, self.base, self.ontology, self.settings)

    def _changed(self, change: Change) -> None:
        """Hands a committed change to its audience's crew; the writer waits, so that an answer shows the write."""
        with self._locks[change.audience]:
            crew = self.crews[change.audience]
            head = {
                "position": change.position,
                "digest": change.digest,
                "remove_graphs": list(change.remove_graphs),
                "remove_bytes": len(change.remove),
            }
            try:
                crew.apply(head, change.remove + change.add)
            except (OSError, RuntimeError):
                log.exception("the reader for %s is gone; it is made anew at the next question", change.audience)
                crew.close()

    def crew(self, audience: str) -> Crew:
        """The crew of an audience; made anew from the ledger when its reader has ended."""
        crew = self.crews[audience]
        if crew.alive:
            return crew
        with self._locks[audience]:
            if not self.crews[audience].alive:
                log.warning("the reader for %s has ended: %s", audience, self.crews[audience].last_words)
                self.crews[audience].close()
                self.crews[audience] = self._starter.submit(self._make, audience).result()
            return self.crews[audience]

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """What each reader says of itself, beside what the ledger says: position, digest, and whether they agree."""
        heads = self.ledger.heads()
        found: dict[str, Mapping[str, Any]] = {}
        for audience in AUDIENCES:
            crew = self.crew(audience)
            state = dict(crew.state())
            position, digest = heads[audience]
            found[audience] = state | {
                "ledger_position": position,
                "in_step": state["position"] == position and state["digest"] == digest,
                "caged": crew.caged,
                "reader": crew.pid,
                "workers": list(crew.workers()),
            }
        return found
