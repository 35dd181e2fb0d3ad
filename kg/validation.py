"""Documents held against the shapes: the only room that knows a SHACL library, or rdflib.

Two engines stand behind one port: `shacl` on the hot path, pySHACL as the reference that it is compared with.
Ownership and vocabulary are checked before (kg/ownership.py): shapes believe whatever evidence they are given.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pyoxigraph as ox
import shacl

from kg import vocabulary as word
from kg.contribution import Document, Slice
from kg.objection import OBJECTIONS, Objection, Severity
from kg.ontology import Ontology
from kg.surroundings import Surroundings, batch_of

OBJECTIONS_MAX: Final = 500  # A batch that is wrong throughout is wrong in one way; a longer list helps nobody.
DOCUMENTS_AT_ONCE: Final = 64  # Queries in shapes slow down with the graph: many small ones beat one large one.
VALUE_CHARACTERS_MAX: Final = 200  # Enough to recognise a value in a message.
Engine = Literal["shacl", "pyshacl"]

# What a shape is about, where its results do not say it: the field of a form that has to be mended.
_FIELDS = (word.SH + "path", word.LWS + "field")
_PLACE = re.compile(r"\{[?$](\w+)\}")


class ShapesUnreadable(ValueError):
    """A folder of shapes that cannot be used: the operator has to mend the file that the message names."""


@dataclass(frozen=True)
class Finding:
    """One SHACL result, the same from both engines: IRIs and lexical forms without RDF syntax."""

    focus: str
    shape: str
    path: str | None
    value: str | None
    severity: Severity


class ShaclEngine(Protocol):
    """Compiled shapes that a graph can be held against."""

    def findings(self, data: bytes) -> list[Finding]:
        """The results for a graph in N-Triples."""

    def report(self, data: bytes) -> bytes:
        """The validation report of the engine itself, in N-Triples."""


class FastEngine:
    """shacl 0.3: compiled once, 0.1 to 1 ms a document."""

    def __init__(self, shapes: bytes) -> None:
        self._shapes = shacl.Shapes.from_text(shapes.decode(), format="ntriples")

    def findings(self, data: bytes) -> list[Finding]:
        """The results for a graph in N-Triples."""
        report = self._shapes.validate_text(data.decode(), format="ntriples")
        return [
            Finding(
                focus=_bare(result.focus_node),
                shape=_bare(result.source_shape or result.root_shape or ""),
                path=_first_iri(result.path),
                # A shape of the node itself gives the node as value: nothing new.
                value=result.value_plain if result.value != result.focus_node else None,
                severity="violation" if result.severity == "Violation" else "warning",
            )
            for result in report.results
        ]

    def report(self, data: bytes) -> bytes:
        """The validation report of the engine itself, in N-Triples."""
        return self._shapes.validate_text(data.decode(), format="ntriples").serialize("ntriples").encode()


class ReferenceEngine:
    """pySHACL: slower, older, and by other hands; the two are held against each other in the tests."""

    def __init__(self, shapes: bytes) -> None:
        import rdflib.plugins.sparql  # Here, because the hot path should not carry rdflib along.

        logging.getLogger("rdflib.term").setLevel(logging.ERROR)  # An ill-typed literal is a finding, not a log line.
        prepared: dict[str, Any] = {}

        class _Graph(rdflib.Graph):
            """A graph that reads each query of the shapes once: reading is nine tenths of what a query costs here."""

            def query(self, query_object: Any, *given: Any, **named: Any) -> Any:
                if isinstance(query_object, str):
                    if query_object not in prepared:
                        prepared[query_object] = rdflib.plugins.sparql.prepareQuery(query_object)
                    query_object = prepared[query_object]
                return super().query(query_object, *given, **named)

        self._new_graph = _Graph
        self._shapes = rdflib.Graph().parse(data=shapes, format="nt")

    def findings(self, data: bytes) -> list[Finding]:
        """The results for a graph in N-Triples."""
        from rdflib.namespace import RDF, SH

        graph = self._validated(data)
        return [
            Finding(
                focus=str(graph.value(result, SH.focusNode)),
                shape=str(graph.value(result, SH.sourceShape)),
                path=_path(graph, graph.value(result, SH.resultPath)),
                value=_text(graph.value(result, SH.value), graph.value(result, SH.focusNode)),
                severity="violation" if graph.value(result, SH.resultSeverity) == SH.Violation else "warning",
            )
            for result in graph.objects(graph.value(None, RDF.type, SH.ValidationReport), SH.result)
        ]

    def report(self, data: bytes) -> bytes:
        """The validation report of the engine itself, in N-Triples."""
        return bytes(self._validated(data).serialize(format="nt", encoding="utf-8"))

    def _validated(self, data: bytes) -> Any:
        import pyshacl
        import rdflib

        graph = self._new_graph().parse(data=data, format="nt")
        report = pyshacl.validate(
            graph, shacl_graph=self._shapes, inference="none", do_owl_imports=False, inplace=True, allow_warnings=True
        )[1]
        if not isinstance(report, rdflib.Graph):
            raise ShapesUnreadable(f"pySHACL could not use the shapes: {report}")
        return report


def engine(name: Engine, shapes: bytes) -> ShaclEngine:
    """The engine of this name with these shapes (N-Triples)."""
    return FastEngine(shapes) if name == "shacl" else ReferenceEngine(shapes)


@dataclass(frozen=True)
class _Words:
    """What a shape says when it is not met."""

    objection: str
    nl: str
    en: str
    path: str | None
    yields: bool
    """True when it gives way to another objection to the same value."""


class Validator:
    """The shapes of these folders, compiled once; may be used after a fork, because it starts no threads."""

    def __init__(self, shapes: Sequence[Path], ontology: Ontology, engine_name: Engine = "shacl") -> None:
        triples = [triple for folder in shapes for file in sorted(folder.rglob("*.ttl")) for triple in _read_file(file)]
        self._words = _shape_words(triples)
        assert self._words, f"no shapes in {[str(s) for s in shapes]}: everything would be taken in"
        self.shapes: bytes = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
        self._engine = engine(engine_name, self.shapes)
        self._surroundings = Surroundings(ontology)

    def __len__(self) -> int:
        """How many shapes there are."""
        return len(self._words)

    def validate(
        self,
        documents: Sequence[Document],
        known: Slice,
        *,
        today: str,
        delegation: str,
        evidence: Sequence[Document] = (),
    ) -> tuple[Objection, ...]:
        """Everything the shapes have against these documents of one speaker, warnings included, in a fixed order.

        `evidence` are documents of the same batch that are judged elsewhere.
        """
        if not documents:
            return ()
        batch = batch_of((*documents, *evidence), known, today=today, delegation=delegation)
        findings: list[Finding] = []
        for start in range(0, len(documents), DOCUMENTS_AT_ONCE):
            some = documents[start : start + DOCUMENTS_AT_ONCE]
            own = {document.iri for document in some}
            found = self._engine.findings(self._surroundings.around(some, batch))
            # Neighbours are there as evidence, with too few facts to be judged.
            findings += [f for f in found if f.focus.partition("#")[0] in own]
            if len(findings) > OBJECTIONS_MAX:
                break
        return self._objections(findings)[:OBJECTIONS_MAX]

    def _objections(self, findings: Iterable[Finding]) -> tuple[Objection, ...]:
        said = [(finding, self._words.get(finding.shape, _ANY_SHAPE)) for finding in findings]
        firm = {(f.focus, f.path or w.path, f.value) for f, w in said if not w.yields and f.severity == "violation"}
        found: dict[tuple[str, ...], Objection] = {}
        for finding, words in sorted(said, key=lambda pair: _order(pair[0])):
            path = finding.path or words.path
            if words.yields and (finding.focus, path, finding.value) in firm:
                continue
            value = finding.value[:VALUE_CHARACTERS_MAX] if finding.value is not None else None
            places = {"this": finding.focus, "value": value or ""}
            objection = Objection(
                words.objection,
                _filled(words.nl, places),
                _filled(words.en, places),
                focus=finding.focus,
                path=path,
                value=value,
                shape=finding.shape,
                severity=finding.severity,
            )
            found.setdefault((objection.name, finding.focus, path or "", value or ""), objection)
        return tuple(found.values())

    def report(self, objections: Sequence[Objection]) -> bytes:
        """An sh:ValidationReport of these objections, also of those that are not SHACL's, as N-Triples."""
        return validation_report(objections)


