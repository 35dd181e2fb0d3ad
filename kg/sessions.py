"""Who is signed in at a page: kept beside the ledger, so that a session outlives a restart and ends with its token."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, or_, select, update

from kg.ledger import tables
from kg.ledger.quads import time_text
from kg.ledger.statement import Statement, as_it_is, writes
from kg.ledger.transactions import Transactions
from kg.party import Caller, Right

SECRET_BYTES = 32  # As long as that of a token: it opens as much.
SEEN_SECONDS = 60  # How exactly it is written down that somebody is still there; each page would be a write otherwise.

s, t = tables.sessions.c, tables.tokens.c

_ONE = Statement(
    select(s.begun, s.seen, t.id, t.party, t.rights, t.revoked, t.expires)
    .join(tables.tokens, t.id == s.token)
    .where(s.digest == bindparam("digest")),
    as_it_is,
)
_PUT = writes(insert(tables.sessions))
_SEE = writes(update(tables.sessions).where(s.digest == bindparam("name")).values(seen=bindparam("time")))
_DROP = writes(delete(tables.sessions).where(s.digest == bindparam("name")))
_SWEEP = writes(delete(tables.sessions).where(or_(s.begun <= bindparam("oldest"), s.seen <= bindparam("idle"))))


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in: as whom, and under what the session is kept."""

    caller: Caller
    digest: str


class Sessions(Transactions):
    """The sessions of one ledger. Each call is a transaction of its own, and nothing is remembered between two."""

    def __init__(self, url: str, *, idle: timedelta, longest: timedelta) -> None:
        super().__init__(url)
        self.idle = idle
        self.longest = longest

    def begin(self, caller: Caller, now: datetime) -> str:
        """The secret of a new session of who has this token; it stands in the cookie and nowhere else."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        time = time_text(now)
        row = {"digest": _digest(secret), "token": caller.token_id, "begun": time, "seen": time}
        with self._writing() as driver:
            # What is over goes, so that no session stays for want of a visitor.
            _SWEEP.run(driver, [{"oldest": time_text(now - self.longest), "idle": time_text(now - self.idle)}])
            _PUT.run(driver, [row])
        return secret

    def find(self, secret: str, now: datetime) -> Session | None:
        """Who is signed in with this secret; None once idle or open too long, signed out, or without its token."""
        digest = _digest(secret)
        with self._reading() as driver:
            found = _ONE.first(driver, digest=digest)
        if found is None:
            return None
        begun, seen, token, party, rights, revoked, expires = found
        over = begun <= time_text(now - self.longest) or seen <= time_text(now - self.idle)
        if over or revoked is not None or (expires is not None and expires <= time_text(now)):
            self.end(secret)
            return None
        if seen <= time_text(now - timedelta(seconds=SEEN_SECONDS)):
            with self._writing() as driver:
                _SEE.run(driver, [{"name": digest, "time": time_text(now)}])
        return Session(Caller(party, frozenset(Right(right) for right in rights.split()), token), digest)

    def end(self, secret: str) -> None:
        """Signs out."""
        with self._writing() as driver:
            _DROP.run(driver, [{"name": _digest(secret)}])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
