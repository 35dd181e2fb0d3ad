"""Results of SPARQL queries, read without the engine's own readers, and compared as the standard means them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, NamedTuple
from xml.etree import ElementTree

import pyoxigraph as ox

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SRX = "{http://www.w3.org/2005/sparql-results#}"
RDF_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".nt": ox.RdfFormat.N_TRIPLES,
}
INTEGERS = {"integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
            "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte", "decimal"}  # fmt: skip
Verdict = Literal["same", "value", "different"]


class Term(NamedTuple):
    """One RDF term: what it is, its value, language and datatype (none for a plain string)."""

    kind: Literal["uri", "bnode", "literal", "cell"]  # A cell is text of a CSV, which does not tell its kind.
    value: str
    lang: str = ""
    datatype: str = ""


Row = Mapping[str, Term]


@dataclass(frozen=True)
class Table:
    """Solutions, in order. `fixed` is True where the order is a part of what is asked."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    fixed: bool = False


Graph = frozenset[tuple[Term, Term, Term]]
Results = Table | Graph | bool


def literal(value: str, lang: str | None = None, datatype: str | None = None) -> Term:
    """A literal; xsd:string is what a literal without datatype has."""
    plain = lang or datatype in (None, XSD + "string")
    return Term("literal", value, (lang or "").lower(), "" if plain else str(datatype))


