"""Who may see what once more, in the plainest words: slow, whole, and written without looking at `kg/visible.py`.

A history is a list of steps. After each step the world is worked out anew, from nothing but the rules:
repeat "take away what may not be there" until nothing is taken away any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WIDTH = {"own": 0, "table": 1, "partners": 2, "public": 3}


@dataclass
class Thing:
    """One document as the world knows it."""

    audience: str = "own"
    ties: frozenset[str] = frozenset()
    last_day: str | None = None
    ended: str | None = None
    ghost_in: set[str] = field(default_factory=set)


@dataclass
class World:
    """All documents, by name, and what each of the two stores shows."""

    things: dict[str, Thing] = field(default_factory=dict)

    def standing(self, audience: str) -> set[str]:
        """The current documents that may stand in this store, were all grounds eternal."""
        there = {
            name
            for name, thing in self.things.items()
            if thing.ended is None and WIDTH[thing.audience] >= WIDTH[audience]
        }
        while True:
            ghosts = {name for name, thing in self.things.items() if audience in thing.ghost_in}
            unknown = {end for thing in self.things.values() for end in thing.ties} - self.things.keys()
            stays = {name for name in there if self.things[name].ties <= there | ghosts | unknown}
            if stays == there:
                return there
            there = stays

    def store(self, audience: str, today: str) -> tuple[set[str], set[str]]:
        """The statements and the tombstones of this store on this day."""
        standing = self.standing(audience)
        over = {name for name in standing if (day := self.things[name].last_day) is not None and day < today}
        statements = standing - over
        tombstones = set(over)
        for name, thing in self.things.items():
            still_named = any(name in self.things[other].ties for other in statements)
            if audience in thing.ghost_in and name not in statements and (thing.ended != "erased" or still_named):
                tombstones.add(name)
        return statements, tombstones

    def say(self, name: str, audience: str, ties: frozenset[str], last_day: str | None) -> None:
        """A party publishes or replaces a document."""
        ghosts = self.things[name].ghost_in if name in self.things else set()
        self.things[name] = Thing(audience, ties, last_day, ghost_in=ghosts)

    def end(self, name: str, how: str) -> None:
        """A document is withdrawn, erased, or its ground ends."""
        thing = self.things[name]
        thing.ghost_in |= {audience for audience in ("public", "partners") if name in self.standing(audience)}
        thing.ended, thing.ties = how, frozenset()

    def lay_ghosts(self, today: str) -> None:
        """What stands in a store again is no ghost there any more."""
        for audience in ("public", "partners"):
            for name in self.store(audience, today)[0]:
                self.things[name].ghost_in.discard(audience)
