"""The workbench: one's own SPARQL question, with what came of it; a plain form that works without scripts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kg.asking import Answer, Rows, rows_of
from kg.objection import Objection
from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.questions import sentence
from service.pages.words import speaker
from service.problems import status_of

if TYPE_CHECKING:
    from kg.asking import Asking


@dataclass(frozen=True)
class Shown:
    """What came of a question: a table, a yes or no, a graph as Turtle, or why there is no answer."""

    rows: Rows | None = None
    yes: bool | None = None
    graph: str | None = None
    objection: Objection | None = None

    @property
    def status(self) -> int:
        """The status of the page that shows it."""
        return 200 if self.objection is None else status_of(self.objection)


def shown(outcome: Answer | Objection) -> Shown:
    """An answer as it stands in its file, or an objection, made fit for a page."""
    if isinstance(outcome, Objection):
        return Shown(objection=outcome)
    body = outcome.read()
    if not body.startswith(b'{"head"'):
        return Shown(graph=body.decode())
    found = json.loads(body)
    return Shown(yes=found["boolean"]) if "boolean" in found else Shown(rows=rows_of(body, outcome.position))


def workbench_page(links: Links, asking: Asking, text: str | None = None, came: Shown | None = None) -> Page:
    """One's own question: a field, a choice of form, what came of it, and examples to start from."""
    say = speaker(links.language)
    named = sorted(
        ((sentence(q, links.language), name) for name, q in asking.questions.items() if "/" not in name),
        key=lambda pair: pair[0].casefold(),
    )
    context = {"named": named, "settings": asking.settings, "text": text, "came": came}
    return Page("workbench.html", title(say("ask.title")), context, here="/sparql", status=came.status if came else 200)
