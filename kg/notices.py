"""What parties sent to one another: kept beside the ledger until it is old, or until what it names is erased."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from kg.ledger import tables
from kg.ledger.chain import erased_name
from kg.ledger.quads import time_text
from kg.ledger.statement import Driver, Statement, only, writes
from kg.ledger.telling import notification_names, notifications
from kg.ledger.transactions import Transactions
from kg.objection import Objection, object_to

KEPT_DAYS = 400  # A year and a month: what was sent last year can still be found when it is asked about.
SENT_PER_HOUR_MAX = 100  # Of one sender to everybody; a person sends a few, a program that went wrong sends thousands.
INBOX_MAX = 10_000  # Messages kept for one party, however many senders there are.

n, names = notifications.c, notification_names.c


@dataclass(frozen=True)
class Notice:
    """One notification that a party sent."""

    id: str
    party: str
    """Slug of who receives it."""
    sender: str
    """Slug of who sent it."""
    time: str
    """When it came, RFC 3339 in UTC."""
    body: bytes

    @property
    def activity(self) -> Mapping[str, Any]:
        """Its JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def _notice(columns: tuple[str, ...]) -> Notice:
    id, party, sender, time, body = columns
    return Notice(id, party, sender, time, body.encode())


_KEY = Statement(select(tables.meta.c.value).where(tables.meta.c.name == "key"), only)
_SENT = Statement(select(func.count()).where(n.sender == bindparam("sender"), n.time > bindparam("since")), only)
_KEPT = Statement(select(func.count()).where(n.party == bindparam("party")), only)
_PUT = writes(insert(notifications))
_PUT_NAMES = writes(insert(notification_names).prefix_with("OR IGNORE"))
_PAGE = Statement(
    select(notifications)
    .where(n.party == bindparam("party"), n.time < bindparam("before"), n.time > bindparam("after"))
    .order_by(n.time.desc(), n.id)
    .limit(bindparam("most")),
    _notice,
)
_ONE = Statement(select(notifications).where(n.party == bindparam("party"), n.id == bindparam("id")), _notice)
_NAMING = Statement(select(names.id).where(names.name == bindparam("name")), only)
_OLD = Statement(select(n.id).where(n.time < bindparam("before")), only)
_DROP = writes(delete(notifications).where(n.id == bindparam("gone")))
_DROP_NAMES = writes(delete(notification_names).where(names.id == bindparam("gone")))


def forget(driver: Driver, name: str) -> int:
    """Drops what was sent about an erased thing, by the digest of its name; how many messages."""
    return _drop(driver, _NAMING.all(driver, name=name))


def _drop(driver: Driver, ids: Sequence[str]) -> int:
    gone = [{"gone": id} for id in ids]
    _DROP.run(driver, gone)
    _DROP_NAMES.run(driver, gone)
    return len(gone)


class Notices(Transactions):
    """The messages of one ledger's parties. Each call is a transaction of its own."""

    def new_id(self) -> str:
        """The id of a message that is about to be sent; it tells nothing."""
        return f"sent-{uuid.uuid4()}"

    def keep(
        self, id: str, party: str, sender: str, body: bytes, named: Sequence[str], now: datetime
    ) -> Notice | Objection:
        """Keeps a message, unless its sender sends too many or the inbox is full."""
        with self._writing() as driver:
            since = time_text(now - timedelta(hours=1))
            if (_SENT.first(driver, sender=sender, since=since) or 0) >= SENT_PER_HOUR_MAX:
                return object_to("TooManySent", limit=f"{SENT_PER_HOUR_MAX} / 1 h")
            if (_KEPT.first(driver, party=party) or 0) >= INBOX_MAX:
                return object_to("InboxFull", limit=str(INBOX_MAX))
            key = str(_KEY.first(driver))
            row = {"id": id, "party": party, "sender": sender, "time": time_text(now), "body": body.decode()}
            _PUT.run(driver, [row])
            _PUT_NAMES.run(driver, [{"name": erased_name(key, name), "id": id} for name in named])
        return Notice(id, party, sender, row["time"], body)

    def page(self, party: str, *, before: str = "~", after: str = "", most: int) -> Sequence[Notice]:
        """What was sent to a party, the newest first, between two times."""
        with self._reading() as driver:
            return _PAGE.all(driver, party=party, before=before, after=after, most=most)

    def find(self, party: str, id: str) -> Notice | None:
        """One message in a party's inbox; None when it is not there."""
        with self._reading() as driver:
            return _ONE.first(driver, party=party, id=id)

    def drop_old(self, now: datetime) -> int:
        """Drops what is older than KEPT_DAYS; how many messages."""
        with self._reading() as driver:
            old = _OLD.all(driver, before=time_text(now - timedelta(days=KEPT_DAYS)))
        if old:
            with self._writing() as driver:
                _drop(driver, old)
        return len(old)
