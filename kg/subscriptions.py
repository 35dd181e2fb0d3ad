"""Who gets a party's news by mail: addresses, each confirmed by who reads them, and how far each was told.

The addresses stand in a table beside the ledger and nowhere else. The codes of the links in a letter stand nowhere:
they are made again from the ledger's own key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select, update

from kg.ledger import tables
from kg.ledger.quads import time_text
from kg.ledger.statement import Statement, only, writes
from kg.ledger.telling import mail
from kg.ledger.transactions import Transactions
from kg.objection import Objection, object_to
from kg.ontology import LANGUAGES

FREQUENCIES: Mapping[str, timedelta] = {
    "at-once": timedelta(0),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
}
ADDRESSES_MAX = 20  # Of one party: a team, not a mailing list.
CONFIRM_DAYS = 7  # An address that nobody confirmed is forgotten after that.
RETRY_MINUTES = 2  # After a first failure; doubled at each further one.
RETRY_MINUTES_MAX = 24 * 60
FAILURES_MAX = 20  # About two weeks of tries: then nobody is there any more.
ADDRESS_CHARACTERS_MAX = 254  # RFC 5321: what a path can hold.
CODE_CHARACTERS = 32  # 128 bits of the digest.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})[A-Za-z0-9]")

m = mail.c


@dataclass(frozen=True)
class Subscription:
    """One address that gets, or is asked whether it wants, a party's news. Never written into a log."""

    id: str
    party: str
    address: str
    lang: str
    frequency: str
    created: str
    confirmed: str | None
    told_entry: int
    """The last entry whose news it was told; -1 until it was asked to confirm."""
    told_to: str
    """Until when it was told of grounds and messages."""
    next: str
    sending_entry: int | None
    """Of the letter that is on its way: the last entry that is in it."""
    sending_to: str | None
    failures: int

    def __repr__(self) -> str:
        return f"Subscription({self.id!r}, {self.party!r})"


_KEY = Statement(select(tables.meta.c.value).where(tables.meta.c.name == "key"), only)


def _subscription(columns: tuple[object, ...]) -> Subscription:
    return Subscription(*columns)  # type: ignore[arg-type]


_ALL = Statement(select(mail).order_by(m.party, m.created, m.id), _subscription)
_OF = Statement(select(mail).where(m.party == bindparam("party")).order_by(m.created, m.id), _subscription)
_ONE = Statement(select(mail).where(m.id == bindparam("id")), _subscription)
_COUNT = Statement(select(func.count()).where(m.party == bindparam("party")), only)
_DUE = Statement(
    select(mail).where(m.next <= bindparam("now")).order_by(m.next, m.id).limit(bindparam("most")), _subscription
)
_PUT = writes(insert(mail))
_DROP = writes(delete(mail).where(m.id == bindparam("gone")))
_UNCONFIRMED = writes(delete(mail).where(m.confirmed.is_(None), m.created < bindparam("before")))
_CONFIRM = writes(
    update(mail)
    .where(m.id == bindparam("name"), m.confirmed.is_(None))
    .values(confirmed=bindparam("at"), told_entry=bindparam("entry"), told_to=bindparam("at"), next=bindparam("at"))
)
_SENDING = writes(
    update(mail)
    .where(m.id == bindparam("name"))
    .values(sending_entry=bindparam("entry"), sending_to=bindparam("until"))
)
_SENT = writes(
    update(mail)
    .where(m.id == bindparam("name"))
    .values(
        told_entry=bindparam("entry"),
        told_to=bindparam("until"),
        next=bindparam("at"),
        sending_entry=bindparam("no_entry"),
        sending_to=bindparam("no_time"),
        failures=bindparam("times"),
    )
)
_FAILED = writes(
    update(mail).where(m.id == bindparam("name")).values(next=bindparam("at"), failures=bindparam("times"))
)


