"""What of a past store may be shown, in the plainest words: made from what could be seen in the store, day by day.

It watches one store as its readers do and writes down what it held after every step. What it says of an earlier step
follows from these notes alone, and from the calendar: who reads the store could work it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from tests.reference_visible import World


@dataclass(frozen=True)
class Note:
    """What the store held after one step."""

    words: dict[str, tuple[bytes, frozenset[str], str | None]]
    """By document: its triples, its ties, the last day of its ground."""
    stones: dict[str, str]
    """By document: how it ended, those included whose erased name nobody mentions."""


@dataclass
class Watcher:
    """Watches the store of one audience."""

    audience: str
    notes: list[Note] = field(default_factory=list)

    def look(self, world: World, today: str, texts: dict[str, bytes]) -> None:
        """Writes down what is there now."""
        statements, tombstones = world.store(self.audience, today)
        before = self.notes[-1].stones if self.notes else {}
        stones: dict[str, str] = {}
        for name, thing in world.things.items():
            if thing.ended == "erased" and self.audience in thing.ghost_in:
                stones[name] = "erased"
            elif name in tombstones:
                # A draft that this audience does not see leaves the tombstone as it was.
                stones[name] = before.get(name) or thing.ended or "groundEnded"
        words = {name: (texts[name], world.things[name].ties, world.things[name].last_day) for name in statements}
        self.notes.append(Note(words, stones))

    def past(self, step: int, today: str) -> tuple[dict[str, bytes], set[str]]:
        """The triples and the tombstones of the store after that step, as far as they may be shown now."""
        then, now = self.notes[step], self.notes[-1]
        hidden = {name for name in (*then.words, *then.stones) if name not in now.words and name not in now.stones}
        shown = {name for name in then.words if name in now.words or self._taken_back(name, today)}
        stones = {name for name in (*then.words, *then.stones) if now.stones.get(name) != "erased"} - hidden - shown
        while True:
            stays = {name for name in shown if not then.words[name][1] & hidden}
            if stays == shown:
                break
            hidden |= shown - stays
            shown = stays
        there = then.words.keys() | then.stones.keys()
        for name in shown:
            stones |= {end for end in then.words[name][1] & there if now.stones.get(end) == "erased"}
        return {name: then.words[name][0] for name in shown}, stones

    def _taken_back(self, name: str, today: str) -> bool:
        """Withdrawn, with a ground that would still hold: taking back is not erasing."""
        last = next(note.words[name][2] for note in reversed(self.notes) if name in note.words)
        return self.notes[-1].stones.get(name) == "withdrawn" and (last is None or last >= today)

    def changes(self, first: int, second: int, today: str) -> list[tuple[str, str | None]]:
        """(kind, document) of what differs between two steps, as far as it may be told now; in no order."""
        (then, _), (later, stones) = self.past(first, today), self.past(second, today)
        found: list[tuple[str, str | None]] = []
        for name in then.keys() | later.keys():
            if name not in then:
                found.append(("added", name))
            elif name not in later:
                found.append((self.notes[second].stones[name] if name in stones else "hidden", name))
            elif then[name] != later[name]:
                found.append(("replaced", name))
        ended: dict[str, str] = {}
        for before, after in pairwise(self.notes[first : second + 1]):
            ended |= {name: how for name, how in after.stones.items() if before.stones.get(name) != how}
        for name, how in ended.items():
            gone = self.notes[-1].stones.get(name) == "erased"
            if how != "withdrawn" and name not in then and (name in stones or gone):
                found.append((how, name if name in stones else None))
        return found
