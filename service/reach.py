"""Who may read which document, and who may know that it is there. One place for both."""

from __future__ import annotations

from kg.acts import Current
from kg.party import Right
from service.callers import Calling


def may_read(current: Current, calling: Calling) -> bool:
    """Whether this caller may read the document's words."""
    if current.ended is not None:
        return False
    if "public" in current.visible:
        return True
    if calling.party is None:
        return False
    own = Right.CONTRIBUTE in calling.caller.rights and calling.party == current.party
    recorded = Right.RECORD_FOR in calling.caller.rights and calling.party == current.recorder
    if own or recorded:
        return True
    if current.audience == "table":
        at_table = any(party.rsplit("/", 1)[-1] == calling.party for party in current.table)
        return at_table and Right.CONTRIBUTE in calling.caller.rights
    return calling.audience == "partners" and "partners" in current.visible


def may_know(current: Current, calling: Calling) -> bool:
    """Whether this caller may know that the document is or was there: else it gets 404, never 403 or 410."""
    if current.ended is None:
        return may_read(current, calling)
    if "public" in current.seen or calling.party == current.party:
        return True
    return calling.audience == "partners" and "partners" in current.seen