class Subscriptions(Transactions):
    """The addresses of one ledger's parties. Each call is a transaction of its own."""

    def add(self, party: str, address: str, lang: str, frequency: str, now: datetime) -> Subscription | Objection:
        """Notes an address, which is asked to confirm first; the one that is there already when it is."""
        if len(address) > ADDRESS_CHARACTERS_MAX or not _ADDRESS.fullmatch(address) or ".." in address:
            return object_to("MailAddressUnclear", path="address", limit="naam@voorbeeld.nl")
        if lang not in LANGUAGES:
            return object_to("ParameterUnclear", path="lang", value=lang[:80], limit=", ".join(LANGUAGES))
        if frequency not in FREQUENCIES:
            return object_to("ParameterUnclear", path="frequency", value=frequency[:80], limit=", ".join(FREQUENCIES))
        with self._writing() as driver:
            same = next((one for one in _OF.each(driver, party=party) if one.address.lower() == address.lower()), None)
            if same is not None:
                return same
            if (_COUNT.first(driver, party=party) or 0) >= ADDRESSES_MAX:
                return object_to("TooManyAddresses", limit=str(ADDRESSES_MAX))
            at = time_text(now)
            made = Subscription(
                secrets.token_hex(12), party, address, lang, frequency, at, None, -1, at, at, None, None, 0
            )
            _PUT.run(driver, [vars(made)])
        return made

    def all(self, party: str | None = None) -> Sequence[Subscription]:
        """Every address, or those of one party."""
        with self._reading() as driver:
            return _ALL.all(driver) if party is None else _OF.all(driver, party=party)

    def code(self, purpose: str, id: str) -> str:
        """What proves that somebody read a letter to this address: `id.digest`, for one purpose."""
        with self._reading() as driver:
            key = bytes.fromhex(str(_KEY.first(driver)))
        digest = hmac.new(key, f"mail:{purpose}:{id}".encode(), hashlib.sha256).hexdigest()
        return f"{id}.{digest[:CODE_CHARACTERS]}"

    def find(self, purpose: str, code: str) -> Subscription | None:
        """The address that a code belongs to; None when it is no code of ours, or the address is gone."""
        id = code.partition(".")[0]
        if not hmac.compare_digest(self.code(purpose, id).encode(), code.encode()):
            return None
        with self._reading() as driver:
            return _ONE.first(driver, id=id)

    def confirm(self, id: str, entry: int, now: datetime) -> None:
        """Somebody there wants it: from this entry on."""
        self._run(_CONFIRM, {"name": id, "at": time_text(now), "entry": entry})

    def remove(self, id: str) -> None:
        """Forgets an address."""
        self._run(_DROP, {"gone": id})

    def due(self, now: datetime, most: int) -> Sequence[Subscription]:
        """Whom to look after now, who waited longest first; addresses that nobody confirmed in time are forgotten."""
        self._run(_UNCONFIRMED, {"before": time_text(now - timedelta(days=CONFIRM_DAYS))})
        with self._reading() as driver:
            return _DUE.all(driver, now=time_text(now), most=most)

    def sending(self, one: Subscription, entry: int, until: str) -> None:
        """Notes what the letter holds that is about to go: tried again, it holds the same."""
        self._run(_SENDING, {"name": one.id, "entry": entry, "until": until})

    def sent(self, one: Subscription, entry: int, until: str, now: datetime) -> None:
        """Notes that the letter was taken over, or that there was nothing to tell; when to look again."""
        # Who was only asked to confirm is not asked twice.
        again = now + (FREQUENCIES[one.frequency] if one.confirmed else timedelta(days=CONFIRM_DAYS + 1))
        row = {
            "name": one.id,
            "entry": entry,
            "until": until,
            "at": time_text(again),
            "times": 0,
            "no_entry": None,
            "no_time": None,
        }
        self._run(_SENT, row)

    def failed(self, one: Subscription, now: datetime) -> None:
        """Notes that the letter was not taken over: tried again later and later, and at last no more."""
        if one.failures + 1 >= FAILURES_MAX:
            self.remove(one.id)
            return
        wait = timedelta(minutes=min(RETRY_MINUTES * 2**one.failures, RETRY_MINUTES_MAX))
        self._run(_FAILED, {"name": one.id, "times": one.failures + 1, "at": time_text(now + wait)})

    def _run(self, statement: Statement[None], row: Mapping[str, object]) -> None:
        with self._writing() as driver:
            statement.run(driver, [row])
