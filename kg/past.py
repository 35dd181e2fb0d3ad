"""What of a past store may be shown now: pure functions beside `kg.visible`, made from what an audience was told.

A past store holds what this audience's chain says that it held, less what is erased, and what its ground or its
audience no longer allows. All of that is read from the same chain and from the calendar. So the past tells an audience
nothing that the present did not tell it: what left its store without an end (fewer may read it now, or something that
it ties to was hidden) is hidden in its past too, whatever became of it since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from kg.visible import Visible, is_over

Fate = Literal["stands", "withdrawn", "groundEnded", "erased", "hidden"]


@dataclass(frozen=True)
class Step:
    """What one position of an audience's chain did to documents; a document is named by its first entry's number."""

    position: int
    time: str
    """RFC 3339, UTC."""
    entered: Mapping[int, tuple[str, str | None]]
    """Document to the contribution that came in, and what it superseded there."""
    left: frozenset[int]
    ended: Mapping[int, tuple[Fate, str]]
    """Document to how and when it ended."""
    ids: Mapping[int, str]
    """Document to the contribution that ended."""


@dataclass
class Course:
    """How one document has fared in an audience's store since a position, as it is worked out."""

    last: str
    """The contribution that stood there last: its ground counts."""
    fate: Fate = "stands"
    """What has become of it there by now."""
    standing: tuple[str, str | None] | None = None
    end: tuple[str, str] | None = None
    """How and when it ended, if it did and has not come back."""
    said: tuple[str, str | None] | None = None
    """The contribution that stood there at the position, and what it superseded there; None when a tombstone did."""
    stone: tuple[str, str] | None = None
    """How and when it had ended at the position."""
    redactions: int = 0
    """What happened since that takes something from the past, or gives it back."""
    turns: int = 0
    """Everything that happened since, replacements aside."""
    pauses: list[tuple[str, str | None]] = field(default_factory=list)
    """Times of being withdrawn since: the contribution that stood last, and when it came back."""

    def take(self, step: Step, document: int) -> None:
        """Takes what one position did to this document."""
        entered, ended = step.entered.get(document), step.ended.get(document)
        if entered is not None:
            self._come(entered, step.time)
        elif ended is not None:
            self._end(*ended)
        else:
            self.fate, self.standing, self.end = "hidden", None, None
            self.redactions += 1
            self.turns += 1

    def _come(self, entered: tuple[str, str | None], time: str) -> None:
        if self.fate == "withdrawn" and self.pauses:
            self.pauses[-1] = (self.pauses[-1][0], time)
        self.redactions += self.fate in ("hidden", "groundEnded")
        self.turns += self.fate != "stands"
        self.fate, self.standing, self.end, self.last = "stands", entered, None, entered[0]

    def _end(self, how: Fate, when: str) -> None:
        if how == "withdrawn":
            self.pauses.append((self.last, None))
        else:
            self.redactions += 1
        self.turns += 1
        self.fate, self.standing, self.end = how, None, (how, when)

    def begin(self) -> None:
        """Notes that this is how it stood at the position, and counts from here."""
        self.said, self.stone = self.standing, self.end
        self.redactions, self.turns, self.pauses = 0, 0, []


@dataclass(frozen=True)
class Then:
    """All that decides what is shown of one document in a past store."""

    iri: str
    stood: bool
    """Whether its words stood there; else a tombstone did."""
    fate: Fate
    ties: tuple[str, ...] = ()
    """Documents at the other end of the ties of the words that stood there."""
    ground_ends: str | None = None
    """ISO date of the last day of the ground of the words that stood there last."""


def still_visible(thens: Iterable[Then], now: datetime) -> Visible:
    """What of the documents of a past store is shown now, and for which a tombstone is.

    A name that is erased stays only in a tie of words that are shown. An end that is not among the documents holds: the
    audience never had anything there.
    """
    all_of_them = {then.iri: then for then in thens}
    shown = {iri for iri, then in all_of_them.items() if _may_stand(then, now)}
    stones = {iri for iri, then in all_of_them.items() if then.fate not in ("hidden", "erased")} - shown
    tied_by: dict[str, list[str]] = {}
    for iri in shown:
        for end in all_of_them[iri].ties:
            tied_by.setdefault(end, []).append(iri)
    falling = [end for end in tied_by if end in all_of_them and all_of_them[end].fate == "hidden"]
    while falling:
        for iri in tied_by.get(falling.pop(), ()):
            if iri in shown:
                shown.remove(iri)
                falling.append(iri)
    named = {end for iri in shown for end in all_of_them[iri].ties}
    gone = {iri for iri in named if iri in all_of_them and all_of_them[iri].fate == "erased"}
    return Visible(frozenset(shown), frozenset(stones | gone))


def _may_stand(then: Then, now: datetime) -> bool:
    """True when nothing in the document itself keeps its words from the past; its ties are another matter."""
    return then.stood and then.fate in ("stands", "withdrawn") and not is_over(then.ground_ends, now)


def courses(steps: Iterable[Step], position: int) -> dict[int, Course]:
    """How every document fared that stood at this position or had a tombstone there; `steps` in order, from the first.

    What came in later, and what had been hidden by then, is no part of that past and is left out.
    """
    found: dict[int, Course] = {}
    begun = False
    for step in steps:
        if step.position > position and not begun:
            found = _begin(found)
            begun = True
        for document in {**dict.fromkeys(step.left), **step.entered, **step.ended}:
            if document not in found and not begun and document in step.entered:
                found[document] = Course(step.entered[document][0], "hidden")
            if document in found:
                found[document].take(step, document)
    return found if begun else _begin(found)


def _begin(found: Mapping[int, Course]) -> dict[int, Course]:
    there = {document: course for document, course in found.items() if course.standing or course.end}
    for course in there.values():
        course.begin()
    return there


def redactions_of(course: Course, ground_of: Callable[[str], str | None], now: datetime) -> int:
    """How many things happened since the position that change what this document shows of it; it never falls.

    `ground_of` gives the last day of a contribution's ground. Of something erased nobody knows any more whether its
    ground was over while it was withdrawn: every turn that it took counts then, which is more than was counted before.
    """
    if course.fate == "erased":
        return course.turns
    count = course.redactions
    for contribution, until in course.pauses:
        over = is_over(ground_of(contribution), datetime.fromisoformat(until) if until else now)
        count += (2 if until else 1) * over
    if course.fate == "stands":
        # By the clock, until an entry says so: then that entry is counted.
        count += is_over(ground_of(course.last), now)
    return count
