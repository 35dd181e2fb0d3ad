"""The W3C test suites for SPARQL 1.0 and 1.1 as facts: each case with its query, its dataset and what has to come."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyoxigraph as ox

ROOT = Path(__file__).parent.parent
SUITES = Path(os.environ.get("WIJKGRAAF_SUITES", ROOT.parent / "shared" / "suites"))
W3C = SUITES / "w3c"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

# Folders that ask what this service does not offer, by kind; their update cases are asked all the same, and refused.
NOT_OFFERED = {
    "entailment": "no entailment regime is offered",
    "service": "SERVICE would fetch from elsewhere",
    "syntax-fed": "SERVICE would fetch from elsewhere",
    "graph-store-protocol": "a protocol of its own",
    "http-rdf-update": "a protocol of its own",
    "service-description": "prose only; tested beside the protocol",
    "protocol": "requests, not queries; tested beside this",
}
Kind = Literal["evaluation", "positive", "negative", "update"]
KINDS: dict[str, Kind] = {
    "QueryEvaluationTest": "evaluation",
    "CSVResultFormatTest": "evaluation",
    "PositiveSyntaxTest": "positive",
    "PositiveSyntaxTest11": "positive",
    "NegativeSyntaxTest": "negative",
    "NegativeSyntaxTest11": "negative",
    "PositiveUpdateSyntaxTest11": "update",
    "NegativeUpdateSyntaxTest11": "update",
    "UpdateEvaluationTest": "update",
}
Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, order=True)
class Dataset:
    """The files of a case: those of the default graph, named graphs under their IRIs; what relative IRIs begin with."""

    base: str
    default: tuple[Path, ...] = ()
    named: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True)
class Case:
    """One test of a suite."""

    name: str  # suite/folder/local name
    kind: Kind
    query: str
    dataset: Dataset
    result: Path | None
    lax: bool  # REDUCED: a solution may come fewer times than it is listed.

    @property
    def folder(self) -> str:
        """suite/folder."""
        return self.name.rpartition("/")[0]


def objects(store: ox.Store, subject: Node, predicate: str) -> list[Node | ox.Literal]:
    """All objects of one subject and predicate."""
    quads = store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
    return [q.object for q in quads if not isinstance(q.object, ox.Triple)]


def listed(store: ox.Store, head: Node | ox.Literal) -> list[Node | ox.Literal]:
    """The members of an RDF list."""
    found: list[Node | ox.Literal] = []
    while isinstance(head, ox.BlankNode):
        found += objects(store, head, RDF + "first")
        (head,) = objects(store, head, RDF + "rest")
    return found


def read(file: Path) -> ox.Store:
    """A manifest as triples, its relative IRIs as files."""
    store = ox.Store()
    store.load(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=file.as_uri())
    return store


def path_of(node: Node | ox.Literal) -> Path:
    """The file that an IRI of a manifest means."""
    return Path(node.value.removeprefix("file://"))


def cases() -> list[Case]:
    """Every case of both suites in the order of its manifest; none where the suites are absent."""
    found: list[Case] = []
    for suite in ("sparql10", "sparql11"):
        for manifest in sorted((W3C / suite).glob("*/manifest.ttl")):
            if manifest.parent.name not in NOT_OFFERED:
                found += _of(manifest, f"{suite}/{manifest.parent.name}")
    return found


def _of(manifest: Path, folder: str) -> list[Case]:
    store = read(manifest)
    (me,) = (q.subject for q in store.quads_for_pattern(None, ox.NamedNode(MF + "entries"), None))
    (entries,) = objects(store, me, MF + "entries")
    found = []
    for entry in listed(store, entries):
        assert isinstance(entry, ox.NamedNode)
        kinds = [KINDS.get(t.value.rpartition("#")[2]) for t in objects(store, entry, RDF + "type")]
        kind = next(k for k in kinds if k)
        found.append(_case(store, entry, kind, folder, manifest.parent))
    return found


def _case(store: ox.Store, entry: ox.NamedNode, kind: Kind, folder: str, here: Path) -> Case:
    (action,) = objects(store, entry, MF + "action")
    assert not isinstance(action, ox.Literal)
    queries = [q for p in (QT + "query", UT + "request") for q in objects(store, action, p)]
    query = path_of(queries[0] if queries else action)
    result = next(iter(objects(store, entry, MF + "result")), None)
    # bytes, not universal newlines: what a query's lines end with is a part of some cases
    text = query.read_bytes().decode()
    if query.suffix == ".ru":
        kind = "update"
    base = here.as_uri()  # Relative IRIs in queries, data and results all mean files of this folder.
    default = tuple(sorted(path_of(d) for d in objects(store, action, QT + "data")))
    named = {path_of(g) for g in objects(store, action, QT + "graphData") if not isinstance(g, ox.BlankNode)}
    # What FROM names stands in no list of the manifest: the files beside it with these names.
    named |= {here / name for name in re.findall(r"\bFROM\s+(?:NAMED\s+)?<([\w.-]+)>", text) if (here / name).exists()}
    graphs = tuple(sorted((f"{base}/{file.name}", file) for file in named))
    lax = any(c.value == MF + "LaxCardinality" for c in objects(store, entry, MF + "resultCardinality"))
    expected = path_of(result) if isinstance(result, ox.NamedNode) else None
    dataset = Dataset(base, default, graphs) if kind == "evaluation" else Dataset(W3C.as_uri())
    name = entry.value.rpartition("#")[2]
    return Case(f"{folder}/{name}", kind, text, dataset, expected, lax)
