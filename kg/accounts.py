"""Who may call and for whom: tokens, the namespaces of parties, and delegations; in the ledger's file, beside it.

Several processes use them at once: what the command line writes counts at the next request of a running service. Each
call is a transaction of its own, and nothing is remembered between calls.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from kg.ledger import tables
from kg.ledger.acts import LedgerUnavailable
from kg.ledger.quads import DELEGATIONS, time_text
from kg.ledger.statement import Driver, Statement, only, writes
from kg.ledger.transactions import Transactions
from kg.objection import Objection, object_to
from kg.ownership import strict_normal_form
from kg.party import Caller, Right

SECRET_BYTES = 32  # 256 bits: as hard to guess as the digest under which it is kept.
TOKEN_START = "wijkgraaf_"  # Lets a scanner for leaked secrets recognise one.
ANYBODY = "*"
NAMESPACE = re.compile(r"""https?://[^\s/?#<>"{}|\\^`]+/(?:[^\s?#<>"{}|\\^`]*/)?(?:[^\s?#<>"{}|\\^`]*#)?""")
OPERATOR = "operator"  # Who has the data folder, as the maker of tokens and the giver of delegations.

t, n, g = tables.tokens.c, tables.namespaces.c, tables.delegations.c
m, w = tables.token_marks.c, tables.delegation_terms.c


@dataclass(frozen=True)
class Token:
    """What is known of a token: never its secret. Times are RFC 3339 in UTC."""

    id: str
    party: str
    rights: frozenset[Right]
    created: str
    expires: str | None
    revoked: str | None
    made_by: str | None = None
    """OPERATOR, or the party and the token of the steward that made it; None when nobody wrote that down."""
    used: str | None = None
    """The day (UTC) on which it was last used."""

    def ends(self, now: datetime) -> str | None:
        """When it ended; None while it counts."""
        if self.revoked is not None:
            return self.revoked
        return self.expires if self.expires is not None and self.expires <= time_text(now) else None


@dataclass(frozen=True)
class Delegation:
    """One party lets another record for it."""

    recorder: str
    holder: str
    """A slug, or ANYBODY."""
    kind: str
    since: str
    until: str | None = None
    """The instant at which it ends by itself."""
    given_by: str | None = None
    ended: str | None = None
    ended_by: str | None = None

    def over(self, now: datetime) -> str | None:
        """When it ended, taken back or by itself; None while it holds."""
        if self.ended is not None:
            return self.ended
        return self.until if self.until is not None and self.until <= time_text(now) else None


def _token(columns: tuple[str, ...]) -> Token:
    id, party, rights, *rest = columns
    return Token(id, party, frozenset(Right(right) for right in rights.split()), *rest)


_TOKENS = select(t.id, t.party, t.rights, t.created, t.expires, t.revoked, m.made_by, m.used).join(
    tables.token_marks, m.token == t.id, isouter=True
)
_BY_SECRET = Statement(_TOKENS.where(t.digest == bindparam("digest")), _token)
_ALL = Statement(_TOKENS.order_by(t.party, t.created, t.id), _token)
_PUT_TOKEN = writes(insert(tables.tokens))
_PUT_MARK = writes(insert(tables.token_marks).prefix_with("OR IGNORE"))
_MARK_USED = writes(
    update(tables.token_marks)
    .where(m.token == bindparam("name"), or_(m.used.is_(None), m.used < bindparam("day")))
    .values(used=bindparam("day"))
)
_REVOKE = writes(
    update(tables.tokens).where(t.id == bindparam("name"), t.revoked.is_(None)).values(revoked=bindparam("time"))
)
_BASE = Statement(select(tables.meta.c.value).where(tables.meta.c.name == "base"), only)
_NAMESPACES = Statement(select(n.prefix, n.party).order_by(n.prefix), lambda columns: (columns[0], columns[1]))
_PUT_NAMESPACE = writes(insert(tables.namespaces).prefix_with("OR IGNORE"))
_DROP_NAMESPACE = writes(delete(tables.namespaces).where(n.prefix == bindparam("name")))
_TERMS = (w.recorder == g.recorder, w.holder == g.holder, w.kind == g.kind, w.since == g.since)
_LIVE = select(tables.delegations, w.until, w.given_by).join(tables.delegation_terms, and_(*_TERMS), isouter=True)
_DELEGATIONS = Statement(_LIVE, lambda columns: Delegation(*columns))
_ENDED = Statement(select(tables.delegation_terms).where(w.ended.is_not(None)), lambda columns: Delegation(*columns))
_FOR = Statement(
    _LIVE.where(g.recorder == bindparam("recorder"), g.holder.in_([bindparam("holder"), bindparam("anybody")])),
    lambda columns: Delegation(*columns),
)
_ENDED_FOR = Statement(
    select(tables.delegation_terms).where(
        w.recorder == bindparam("recorder"), w.holder == bindparam("holder"), w.ended.is_not(None)
    ),
    lambda columns: Delegation(*columns),
)
_PUT_DELEGATION = writes(insert(tables.delegations))
_PUT_TERMS = writes(insert(tables.delegation_terms).prefix_with("OR REPLACE"))
_DROP_DELEGATION = writes(
    delete(tables.delegations).where(
        g.recorder == bindparam("recorder"), g.holder == bindparam("holder"), g.kind == bindparam("kind")
    )
)


