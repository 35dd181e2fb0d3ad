"""Notifications as ActivityStreams 2.0: its words as a JSON-LD context that we ship, and the check of what is sent.

The check runs only in a process that may be killed, like all parsing of what callers send; nothing is ever fetched.
Source: https://www.w3.org/TR/activitystreams-vocabulary/ (types and properties, with the datatypes given there).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import pyoxigraph as ox

from kg import vocabulary as word
from kg.brackets import look_over
from kg.jsonld import self_contained
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.spelling import unknown_word

AS: Final = "https://www.w3.org/ns/activitystreams#"
LDP: Final = "http://www.w3.org/ns/ldp#"
AS_CONTEXT: Final = "https://www.w3.org/ns/activitystreams"
CONTEXTS: Final = (AS_CONTEXT, AS_CONTEXT + ".jsonld", "http://www.w3.org/ns/activitystreams", AS)
BODY_BYTES_MAX: Final = 64 * 1024  # A message with a whole proposal in it is a tenth of that.
TRIPLES_MAX: Final = 500  # What says more is data: publish it, and send its address.
IRI_CHARACTERS_MAX: Final = 2_048  # What browsers and proxies carry.

_ACTIVITIES: Final = (
    "Accept Add Announce Arrive Block Create Delete Dislike Flag Follow Ignore Invite Join Leave Like Listen Move "
    "Offer Question Read Reject Remove TentativeAccept TentativeReject Travel Undo Update View"
)
_OTHERS: Final = (
    "Activity Application Article Audio Collection CollectionPage Document Event Group Image IntransitiveActivity Link "
    "Mention Note Object OrderedCollection OrderedCollectionPage Organization Page Person Place Profile Relationship "
    "Service Tombstone Video"
)
_THINGS: Final = (
    "actor anyOf attachment attributedTo audience bcc bto cc context current describes first formerType generator href "
    "icon image inReplyTo instrument items last location next object oneOf origin partOf prev preview relationship "
    "replies result subject tag target to url"
)
_TEXTS: Final = "hreflang mediaType rel units"
_IN_LANGUAGES: Final = "content name summary"
_TYPED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("closed", "deleted", "endTime", "published", "startTime", "updated"), "dateTime"),
    **dict.fromkeys(("accuracy", "altitude", "latitude", "longitude", "radius"), "float"),
    **dict.fromkeys(("height", "startIndex", "totalItems", "width"), "nonNegativeInteger"),
    "duration": "duration",
}
_WORDS: Final = frozenset({*_THINGS.split(), *_TEXTS.split(), *_IN_LANGUAGES.split(), *_TYPED})
_SAFE: Final = re.compile(r"(https?|mailto|tel|urn):", re.IGNORECASE)
# What no XML, and so no RDF/XML answer, can carry.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def activity_context() -> dict[str, Any]:
    """The context that stands for `https://www.w3.org/ns/activitystreams`, with every word of the vocabulary."""
    terms: dict[str, Any] = {"id": "@id", "type": "@type", "as": AS, "xsd": word.XSD, "ldp": LDP}
    terms |= {name: AS + name for name in (*_ACTIVITIES.split(), *_OTHERS.split())}
    terms |= {name: {"@id": AS + name, "@type": "@id"} for name in _THINGS.split()}
    terms |= {name: AS + name for name in (*_TEXTS.split(), *_IN_LANGUAGES.split())}
    terms |= {f"{name}Map": {"@id": AS + name, "@container": "@language"} for name in _IN_LANGUAGES.split()}
    terms |= {name: {"@id": AS + name, "@type": word.XSD + datatype} for name, datatype in _TYPED.items()}
    terms["orderedItems"] = {"@id": AS + "items", "@type": "@id", "@container": "@list"}
    terms["inbox"] = {"@id": LDP + "inbox", "@type": "@id"}
    return terms


@dataclass(frozen=True)
class Activity:
    """A notification that may be kept: its JSON as it was sent, and every address that it names."""

    body: bytes
    names: tuple[str, ...]


def read_activity(body: bytes, *, address: str, sender: str, ontology: Ontology) -> Activity | tuple[Objection, ...]:
    """What was sent, or what stands in the way. `address` is where it will stand, `sender` the IRI of who sends it."""
    if not body.strip():
        return (object_to("EmptyBody"),)
    unfit = look_over(body, "json")
    if unfit:
        return (unfit,)
    quads = _quads(body, address)
    refused = tuple(one for one in quads if isinstance(one, Objection))
    if refused:
        return refused
    found = [quad for quad in quads if isinstance(quad, ox.Quad)]
    tree = json.loads(body)
    root = _root(tree, address)
    objections = [*_shape(found, root, sender), *_fit(found, root, ontology)]
    if objections:
        return tuple(dict.fromkeys(objections))
    tree.setdefault("@id" if "@id" in tree else "id", address)
    terms = {term.value for quad in found for term in (quad.subject, quad.object) if isinstance(term, ox.NamedNode)}
    names = sorted({name.partition("#")[0] for name in terms})
    return Activity(json.dumps(tree, ensure_ascii=False).encode(), tuple(names))


def in_form(body: bytes, *, address: str, form: ox.RdfFormat) -> bytes:
    """A kept notification in another RDF format."""
    quads = [quad for quad in _quads(body, address) if isinstance(quad, ox.Quad)]
    prefixes = {"as": AS, "ldp": LDP, **word.PREFIXES}
    return ox.serialize((quad.triple for quad in quads), format=form, prefixes=prefixes) or b""


def _quads(body: bytes, address: str) -> tuple[ox.Quad, ...] | tuple[Objection, ...]:
    """Its triples; stops at the first thing that cannot be read."""
    safe = self_contained(body, own=CONTEXTS, context=activity_context, bytes_max=16 * BODY_BYTES_MAX)
    if isinstance(safe, tuple):
        return safe
    tree = json.loads(safe)
    if not isinstance(tree, dict):
        return (object_to("NotificationUnclear", path="", limit="{…}"),)
    if "id" not in tree and "@id" not in tree:
        tree["@id"] = address
    found: list[ox.Quad] = []
    try:
        for quad in ox.parse(json.dumps(tree).encode(), format=ox.RdfFormat.JSON_LD, base_iri=address):
            found.append(quad)
            if len(found) > TRIPLES_MAX:
                return (object_to("TooManyTriples", focus=address, limit=f"{TRIPLES_MAX} triples"),)
    except SyntaxError as error:
        return (object_to("SyntaxUnclear", value=(error.msg or "")[:200], line=error.lineno or 1, column=1),)
    return tuple(found)


def _root(tree: Mapping[str, Any], address: str) -> str:
    """The name of the activity itself."""
    given = tree.get("id", tree.get("@id"))
    return urljoin(address, given) if isinstance(given, str) and not given.startswith("urn:") else str(given or address)


def _shape(quads: list[ox.Quad], root: str, sender: str) -> Iterator[Objection]:
    """An activity of a known type, of the sender, with an object."""
    of: dict[str, list[Any]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value == root:
            of.setdefault(quad.predicate.value, []).append(quad.object)
    types = {term.value.removeprefix(AS) for term in of.get(word.RDF_TYPE, ()) if isinstance(term, ox.NamedNode)}
    if not types & set(_ACTIVITIES.split()):
        yield object_to("NotificationUnclear", path="type", limit="Announce, Create, Offer, Update, Delete, Accept …")
    actors = [term.value for term in of.get(AS + "actor", ()) if isinstance(term, ox.NamedNode)]
    if len(of.get(AS + "actor", ())) != 1 or not actors:
        yield object_to("NotificationUnclear", path="actor", limit=sender)
    elif actors[0] != sender:
        yield object_to("ActorOther", path="actor", value=actors[0][:200], limit=sender)
    if not of.get(AS + "object"):
        yield object_to("NotificationUnclear", path="object", limit="https://…")


def _fit(quads: list[ox.Quad], root: str, ontology: Ontology) -> Iterator[Objection]:
    """Only words that are known, addresses that can be followed without harm, and text that every format can carry."""
    known = ontology.predicates | {AS + name for name in _WORDS} | {LDP + "inbox"}
    for quad in quads:
        predicate = quad.predicate.value
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            yield object_to("NotificationUnclear", path="@graph", limit="{…}")
        if predicate not in known:
            yield unknown_word(root, predicate, known)
        for term in (quad.subject, quad.object):
            if isinstance(term, ox.NamedNode) and (len(term.value) > IRI_CHARACTERS_MAX or not _SAFE.match(term.value)):
                yield object_to(
                    "UnsafeIri", focus=root, path=predicate, value=term.value[:80], limit=str(IRI_CHARACTERS_MAX)
                )
        if isinstance(quad.object, ox.Literal) and _UNSEEN.search(quad.object.value):
            yield object_to("UnsafeText", focus=root, path=predicate)
