"""What a party proposes for the register: a place, told in a notification, that becomes a document of the register.

A party cannot write in the register. It sends the steward an Offer whose object is the place as it would stand there;
accepted, the steward publishes it as its own words, under a name that the steward chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from kg import vocabulary as word
from kg.activity import AS
from kg.ledger.quads import AUDIENCE_CONCEPTS, party_iri
from kg.party import STEWARD

KINDS: Mapping[str, str] = {word.PLACE: "Place", word.NEIGHBOURHOOD: "Neighbourhood", word.FACILITY: "Facility"}
# The steward says these itself: whose it is and who may read it.
_STEWARDS = frozenset({word.HELD_BY, word.AUDIENCE, word.TABLE_OF})


@dataclass(frozen=True)
class Proposal:
    """A place as somebody proposes it."""

    address: str
    """Of the notification that holds it."""
    sender: str
    """IRI of the party that proposes it."""
    kind: str
    """IRI of its class."""
    title: str
    thing: str
    """What the place is called in the notification: an address or a blank node's name."""
    triples: tuple[ox.Triple, ...]


def offer(sender: str, steward: str, place: Mapping[str, Any], titles: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The notification that proposes a place, as JSON-LD; `place` are its properties by full IRI."""
    named = [{"@value": text, "@language": language} for text, language in titles]
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Offer",
        "actor": sender,
        "target": steward,
        "object": {"id": "#place", **place, word.TITLE: named},
    }


def read_offer(ntriples: bytes, address: str) -> Proposal | None:
    """The proposal in a notification (our own N-Triples); None when it proposes no place."""
    triples = [quad.triple for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)]

    def of(subject: object, predicate: str) -> list[Any]:
        return [t.object for t in triples if t.subject == subject and t.predicate.value == predicate]

    me = ox.NamedNode(address)
    if ox.NamedNode(AS + "Offer") not in of(me, word.RDF_TYPE):
        return None
    actor = next(iter(of(me, AS + "actor")), None)
    for thing in of(me, AS + "object"):
        kind = next((k.value for k in of(thing, word.RDF_TYPE) if getattr(k, "value", "") in KINDS), None)
        titles = [title for title in of(thing, word.TITLE) if isinstance(title, ox.Literal)]
        if kind is not None and titles and isinstance(actor, ox.NamedNode):
            said = tuple(t for t in triples if t.subject == thing)
            return Proposal(address, actor.value, kind, titles[0].value, str(thing), said)
    return None


def register_document(base: str, proposal: Proposal, name: str) -> bytes:
    """The register's document of a proposed place, as N-Triples, under the name that the steward gives it."""
    register = party_iri(base, STEWARD)
    subject = ox.NamedNode(f"{register}/{name}")
    said = [
        ox.Triple(subject, triple.predicate, triple.object)
        for triple in proposal.triples
        if triple.predicate.value not in _STEWARDS
    ]
    own = [(word.HELD_BY, register), (word.AUDIENCE, AUDIENCE_CONCEPTS["public"])]
    said += [ox.Triple(subject, ox.NamedNode(predicate), ox.NamedNode(value)) for predicate, value in own]
    return ox.serialize(said, format=ox.RdfFormat.N_TRIPLES) or b""


def answer(proposal: Proposal, steward: str, *, accepted: str | None, why: str) -> dict[str, Any]:
    """The steward's word to who proposed it: accepted under a name (IRI), or not, and why."""
    told: dict[str, Any] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Accept" if accepted else "Reject",
        "actor": steward,
        "object": proposal.address,
        "inReplyTo": proposal.address,
    }
    if accepted:
        told["result"] = accepted
    if why:
        told["content"] = why
    return told
