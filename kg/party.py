"""Someone who speaks for itself: the rights that a token gives, who is calling, and the ranks of the audiences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

STEWARD = "wijk"
"""Slug of the steward's reserved party; it holds the register: parties, places, shared facilities."""

AUDIENCES = ("public", "partners")
"""The audiences that have a store; `own` and `table` are read as documents only."""

RANKS: Mapping[str, int] = {"own": 0, "table": 1, "partners": 2, "public": 3}
"""How wide an audience is: a store of rank n holds only what has rank n or more."""


class Right(Enum):
    """What a token lets its bearer do."""

    READ_PARTNERS = "read-partners"
    CONTRIBUTE = "contribute"
    RECORD_FOR = "record-for"
    STEWARD = "steward"


@dataclass(frozen=True)
class Caller:
    """Who asks: a party with its rights, or nobody in particular."""

    party: str | None
    """Slug of the party, None for an anonymous caller."""
    rights: frozenset[Right] = frozenset()
    token_id: str | None = None
    """Public name of the token (never its secret), for limits and logs."""

    def may(self, right: Right) -> bool:
        """True when the caller has this right."""
        return right in self.rights


ANONYMOUS = Caller(None)
"""A caller without a token: reads what is public."""
