"""The ontology folders, read once: which words there are, what they are called and which rules they carry as data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import pyoxigraph as ox

from kg import vocabulary as word

LANGUAGES = ("nl", "en")

_CLASS_KINDS = frozenset({word.OWL_CLASS, word.RDFS + "Class"})
_OBJECT_KINDS = frozenset({word.OWL_OBJECT_PROPERTY})
_PROPERTY_KINDS = frozenset({word.OWL_OBJECT_PROPERTY, word.OWL_DATATYPE_PROPERTY, word.RDF_PROPERTY})
_LABELS = (word.PREF_LABEL, word.RDFS_LABEL, word.TITLE)

Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""IRI → language → text."""


class OntologyUnreadable(ValueError):
    """A vocabulary folder that cannot be used: the operator has to mend the file that the message names."""


@dataclass(frozen=True)
class Ontology:
    """All words of the vocabulary, ours and those a steward added, with the rules that they carry.

    Sets hold IRIs. `superclasses` is transitive and includes the class itself. `concepts` gives each concept's scheme
    (or the class that lists it), `notations` each scheme's concepts by notation, in alphabetical order.
    """

    version: str
    document_classes: frozenset[str]
    part_classes: frozenset[str]
    classes: frozenset[str]
    """Everything that may be the object of rdf:type in a contribution."""
    predicates: frozenset[str]
    """Every predicate that a contribution may use, rdf:type included."""
    object_properties: frozenset[str]
    service_words: frozenset[str]
    """Words that the service alone writes: never in a contribution."""
    may_point: frozenset[str]
    ties: frozenset[str]
    needs_rationale: frozenset[str]
    repeatable: frozenset[str]
    on_own: frozenset[str]
    open_ended: frozenset[str]
    own_from_only: frozenset[str]
    ranks: Mapping[str, int]
    time_order: Mapping[str, str]
    superclasses: Mapping[str, frozenset[str]]
    concepts: Mapping[str, str]
    notations: Mapping[str, Mapping[str, str]]
    values_from: Mapping[str, tuple[str, ...]]
    """Property → the schemes that its values come from."""
    kinds_from: Mapping[str, str]
    """Class → the scheme that the dcterms:type of its things comes from."""
    datatypes: Mapping[str, tuple[str, ...]]
    domains: Mapping[str, frozenset[str]]
    """Property → the classes of the things that it is said of, where the vocabulary says so."""
    json_names: Mapping[str, str]
    label_texts: Texts
    definition_texts: Texts
    note_texts: Texts
    sentence_texts: Texts
    """Relation, response or experience → the verb that stands in a sentence."""
    ntriples: bytes
    """All triples of all folders, distinct and sorted, without blank nodes."""

    def labels(self, iri: str, lang: str) -> str:
        """What `iri` is called in `lang`, else in the other language, else the last part of the IRI."""
        return _in_language(self.label_texts.get(iri, {}), lang) or local_name(iri)

    def sentence(self, iri: str, lang: str) -> str:
        """The verb that stands for `iri` in a sentence, else its label."""
        return _in_language(self.sentence_texts.get(iri, {}), lang) or self.labels(iri, lang)

    def definition(self, iri: str, lang: str) -> str:
        """What `iri` means, in `lang` or else the other language; empty where the vocabulary does not say."""
        return _in_language(self.definition_texts.get(iri, {}), lang)


def local_name(iri: str) -> str:
    """The last part of an IRI, after its last `#` or `/`."""
    return iri.rstrip("/#").rpartition("#" if "#" in iri else "/")[2]


def read_ontology(folders: Sequence[Path]) -> Ontology:
    """The words of every Turtle file under `folders`. Raises OntologyUnreadable where one cannot be used."""
    triples: set[ox.Triple] = set()
    for folder in folders:
        files = sorted(folder.rglob("*.ttl"))
        if not files:
            raise OntologyUnreadable(f"{folder}: no vocabulary (*.ttl) here")
        for file in files:
            triples.update(_read_file(file))
    return _understood(triples)


def _read_file(file: Path) -> list[ox.Triple]:
    try:
        triples = [quad.triple for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE)]
    except SyntaxError as error:
        raise OntologyUnreadable(f"{file}: {error}") from error
    for triple in triples:
        if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
            raise OntologyUnreadable(f"{file}: a blank node at {triple}; give it an IRI")
    return triples


@dataclass(frozen=True)
class _Index:
    """Triples by predicate, then subject: IRIs and texts apart."""

    iris: Mapping[str, Mapping[str, list[str]]]
    texts: Mapping[str, Mapping[str, list[tuple[str, str]]]]
    """predicate → subject → (text, language)"""

    def values(self, predicate: str) -> Mapping[str, list[str]]:
        return self.iris.get(predicate, {})

    def plain(self, predicate: str) -> dict[str, str]:
        return {subject: min(texts)[0] for subject, texts in self.texts.get(predicate, {}).items()}

    def marked(self, predicate: str) -> frozenset[str]:
        """The subjects that say `true`."""
        return frozenset(subject for subject, text in self.plain(predicate).items() if text == "true")

    def by_language(self, *predicates: str) -> Texts:
        """The texts of the first predicate that a subject has."""
        found: dict[str, dict[str, str]] = {}
        for predicate in reversed(predicates):
            for subject, texts in self.texts.get(predicate, {}).items():
                found[subject] = {language: text for text, language in sorted(texts, reverse=True)}
        return MappingProxyType(found)


