"""The JSON-LD context of the service, made from the ontology, so that plain JSON can say what the words say."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from kg import vocabulary as word
from kg.ontology import Ontology, local_name, read_ontology

Json: TypeAlias = "str | float | bool | Mapping[str, Json] | list[Json] | None"

# What an object calls its IRI and its kind; no word of the ontology takes these names.
ALIASES = {"id": "@id", "type": "@type"}

_TEXTS = frozenset({word.RDF_LANG_STRING, word.XSD_STRING})
# A context gives each name one datatype, so a value that may be a date or a year has two names.
_SECOND_NAMES = {word.XSD_G_YEAR: "Year"}


def context(ontology: Ontology) -> dict[str, Json]:
    """The context as a JSON object with one member, `@context`.

    Its promises to whoever writes plain JSON: a name that we do not know becomes an unknown word of ours and is
    refused by name, never dropped in silence; concepts are written by their notation (`"audience": "public"`); texts
    carry their language (`"title": {"nl": …}`); dates and years are typed. A nested object needs an `id` such as
    `"#teller"`, because a thing without an IRI is refused.
    """
    terms: dict[str, Json] = {"@version": 1.1, "@vocab": word.LW, **ALIASES}
    terms |= {prefix: {"@id": iri, "@prefix": True} for prefix, iri in word.PREFIXES.items()}
    names = _names(ontology, frozenset(terms))
    taken = frozenset(terms) | frozenset(names)
    for name, iri in names.items():
        if iri in ontology.classes:
            terms[name] = _class_term(iri, ontology, taken)
        else:
            terms |= _property_terms(name, iri, ontology, taken)
    return {"@context": terms}


def context_text(ontology: Ontology) -> str:
    """The context as it is kept in `ontology/context.jsonld` and served at `/context.jsonld`."""
    return json.dumps(context(ontology), ensure_ascii=False, indent=1) + "\n"


def _names(ontology: Ontology, taken: frozenset[str]) -> dict[str, str]:
    """Short name → IRI of every class and property, in alphabetical order.

    Our own words come first; where words of others would share a name, none of them gets it.
    """
    iris = (ontology.classes | ontology.predicates) - {word.RDF_TYPE}
    wanted = {iri: ontology.json_names.get(iri, local_name(iri)) for iri in iris}
    own = {name for iri, name in wanted.items() if iri.startswith(word.LW)}
    claims = Counter(wanted.values())
    return dict(
        sorted(
            (name, iri)
            for iri, name in wanted.items()
            if name not in taken and (iri.startswith(word.LW) or (claims[name] == 1 and name not in own))
        )
    )


def _class_term(iri: str, ontology: Ontology, taken: frozenset[str]) -> Json:
    """A class; inside its objects, `kind` takes its notations from the scheme of that class."""
    nearest_first = (iri, *sorted(ontology.superclasses[iri]))
    scheme = next((ontology.kinds_from[c] for c in nearest_first if c in ontology.kinds_from), None)
    if scheme is None:
        return iri
    kind = ontology.json_names[word.DCTERMS_TYPE]
    return {"@id": iri, "@context": {kind: _concept_term(word.DCTERMS_TYPE, scheme, ontology, taken)}}


def _property_terms(name: str, iri: str, ontology: Ontology, taken: frozenset[str]) -> dict[str, Json]:
    """A property under its name, and under a second one where its values may be of another datatype too."""
    schemes = ontology.values_from.get(iri, ())
    if len(schemes) == 1:
        return {name: _concept_term(iri, schemes[0], ontology, taken)}
    if iri in ontology.object_properties:
        return {name: {"@id": iri, "@type": "@id"}}
    datatypes = ontology.datatypes.get(iri, ())
    texts = [datatype for datatype in datatypes if datatype in _TEXTS]
    typed = [datatype for datatype in datatypes if datatype not in _TEXTS]
    terms: dict[str, Json] = {}
    if word.RDF_LANG_STRING in texts:
        terms[name] = {"@id": iri, "@container": "@language"}
    elif texts:
        terms[name] = {"@id": iri, "@type": word.XSD_STRING}
    for datatype in typed:
        second = name + _SECOND_NAMES.get(datatype, "") if len(datatypes) > 1 else name
        terms[second] = {"@id": iri, "@type": datatype}
    return terms


def _concept_term(iri: str, scheme: str, ontology: Ontology, taken: frozenset[str]) -> Json:
    """A property whose values are notations of one scheme.

    A notation that is a name of this context too would mean that name, and one that lies outside the scheme's namespace
    (a steward's own) would not be found: both are spelled out.
    """
    concepts = ontology.notations.get(scheme, {})
    spaces = Counter(concept.removesuffix(notation) for notation, concept in concepts.items())
    # The namespace of most concepts; alphabetical where two have as many, so that equal words give an equal context.
    space = min(spaces, key=lambda s: (-spaces[s], s)) if spaces else word.LW
    spelled_out: dict[str, Json] = {
        notation: concept for notation, concept in concepts.items() if concept != space + notation or notation in taken
    }
    return {"@id": iri, "@type": "@vocab", "@context": {"@vocab": space, **spelled_out}}


if __name__ == "__main__":
    sys.stdout.write(context_text(read_ontology([Path(folder) for folder in sys.argv[1:]])))
