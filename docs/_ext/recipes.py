"""The cookbook: each query with its answer on the Moerwijk example, asked while the pages are built."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from kg.answering import choose_graphs
from kg.query_text import look_at
from kg.vocabulary import CONCEPT, LW, PREFIXES
from tests.example_store import BASE, example_store

FOLDER = Path(__file__).parent.parent / "cookbook"
ROWS_SHOWN = 4  # Enough to see what the answer looks like.
CHARACTERS_SHOWN = 120  # Longer texts are cut on the page, and say so.
LINES_SHOWN = 24  # Of a graph.
_LONG = f"{BASE}/"


@cache
def recipes() -> Mapping[str, str]:
    """Every query of the cookbook by its name."""
    return {file.stem: file.read_text() for file in sorted(FOLDER.glob("*.rq"))}


def question(text: str) -> str:
    """The first line of a query, without its sign."""
    return text.splitlines()[0].removeprefix("# ")


def answer(text: str, form: ox.QueryResultsFormat = ox.QueryResultsFormat.CSV) -> bytes:
    """The answer on the example as the service gives it; of a graph Turtle."""
    store = example_store()
    graphs = choose_graphs(store, BASE, look_at(text, BASE), {})
    found = store.query(
        text,
        base_iri=f"{BASE}/",
        use_default_graph_as_union=graphs.default is None,
        default_graph=None if graphs.default is None else list(graphs.default),
        named_graphs=None if graphs.named is None else list(graphs.named),
    )
    if isinstance(found, ox.QueryTriples):
        # In one order, whatever the engine's: the page is the same at each build.
        ordered = sorted(found, key=str)
        turtle = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
        assert turtle is not None
        return turtle
    told = found.serialize(format=form)
    assert told is not None
    return told


def recipe(name: str) -> str:
    """One query as Markdown: its question, its text, the beginning of its answer."""
    text = recipes()[name]
    found = answer(text).decode()
    shown = _graph(found) if found.startswith("@prefix") else _rows(found)
    return "\n".join(
        [
            f"({name})=",
            f"## {question(text)}\n",
            f"```{{literalinclude}} {name}.rq\n:language: sparql\n:lines: 2-\n```\n",
            shown,
        ]
    )


def _rows(found: str) -> str:
    head, *rows = list(csv.reader(io.StringIO(found)))
    if not rows:
        raise ValueError("a recipe without an answer teaches nothing")
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows[:ROWS_SHOWN])]
    many = f"{len(rows)} rows" if len(rows) > 1 else "One row"
    told = f"{many} on the Moerwijk example" + (f"; the first {ROWS_SHOWN}:" if len(rows) > ROWS_SHOWN else ":")
    return told + "\n\n" + "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _cell(value: str) -> str:
    """A value as it fits in a table: addresses by their end, long texts cut."""
    words = [_short(part) for part in value.split(" ")]
    plain = " ".join(words)
    if len(plain) > CHARACTERS_SHOWN:
        plain = plain[:CHARACTERS_SHOWN].rsplit(" ", 1)[0] + " […]"
    escaped = re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", plain).replace("\n", " ")
    return escaped.replace("/", "/<wbr>")  # Where a long name may break.


def _short(part: str) -> str:
    if part.startswith(f"{BASE}/contributions/"):
        return "contributions/…"
    for start, short in ((f"{BASE}/id/", ""), (_LONG, ""), (CONCEPT, ""), (LW, "lw:")):
        if part.startswith(start):
            return short + part.removeprefix(start)
    return part


def _graph(found: str) -> str:
    """The triples, without the lines of prefixes that nothing uses."""
    lines = [line for line in found.splitlines() if line.strip()]
    body = [line for line in lines if not line.startswith("@prefix")]
    cut = body[:LINES_SHOWN]
    more = f"\n# … {len(body) - len(cut)} more lines" if len(body) > len(cut) else ""
    return (
        "The beginning of the answer on the Moerwijk example, without its prefixes:\n\n```turtle\n"
        + "\n".join(cut) + more + "\n```\n"
    )  # fmt: skip
