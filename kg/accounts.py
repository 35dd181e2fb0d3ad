"""Who may call and for whom: tokens, the namespaces of parties, and delegations; in the ledger's file, beside it.

Several processes use them at once: what the command line writes counts at the next request of a running service. Each
call is a transaction of its own, and nothing is remembered between calls.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import bindparam, delete, insert, select, update

from kg.ledger import tables
from kg.ledger.acts import LedgerUnavailable
from kg.ledger.quads import DELEGATIONS, time_text
from kg.ledger.statement import Driver, Statement, driver_of, only, writes
from kg.ledger.transactions import Transactions
from kg.party import Caller, Right

SECRET_BYTES = 32  # 256 bits: as hard to guess as the digest under which it is kept.
TOKEN_START = "wijkgraaf_"  # Lets a scanner for leaked secrets recognise one.
ANYBODY = "*"

t, n, g = tables.tokens.c, tables.namespaces.c, tables.delegations.c


@dataclass(frozen=True)
class Token:
    """What is known of a token: never its secret. Times are RFC 3339 in UTC."""

    id: str
    party: str
    rights: frozenset[Right]
    created: str
    expires: str | None
    revoked: str | None


@dataclass(frozen=True)
class Delegation:
    """One party lets another record for it."""

    recorder: str
    holder: str
    """A slug, or ANYBODY."""
    kind: str
    since: str


def _token(columns: tuple[str, ...]) -> Token:
    id, party, rights, created, expires, revoked = columns
    return Token(id, party, frozenset(Right(right) for right in rights.split()), created, expires, revoked)


_TOKENS = select(t.id, t.party, t.rights, t.created, t.expires, t.revoked)
_BY_SECRET = Statement(_TOKENS.where(t.digest == bindparam("digest")), _token)
_ALL = Statement(_TOKENS.order_by(t.party, t.created, t.id), _token)
_PUT_TOKEN = writes(insert(tables.tokens))
_REVOKE = writes(
    update(tables.tokens).where(t.id == bindparam("name"), t.revoked.is_(None)).values(revoked=bindparam("time"))
)
_BASE = Statement(select(tables.meta.c.value).where(tables.meta.c.name == "base"), only)
_NAMESPACES = Statement(select(n.prefix, n.party).order_by(n.prefix), lambda columns: (columns[0], columns[1]))
_PUT_NAMESPACE = writes(insert(tables.namespaces).prefix_with("OR IGNORE"))
_DELEGATIONS = Statement(select(tables.delegations), lambda columns: Delegation(*columns))
_FOR = Statement(
    select(tables.delegations).where(
        g.recorder == bindparam("recorder"), g.holder.in_([bindparam("holder"), bindparam("anybody")])
    ),
    lambda columns: Delegation(*columns),
)
_PUT_DELEGATION = writes(insert(tables.delegations).prefix_with("OR IGNORE"))
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

    @contextmanager
    def _writing(self) -> Iterator[Driver]:
        with self._writes.begin() as connection:
            yield driver_of(connection.connection)

    # Tokens.

    def create_token(self, party: str, right: Right, now: datetime, expires: datetime | None = None) -> str:
        """A new token; its secret is in the answer and nowhere else."""
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
        return secret

    def caller(self, secret: str, now: datetime | None = None) -> Caller | None:
        """Who has this secret; None when it is unknown, expired or revoked. `now` is the clock's when left out."""
        with self._reading() as driver:
            token = _BY_SECRET.first(driver, digest=digest_of_secret(secret))
        if token is None or token.revoked is not None:
            return None
        if token.expires is not None and token.expires <= time_text(now or utc_now()):
            return None
        return Caller(token.party, token.rights, token.id)

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
        with self._reading() as driver:
            registered = [prefix for prefix, holder in _NAMESPACES.each(driver) if holder == party]
        return (f"{base}/id/{party}/", *registered)

    def others_namespaces(self, party: str) -> tuple[str, ...]:
        """The namespaces that other parties registered."""
        with self._reading() as driver:
            return tuple(prefix for prefix, holder in _NAMESPACES.each(driver) if holder != party)

    def add_namespace(self, party: str, prefix: str, now: datetime) -> None:
        """Registers a namespace of a party's own domain; ValueError when it is unclear or touches another party's."""
        address = prefix.removeprefix("https://").removeprefix("http://")
        host, slash, _ = address.partition("/")
        if address == prefix or not host or not slash or prefix[-1] not in "/#" or prefix != prefix.strip():
            raise ValueError(f"{prefix} is no namespace: it begins with http:// or https:// and ends with / or #")
        with self._writing() as driver:
            base = str(_BASE.first(driver)) + "/"
            for other, holder in [*_NAMESPACES.all(driver), (base, "this service")]:
                if holder != party and (other.startswith(prefix) or prefix.startswith(other)):
                    raise ValueError(f"{prefix} lies within or around {other}, where {holder} speaks")
            _PUT_NAMESPACE.run(driver, [{"prefix": prefix, "party": party, "since": time_text(now)}])

    # Delegations.

    def delegate(self, recorder: str, holder: str, kind: str, now: datetime) -> None:
        """Lets one party record for another (or for ANYBODY); ValueError when the kind is unknown."""
        if kind not in DELEGATIONS or kind == "byHolder":
            raise ValueError(f"a delegation is namens or publicSource, not {kind}")
        with self._writing() as driver:
            row = {"recorder": recorder, "holder": holder, "kind": kind, "since": time_text(now)}
            _PUT_DELEGATION.run(driver, [row])

    def end_delegation(self, recorder: str, holder: str, kind: str) -> None:
        """Takes a delegation back; what was recorded under it stays."""
        with self._writing() as driver:
            _DROP_DELEGATION.run(driver, [{"recorder": recorder, "holder": holder, "kind": kind}])

    def delegation(self, recorder: str, holder: str) -> str | None:
        """The kind under which one party may record for another: what the holder gave itself before a general one."""
        with self._reading() as driver:
            given = _FOR.all(driver, recorder=recorder, holder=holder, anybody=ANYBODY)
        given.sort(key=lambda delegation: (delegation.holder == ANYBODY, delegation.kind))
        return given[0].kind if given else None

    def delegations(self) -> Sequence[Delegation]:
        """Every delegation."""
        with self._reading() as driver:
            return sorted(_DELEGATIONS.each(driver), key=lambda one: (one.recorder, one.holder, one.kind))
