"""Who may see what, now: one pure function decides what stands in the store of an audience.

A document stands in a store when it is current, its audience is as wide as the store, its ground holds, and each of
its ties ends at something that holds there: a document that stands in the store too, a tombstone, or something the
ledger never had (the door refuses those). What ties to something hidden is hidden with it, in circles too: we take the
greatest set that fulfils this. A tombstone stands for what was in this store when it ended, until it stands there again
(a draft of a new version moves nothing); for an erased name, only as long as somebody whose words stand in the store
still ties to it. So nothing in a store moves when something happens to what it may not show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kg.party import RANKS


@dataclass(frozen=True)
class Standing:
    """How one document stands in the ledger: all that decides who may see it."""

    iri: str
    rank: int
    """Rank of its audience, 0 (own) to 3 (public)."""
    ties: tuple[str, ...] = ()
    """Documents at the other end of its ties; empty once it has ended."""
    ground_ends: str | None = None
    """ISO date of the last day on which its ground holds."""
    ended: str | None = None
    """"withdrawn", "erased" or "groundEnded"; None while it is current."""
    seen: frozenset[str] = frozenset()
    """The audiences in whose store it stood when it ended, and has not stood since; kept when it is published again."""


@dataclass(frozen=True)
class Visible:
    """What a store holds, by document: the statements and the tombstones."""

    shown: frozenset[str]
    stones: frozenset[str]


class Lookup(Protocol):
    """What `revisit` asks of the ledger, for one audience."""

    def standing(self, iri: str) -> Standing | None:
        """How the document stands after the change; None when the ledger never had it."""

    def shown_before(self, iri: str) -> bool:
        """Whether the document stood in the store before the change."""

    def held_before(self, iri: str) -> bool:
        """Whether a tie could end here before the change: it stood there, was seen to end, or was never there."""

    def erased(self, iri: str) -> bool:
        """Whether the document is erased, after the change, and this audience saw that."""

    def ties_before(self, iri: str) -> Iterable[str]:
        """Where the ties of the document ended before the change."""

    def dependents(self, iri: str) -> Iterable[str]:
        """The current documents, after the change, that tie to this one."""


def is_over(ground_ends: str | None, now: datetime) -> bool:
    """True when the last day of a ground lies before today (UTC)."""
    return ground_ends is not None and ground_ends[:10] < now.date().isoformat()


def may_stand(standing: Standing, audience: str) -> bool:
    """True when nothing in the document itself keeps it from this store; its ties are another matter."""
    return standing.ended is None and standing.rank >= RANKS[audience]


def _hold(standings: Mapping[str, Standing], audience: str, holds_outside: Callable[[str], bool]) -> set[str]:
    """The greatest set of these documents of which each may stand and each tie ends at something that holds."""
    holding = {iri for iri, standing in standings.items() if may_stand(standing, audience)}
    tied_by: dict[str, list[str]] = {}
    for iri in holding:
        for end in standings[iri].ties:
            tied_by.setdefault(end, []).append(iri)
    falling = list({end for end in tied_by if not _ends_well(end, standings, holding, audience, holds_outside)})
    while falling:
        for iri in tied_by.get(falling.pop(), ()):
            if iri in holding:
                holding.remove(iri)
                if audience not in standings[iri].seen:
                    falling.append(iri)
    return holding


def _ends_well(
    end: str, standings: Mapping[str, Standing], holding: set[str], audience: str, holds_outside: Callable[[str], bool]
) -> bool:
    """True when a tie may end here: at a document that holds, or one that this audience saw end."""
    standing = standings.get(end)
    if standing is None:
        return holds_outside(end)
    return end in holding or audience in standing.seen


def visible(standings: Iterable[Standing], audience: str, now: datetime) -> Visible:
    """What the store of this audience holds, from how every document of the ledger stands."""
    all_of_them = {standing.iri: standing for standing in standings}
    holding = _hold(all_of_them, audience, lambda _never_there: True)
    # A ground that is over leaves a tombstone in its place, so nothing that ties to it falls with it.
    shown = {iri for iri in holding if not is_over(all_of_them[iri].ground_ends, now)}
    named = {end for iri in shown for end in all_of_them[iri].ties}
    seen = (standing for standing in all_of_them.values() if audience in standing.seen)
    stones = {standing.iri for standing in seen if standing.ended != "erased" or standing.iri in named}
    return Visible(frozenset(shown), frozenset((stones | holding) - shown))


def revisit(changed: Iterable[str], look: Lookup, audience: str, now: datetime) -> tuple[Visible, frozenset[str]]:
    """What of a store has to be looked at again after these documents changed, and how it stands now.

    Returns the part of `visible` that lies within the documents looked at, and those documents; all others stand as
    they did. A document whose ground ended since the last look counts as changed.
    """
    scope = _scope(changed, look, audience)
    while True:
        holding = _hold(scope, audience, look.held_before)
        fallen = [
            iri
            for iri in scope
            if look.held_before(iri) and not _ends_well(iri, scope, holding, audience, look.held_before)
        ]
        drawn = {iri for end in fallen for iri in look.dependents(end)} - scope.keys()
        if not drawn:
            break
        scope |= _standings(drawn, look)
    shown = {iri for iri in holding if not is_over(scope[iri].ground_ends, now)}
    seen = {iri for iri, standing in scope.items() if standing.ended != "erased" and audience in standing.seen}
    named = {end for iri, standing in scope.items() for end in (iri, *standing.ties, *look.ties_before(iri))}
    erased = {iri for iri in named if look.erased(iri)}
    seen |= {iri for iri in erased if any(_shown(tied, scope, shown, look) for tied in look.dependents(iri))}
    return Visible(frozenset(shown), frozenset((seen | holding) - shown)), frozenset(scope) | erased


def _scope(changed: Iterable[str], look: Lookup, audience: str) -> dict[str, Standing]:
    """The changed documents and the hidden ones that they may bring to light.

    Only a document that did not hold before can bring others to light, and only through hidden documents: that is why a
    new version of a place with ten thousand ties looks at none of them.
    """
    scope = _standings(changed, look)
    hidden = [iri for iri in scope if not look.held_before(iri)]
    while hidden:
        for iri in look.dependents(hidden.pop()):
            if iri in scope or look.shown_before(iri):
                continue
            standing = look.standing(iri)
            if standing is not None and may_stand(standing, audience):
                scope[iri] = standing
                if not look.held_before(iri):
                    hidden.append(iri)
    return scope


def _standings(iris: Iterable[str], look: Lookup) -> dict[str, Standing]:
    """How these documents stand, those the ledger never had left out."""
    found = ((iri, look.standing(iri)) for iri in iris)
    return {iri: standing for iri, standing in found if standing is not None}


def _shown(iri: str, scope: Mapping[str, Standing], shown: set[str], look: Lookup) -> bool:
    """True when this current document stands in the store now."""
    return iri in shown if iri in scope else look.shown_before(iri)


def may_read(
    *,
    holder: str,
    recorder: str,
    table: Iterable[str],
    rank: int,
    stores: Iterable[str],
    reader: str | None,
    audience: str,
) -> bool:
    """Whether a reader may see one current document, in or out of a store.

    `holder`, `table` and `reader` are IRIs of parties, `recorder` too; `stores` are the audiences in whose store the
    document stands now; `audience` is the store that the reader may ask.
    """
    if reader is not None:
        if reader in (holder, recorder):
            return True
        if rank >= RANKS["table"] and reader in table:
            return True
    return audience in stores