def term_of(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    """A term of a parser as a term of ours."""
    assert not isinstance(term, ox.Triple)
    if isinstance(term, ox.Literal):
        return literal(term.value, term.language, term.datatype.value)
    return Term("uri" if isinstance(term, ox.NamedNode) else "bnode", term.value)


# --- reading


def from_json(body: bytes) -> Results:
    """SPARQL 1.1 Query Results JSON Format."""
    found = json.loads(body)
    if "boolean" in found:
        return bool(found["boolean"])

    def term(cell: Mapping[str, str]) -> Term:
        if cell["type"] in ("literal", "typed-literal"):
            return literal(cell["value"], cell.get("xml:lang"), cell.get("datatype"))
        assert cell["type"] in ("uri", "bnode"), cell
        return Term("uri" if cell["type"] == "uri" else "bnode", cell["value"])

    rows = tuple({name: term(cell) for name, cell in row.items()} for row in found["results"]["bindings"])
    return Table(tuple(found["head"]["vars"]), rows)


def from_xml(body: bytes) -> Results:
    """SPARQL Query Results XML Format."""
    root = ElementTree.fromstring(body)
    assert root.tag == SRX + "sparql", root.tag
    boolean = root.find(SRX + "boolean")
    if boolean is not None:
        assert boolean.text is not None
        return {"true": True, "false": False}[boolean.text.strip()]
    rows = []
    for result in root.findall(f"{SRX}results/{SRX}result"):
        row = {}
        for binding in result.findall(SRX + "binding"):
            (cell,) = binding
            text = cell.text or ""
            kind = cell.tag.removeprefix(SRX)
            assert kind in ("uri", "bnode", "literal"), kind
            row[binding.attrib["name"]] = (
                literal(text, cell.get(XML_LANG), cell.get("datatype"))
                if kind == "literal"
                else Term("uri" if kind == "uri" else "bnode", text)
            )
        rows.append(row)
    return Table(tuple(v.attrib["name"] for v in root.findall(f"{SRX}head/{SRX}variable")), tuple(rows))


def from_tsv(body: bytes) -> Results:
    """SPARQL 1.1 Query Results TSV Format: terms as Turtle writes them."""
    head, *lines = body.decode().removesuffix("\n").split("\n")
    columns = [name.removeprefix("?") for name in head.removesuffix("\r").split("\t")] if head else []
    rows = []
    for line in lines:
        row = {}
        for name, cell in zip(columns, line.removesuffix("\r").split("\t"), strict=True):
            if cell.startswith("_:"):
                row[name] = Term("bnode", cell)
            elif cell:
                (quad,) = ox.parse(f"<x:s> <x:p> {cell} .".encode(), format=ox.RdfFormat.TURTLE)
                row[name] = term_of(quad.object)
        rows.append(row)
    return Table(tuple(columns), tuple(rows))


def from_csv(body: bytes) -> Results:
    """SPARQL 1.1 Query Results CSV Format: values without their kinds; an empty cell is no value, or an empty one."""
    head, *lines = csv.reader(io.StringIO(body.decode(), newline=""))

    def cell(text: str) -> Term:
        return Term("bnode", text) if text.startswith("_:") else Term("cell", text)

    rows = tuple({n: cell(c) for n, c in zip(head, line, strict=True) if c} for line in lines)
    return Table(tuple(head), rows)


def from_graph(body: bytes, form: ox.RdfFormat, base: str | None = None) -> Results:
    """A graph; one that is a result set of the older suite is read as what it says."""
    triples = [
        (term_of(q.subject), term_of(q.predicate), term_of(q.object))
        for q in ox.parse(body, format=form, base_iri=base)
    ]
    sets = [s for s, _, o in triples if o == Term("uri", RS + "ResultSet")]
    if not sets:
        return frozenset(triples)
    told: dict[tuple[Term, str], list[Term]] = defaultdict(list)
    for subject, predicate, value in triples:
        told[subject, predicate.value.removeprefix(RS)].append(value)
    (me,) = sets
    if told[me, "boolean"]:
        return told[me, "boolean"][0].value == "true"

    rows: list[tuple[int, Row]] = []
    for solution in told[me, "solution"]:
        pairs = told[solution, "binding"]
        row = {told[p, "variable"][0].value: told[p, "value"][0] for p in pairs}
        rows.append((int(told[solution, "index"][0].value) if told[solution, "index"] else 0, row))
    fixed = any(index for index, _ in rows)
    rows.sort(key=lambda r: r[0])
    columns = tuple(sorted(v.value for v in told[me, "resultVariable"]))
    return Table(columns, tuple(row for _, row in rows), fixed)


READERS: Mapping[str, Callable[[bytes], Results]] = {
    ".srj": from_json,
    ".srx": from_xml,
    ".tsv": from_tsv,
    ".csv": from_csv,
}


def expected(file: Path, base: str) -> Results:
    """What a file of the suite says has to come."""
    if file.suffix in READERS:
        return READERS[file.suffix](file.read_bytes())
    return from_graph(file.read_bytes(), RDF_FORMATS[file.suffix], f"{base}/{file.name}")


# --- comparing


def by_value(term: Term) -> Term:
    """The same for all ways to write one value: 01 and 1, 1.0E6 and 1e6, the same moment in another form."""
    name = term.datatype.removeprefix(XSD)
    try:
        if term.kind == "cell" or name in INTEGERS:
            return term._replace(value=str(Decimal(term.value).normalize() + 0))
        if name in ("double", "float"):
            return term._replace(value=repr(float(term.value.replace("INF", "inf"))))
        if name == "boolean":
            return term._replace(value={"1": "true", "0": "false"}.get(term.value, term.value))
        if name == "date":
            return term._replace(value=term.value.replace("+00:00", "Z"))
        if name == "dateTime":
            moment = datetime.fromisoformat(term.value)
            return term._replace(value=str(moment.astimezone(UTC) if moment.tzinfo else moment))
    except (ValueError, InvalidOperation):
        pass  # Not of its datatype: as it stands.
    return term


def _match(left: Row, right: Row, names: Mapping[str, str]) -> dict[str, str] | None:
    """`names` with the blank nodes that make these rows equal, or None; each name has one partner, both ways."""
    if left.keys() != right.keys():
        return None
    found = dict(names)
    for column, term in left.items():
        other = right[column]
        if term.kind == "bnode" and other.kind == "bnode":
            if found.setdefault(term.value, other.value) != other.value:
                return None
        elif term != other:
            return None
    return found if len(set(found.values())) == len(found) else None


def _shape(row: Row) -> frozenset[tuple[str, Term]]:
    """A row without the names of its blank nodes."""
    return frozenset((c, Term("bnode", "") if t.kind == "bnode" else t) for c, t in row.items())


def _pair(left: Sequence[Row], right: Sequence[Row], names: Mapping[str, str], fixed: bool) -> bool:
    """Whether some naming of blank nodes makes these rows equal, in order or in any."""
    if not left:
        return not right
    first, rest = left[0], left[1:]
    for i, row in enumerate(right[:1] if fixed else right):
        found = _match(first, row, names)
        if found is not None and _pair(rest, [*right[:i], *right[i + 1 :]], found, fixed):
            return True
    return False


def _tables(left: Table, right: Table, lax: bool) -> bool:
    if set(left.columns) != set(right.columns):
        return False
    shapes = Counter(map(_shape, left.rows)), Counter(map(_shape, right.rows))
    if lax:
        return shapes[0].keys() == shapes[1].keys() and shapes[1] <= shapes[0]
    if shapes[0] != shapes[1]:
        return False
    if left.fixed:
        return _pair(left.rows, right.rows, {}, True)
    with_blank = [[r for r in t.rows if any(c.kind == "bnode" for c in r.values())] for t in (left, right)]
    return _pair(with_blank[0], with_blank[1], {}, False)


def _ox(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if term.kind == "literal":
        if term.lang:
            return ox.Literal(term.value, language=term.lang)
        return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype or XSD + "string"))
    return ox.NamedNode(term.value) if term.kind == "uri" else ox.BlankNode(term.value)


def _canonical(graph: Iterable[tuple[Term, Term, Term]]) -> list[str]:
    dataset = ox.Dataset(ox.Quad(*(_ox(t) for t in triple)) for triple in graph)  # type: ignore[arg-type]
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return sorted(map(str, dataset))


def _equal(wanted: Results, found: Results, lax: bool) -> bool:
    if isinstance(wanted, Table) and isinstance(found, Table):
        return _tables(wanted, found, lax)
    if isinstance(wanted, frozenset) and isinstance(found, frozenset):
        return len(wanted) == len(found) and _canonical(wanted) == _canonical(found)
    return type(wanted) is type(found) and wanted == found


def _values(results: Results) -> Results:
    if isinstance(results, Table):
        return replace(results, rows=tuple({c: by_value(t) for c, t in r.items()} for r in results.rows))
    if isinstance(results, frozenset):
        return frozenset((by_value(s), by_value(p), by_value(o)) for s, p, o in results)
    return results


def compare(wanted: Results, found: Results, *, lax: bool = False) -> Verdict:
    """`same`: literals as they are written; `value`: equal but for how a value is written; `different`."""
    if _equal(wanted, found, lax):
        return "same"
    return "value" if _equal(_values(wanted), _values(found), lax) else "different"
