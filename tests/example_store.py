"""An example as the public audience's store, without a service: a graph a document, and the ledger's graph.

Moerwijk, if none is named.

It reads the example's Turtle in the order of its manifest and keeps, of each document, the last version that is public
and whose ties all lead to something that is there. `shuffled` loads the same statements in another order.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import pyoxigraph as ox

from kg.ontology import Ontology, read_ontology
from kg.questions import Question, bind, load_questions
from kg.vocabulary import CONCEPT, DCTERMS, LW, RDF_TYPE, XSD

ROOT = Path(__file__).parent.parent
BASE = "http://127.0.0.1:8000"
EXAMPLE = ROOT / "examples" / "moerwijk"
LEDGER = ox.NamedNode(f"{BASE}/graph/ledger")
REGISTER = ox.NamedNode(f"{BASE}/graph/register")
VOCABULARY = ox.NamedNode(f"{BASE}/graph/vocabulary")
PUBLIC = ox.NamedNode(f"{CONCEPT}audience/public")


def word(name: str) -> ox.NamedNode:
    """A word of the ontology."""
    return ox.NamedNode(LW + name)


@dataclass(frozen=True)
class Loaded:
    """One document of the example: its triples, and how it was published."""

    document: str
    triples: tuple[ox.Triple, ...]
    holder: str
    recorder: str
    delegation: str
    number: int
    supersedes: int | None

    def objects(self, *names: str) -> list[str]:
        """The values of these lw: predicates."""
        wanted = {word(name) for name in names}
        return [t.object.value for t in self.triples if t.predicate in wanted and not isinstance(t.object, ox.Triple)]


def _contribution(number: int) -> ox.NamedNode:
    return ox.NamedNode(f"{BASE}/contributions/{UUID(int=number, version=4)}")


def read_example(example: Path = EXAMPLE) -> tuple[Loaded, ...]:
    """The current public documents of an example, in the order in which they are published."""
    current: dict[str, Loaded] = {}
    number = 0
    for batch in json.loads((example / "manifest.json").read_text()):
        by_document: dict[str, list[ox.Triple]] = {}
        for quad in ox.parse(path=example / batch["file"], format=ox.RdfFormat.TURTLE, base_iri=f"{BASE}/"):
            subject = quad.subject.value.partition("#")[0]
            by_document.setdefault(subject, []).append(quad.triple)
        for document, triples in by_document.items():
            number += 1
            earlier = current.get(document)
            current[document] = Loaded(
                document=document,
                triples=tuple(triples),
                holder=f"{BASE}/id/{batch['holder']}",
                recorder=f"{BASE}/id/{batch['recorder']}",
                delegation=batch["delegation"],
                number=number,
                supersedes=earlier.number if earlier else None,
            )
    seen = {d.document: d for d in current.values() if PUBLIC.value in d.objects("audience")}
    ties = ("from", "to", "responseTo", "about", "discusses", "outcomeOf", "changes")
    while hidden := [d for d, it in seen.items() if any(o.partition("#")[0] not in seen for o in it.objects(*ties))]:
        for document in hidden:
            del seen[document]
    return tuple(seen.values())


def quads_of(loaded: Loaded) -> Iterator[ox.Quad]:
    """A document's own graph, and what the ledger's graph says of it."""
    graph = _contribution(loaded.number)
    for triple in loaded.triples:
        yield ox.Quad(triple.subject, triple.predicate, triple.object, graph)
    moment = f"2026-11-{1 + loaded.number // 1440 % 28:02d}T{loaded.number // 60 % 24:02d}:{loaded.number % 60:02d}:00Z"
    facts: list[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]] = [
        (ox.NamedNode(RDF_TYPE), word("Contribution")),
        (word("heldBy"), ox.NamedNode(loaded.holder)),
        (word("recordedBy"), ox.NamedNode(loaded.recorder)),
        (word("delegation"), ox.NamedNode(f"{CONCEPT}delegation/{loaded.delegation}")),
        (word("audience"), PUBLIC),
        (word("document"), ox.NamedNode(loaded.document)),
        (ox.NamedNode(DCTERMS + "created"), ox.Literal(moment, datatype=ox.NamedNode(XSD + "dateTime"))),
    ]
    if loaded.supersedes is not None:
        facts.append((word("supersedes"), _contribution(loaded.supersedes)))
    for predicate, value in facts:
        yield ox.Quad(graph, predicate, value, LEDGER)


def build_store(
    documents: tuple[Loaded, ...], extra: tuple[ox.Quad, ...] = (), shuffled: int | None = None
) -> ox.Store:
    """The store; `extra` are statements that a test adds, `shuffled` is the seed of another order of loading."""
    quads = [quad for document in documents for quad in quads_of(document)]
    quads += [
        ox.Quad(q.subject, q.predicate, q.object, VOCABULARY)
        for q in ox.parse(example_ontology().ntriples, format=ox.RdfFormat.N_TRIPLES)
    ]
    quads += extra
    if shuffled is not None:
        random.Random(shuffled).shuffle(quads)
    store = ox.Store()
    for quad in quads:
        store.add(quad)
    return store


@cache
def example_ontology() -> Ontology:
    """The vocabulary that the example is written in."""
    return read_ontology([ROOT / "ontology"])


@cache
def example_questions() -> Mapping[str, Question]:
    """Every question of `queries/`, the pages' own included."""
    return load_questions([ROOT / "queries"], example_ontology(), BASE)


