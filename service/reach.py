"""Who may read which document, and who may know that it is there: a caller's rights held against `kg.visible`."""

from __future__ import annotations

from kg import visible
from kg.ledger.acts import Current
from kg.party import RANKS, Right
from service.callers import Calling


def may_read(current: Current, calling: Calling) -> bool:
    """Whether this caller may read the document's words."""
    if current.ended is not None:
        return False
    contributes = Right.CONTRIBUTE in calling.caller.rights
    recorded = Right.RECORD_FOR in calling.caller.rights and calling.party == current.recorder
    return visible.may_read(
        holder=current.party,
        recorder=current.recorder,
        table=[party.rsplit("/", 1)[-1] for party in current.table],
        rank=RANKS[current.audience],
        stores=current.visible,
        reader=calling.party if contributes or recorded else None,
        audience=calling.audience,
    )


def made_it(current: Current, calling: Calling) -> bool:
    """Whether this caller holds or recorded the document: it reads what it made, in no store too."""
    contributes = Right.CONTRIBUTE in calling.caller.rights and calling.party == current.party
    return contributes or (Right.RECORD_FOR in calling.caller.rights and calling.party == current.recorder)


def may_know(current: Current, calling: Calling) -> bool:
    """Whether this caller may know that the document is or was there: else it gets 404, never 403 or 410."""
    if current.ended is None:
        return may_read(current, calling)
    return calling.party == current.party or calling.audience in current.seen
