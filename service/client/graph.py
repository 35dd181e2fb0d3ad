"""An answer of triples, as the bytes that came, and as rdflib's graph for who works with that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from kg.vocabulary import HELD_BY

if TYPE_CHECKING:
    import rdflib

# What rdflib calls the types that the service gives, and whether graphs have names in them.
_SYNTAXES = {
    "text/turtle": ("turtle", False),
    "application/n-triples": ("nt", False),
    "application/ld+json": ("json-ld", True),
    "application/rdf+xml": ("xml", False),
    "application/trig": ("trig", True),
    "application/n-quads": ("nquads", True),
}


@dataclass(frozen=True)
class Graph:
    """Triples in the syntax of `media_type`; `voice` is the party whose words they are, where it is one party's.

    `contribution` is the address of its receipt, which tells who recorded it. The rest is as a Table has it.
    """

    content: bytes = field(repr=False)
    media_type: str
    voice: str | None = None
    contribution: str | None = None
    query: str = field(default="", repr=False)
    position: int | None = None
    redactions: int | None = None
    notes: tuple[str, ...] = ()

    def __bytes__(self) -> bytes:
        return self.content

    def __str__(self) -> str:
        return self.content.decode()

    def to_rdflib(self) -> rdflib.Graph:
        """As rdflib's Graph, or its Dataset where the syntax has named graphs."""
        # Only here: reading rdflib takes longer than most questions.
        import rdflib

        syntax, named = _SYNTAXES[self.media_type]
        graph = rdflib.Dataset(default_union=True) if named else rdflib.Graph()
        return graph.parse(data=self.content, format=syntax)


def holder(turtle: bytes) -> str | None:
    """Whose words a document's Turtle holds, by its own `lw:heldBy`; None where it names nobody, or several."""
    found = {q.object.value for q in ox.parse(turtle, format=ox.RdfFormat.TURTLE) if q.predicate.value == HELD_BY}
    return found.pop() if len(found) == 1 else None