@cache
def example_store() -> ox.Store:
    """The example, built once for all tests that only read it."""
    return build_store(read_example())


def ask(name: str, store: ox.Store | None = None, **values: str) -> list[dict[str, str]]:
    """The rows of a named question; of our own IRIs only what tells them apart."""
    bound = bind(example_questions()[name], values)
    assert isinstance(bound, str), bound
    return rows(bound, store)


def rows(query: str, store: ox.Store | None = None) -> list[dict[str, str]]:
    """The rows of a query, in the order in which they come; an open cell is absent."""
    found = (store or example_store()).query(query, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    names = [v.value for v in found.variables]
    return [{name: short(term) for name, term in zip(names, row, strict=True) if term is not None} for row in found]


def short(term: object) -> str:
    """A term as tests write it: `gemeente/b-rd1`, `theme/housing`, `Story`, and a literal's text."""
    assert isinstance(term, ox.NamedNode | ox.Literal)
    for start in (f"{BASE}/id/", CONCEPT, LW):
        if isinstance(term, ox.NamedNode) and term.value.startswith(start):
            return term.value.removeprefix(start)
    return term.value


# A value that something in the example answers to, for each parameter of our own questions.
KNOWN = {
    "thing": f"{BASE}/id/voorbeeld-gemeente/b-gezond-wonen",
    "policy": f"{BASE}/id/voorbeeld-gemeente/b-gezond-wonen",
    "story": f"{BASE}/id/voorbeeld-bewoners/v-schimmel",
    "offer": f"{BASE}/id/voorbeeld-bewoners/a-klussen",
    "party": "voorbeeld-gemeente",
    "place": "voorbeeld-gemeente/lindehof",
    "theme": "housing",
    "domain": "materialSituation",
    "forWhom": "olderPeople",
    "criterion": "safe",
    "perspective": "residents",
    "fromPerspective": "residents",
    "toPerspective": "policyMakers",
    "before": "2028-01-01",
}
# Where the example has its answer elsewhere.
KNOWN_ELSEWHERE = {
    ("policies-no-story-illustrates", "place"): "pl-oost",
    ("domains-with-stories-but-no-facility", "place"): "pl-schermerstraat",
    ("rounds-of-learning", "place"): "pl-oost",
    ("facilities-and-their-domains", "place"): "pl-oost",
    ("nearest-facilities", "place"): "pl-west",
    ("nearest-facilities", "theme"): "meaning",
    ("what-others-say-to-this", "thing"): f"{BASE}/id/voorbeeld-bewoners/vc-1",
}

# The questions of the model; those in a folder of their own are the pages'.
OURS = sorted(name for name in example_questions() if "/" not in name)


def known(name: str, parameter: str) -> str:
    """A value of this parameter for which this question has rows."""
    return KNOWN_ELSEWHERE.get((name, parameter), KNOWN[parameter])


def needed(name: str) -> dict[str, str]:
    """Values for the parameters without which this question can't be asked."""
    return {p.name: known(name, p.name) for p in example_questions()[name].parameters if p.required}
