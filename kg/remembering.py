"""Past stores: each in a reader of its own, with the cage and the limits of the present ones, and dropped in time.

At most two stand at once. Who asks for a third waits a moment for one of them to rest, and is told to come back when
none does.
What is kept of the past goes at once when something is redacted, and with the day, since grounds end at midnight.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from kg.keeping import crew_with, utc_now
from kg.ledger import Change, Ledger
from kg.ledger.difference import Changed
from kg.ledger.past import Kept, Past, Place
from kg.moments import store_name
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.party import AUDIENCES
from kg.settings import Settings
from kg.workers import Crew

PASTS_MAX = 2  # Each is a whole store in memory, beside the two of the present.
PAST_SECONDS_MAX = 600.0  # Kept so long after its last question: somebody who compares two times asks several.
PAST_SECONDS_MIN = 30.0  # So long one that is asked all the time stays; then it makes room between two questions.
REST_SECONDS = 1.0  # Nothing asked for so long: whoever compares several times has read the answer, and asks the next.
ROOM_SECONDS_MAX = 3.0  # Who asks for a third waits so long for that; three rests, and no longer than a load takes.
LOOK_SECONDS = 0.05  # How often a waiter looks whether there is room.
PAST_AGAIN_SECONDS = 5  # When to ask again what found no room: most questions are answered by then.
KEPT_MAX = 16  # Pasts known by their documents alone, without words: what pages of versions ask for.
READING_MAX = (
    4  # Who reads a past from the ledger, or waits for it: it takes a thread, and the present needs those too.
)
TRIES_MAX = 3  # What is redacted while we load makes us load again; a ledger that never rests is told apart.

log = logging.getLogger(__name__)
_STATE = re.compile(r"r(\d+)-")


def state_name(redactions: int, digest: str) -> str:
    """How a past store names what it shows: with the position, this names its bytes."""
    return f"r{redactions}-{digest}"


def redactions_in(state: str) -> int | None:
    """How much was redacted in the past store that gave this state; None for a store of the present."""
    found = _STATE.match(state)
    return int(found[1]) if found else None


@dataclass
class Slot:
    """One past store, from the moment somebody asks for it."""

    audience: str
    day: date
    made: datetime
    used: datetime
    crew: Future[Crew | None] = field(default_factory=Future)

    def rests(self, now: datetime) -> bool:
        """Whether it may make room: nobody is being answered, and it was not asked lately or has stood long enough."""
        crew = self.crew.result() if self.crew.done() else None
        if crew is None or crew.busy:
            return False
        long = now - self.made >= timedelta(seconds=PAST_SECONDS_MIN)
        return long or now - self.used >= timedelta(seconds=REST_SECONDS)

    def close(self) -> None:
        """Ends its reader, when it has one."""
        if self.crew.done() and (crew := self.crew.result()) is not None:
            crew.close()


class Remembering:
    """The past stores there are, made when they are asked for (`kg.asking.Stores`; named `public@12`)."""

    def __init__(
        self, ledger: Ledger, ontology: Ontology, settings: Settings, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.ledger = ledger
        self.ontology = ontology
        self.settings = settings
        self.now = now
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._places = threading.BoundedSemaphore(READING_MAX)
        self._slots: dict[str, Slot] = {}
        self._kept: OrderedDict[str, tuple[date, Kept]] = OrderedDict()
        self._redacted = dict.fromkeys(AUDIENCES, 0)
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="pasts")
        ledger.on_change(self._changed)

    @property
    def base(self) -> str:
        """The base of the ledger's names."""
        return self.ledger.base

    @property
    def union(self) -> bool:
        """As in the present."""
        return True

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.settings.data

    @property
    def crews(self) -> Mapping[str, Crew]:
        """The past stores that stand."""
        with self._lock:
            done = {name: slot.crew.result() for name, slot in self._slots.items() if slot.crew.done()}
        return {name: crew for name, crew in done.items() if crew is not None}

    def close(self) -> None:
        """Ends every past store."""
        with self._lock:
            slots, self._slots = list(self._slots.values()), {}
        for slot in slots:
            slot.close()
        self._starter.shutdown()

    def sweep(self) -> None:
        """Ends what nobody asked for lately, and what was made on another day."""
        now = self.now()
        with self._lock:
            self._drop(
                name
                for name, slot in list(self._slots.items())
                if slot.day != now.date() or now - slot.used > timedelta(seconds=PAST_SECONDS_MAX)
            )
            for name in [name for name, (day, _) in self._kept.items() if day != now.date()]:
                del self._kept[name]

    def crew(self, audience: str) -> Crew | Objection:
        """Those who answer a past store, made when it is not there; an objection when there is no room for it."""
        for _ in range(TRIES_MAX):
            self.sweep()
            slot, mine = self._slot_in_time(audience)
            if slot is None:
                return object_to("PastBusy", limit=f"{PAST_AGAIN_SECONDS} s")
            if mine:
                self._load(audience, slot)
            crew = slot.crew.result()
            if crew is not None and crew.alive:
                return crew
            with self._lock:
                if self._slots.get(audience) is slot:
                    self._drop((audience,))
        return object_to("NotReady", limit=f"{PAST_AGAIN_SECONDS} s")

    @contextmanager
    def _turn(self) -> Iterator[Objection | None]:
        """A turn to read the past from the ledger, one after the other; an objection when too many wait for that."""
        if not self._places.acquire(blocking=False):
            yield object_to("PastBusy", limit=f"{PAST_AGAIN_SECONDS} s")
            return
        try:
            with self._reading:
                yield None
        finally:
            self._places.release()

    @contextmanager
    def reading(self, audience: str, position: int) -> Iterator[Past | Objection]:
        """A past as it is read from the ledger."""
        with self._turn() as refused:
            if refused is not None:
                yield refused
                return
            with self.ledger.past(audience, position, self.now()) as past:
                yield past

    def difference(self, audience: str, places: tuple[Place, Place]) -> tuple[Changed, ...] | Objection:
        """What changed between two places, as far as it may be told now."""
        with self._turn() as refused:
            return refused or self.ledger.difference(audience, places, self.now())

    def kept(self, audience: str, position: int) -> Kept | Objection:
        """What of a past is shown now, by document, without its words."""
        name, today = store_name(audience, position), self.now().date()
        with self._lock:
            if name in self._kept and self._kept[name][0] == today:
                self._kept.move_to_end(name)
                return self._kept[name][1]
            redacted = self._redacted[audience]
        with self.reading(audience, position) as past:
            if isinstance(past, Objection):
                return past
            found = past.kept
        with self._lock:
            if redacted == self._redacted[audience]:
                self._kept[name] = (today, found)
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
        return found

    def _slot_in_time(self, name: str) -> tuple[Slot | None, bool]:
        """The slot of a past store, when there is room for it within a moment."""
        until = time.monotonic() + ROOM_SECONDS_MAX
        while (found := self._slot(name))[0] is None and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        return found

    def _slot(self, name: str) -> tuple[Slot | None, bool]:
        """The slot of a past store, and whether it is for us to fill; None when there is no room."""
        now = self.now()
        with self._lock:
            slot = self._slots.get(name)
            if slot is not None:
                slot.used = now
                return slot, False
            if len(self._slots) >= PASTS_MAX:
                resting = [other for other, one in self._slots.items() if one.rests(now)]
                if not resting:
                    return None, False
                self._drop((min(resting, key=lambda other: self._slots[other].used),))
            slot = self._slots[name] = Slot(name.partition("@")[0], now.date(), now, now)
            return slot, True

    def _load(self, name: str, slot: Slot) -> None:
        """Fills a slot; leaves it empty when something was redacted meanwhile."""
        crew: Crew | None = None
        try:
            crew = self._starter.submit(self._make, name).result()
        finally:
            with self._lock:
                dropped = self._slots.get(name) is not slot
                if crew is None and not dropped:
                    del self._slots[name]
                slot.made = slot.used = self.now()  # Its rest begins when it can be asked.
                slot.crew.set_result(None if dropped else crew)
            if dropped and crew is not None:
                crew.close()

    def _make(self, name: str) -> Crew:
        """A reader with this past store, loaded in the order of the ledger."""
        audience, _, position = name.partition("@")
        with self.ledger.past(audience, int(position), self.now()) as past:
            place = past.kept.place
            head = {"position": place.position, "digest": state_name(past.kept.redactions, place.digest)}
            return crew_with(past.nquads(), head, audience, self.base, self.ontology, self.settings)

    def _changed(self, change: Change) -> None:
        """After a commit, before anybody is answered: what is kept of the past goes when something is redacted."""
        if not change.redacts:
            return
        with self._lock:
            self._redacted[change.audience] += 1
            self._drop(name for name, slot in list(self._slots.items()) if slot.audience == change.audience)
            for name in [name for name in self._kept if name.partition("@")[0] == change.audience]:
                del self._kept[name]

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            self._slots.pop(name).close()
