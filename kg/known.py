"""Whether what somebody asks about is there: a name that means nothing here would give an empty answer and no word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kg.asking import Asking
from kg.questions import Question, named_things

KNOWN = "pages/known"


@dataclass(frozen=True)
class Unknown:
    """A value that means nothing in the reader's own store, absent and hidden alike: `kind` is what it had to be."""

    kind: str
    """`place`, `party` or `thing`."""
    value: str

    @property
    def note(self) -> str:
        """As the answer tells it beside its rows."""
        return f"unknown {self.kind}: {self.value}"


async def unknown_in(
    asking: Asking, audience: str, question: Question, values: Mapping[str, str]
) -> tuple[Unknown, ...]:
    """The values that are no place, party or thing in an audience's store. Raises Unanswered."""
    found: list[Unknown] = []
    for parameter, iri in named_things(question, values):
        rows = (await asking.rows(audience, KNOWN, {"thing": iri})).rows
        kind = "thing" if parameter.type == "iri" else parameter.type
        if not rows or (kind != "thing" and str(rows[0][kind]) != "true"):
            found.append(Unknown(kind, values[parameter.name]))
    return tuple(found)