_ANY_SHAPE = _Words("ShapeUnmet", OBJECTIONS["ShapeUnmet"].message_nl, OBJECTIONS["ShapeUnmet"].message_en, None, False)


def _order(finding: Finding) -> tuple[str, str, str, str]:
    return finding.focus, finding.path or "", finding.value or "", finding.shape


def _filled(template: str, places: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: places.get(match[1], ""), template)


def _read_file(file: Path) -> list[ox.Triple]:
    try:
        return [quad.triple for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)]
    except SyntaxError as error:
        raise ShapesUnreadable(f"{file}: {error}") from error


def _shape_words(triples: Iterable[ox.Triple]) -> Mapping[str, _Words]:
    """Shape → its words; a shape with a query takes them from that query."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)

    def objects(subject: ox.NamedNode | ox.BlankNode, predicate: str) -> list[Any]:
        return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None)]

    found: dict[str, _Words] = {}
    kinds = [ox.NamedNode(word.SH + kind) for kind in ("NodeShape", "PropertyShape")]
    for quad in (q for kind in kinds for q in store.quads_for_pattern(None, ox.NamedNode(word.RDF_TYPE), kind)):
        shape = quad.subject
        assert not isinstance(shape, ox.Triple), "Turtle 1.1 has no triple terms as subjects"
        messages = {
            message.language: message.value
            for speaker in (shape, *objects(shape, word.SH + "sparql"))
            for message in objects(speaker, word.SH + "message")
        }
        name = next((o.value for o in objects(shape, word.LW + "objection")), "ShapeUnmet")
        if name not in OBJECTIONS:
            raise ShapesUnreadable(f"{shape}: there is no objection {name}; use one of {', '.join(OBJECTIONS)}")
        fallback = OBJECTIONS[name]
        found[shape.value] = _Words(
            name,
            messages.get("nl", fallback.message_nl),
            messages.get("en", fallback.message_en),
            next((o.value for p in _FIELDS for o in objects(shape, p) if isinstance(o, ox.NamedNode)), None),
            any(o.value == "true" for o in objects(shape, word.LWS + "yields")),
        )
    return found


def validation_report(objections: Sequence[Objection]) -> bytes:
    """An sh:ValidationReport as N-Triples, made term by term, so that it parses whatever a caller sent."""
    report = ox.BlankNode("report")
    conforms = ox.Literal("false" if objections else "true", datatype=ox.NamedNode(word.XSD + "boolean"))
    triples = [
        _triple(report, word.RDF_TYPE, _node("ValidationReport")),
        _triple(report, word.SH + "conforms", conforms),
    ]
    for number, objection in enumerate(objections):
        result = ox.BlankNode(f"result{number}")
        component = ox.NamedNode(f"{word.LWS}objection-{objection.name}")
        severity = _node("Violation" if objection.is_violation else "Warning")
        triples += [
            _triple(report, word.SH + "result", result),
            _triple(result, word.RDF_TYPE, _node("ValidationResult")),
            _triple(result, word.SH + "focusNode", _iri_or_text(objection.focus or "")),
            _triple(result, word.SH + "resultSeverity", severity),
            _triple(result, word.SH + "sourceConstraintComponent", component),
            _triple(result, word.SH + "resultMessage", ox.Literal(objection.message_nl, language="nl")),
            _triple(result, word.SH + "resultMessage", ox.Literal(objection.message_en, language="en")),
        ]
        path = _iri_or_text(objection.path or "")
        if isinstance(path, ox.NamedNode):
            triples.append(_triple(result, word.SH + "resultPath", path))
        if objection.value is not None:
            triples.append(_triple(result, word.SH + "value", _iri_or_text(objection.value)))
        if objection.shape:
            triples.append(_triple(result, word.SH + "sourceShape", _iri_or_text(objection.shape)))
        for name in ("line", "sheet", "row", "column", "cell"):
            number_or_text = getattr(objection, name)
            if number_or_text is not None:
                triples.append(_triple(result, word.LWS + name, ox.Literal(number_or_text)))
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _triple(subject: ox.BlankNode, predicate: str, value: ox.NamedNode | ox.BlankNode | ox.Literal) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(predicate), value)


def _node(name: str) -> ox.NamedNode:
    return ox.NamedNode(word.SH + name)


def _iri_or_text(text: str) -> ox.NamedNode | ox.Literal:
    """An address where it is one, else a text: a caller's value may be neither safe nor whole."""
    try:
        return ox.NamedNode(text)
    except ValueError:
        return ox.Literal(text.encode("utf-8", "replace").decode())


def _bare(term: str) -> str:
    return term[1:-1] if term.startswith("<") else term


def _first_iri(path: str | None) -> str | None:
    """The one predicate of a path, or the first of several."""
    match = re.search(r"<([^>]*)>", path) if path else None
    return match[1] if match else None


def _path(graph: Any, node: Any) -> str | None:
    """The same of a path in an rdflib graph."""
    import rdflib
    from rdflib.collection import Collection
    from rdflib.namespace import SH

    if node is None:
        return None
    if isinstance(node, rdflib.URIRef):
        return str(node)
    alternatives = graph.value(node, SH.alternativePath)
    return str(next(iter(Collection(graph, alternatives)), "")) if alternatives is not None else None


def _text(term: Any, focus: Any) -> str | None:
    return None if term is None or term == focus else str(term)
