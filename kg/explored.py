"""RDF files in one store, as they are: the role of the reader behind `wijkgraaf explore`. No ledger, no audience."""

from __future__ import annotations

import gzip
import os
import re
import socket
from typing import IO, Any, cast

import pyoxigraph as ox

from kg import answering, framing
from kg.answering import RDF_FORMATS

GRAPHS_NAMED_MAX = 1000  # How many graphs the description names; more is a list that nobody reads.
HEAD_BYTES = 1024 * 1024  # Entities of an XML file are declared at its beginning.
LEDGER_GRAPH, VOCABULARY_GRAPH = "/graph/ledger", "/graph/vocabulary"
_NESTED_ENTITY = re.compile(rb"<!ENTITY[^>]*&[^#]")
_WHERE = re.compile(r"^Parser error at line \d+ column \d+: ")


def hold(config: dict[str, Any]) -> Explored:
    """The role of a reader that holds files: `config` has base (or None), address, digest, our words as N-Triples."""
    return Explored(config["base"], str(config["address"]), str(config["digest"]), str(config["words"]))


class Explored:
    """The store of all files, and what could not be read."""

    def __init__(self, base: str | None, address: str, digest: str, words: str) -> None:
        self.given_base = base
        self.words = words
        self.words_added = False
        self.base = base or address
        self.digest = digest
        self.store = ox.Store()
        self.faults: list[dict[str, Any]] = []

    def apply(self, frame: framing.Frame) -> None:
        """Takes in one file (head: name, format, graph, gzipped, base); what is wrong with it is told in `state`."""
        head = frame.head
        with os.fdopen(os.dup(frame.files[0]), "rb") as file:
            try:
                source = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if head["gzipped"] else file
                if head["format"] == "rdfxml" and _NESTED_ENTITY.search(source.read(HEAD_BYTES)):
                    raise ValueError("an entity made of entities, which can grow without end")
                source.seek(0)
                self.store.bulk_load(
                    input=source,
                    format=RDF_FORMATS[head["format"]],
                    base_iri=head["base"],
                    to_graph=ox.NamedNode(head["graph"]) if head["graph"] else None,
                )
            except SyntaxError as error:
                words = _WHERE.sub("", error.msg or "")
                self.faults.append(
                    {"name": head["name"], "detail": words, "line": error.lineno, "column": error.offset}
                )
            except (OSError, EOFError, ValueError) as error:
                self.faults.append({"name": head["name"], "detail": str(error), "line": None, "column": None})
        within = self._base_within()
        self.base = self.given_base or within or self.base
        if within is not None and not self.words_added:
            self._add_words(ox.NamedNode(within + VOCABULARY_GRAPH))

    def _add_words(self, graph: ox.NamedNode) -> None:
        """A snapshot holds no words of the ontology, which are no party's; without them nothing has a label."""
        if not self.store.contains_named_graph(graph):
            self.store.bulk_load(input=self.words.encode(), format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
            self.words_added = True

    def _base_within(self) -> str | None:
        """The base of a snapshot of a neighbourhood, so that its viewpoints may stand in FROM as they did there."""
        for graph in self.store.named_graphs():
            if isinstance(graph, ox.NamedNode) and graph.value.endswith(LEDGER_GRAPH):
                return graph.value.removesuffix(LEDGER_GRAPH)
        return None

    def answer(self, frame: framing.Frame, sock: socket.socket) -> None:
        """One question, answered into the file that came with it."""
        answering.answer(self.store, self.base, 1, self.digest, frame, sock)

    def state(self) -> dict[str, Any]:
        """Quads, base, the first graphs by name and how many there are, and the files that could not be read."""
        graphs = sorted(g.value for g in self.store.named_graphs() if isinstance(g, ox.NamedNode))
        return {
            "position": 1,
            "digest": self.digest,
            "quads": len(self.store),
            "base": self.base,
            "graphs": graphs[:GRAPHS_NAMED_MAX],
            "graph_count": len(graphs),
            "words_added": self.words_added,
            "faults": self.faults,
        }
