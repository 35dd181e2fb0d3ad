"""The words of the ontology together with what the shapes ask of them: what every page about the model is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from kg import vocabulary as word
from kg.objection import short
from kg.ontology import Ontology, local_name, read_ontology
from kg.settings import folder
from kg.shape_fields import EVERY_DOCUMENT, Field, Rule, Shapes, read_shapes

ANNOTATION = word.OWL_ANNOTATION_PROPERTY
SERVICE_GROUP, RULE_GROUP, REST_GROUP = "written-by-the-service", "rules-as-data", "without-a-group"


@dataclass(frozen=True)
class Words:
    """Ontology and shapes, and what the ontology says of its words that the service itself need not know."""

    ontology: Ontology
    shapes: Shapes
    domains: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[str, ...]]
    above: Mapping[str, tuple[str, ...]]
    """A class, property or concept → those it specialises, one step."""
    annotations: frozenset[str]
    """Properties of words, not of things: rules that are kept as data."""
    properties: frozenset[str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Our own classes, alphabetical in English."""
        own = {c for c in self.ontology.superclasses if c.startswith(word.LW)}
        return tuple(sorted(own, key=lambda c: self.english(c).casefold()))

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Classes of others that may stand in a contribution, or above one of ours."""
        others = {c for c in self.ontology.superclasses if not c.startswith(word.LW)}
        return tuple(sorted(others, key=lambda c: short(c).casefold()))

    def english(self, iri: str) -> str:
        """What a word is called in English."""
        return "Every document" if iri == EVERY_DOCUMENT else self.ontology.labels(iri, "en")

    def fields(self, kind: str) -> tuple[Field, ...]:
        """What the shapes ask or allow of a kind by its own name; what holds for wider kinds stands there."""
        return tuple(f for f in self.shapes.fields.get(kind, ()) if f.required or f.group)

    def rules(self, kind: str) -> tuple[Rule, ...]:
        """What must hold beyond single fields."""
        return self.shapes.rules.get(kind, ())

    def kinds(self, prop: str, field: Field | None = None) -> tuple[str, ...]:
        """The classes that a property leads to: as the shape of a kind says, else as the ontology says."""
        if field is not None and field.kinds:
            return field.kinds
        if self.ranges.get(prop):
            return self.ranges[prop]
        return (EVERY_DOCUMENT,) if prop in self.ontology.may_point and prop in self.ontology.ties else ()

    def schemes(self, prop: str, kind: str = "") -> tuple[str, ...]:
        """The lists that the values of a property come from, of one kind of thing or of any."""
        if prop == word.DCTERMS_TYPE and kind in self.ontology.kinds_from:
            return (self.ontology.kinds_from[kind],)
        return self.ontology.values_from.get(prop, ())

    def marks(self, concept: str) -> tuple[tuple[str, str], ...]:
        """The rules that a concept carries: the property that says so, and its value where that is not just true."""
        o = self.ontology
        true = {
            word.NEEDS_RATIONALE: o.needs_rationale,
            word.REPEATABLE: o.repeatable,
            word.ON_OWN: o.on_own,
            word.OPEN_ENDED: o.open_ended,
            word.OWN_FROM_ONLY: o.own_from_only,
        }
        found = [(mark, "") for mark, concepts in true.items() if concept in concepts]
        found += [(word.RANK, str(o.ranks[concept]))] if concept in o.ranks else []
        found += [(word.TIME_ORDER, o.time_order[concept])] if concept in o.time_order else []
        return tuple(found)

    def members(self, kind: str) -> tuple[str, ...]:
        """The direct specialisations of one of our classes."""
        return tuple(c for c in self.classes if kind in self.above.get(c, ()))

    def group_of(self, prop: str) -> str:
        """The page that a property stands on: the group its shapes put it in."""
        if prop in self.annotations:
            return RULE_GROUP
        if prop in self.ontology.service_words:
            return SERVICE_GROUP
        found = [f.group for its in self.shapes.fields.values() for f in its if f.path == prop and f.group]
        return slug(found[0].removeprefix(word.LWS + "group-")) if found else REST_GROUP

    def used_by(self, prop: str) -> tuple[tuple[str, Field], ...]:
        """The kinds whose shapes name a property."""
        found = [(kind, f) for kind, its in self.shapes.fields.items() for f in its if f.path == prop]
        return tuple(sorted(((k, f) for k, f in found if f.group or f.required), key=lambda pair: local_name(pair[0])))


@cache
def read_words() -> Words:
    """The words of this checkout."""
    ontology = read_ontology([folder("ontology")])
    found: dict[str, dict[str, list[str]]] = {}
    for quad in ox.parse(ontology.ntriples, format=ox.RdfFormat.N_TRIPLES):
        if isinstance(quad.object, ox.NamedNode) and isinstance(quad.subject, ox.NamedNode):
            found.setdefault(quad.predicate.value, {}).setdefault(quad.subject.value, []).append(quad.object.value)
    types = found[word.RDF_TYPE]
    kinds = {word.OWL_OBJECT_PROPERTY, word.OWL_DATATYPE_PROPERTY, word.RDF_PROPERTY, ANNOTATION}
    above: dict[str, tuple[str, ...]] = {}
    for predicate in (word.RDFS_SUB_CLASS_OF, word.RDFS + "subPropertyOf", word.SKOS + "broader"):
        above |= _sorted(found.get(predicate, {}))
    return Words(
        ontology=ontology,
        shapes=read_shapes(folder("shapes")),
        domains=_sorted(found.get(word.RDFS + "domain", {})),
        ranges=_sorted(found.get(word.RDFS + "range", {})),
        above=above,
        annotations=frozenset(t for t, its in types.items() if ANNOTATION in its and t.startswith(word.LW)),
        properties=frozenset(t for t, its in types.items() if not kinds.isdisjoint(its)),
    )


def _sorted(values: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {subject: tuple(sorted(its)) for subject, its in values.items()}


def slug(text: str) -> str:
    """A name as it stands in an address: `lifeDomain` → `life-domain`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text).lower()


def code(iri: str) -> str:
    """A word as people write it in a query."""
    for space in (word.CONCEPT, word.SCHEME):
        if iri.startswith(space):
            return iri.removeprefix(space)
    return short(iri)
