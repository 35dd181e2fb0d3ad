"""Signing in at pages: a token in a form becomes a cookie that counts on those pages alone, and nowhere else.

The cookie is HttpOnly and SameSite=Strict; each form carries a word that only its own session has, and comes from the
same origin. No secret stands in an address or a log.
"""

from __future__ import annotations

import hmac
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from kg.accounts import Accounts
from kg.objection import Objection, object_to
from kg.party import Right
from kg.sessions import Session, Sessions
from service.callers import Callers
from service.rights import Calling, lacks

COOKIE = "wijkgraaf_session"
FAILURES_MAX = 5  # A secret cannot be guessed; more tries than this are a program's.
FAILURES_MINUTES = 15
CLIENTS_MAX = 10_000  # Whose failures are remembered at once; the oldest go first.
WORD = b"form"  # Of what the word in a form is made, with the session's secret as the key.


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in: the caller, the word that its forms carry, and a name for its session."""

    calling: Calling
    word: str
    session: str

    @property
    def maker(self) -> str:
        """How it is written down who did something: the party and the token that signed in."""
        return f"{self.calling.party} {self.calling.caller.token_id}"


class SessionDoor:
    """Signs in and out at the pages under some paths, with a token that gives one right."""

    def __init__(
        self, accounts: Accounts, sessions: Sessions, callers: Callers, paths: Sequence[str], right: Right
    ) -> None:
        self.accounts = accounts
        self.sessions = sessions
        self.callers = callers
        self.paths = tuple(paths)
        self.right = right
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()

    def signed_in(self, request: Request, now: datetime) -> SignedIn | None:
        """Who is signed in here; None without a session that holds and still gives the right."""
        secret = request.cookies.get(COOKIE, "")
        found: Session | None = self.sessions.find(secret, now) if secret else None
        if found is None or not found.caller.may(self.right):
            return None
        calling = Calling(found.caller, f"token:{found.caller.token_id}")
        return SignedIn(calling, _word(secret), found.digest)

    def sign_in(self, request: Request, secret: str, now: datetime) -> str | Objection:
        """The secret of a new session, for a token that gives the right; a client that failed often has to wait."""
        client = self.callers.client(request)
        wait = self._wait(client, now)
        if wait is not None:
            return wait
        found = self.accounts.caller(secret.strip(), now) if secret.strip() else object_to("TokenMissing")
        if not isinstance(found, Objection) and not found.may(self.right):
            found = lacks(Calling(found, client), self.right)
        if isinstance(found, Objection):
            self._failures[client] = [*self._recent(client, now), now]
            self._failures.move_to_end(client)
            while len(self._failures) > CLIENTS_MAX:
                self._failures.popitem(last=False)
            return found
        self._failures.pop(client, None)
        return self.sessions.begin(found, now)

    def _wait(self, client: str, now: datetime) -> Objection | None:
        recent = self._recent(client, now)
        if len(recent) < FAILURES_MAX:
            return None
        until = recent[-FAILURES_MAX] + timedelta(minutes=FAILURES_MINUTES)
        return object_to("SignInOften", limit=f"{max(1, math.ceil((until - now).total_seconds() / 60))} min")

    def _recent(self, client: str, now: datetime) -> list[datetime]:
        return [then for then in self._failures.get(client, ()) if now - then < timedelta(minutes=FAILURES_MINUTES)]

    def sign_out(self, request: Request) -> None:
        """Ends the session of this request."""
        secret = request.cookies.get(COOKIE, "")
        if secret:
            self.sessions.end(secret)

    def remember(self, request: Request, response: Response, secret: str | None) -> None:
        """Has the browser keep the session's secret for these pages, or forget it."""
        for path in self.paths:
            response.set_cookie(
                COOKIE,
                secret or "",
                max_age=int(self.sessions.longest.total_seconds()) if secret else 0,
                path=path,
                secure=self._is_secure(request),
                httponly=True,
                samesite="strict",
            )

    def _is_secure(self, request: Request) -> bool:
        """Whether the browser came with TLS, to us or to a proxy that is believed."""
        host = request.client.host if request.client else ""
        forwarded = request.headers.get("x-forwarded-proto", "") if host in self.callers.proxies else ""
        return "https" in (request.url.scheme, forwarded.split(",")[-1].strip().lower())


def refuse_foreign(request: Request, signed_in: SignedIn | None, word: str) -> Objection | None:
    """An objection to a form that another page sent: by its origin, and by the word of the session (when there is one).

    A browser says from where it sends a form; who says nothing is refused.
    """
    said = request.headers.get("origin") or request.headers.get("referer") or ""
    if not said or urlsplit(said).netloc != request.headers.get("host", ""):
        return object_to("FormForeign")
    if signed_in is not None and not hmac.compare_digest(word.encode(), signed_in.word.encode()):
        return object_to("FormForeign")
    return None


def _word(secret: str) -> str:
    return hmac.new(secret.encode(), WORD, "sha256").hexdigest()
