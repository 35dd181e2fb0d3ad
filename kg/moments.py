"""Moments that can be asked for: named positions, kept in the ledger's file, and what a time or a name means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import bindparam, func, insert, select

from kg.ledger import tables
from kg.ledger.lookups import Lookups
from kg.ledger.past import Place
from kg.ledger.quads import time_text
from kg.ledger.statement import Statement, only, writes
from kg.ledger.transactions import Transactions
from kg.objection import Objection, object_to
from kg.party import AUDIENCES

NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")  # Begins with a letter, so that no name looks like a time.
RESERVED = frozenset({"diff"})  # Addresses under /snapshots that are something else.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
VALUE_CHARACTERS_MAX = 80  # Of what was asked, in an answer that says that it is unclear.

s = tables.snapshots.c


@dataclass(frozen=True)
class Snapshot:
    """A name for a moment: where each audience stood when it was made."""

    name: str
    time: str
    """RFC 3339, UTC."""
    title: str
    positions: Mapping[str, int]


@dataclass(frozen=True)
class Moment:
    """A past position of one audience, as somebody asked for it."""

    audience: str
    place: Place
    time: datetime
    """The instant that was asked for, or at which the snapshot was made."""

    @property
    def store(self) -> str:
        """The name of the past store that answers it."""
        return store_name(self.audience, self.place.position)


def store_name(audience: str, position: int) -> str:
    """The name of a past store: `public@12`."""
    return f"{audience}@{position}"


def read_time(text: str) -> datetime | None:
    """The instant that a date (its end) or a time with its zone means; None when it is neither."""
    try:
        if DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        if TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def moment_at(ledger: Lookups, audience: str, instant: datetime, asked: str, now: datetime) -> Moment | Objection:
    """Where an audience stood at an instant."""
    place = ledger.place_at(audience, instant) if instant <= now else None
    if place is not None:
        return Moment(audience, place, instant)
    first = ledger.place_of(audience, 1)
    # To the second, as people write it: what begins within a second can be asked from the next one.
    since = _to_second(datetime.fromisoformat(first.time) + timedelta(seconds=1, microseconds=-1)) if first else "-"
    kind, limit = ("TimeAhead", _to_second(now)) if instant > now else ("TimeBefore", since)
    return object_to(kind, path="at", value=asked, limit=limit, since=since, until=_to_second(now))


def _to_second(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def find_moment(ledger: Lookups, snapshots: Snapshots, audience: str, text: str, now: datetime) -> Moment | Objection:
    """What `at` means for an audience: a date, a time with its zone, or the name of a snapshot."""
    instant = read_time(text)
    if instant is not None:
        return moment_at(ledger, audience, instant, text, now)
    if not NAME.fullmatch(text):
        return object_to("TimeUnclear", path="at", value=text[:VALUE_CHARACTERS_MAX])
    snapshot = snapshots.find(text)
    place = ledger.place_of(audience, snapshot.positions[audience]) if snapshot else None
    if snapshot is None or place is None:
        return object_to("SnapshotUnknown", path="at", value=text)
    return Moment(audience, place, datetime.fromisoformat(snapshot.time))


_ALL = select(s.name, s.time, s.title, s.positions)
_PUT = writes(insert(tables.snapshots))
_POSITION = Statement(
    select(func.coalesce(func.max(tables.chain.c.position), 0)).where(tables.chain.c.audience == bindparam("audience")),
    only,
)


def _snapshot(columns: tuple[str, ...]) -> Snapshot:
    name, made, title, positions = columns
    return Snapshot(name, made, title, json.loads(positions))


_EACH = Statement(_ALL.order_by(s.time, s.name), _snapshot)
_ONE = Statement(_ALL.where(s.name == bindparam("name")), _snapshot)


class Snapshots(Transactions):
    """The named positions of one ledger. Each call is a transaction of its own, and nothing is remembered between."""

    def all(self) -> Sequence[Snapshot]:
        """Every named position, the oldest first."""
        with self._reading() as driver:
            return _EACH.all(driver)

    def find(self, name: str) -> Snapshot | None:
        """The position of this name; None when there is none."""
        with self._reading() as driver:
            return _ONE.first(driver, name=name)

    def name(self, name: str, title: str, now: datetime) -> Snapshot | Objection:
        """Gives the present positions a name, for good."""
        if not NAME.fullmatch(name) or name in RESERVED:
            return object_to("SnapshotUnclear", path="name", value=name[:VALUE_CHARACTERS_MAX])
        with self._writing() as driver:
            if _ONE.first(driver, name=name) is not None:
                return object_to("SnapshotExists", path="name", value=name)
            positions = {audience: _POSITION.first(driver, audience=audience) or 0 for audience in AUDIENCES}
            if not positions["public"]:
                # Nothing public stands there yet, so there is nothing to name.
                return object_to("TimeBefore", path="name", value=name, limit="-", since="-", until=_to_second(now))
            row = {"name": name, "time": time_text(now), "title": title, "positions": json.dumps(positions)}
            _PUT.run(driver, [row])
        return Snapshot(name, row["time"], title, positions)