def _index(triples: Iterable[ox.Triple]) -> _Index:
    iris: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    texts: defaultdict[str, defaultdict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        assert isinstance(subject, ox.NamedNode), "blank nodes were refused while reading"
        if isinstance(value, ox.Literal):
            texts[predicate][subject.value].append((value.value, value.language or ""))
        elif isinstance(value, ox.NamedNode):
            iris[predicate][subject.value].append(value.value)
    return _Index(iris, texts)


def _understood(triples: set[ox.Triple]) -> Ontology:
    index = _index(triples)
    types = index.values(word.RDF_TYPE)

    def of_kind(kinds: frozenset[str]) -> frozenset[str]:
        return frozenset(term for term, its in types.items() if not kinds.isdisjoint(its))

    service_words = index.marked(word.WRITTEN_BY_SERVICE)
    classes, properties = of_kind(_CLASS_KINDS), of_kind(_PROPERTY_KINDS)
    values_from = index.values(word.VALUES_FROM)
    concepts = {c: its[0] for c, its in index.values(word.IN_SCHEME).items()}
    concepts |= _members({scheme for schemes in values_from.values() for scheme in schemes}, types)
    return Ontology(
        version=index.plain(word.OWL_VERSION_INFO).get(word.ONTOLOGY, ""),
        document_classes=index.marked(word.DOCUMENT_CLASS),
        part_classes=index.marked(word.PART_CLASS),
        classes=classes - service_words,
        predicates=(properties | {word.RDF_TYPE}) - service_words,
        object_properties=of_kind(_OBJECT_KINDS) - service_words,
        service_words=service_words,
        may_point=index.marked(word.MAY_POINT),
        ties=index.marked(word.TIE),
        needs_rationale=index.marked(word.NEEDS_RATIONALE),
        repeatable=index.marked(word.REPEATABLE),
        on_own=index.marked(word.ON_OWN),
        open_ended=index.marked(word.OPEN_ENDED),
        own_from_only=index.marked(word.OWN_FROM_ONLY),
        ranks=MappingProxyType({concept: int(rank) for concept, rank in index.plain(word.RANK).items()}),
        time_order=MappingProxyType(index.plain(word.TIME_ORDER)),
        superclasses=_superclasses(classes, index.values(word.RDFS_SUB_CLASS_OF)),
        concepts=MappingProxyType(concepts),
        notations=_notations(concepts, index.plain(word.NOTATION)),
        values_from=_sorted_values(values_from),
        kinds_from=MappingProxyType({c: its[0] for c, its in index.values(word.KINDS_FROM).items()}),
        datatypes=_sorted_values(index.values(word.DATATYPE)),
        domains=MappingProxyType({p: frozenset(its) for p, its in index.values(word.RDFS_DOMAIN).items()}),
        json_names=MappingProxyType(index.plain(word.JSON_NAME)),
        label_texts=index.by_language(*_LABELS),
        definition_texts=index.by_language(word.DEFINITION, word.RDFS_COMMENT),
        note_texts=index.by_language(word.SCOPE_NOTE, word.EDITORIAL_NOTE),
        sentence_texts=index.by_language(word.SENTENCE),
        ntriples="".join(sorted(f"{triple} .\n" for triple in triples)).encode(),
    )


def _superclasses(classes: frozenset[str], above: Mapping[str, list[str]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for term in classes:
        seen, ahead = {term}, [term]
        while ahead:
            new = [c for c in above.get(ahead.pop(), ()) if c not in seen]
            seen.update(new)
            ahead.extend(new)
        found[term] = frozenset(seen)
    return MappingProxyType(found)


def _members(lists: set[str], types: Mapping[str, list[str]]) -> dict[str, str]:
    """Things that are a value because of their class: others list their values so (the consent statuses of DPV)."""
    return {thing: kind for thing, kinds in types.items() for kind in kinds if kind in lists}


def _notations(concepts: Mapping[str, str], notations: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for concept, notation in sorted(notations.items(), key=lambda item: item[1]):
        if concept in concepts:
            found.setdefault(concepts[concept], {})[notation] = concept
    return MappingProxyType({scheme: MappingProxyType(members) for scheme, members in found.items()})


def _sorted_values(values: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({subject: tuple(sorted(its)) for subject, its in values.items()})


def _in_language(texts: Mapping[str, str], lang: str) -> str:
    return next((texts[language] for language in (lang, *LANGUAGES, "") if language in texts), "")
