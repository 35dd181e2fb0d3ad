"""Both engines against the W3C suite for SHACL, Core and SPARQL; what they do not pass is known, with a reason."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pyoxigraph as ox
import pytest

from kg import vocabulary as word
from kg.validation import Engine, engine

ROOT = Path(__file__).parent.parent
SUITES = Path(os.environ.get("WIJKGRAAF_SUITES", ROOT.parent / "shared" / "suites"))
SUITE = SUITES / "w3c" / "shacl"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"
KNOWN: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "known" / "shacl.toml").read_text())

Node = ox.NamedNode | ox.BlankNode
Verdict = Counter[tuple[str, ...]] | Literal["failure"]
COMPARED = ("focusNode", "resultPath", "resultSeverity", "sourceConstraintComponent", "sourceShape", "value")


@dataclass(frozen=True)
class Case:
    """One test of the suite: which graphs, and what the report has to say."""

    name: str
    data: Path
    shapes: Path
    expected: frozenset[tuple[tuple[str, ...], int]] | Literal["failure"]


def objects(store: ox.Store, subject: Node, predicate: str) -> list[ox.NamedNode | ox.BlankNode | ox.Literal]:
    """All objects of one subject and predicate."""
    quads = store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
    return [q.object for q in quads if not isinstance(q.object, ox.Triple)]


def shown(store: ox.Store, term: ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
    """A term so that it can be compared between graphs: a blank node by what hangs on it as a path, else as `_`."""
    if not isinstance(term, ox.BlankNode):
        return str(term)
    parts = sorted(
        (q.predicate.value, shown(store, q.object))
        for q in store.quads_for_pattern(term, None, None)
        if not isinstance(q.object, ox.Triple)
        and (q.predicate.value.endswith("Path") or q.predicate.value in (word.RDF + "first", word.RDF + "rest"))
    )
    return f"[{parts}]" if parts else "_"


def results(store: ox.Store, report: Node) -> Counter[tuple[str, ...]]:
    """What a report says, each result as a row."""
    rows: Counter[tuple[str, ...]] = Counter()
    for result in objects(store, report, word.SH + "result"):
        assert isinstance(result, Node)
        fields = [objects(store, result, word.SH + name) for name in COMPARED]
        rows[tuple(shown(store, field[0]) if field else "" for field in fields)] += 1
    return rows


def cases() -> list[Case]:
    """The tests of the suite in the order of their names; none where it is absent."""
    found = []
    for file in sorted(SUITE.rglob("*.ttl")):
        store = ox.Store()
        store.load(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=file.as_uri())
        kind = ox.NamedNode(SHT + "Validate")
        for quad in store.quads_for_pattern(None, ox.NamedNode(word.RDF_TYPE), kind):
            assert isinstance(quad.subject, Node)
            (action,) = objects(store, quad.subject, MF + "action")
            (result,) = objects(store, quad.subject, MF + "result")
            assert isinstance(action, Node)
            assert isinstance(result, Node)
            graphs = [objects(store, action, SHT + name)[0] for name in ("dataGraph", "shapesGraph")]
            data, shapes = (Path(str(graph.value).removeprefix("file://")) for graph in graphs)
            failure = isinstance(result, ox.NamedNode)
            name = file.relative_to(SUITE).with_suffix("").as_posix()
            expected = frozenset(results(store, result).items())
            found.append(Case(name, data, shapes, "failure" if failure else expected))
    return found


@cache
def ntriples(file: Path) -> bytes:
    """A Turtle file of the suite as N-Triples."""
    triples = (q.triple for q in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=file.as_uri()))
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def verdict(case: Case, name: Engine) -> Verdict:
    """What an engine says; a graph that it cannot use is a failure, as the suite calls it."""
    try:
        report = engine(name, ntriples(case.shapes)).report(ntriples(case.data))
    except Exception:  # noqa: BLE001 - the engines raise what they like; the suite knows one word for it
        return "failure"
    store = ox.Store()
    store.load(report, format=ox.RdfFormat.N_TRIPLES)
    kind = ox.NamedNode(word.SH + "ValidationReport")
    (subject,) = {q.subject for q in store.quads_for_pattern(None, ox.NamedNode(word.RDF_TYPE), kind)}
    assert isinstance(subject, Node)
    return results(store, subject)


def passes(case: Case, name: Engine) -> bool:
    """True when every result is there, and no other."""
    found = verdict(case, name)
    if case.expected == "failure" or found == "failure":
        return case.expected == found
    return frozenset(found.items()) == case.expected


@pytest.mark.parametrize("name", ["shacl", "pyshacl"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_engines_pass_the_w3c_suite(case: Case, name: Engine) -> None:
    """Every case, or it is in tests/known/shacl.toml with a reason; one that passes again has to leave that list."""
    known = KNOWN.get(name, {}).get(case.name)
    assert (known is None) == passes(case, name), known or f"{case.expected} expected, {verdict(case, name)} found"


def test_the_list_of_known_exceptions_names_cases_that_exist() -> None:
    """And gives each a reason."""
    there = {case.name for case in cases()}
    if not there:
        pytest.skip(f"the W3C SHACL suite is not at {SUITE}: set WIJKGRAAF_SUITES")
    assert len(there) > 100
    assert set() == {name for known in KNOWN.values() for name in known} - there
    assert all(len(reason) > 20 for known in KNOWN.values() for reason in known.values())
