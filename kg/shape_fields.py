"""The shapes as people fill them in: of each kind its fields, which it must have, and what is asked of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from kg import vocabulary as word

LWS, SH, RDF = word.LWS, word.SH, word.RDF
EVERY_DOCUMENT = LWS + "MainSubject"
FROM_PUBLIC_SOURCE = LWS + "FromPublicSource"
NOT_GIVEN = "-"  # What stands where a shape names no objection of its own.


@dataclass(frozen=True)
class Field:
    """What one kind of thing may or must say with one property; texts by language."""

    path: str
    required: bool
    single: bool
    kinds: tuple[str, ...]
    """The classes that its values are of."""
    objection: str
    messages: Mapping[str, str]
    group: str | None
    order: int
    names: Mapping[str, str]
    """What a form calls it; empty where no form asks for it."""
    descriptions: Mapping[str, str]
    once_a_language: bool


@dataclass(frozen=True)
class Rule:
    """What must hold for a kind beyond its single fields."""

    objection: str
    messages: Mapping[str, str]
    warning: bool


@dataclass(frozen=True)
class Shapes:
    """All shapes, by the class that they are about."""

    fields: Mapping[str, tuple[Field, ...]]
    rules: Mapping[str, tuple[Rule, ...]]
    groups: tuple[tuple[str, Mapping[str, str]], ...]
    """The groups of properties in their order, with their labels."""


class _Graph:
    """The triples of the shapes by subject and predicate."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.found: defaultdict[tuple[str, str], list[ox.NamedNode | ox.BlankNode | ox.Literal]] = defaultdict(list)
        for file in files:
            for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE):
                # Blank nodes hold the lists of sh:or; two files may give one label to two of them.
                self.found[(f"{file}{quad.subject}" if _blank(quad.subject) else quad.subject.value,
                            quad.predicate.value)].append(_kept(quad.object, file))  # fmt: skip

    def iris(self, subject: str, predicate: str) -> list[str]:
        """What stands there, as text."""
        return [v.value for v in self.found.get((subject, predicate), ())]

    def one(self, subject: str, predicate: str, absent: str = "") -> str:
        """The only value, or `absent`."""
        return next(iter(self.iris(subject, predicate)), absent)

    def texts(self, subject: str, predicate: str) -> dict[str, str]:
        """Texts by language."""
        values = self.found.get((subject, predicate), ())
        return {v.language: v.value for v in values if isinstance(v, ox.Literal) and v.language}

    def items(self, subject: str) -> Iterator[str]:
        """The items of an RDF list."""
        while subject and subject != RDF + "nil":
            yield self.one(subject, RDF + "first")
            subject = self.one(subject, RDF + "rest")


def _blank(term: object) -> bool:
    return isinstance(term, ox.BlankNode)


def _kept(term: object, file: Path) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if isinstance(term, ox.BlankNode):
        return ox.Literal(f"{file}{term}")
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return term


def read_shapes(*folders: Path) -> Shapes:
    """Every shape of `folders` that says for whom it is and, in words, what it asks."""
    graph = _Graph([file for folder in folders for file in sorted(folder.rglob("*.ttl"))])
    fields: defaultdict[str, list[Field]] = defaultdict(list)
    rules: defaultdict[str, list[Rule]] = defaultdict(list)
    for subject, predicate in list(graph.found):
        if predicate != SH + "targetClass":
            continue
        for target in graph.iris(subject, predicate):
            for shape in graph.iris(subject, SH + "property"):
                if _is_field(graph, shape):
                    fields[target].append(_field(graph, shape))
                else:
                    rules[target] += _rules(graph, shape)
            rules[target] += _rules(graph, subject)
    groups = sorted(
        (s for s, p in graph.found if p == RDF + "type" and SH + "PropertyGroup" in graph.iris(s, p)),
        key=lambda group: int(graph.one(group, SH + "order", "0")),
    )
    return Shapes(
        {target: _merged(its) for target, its in fields.items()},
        {target: tuple(its) for target, its in rules.items() if its},
        tuple((group, graph.texts(group, word.RDFS_LABEL)) for group in groups),
    )


def _is_field(graph: _Graph, shape: str) -> bool:
    """Whether a shape is about one property that may be there; what is forbidden, or asked of a path, is a rule."""
    path = graph.one(shape, SH + "path")
    return path.startswith("http") and graph.one(shape, SH + "maxCount") != "0"


def _field(graph: _Graph, shape: str) -> Field:
    return Field(
        path=graph.one(shape, SH + "path"),
        required=int(graph.one(shape, SH + "minCount", graph.one(shape, SH + "qualifiedMinCount", "0"))) > 0,
        single="1" in (graph.one(shape, SH + "maxCount"), graph.one(shape, SH + "qualifiedMaxCount")),
        kinds=tuple(_kinds(graph, shape)),
        objection=graph.one(shape, word.LW + "objection", NOT_GIVEN),
        messages=graph.texts(shape, SH + "message"),
        group=graph.one(shape, SH + "group") or None,
        order=int(graph.one(shape, SH + "order", "1000")),
        names=graph.texts(shape, SH + "name"),
        descriptions=graph.texts(shape, SH + "description"),
        once_a_language=graph.one(shape, SH + "uniqueLang") == "true",
    )


def _kinds(graph: _Graph, shape: str) -> Iterator[str]:
    """The classes that values are of: of the shape itself, or of each alternative."""
    yield from graph.iris(shape, SH + "class")
    for alternatives in graph.iris(shape, SH + "or"):
        for alternative in graph.items(alternatives):
            yield from graph.iris(alternative, SH + "class")


def _rules(graph: _Graph, shape: str) -> Iterator[Rule]:
    for owner in (shape, *graph.iris(shape, SH + "sparql")):
        messages = graph.texts(owner, SH + "message")
        if messages:
            warning = graph.one(shape, SH + "severity") == SH + "Warning"
            yield Rule(graph.one(shape, word.LW + "objection", NOT_GIVEN), messages, warning)


def _merged(fields: Sequence[Field]) -> tuple[Field, ...]:
    """A field a property: several shapes may be about one property, the one with the most words speaks."""
    by_path: dict[str, list[Field]] = {}
    for field in fields:
        if field.messages:
            by_path.setdefault(field.path, []).append(field)
    found = []
    for same in by_path.values():
        first = min(same, key=lambda f: (not f.required, f.order))
        kinds = tuple(dict.fromkeys(kind for f in same for kind in f.kinds))
        found.append(
            replace(
                first,
                required=any(f.required for f in same),
                single=any(f.single for f in same),
                kinds=kinds,
                once_a_language=any(f.once_a_language for f in same),
                names=next((f.names for f in same if f.names), {}),
                descriptions=next((f.descriptions for f in same if f.descriptions), {}),
                group=next((f.group for f in same if f.group), None),
            )
        )
    return tuple(sorted(found, key=lambda f: (not f.required, f.order, f.path)))
