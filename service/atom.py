"""A page of statements as an Atom feed (RFC 4287): who says what, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Tree

from kg import vocabulary as word
from kg.ledger.acts import Current
from kg.ledger.quads import party_iri
from kg.spoken import Spoken
from service.telling import Teller

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"
MEDIA_TYPE = "application/atom+xml"
CONTENT_TYPE = f"{MEDIA_TYPE}; charset=utf-8"


@dataclass(frozen=True)
class Feed:
    """What stands above the entries. Addresses are whole IRIs; times RFC 3339."""

    id: str
    title: str
    updated: str
    """When nothing is in it; else its newest entry says."""
    self_link: str
    page: str
    lang: str
    next_link: str | None = None


def atom(feed: Feed, documents: Sequence[Current], teller: Teller) -> bytes:
    """The feed as XML. Every text is escaped by the library that writes it."""
    Tree.register_namespace("", ATOM)
    root = Tree.Element(f"{{{ATOM}}}feed", {f"{{{XML}}}lang": feed.lang})
    newest = max((current.time or "" for current in documents), default=feed.updated)
    for name, text in (("id", feed.id), ("title", feed.title), ("updated", newest or feed.updated)):
        _text(root, name, text)
    _link(root, "self", feed.self_link, MEDIA_TYPE)
    _link(root, "alternate", feed.page, "text/html")
    if feed.next_link is not None:
        _link(root, "next", feed.next_link, MEDIA_TYPE)
    _text(root, "generator", "Wijkgraaf")
    for current in documents:
        _entry(root, current, teller, feed.lang)
    written: bytes = Tree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(root: Tree.Element, current: Current, teller: Teller, lang: str) -> None:
    """One statement: its name never changes, `updated` says when its holder said this."""
    base = teller.ledger.base
    entry = Tree.SubElement(root, f"{{{ATOM}}}entry")
    _text(entry, "id", current.iri)
    _text(entry, "title", teller.statement(current, lang))
    _text(entry, "updated", current.time or "")
    _person(entry, "author", teller.party(current.party, lang), party_iri(base, current.party))
    if current.recorder != current.party:
        _person(entry, "contributor", teller.party(current.recorder, lang), party_iri(base, current.recorder))
    _link(entry, "alternate", f"{current.iri}", "text/html")
    _link(entry, "via", f"{base}/contributions/{current.contribution}", "application/json")
    for kind in current.classes:
        if kind in teller.ontology.document_classes:
            term = {"term": kind, "label": teller.ontology.labels(kind, lang)}
            Tree.SubElement(entry, f"{{{ATOM}}}category", term)
    license_iri = Spoken(current.iri, current.payload).thing(word.LICENSE)
    if license_iri is not None:
        Tree.SubElement(entry, f"{{{ATOM}}}link", {"rel": "license", "href": license_iri})
    reason = teller.reason(current, lang)
    if reason is not None:
        summary = _text(entry, "summary", reason.text)
        if reason.lang:
            summary.set(f"{{{XML}}}lang", reason.lang)


def _text(above: Tree.Element, name: str, text: str) -> Tree.Element:
    element = Tree.SubElement(above, f"{{{ATOM}}}{name}")
    element.text = text
    return element


def _person(above: Tree.Element, role: str, name: str, iri: str) -> None:
    person = Tree.SubElement(above, f"{{{ATOM}}}{role}")
    _text(person, "name", name)
    _text(person, "uri", iri)


def _link(above: Tree.Element, rel: str, href: str, media: str) -> None:
    Tree.SubElement(above, f"{{{ATOM}}}link", {"rel": rel, "href": href, "type": media})
