"""The places with which the register of a new neighbourhood begins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from kg import vocabulary as word
from kg.ledger.quads import AUDIENCE_CONCEPTS, party_iri
from kg.party import STEWARD

DISTRICT, MUNICIPALITY, COUNTRY = "district", "municipality", "country"  # Notations of the scheme placeKind.


@dataclass(frozen=True)
class Place:
    """A place as the register begins with it; `kind` is a notation of the scheme placeKind."""

    names: tuple[tuple[str, str], ...]
    """(text, language)"""
    kind: str
    within: str | None = None
    """Slug of the place it lies in."""
    recorded_as: tuple[str, ...] = ()
    """Its addresses in the registers of others."""

    @property
    def slug(self) -> str:
        """Its name in addresses, made of its first name: `Sint-Jan ’t Hof` → `sint-jan-t-hof`."""
        return slug_of(self.names[0][0])


def slug_of(text: str) -> str:
    """A text as a name in addresses: small letters without accents, digits and dashes, at most 80 characters."""
    plain = unicodedata.normalize("NFKD", text.replace("’", " ")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].rstrip("-")


def places_document(base: str, places: Sequence[Place]) -> bytes:
    """The register's documents of these places as N-Triples, one document a place."""
    return ox.serialize((t for p in places for t in _said(base, p)), format=ox.RdfFormat.N_TRIPLES) or b""


def _said(base: str, place: Place) -> Iterator[ox.Triple]:
    register = party_iri(base, STEWARD)
    subject = ox.NamedNode(f"{register}/{place.slug}")
    said = [
        (word.RDF_TYPE, word.NEIGHBOURHOOD if place.kind == DISTRICT else word.PLACE),
        (word.HELD_BY, register),
        (word.AUDIENCE, AUDIENCE_CONCEPTS["public"]),
        (word.DCTERMS_TYPE, f"{word.CONCEPT}placeKind/{place.kind}"),
        *((word.RECORDED_AS, address) for address in place.recorded_as),
    ]
    if place.within is not None:
        said.append((word.SF_WITHIN, f"{register}/{place.within}"))
    for predicate, value in said:
        yield ox.Triple(subject, ox.NamedNode(predicate), ox.NamedNode(value))
    for text, language in place.names:
        yield ox.Triple(subject, ox.NamedNode(word.TITLE), ox.Literal(text, language=language))