def digest_of_secret(secret: str) -> str:
    """Under what a token is kept. A plain hash does: the secret is random, so there is nothing to try."""
    return hashlib.sha256(secret.encode()).hexdigest()


def utc_now() -> datetime:
    """The time, for `caller`: a token may have expired."""
    return datetime.now(UTC)


class Accounts(Transactions):
    """Tokens, namespaces and delegations of one ledger."""

    def __init__(self, url: str) -> None:
        if not tables.file_of(url).exists():
            raise LedgerUnavailable(f"there is no ledger at {tables.file_of(url)}")
        super().__init__(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # Tokens.

    def create_token(
        self, party: str, right: Right, now: datetime, expires: datetime | None = None, by: str = OPERATOR
    ) -> str:
        """A new token; its secret is in the answer and nowhere else. ValueError when it would have ended already."""
        if expires is not None and expires <= now:
            raise ValueError(f"{time_text(expires)} has passed")
        secret = TOKEN_START + secrets.token_urlsafe(SECRET_BYTES)
        row = {
            "digest": digest_of_secret(secret),
            "id": secrets.token_hex(6),
            "party": party,
            "rights": right.value,
            "created": time_text(now),
            "expires": time_text(expires) if expires else None,
            "revoked": None,
        }
        with self._writing() as driver:
            _PUT_TOKEN.run(driver, [row])
            _PUT_MARK.run(driver, [{"token": row["id"], "made_by": by, "used": None}])
        return secret

    def token(self, secret: str) -> Token | None:
        """What is known of the token with this secret, ended or not."""
        with self._reading() as driver:
            return _BY_SECRET.first(driver, digest=digest_of_secret(secret))

    def caller(self, secret: str, now: datetime | None = None) -> Caller | Objection:
        """Who has this secret; who has that of a token that ended is told when. `now` is the clock's when left out."""
        token = self.token(secret)
        if token is None:
            return object_to("TokenUnknown")
        if token.revoked is not None:
            return object_to("TokenRevoked", since=_minute(token.revoked))
        if token.ends(now or utc_now()) is not None:
            return object_to("TokenExpired", since=_minute(token.expires or ""))
        return Caller(token.party, token.rights, token.id)

    def mark_used(self, ids: Iterable[str], now: datetime) -> None:
        """Writes down that these tokens are used today: the day (UTC), not more."""
        chosen, day = sorted(set(ids)), now.astimezone(UTC).date().isoformat()
        with self._writing() as driver:
            _PUT_MARK.run(driver, [{"token": id, "made_by": "", "used": None} for id in chosen])
            _MARK_USED.run(driver, [{"name": id, "day": day} for id in chosen])

    def tokens(self) -> Sequence[Token]:
        """Every token that was made, by party."""
        with self._reading() as driver:
            return _ALL.all(driver)

    def revoke(self, token_id: str, now: datetime) -> None:
        """Ends a token, from the next request on."""
        with self._writing() as driver:
            _REVOKE.run(driver, [{"name": token_id, "time": time_text(now)}])

    # Namespaces.

    def namespaces(self, party: str, base: str) -> tuple[str, ...]:
        """Where a party speaks: its place under the base, then the namespaces of its own domains."""
        registered = [prefix for prefix, holder in self.all_namespaces() if holder == party]
        return (f"{base}/id/{party}/", *registered)

    def others_namespaces(self, party: str) -> tuple[str, ...]:
        """The namespaces that other parties registered."""
        return tuple(prefix for prefix, holder in self.all_namespaces() if holder != party)

    def all_namespaces(self) -> Sequence[tuple[str, str]]:
        """Every registered (namespace, party), by namespace."""
        with self._reading() as driver:
            return _NAMESPACES.all(driver)

    def add_namespace(self, party: str, prefix: str, now: datetime) -> Objection | None:
        """Registers a namespace of a party's own domain, unless it is unclear or touches another party's."""
        with self._writing() as driver:
            refused = _unclear(driver, party, prefix)
            if refused is None and prefix not in dict(_NAMESPACES.all(driver)):
                _PUT_NAMESPACE.run(driver, [{"prefix": prefix, "party": party, "since": time_text(now)}])
        return refused

    def unclear(self, party: str, prefix: str) -> Objection | None:
        """Why this party could not register this namespace now; None when it could."""
        with self._reading() as driver:
            return _unclear(driver, party, prefix)

    def remove_namespace(self, party: str, prefix: str) -> Objection | None:
        """Takes a namespace back: what stands there stays, and its party can add or change nothing there any more."""
        with self._writing() as driver:
            if (prefix, party) not in _NAMESPACES.all(driver):
                return object_to("NamespaceUnknown", path="namespace", value=prefix)
            _DROP_NAMESPACE.run(driver, [{"name": prefix}])
        return None

    # Delegations.

    def delegate(
        self, recorder: str, holder: str, kind: str, now: datetime, until: datetime | None = None, by: str = OPERATOR
    ) -> None:
        """Lets one party record for another (or for ANYBODY), until an instant; given again, the new end holds.

        Raises ValueError when the kind is unknown.
        """
        if kind not in DELEGATIONS or kind == "byHolder":
            raise ValueError(f"a delegation is namens or publicSource, not {kind}")
        with self._writing() as driver:
            name = {"recorder": recorder, "holder": holder, "kind": kind}
            live = self._live(driver, recorder, holder, kind)
            if live is not None and live.over(now) is not None:
                self._close(driver, live, live.over(now), None)
                live = None
            since = live.since if live is not None else time_text(now)
            if live is None:
                _PUT_DELEGATION.run(driver, [{**name, "since": since}])
            ends = {"until": time_text(until) if until else None, "ended": None, "ended_by": None}
            _PUT_TERMS.run(driver, [{**name, "since": since, "given_by": by, **ends}])

    def end_delegation(self, recorder: str, holder: str, kind: str, now: datetime, by: str = OPERATOR) -> bool:
        """Takes a delegation back; what was recorded under it stays. False when there is none that holds."""
        with self._writing() as driver:
            live = self._live(driver, recorder, holder, kind)
            if live is None or live.over(now) is not None:
                return False
            self._close(driver, live, time_text(now), by)
        return True

    def _live(self, driver: Driver, recorder: str, holder: str, kind: str) -> Delegation | None:
        given = _FOR.all(driver, recorder=recorder, holder=holder, anybody=holder)
        return next((one for one in given if one.kind == kind), None)

    def _close(self, driver: Driver, live: Delegation, ended: str | None, by: str | None) -> None:
        _DROP_DELEGATION.run(driver, [{"recorder": live.recorder, "holder": live.holder, "kind": live.kind}])
        _PUT_TERMS.run(driver, [{**asdict(live), "ended": ended, "ended_by": by}])

    def delegation(self, recorder: str, holder: str, now: datetime | None = None) -> str | None:
        """The kind under which one party may record for another: what the holder gave itself before a general one."""
        found = self.delegated(recorder, holder, now)
        return found if isinstance(found, str) else None

    def delegated(self, recorder: str, holder: str, now: datetime | None = None) -> str | Objection | None:
        """The same; an objection that says when it ended, where the last one has."""
        now = now or utc_now()
        with self._reading() as driver:
            given = _FOR.all(driver, recorder=recorder, holder=holder, anybody=ANYBODY)
            ended = [one.over(now) or "" for one in _ENDED_FOR.each(driver, recorder=recorder, holder=holder)]
        ended += [over for one in given if one.holder == holder and (over := one.over(now)) is not None]
        live = [one for one in given if one.over(now) is None]
        if live:
            return min(live, key=lambda one: (one.holder == ANYBODY, one.kind)).kind
        return object_to("DelegationEnded", focus=holder, value=holder, since=max(ended)[:10]) if ended else None

    def delegations(self, *, ended: bool = False) -> Sequence[Delegation]:
        """Every delegation that was not taken back (its last day may have passed), or those that were."""
        with self._reading() as driver:
            found = (_ENDED if ended else _DELEGATIONS).all(driver)
        return sorted(found, key=lambda one: (one.recorder, one.holder, one.kind, one.since))


def _unclear(driver: Driver, party: str, prefix: str) -> Objection | None:
    if NAMESPACE.fullmatch(prefix) is None or strict_normal_form(prefix) != prefix:
        return object_to("NamespaceUnclear", path="namespace", value=prefix)
    for other, holder in [*_NAMESPACES.all(driver), (f"{_BASE.first(driver)}/", "")]:
        if holder != party and overlap(other, prefix):
            return object_to("NamespaceTaken", path="namespace", value=prefix, limit=other)
    return None


def overlap(one: str, other: str) -> bool:
    """Whether two namespaces lie within one another."""
    first, second = (name.partition("://")[2] for name in (one, other))  # With and without TLS is the same place.
    return first.startswith(second) or second.startswith(first)


def _minute(time: str) -> str:
    """A time of the ledger to the minute, as people read it."""
    return f"{time[:10]} {time[11:16]} UTC"
