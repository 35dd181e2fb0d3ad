"""What can go wrong between a client and a service.

WijkgraafError
├── Refused            the service says no, for a reason that `problem` tells
│   ├── Unclear        400: the query or a parameter; `problem.line` and `problem.column` where it has them
│   ├── NotAllowed     401, 403: no token, or not one for this
│   ├── NotThere       404, 410: nothing there for you, or withdrawn
│   ├── NotOffered     405, 406, 415: not in this form
│   └── TooLarge       413, 414: what was sent or what came of it is over a limit
├── Unavailable        429, 503, 504: not now, or over a limit of time; `problem.retry_after` if waiting may help
├── Broken             any other status from 500: a bug or an outage of the service
├── Unreachable        no answer came at all
├── Elsewhere          the service sent us to another host, where we do not go
├── Unreadable         the answer is not what its type says
└── NotInstalled       an optional library is missing; the message names the extra that brings it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What the service says of an error (RFC 9457): in words, where in the query, which limit, when to try again."""

    status: int
    title: str
    detail: str
    type: str | None = None
    line: int | None = None
    column: int | None = None
    limit: str | None = None
    retry_after: float | None = None
    """Seconds."""
    errors: tuple[Mapping[str, Any], ...] = ()
    """Each objection with its words in both languages."""


class WijkgraafError(Exception):
    """Anything that goes wrong between a client and a service."""

    def __init__(self, message: str, problem: Problem | None = None) -> None:
        super().__init__(message, problem)
        self.problem = problem

    def __str__(self) -> str:
        return str(self.args[0])


class Refused(WijkgraafError):
    """The service says no."""


class Unclear(Refused):
    """The query or a parameter is not understood."""


class NotAllowed(Refused):
    """There is no token, or not one that may do this."""


class NotThere(Refused):
    """Nothing is there for this reader, or no longer."""


class NotOffered(Refused):
    """Not in this form, or not at all."""


class TooLarge(Refused):
    """What was sent, or what would come back, is over a limit."""


class Unavailable(WijkgraafError):
    """Not now: too busy, not ready, or over a limit of time or memory."""


class Broken(WijkgraafError):
    """A bug or an outage of the service."""


class Unreachable(WijkgraafError):
    """No answer came."""


class Elsewhere(WijkgraafError):
    """The service sent us to another host; a token and a question stay with the one they were meant for."""


class Unreadable(WijkgraafError):
    """The answer is not what its type says."""


class NotInstalled(WijkgraafError):
    """An optional library is missing."""


_BY_STATUS: Mapping[int, type[WijkgraafError]] = {
    400: Unclear,
    401: NotAllowed,
    403: NotAllowed,
    404: NotThere,
    405: NotOffered,
    406: NotOffered,
    410: NotThere,
    413: TooLarge,
    414: TooLarge,
    415: NotOffered,
    429: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_of(status: int, body: Any, retry_after: float | None) -> WijkgraafError:
    """The error for an answer's status and its problem document (None where there is none)."""
    told = body if isinstance(body, dict) else {}

    def number(name: str) -> int | None:
        return told[name] if isinstance(told.get(name), int) else None

    def text(name: str) -> str | None:
        return str(told[name]) if told.get(name) is not None else None

    listed = told.get("errors")
    problem = Problem(
        status=status,
        title=text("title") or f"HTTP {status}",
        detail=text("detail") or "",
        type=text("type"),
        line=number("line"),
        column=number("column"),
        limit=text("limit"),
        retry_after=retry_after,
        errors=tuple(e for e in listed if isinstance(e, dict)) if isinstance(listed, list) else (),
    )
    where = f" (line {problem.line}, column {problem.column})" if problem.line is not None else ""
    message = f"{problem.title} ({status}): {problem.detail}{where}" if problem.detail else problem.title
    kind = _BY_STATUS.get(status) or (Broken if status >= 500 else Refused)
    return kind(message, problem)
