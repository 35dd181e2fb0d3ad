"""How the steward enters a party in the register: the document that says who it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyoxigraph as ox

from kg import vocabulary as word
from kg.ledger.quads import AUDIENCE_CONCEPTS, party_iri
from kg.party import STEWARD

NAMED_IN = ("nl", "en")  # The languages in which a steward gives a party its name.


def party_document(base: str, slug: str, names: Sequence[tuple[str, str]], perspectives: Sequence[str]) -> bytes:
    """The register's document of a party as N-Triples: names as (text, language), perspectives as concept IRIs."""
    party = ox.NamedNode(party_iri(base, slug))

    def says(predicate: str, value: ox.NamedNode) -> ox.Triple:
        return ox.Triple(party, ox.NamedNode(predicate), value)

    triples = [
        says(word.RDF_TYPE, ox.NamedNode(word.PARTY)),
        says(word.HELD_BY, ox.NamedNode(party_iri(base, STEWARD))),
        says(word.AUDIENCE, ox.NamedNode(AUDIENCE_CONCEPTS["public"])),
    ]
    return _lines(triples) + _called(base, slug, names, perspectives)


def party_replaced(
    base: str, slug: str, payload: bytes, names: Sequence[tuple[str, str]], perspectives: Sequence[str]
) -> bytes:
    """A party's document (canonical N-Triples, as the ledger keeps it) with these names and perspectives instead.

    Names in other languages, and all else that the register says of it, stay.
    """
    about = f"<{party_iri(base, slug)}> "
    ends = tuple(f"@{lang} ." for lang in NAMED_IN)

    def goes(line: str) -> bool:
        if line.startswith(f"{about}<{word.PERSPECTIVE}> "):
            return True
        return line.startswith(f"{about}<{word.TITLE}> ") and line.endswith(ends)

    kept = [line for line in payload.decode().splitlines() if not goes(line)]
    return "".join(f"{line}\n" for line in kept).encode() + _called(base, slug, names, perspectives)


def names_of_party(base: str, slug: str, payload: bytes) -> Mapping[str, str]:
    """Language to name, from a party's document as the ledger keeps it."""
    start = f"<{party_iri(base, slug)}> <{word.TITLE}> "
    found: dict[str, str] = {}
    for line in payload.decode().splitlines():
        if line.startswith(start):
            text, _, lang = line.removeprefix(start).removesuffix(" .").rpartition("@")
            found[lang] = str(json.loads(text))  # The escapes of canonical N-Triples are those of JSON.
    return found


def _called(base: str, slug: str, names: Sequence[tuple[str, str]], perspectives: Sequence[str]) -> bytes:
    party = ox.NamedNode(party_iri(base, slug))
    title, perspective = ox.NamedNode(word.TITLE), ox.NamedNode(word.PERSPECTIVE)
    return _lines(
        [
            *(ox.Triple(party, title, ox.Literal(text, language=lang)) for text, lang in names),
            *(ox.Triple(party, perspective, ox.NamedNode(concept)) for concept in perspectives),
        ]
    )


def _lines(triples: Sequence[ox.Triple]) -> bytes:
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
