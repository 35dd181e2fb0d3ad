"""How the steward enters a party in the register: the document that says who it is."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox

from kg import vocabulary as word
from kg.ledger.quads import AUDIENCE_CONCEPTS, party_iri
from kg.party import STEWARD


def party_document(base: str, slug: str, names: Sequence[tuple[str, str]], perspectives: Sequence[str]) -> bytes:
    """The register's document of a party as N-Triples: names as (text, language), perspectives as concept IRIs."""
    party = ox.NamedNode(party_iri(base, slug))

    def says(predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(party, ox.NamedNode(predicate), value)

    triples = [
        says(word.RDF_TYPE, ox.NamedNode(word.PARTY)),
        says(word.HELD_BY, ox.NamedNode(party_iri(base, STEWARD))),
        says(word.AUDIENCE, ox.NamedNode(AUDIENCE_CONCEPTS["public"])),
        *(says(word.TITLE, ox.Literal(text, language=lang)) for text, lang in names),
        *(says(word.PERSPECTIVE, ox.NamedNode(concept)) for concept in perspectives),
    ]
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
