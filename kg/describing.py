"""What the doors, the ledger and the shapes need to know of a document without looking into its payload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from kg import vocabulary as word
from kg.contribution import AUDIENCES, Document
from kg.ontology import Ontology


def described(
    iri: str,
    triples: Iterable[ox.Triple],
    payload: bytes,
    *,
    base: str,
    speaker: str,
    ontology: Ontology,
    minted_from: str | None,
) -> Document:
    """The document that these triples say; `payload` is their canonical form, blank nodes were refused before."""
    objects: dict[tuple[str, str], set[str]] = defaultdict(set)
    """(subject, predicate) → IRIs; of dcterms:valid the lexical forms"""
    ties: set[str] = set()
    references: set[str] = set()
    asked = ontology.may_point | ontology.ties
    own_things = f"{base}/id/"
    for triple in triples:
        subject, predicate, value = str(triple.subject)[1:-1], triple.predicate.value, triple.object
        assert not isinstance(value, ox.BlankNode | ox.Triple), "refused while parsing"
        # A text that looks like an address is not one: "…/audience/public" in quotes publishes nothing.
        if isinstance(value, ox.NamedNode) or predicate == word.VALID:
            objects[subject, predicate].add(value.value)
        if isinstance(value, ox.NamedNode) and predicate != word.RDF_TYPE:
            target = value.value.partition("#")[0]
            if target != iri and predicate in ontology.ties:
                ties.add(target)
            if target != iri and (predicate in asked or target.startswith(own_things)):
                references.add(target)
    grounds = [(kind, end) for g in objects[iri, word.HAS_GROUND] for kind, end in _ground(objects, g)]
    ground, ground_ends = min(grounds, default=(None, None), key=lambda pair: (pair[1] or "9999", pair[0] or ""))
    return Document(
        iri=iri,
        holder=min(objects[iri, word.HELD_BY], default=speaker),
        classes=tuple(sorted(objects[iri, word.RDF_TYPE])),
        audience=_audience(objects[iri, word.AUDIENCE]),
        table=tuple(sorted(objects[iri, word.TABLE_OF])),
        ties=tuple(sorted(ties)),
        references=tuple(sorted(references - set(ontology.concepts))),
        ground=ground,
        ground_ends=ground_ends,
        response=_response(objects[iri, word.RESPONSE_KIND], objects[iri, word.RESPONSE_TO]),
        payload=payload,
        minted_from=minted_from,
    )


def _ground(objects: Mapping[tuple[str, str], set[str]], part: str) -> list[tuple[str | None, str | None]]:
    """Kind and last day of one ground; the earliest day where several are given, so that none outlives its consent."""
    kinds = objects.get((part, word.GROUND_KIND), set())
    kind = min(kinds).removeprefix(word.CONCEPT + "ground/") if kinds else None
    return [(kind, min(objects.get((part, word.VALID), set()), default=None))]


def _audience(values: set[str]) -> str:
    """The one audience that is said; what is unclear is for the holder alone (and then a shape refuses it)."""
    space = word.CONCEPT + "audience/"
    said = {value.removeprefix(space) for value in values if value.startswith(space)}
    return next(iter(said)) if len(values) == len(said) == 1 and said <= set(AUDIENCES) else AUDIENCES[0]


def _response(kinds: set[str], targets: set[str]) -> tuple[str, str] | None:
    if len(kinds) != 1 or len(targets) != 1:
        return None
    return next(iter(kinds)).removeprefix(word.CONCEPT + "response/"), next(iter(targets)).partition("#")[0]
