"""What came of a question, made fit for reading: rows with names and addresses, a yes or no, a graph, or why not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kg.asking import Answer, Cell, Rows, rows_of
from kg.objection import Objection
from kg.questions import bind_each
from kg.vocabulary import LW, PREFIXES, XSD
from kg.voices import Words
from service.description import PAGE_ROWS_MAX
from service.pages.links import CONCEPT, Links, outside
from service.problems import status_of

if TYPE_CHECKING:
    from kg.asking import Asking

NAMED_MAX = 600  # Things whose name is looked up for one page: three in each row that is shown.
NAMES = "pages/names"  # The question that asks what things are called.
WKT = PREFIXES["geo"] + "wktLiteral"
PLAIN = frozenset({XSD + "string", XSD + "integer", XSD + "decimal", XSD + "boolean"})  # Their look says what they are.

_PREFIX = re.compile(r"(?<![\w:<])([A-Za-z][\w.-]*):")

Names = Mapping[str, Words]
"""IRI → what it is called."""


@dataclass(frozen=True)
class CellShown:
    """One term in a table: what it is, what it is called, and where its name leads."""

    value: str
    kind: str
    lang: str | None = None
    datatype: str | None = None
    """The datatype's IRI, and shortened for the eye in `kind_of_value`."""
    name: Words | None = None
    href: str | None = None

    @property
    def kind_of_value(self) -> str:
        """The datatype as people who know SPARQL write it; empty where the value speaks for itself."""
        if self.datatype is None or self.datatype in PLAIN:
            return ""
        prefix = next((p for p, iri in PREFIXES.items() if self.datatype.startswith(iri)), None)
        return f"{prefix}:{self.datatype.removeprefix(PREFIXES[prefix])}" if prefix else self.datatype


Line = Mapping[str, CellShown]


@dataclass(frozen=True)
class Came:
    """What came of a question: a table, a yes or no, a graph as Turtle, or why there is no answer."""

    columns: tuple[str, ...] | None = None
    lines: tuple[Line, ...] = ()
    """The rows that are shown: at most PAGE_ROWS_MAX."""
    count: int | None = 0
    """How many rows or lines there are in all; None where they were too many to count."""
    yes: bool | None = None
    graph: str | None = None
    """The graph's first lines."""
    shown: int = 0
    """How many rows or lines of `count` are shown."""
    objection: Objection | None = None
    position: int | None = None
    notes: tuple[str, ...] = field(default=())
    asks_graph: bool = False
    """Whether what got no answer asked for a graph."""

    @property
    def status(self) -> int:
        """The status of the page that shows it."""
        return 200 if self.objection is None else status_of(self.objection)

    @property
    def is_graph(self) -> bool:
        """Whether it is downloaded as a graph rather than as a table."""
        return self.graph is not None or self.asks_graph


@dataclass(frozen=True)
class Read:
    """An answer as it stood in its file, before names are looked up."""

    rows: Rows | None = None
    yes: bool | None = None
    graph: str | None = None
    left: int | None = 0
    """How many rows or lines are left beside these; None where there are more than were counted."""


def read(answer: Answer) -> Read:
    """The answer out of its file."""
    body = answer.read()
    if not body.startswith(b'{"head"'):
        text = body.decode()
        left = None if answer.count is None else answer.count - text.count("\n")
        return Read(graph=needed(text), left=left if answer.more else 0)
    found = json.loads(body)
    if "boolean" in found:
        return Read(yes=found["boolean"])
    rows = rows_of(body, answer.position)
    left = None if answer.count is None else answer.count - len(rows.rows)
    return Read(rows=rows, left=left if answer.more else 0)


def needed(turtle: str) -> str:
    """Turtle without the prefixes that it declares and does not use."""
    lines = turtle.split("\n")
    rest = "\n".join(line for line in lines if not line.startswith("@prefix "))
    used = set(_PREFIX.findall(rest))
    return "\n".join(line for line in lines if not line.startswith("@prefix ") or line.split()[1][:-1] in used)


def mentioned(rows: Rows) -> tuple[str, ...]:
    """The IRIs in the rows that are shown, each once."""
    found = (cell.value for row in rows.rows[:PAGE_ROWS_MAX] for cell in row.values() if cell.kind == "uri")
    return tuple(dict.fromkeys(found))[:NAMED_MAX]


async def names_of(asking: Asking, audience: str, iris: Sequence[str], language: str) -> Names:
    """What these things are called in the reader's language, else in another; none where the question is not there."""
    question = asking.questions.get(NAMES)
    if question is None or not iris:
        return {}
    answer = await asking.ask(audience, bind_each(question, "thing", iris), answer_format="json")
    if isinstance(answer, Objection):
        return {}  # The answer stands without names: each row shows its IRIs all the same.
    found: dict[str, Words] = {}
    for row in rows_of(answer.read(), answer.position).rows:
        words = Words(row["thingName"].value, row["thingName"].lang)
        if row["thing"].value not in found or (words.lang == language and found[row["thing"].value].lang != language):
            found[row["thing"].value] = words
    return found


def spelled(term: Mapping[str, Any]) -> str:
    """A term of the results format as Turtle writes it: what stands inside a triple that is a value."""
    value = term["value"]
    if term["type"] == "triple":
        return f"<<( {' '.join(spelled(value[part]) for part in ('subject', 'predicate', 'object'))} )>>"
    if term["type"] == "uri":
        return f"<{value}>"
    if term["type"] == "bnode":
        return f"_:{value}"
    marked = f"@{term['xml:lang']}" if "xml:lang" in term else ""
    return json.dumps(value, ensure_ascii=False) + (f"^^<{term['datatype']}>" if "datatype" in term else marked)


def address(links: Links, iri: str, *, alone: bool) -> str | None:
    """Where an IRI leads: to its page here, else to itself where its scheme is safe, else nowhere."""
    if alone:
        return outside(iri)
    if iri.startswith(f"{links.base}/id/"):
        return links.party(iri)
    if iri.startswith((CONCEPT + "theme/", CONCEPT + "lifeDomain/")):
        return links.thing(iri)
    if iri.startswith(LW):
        return f"/def?lang={links.language}#{iri.removeprefix(LW)}"
    local = links.local(iri)
    return local if local != iri else outside(iri)


def came_of(outcome: Read, links: Links, names: Names, *, position: int, notes: Sequence[str], alone: bool) -> Came:
    """The answer with names and addresses, cut to what is read on a page."""
    if outcome.rows is None:
        lines = (outcome.graph or "").splitlines()
        count = None if outcome.left is None else len(lines) + outcome.left
        came = Came(yes=outcome.yes, graph=outcome.graph, count=count, shown=len(lines))
        return replace(came, position=position, notes=tuple(notes))

    def cell(term: Cell) -> CellShown:
        if term.kind == "triple":
            return CellShown(spelled({"type": term.kind, "value": term.value}), term.kind)
        if term.kind != "uri":
            return CellShown(term.value, term.kind, term.lang, term.datatype)
        href = address(links, term.value, alone=alone)
        return CellShown(term.value, "uri", name=names.get(term.value), href=href)

    rows = outcome.rows
    return Came(
        columns=rows.columns,
        lines=tuple({name: cell(term) for name, term in row.items()} for row in rows.rows),
        count=None if outcome.left is None else len(rows.rows) + outcome.left,
        shown=len(rows.rows),
        position=position,
        notes=tuple(notes),
    )
