"""Word back: what happened with a story, in order of time, so that somebody can bring it to who told it.

Who connected it to what and why, who responded to that, in which dialogue it was discussed, and what came out. What
counts as an outcome is as in the question what-changed-because-of-a-story; here it is found along the ties of the
ledger, so that it also works for what stands in no store. It shows what its reader may read now; nothing is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kg import vocabulary as word
from kg.ledger.acts import Current
from kg.ledger.lookups import Lookups
from kg.spoken import Spoken

STEPS_MAX = 500  # More is no message to bring to somebody; the feed of the thing goes on.
OUTCOME_FROM = "motivates"  # The story was the reason for what the connection leads to …
OUTCOME_TO = "answers"  # … and what the connection comes from answers the story.


@dataclass(frozen=True)
class Step:
    """One thing that happened."""

    statement: Current
    what: str
    """connected, responded, discussed, came (out of a dialogue), seen (somebody connects it as an answer or a result),
    said (anything else that ties to it)."""
    about: str
    """The thing that it ties to, on the way from the story."""
    time: str
    """When it was said; of what is seen as a result, when somebody said so."""


@dataclass(frozen=True)
class WordBack:
    """What happened with one thing, the oldest first."""

    thing: Current
    steps: tuple[Step, ...]
    cut: bool

    @property
    def unanswered(self) -> tuple[Step, ...]:
        """Questions that somebody asked and nobody has answered here yet."""
        answered = {step.about for step in self.steps}
        return tuple(step for step in self.steps if _asks(step.statement) and step.statement.iri not in answered)


def word_back(ledger: Lookups, thing: Current, may_read: Callable[[Current], bool]) -> WordBack:
    """What happened with a thing, as far as this reader may read it."""
    found: dict[str, Step] = {}
    ahead: list[tuple[Current, bool]] = [(thing, True)]
    while ahead and len(found) < STEPS_MAX:
        at, whole = ahead.pop(0)
        for step in _after(ledger, thing, at, whole):
            iri = step.statement.iri
            if iri in found or iri == thing.iri or not may_read(step.statement):
                continue
            found[iri] = step
            # What came of it is not followed further than to who joins or responds: the rest is its own story.
            ahead.append((step.statement, step.what not in ("came", "seen", "said")))
    steps = sorted(found.values(), key=lambda step: (step.time, step.what == "seen", step.statement.iri))
    return WordBack(thing, tuple(steps[:STEPS_MAX]), len(found) >= STEPS_MAX)


def _after(ledger: Lookups, thing: Current, at: Current, whole: bool) -> Iterator[Step]:
    """What ties to this, and what came of it; of what is not followed as a whole only the responses."""
    for one in ledger.dependents(at.iri):
        statement = ledger.document(one.iri)
        if statement is None or statement.ended is not None:
            continue
        what = _what(statement, at)
        if whole or what == "responded":
            yield Step(statement, what, at.iri, statement.time or "")
        if what == "connected" and at.iri == thing.iri:
            yield from _outcome(ledger, statement, thing)


def _what(statement: Current, at: Current) -> str:
    kinds = set(statement.classes)
    if word.CONNECTION in kinds:
        return "connected"
    if word.RESPONSE in kinds:
        return "responded"
    spoken = Spoken(statement.iri, statement.payload)
    if at.iri in {iri.partition("#")[0] for iri in spoken.things(word.DISCUSSES)}:
        return "discussed"
    return "came" if at.iri in spoken.things(word.OUTCOME_OF) else "said"


def _outcome(ledger: Lookups, connection: Current, thing: Current) -> Iterator[Step]:
    """What a connection says that the story motivated, or that answers it."""
    spoken = Spoken(connection.iri, connection.payload)
    relation = (spoken.thing(word.RELATION) or "").rsplit("/", 1)[-1]
    start, end = spoken.thing(word.FROM), spoken.thing(word.TO)
    other = end if (relation, start) == (OUTCOME_FROM, thing.iri) else None
    other = start if (relation, end) == (OUTCOME_TO, thing.iri) else other
    outcome = ledger.document(other) if other is not None else None
    if outcome is not None and outcome.ended is None:
        yield Step(outcome, "seen", connection.iri, connection.time or "")


def _asks(statement: Current) -> bool:
    kind = Spoken(statement.iri, statement.payload).thing(word.RESPONSE_KIND) or ""
    return kind.endswith("/asks")
