"""Signposts: links in the header of an answer that tell a program where it is, after the FAIR Signposting profile.

What a thing is called for good (`cite-as`), of what kind it is (`type`), whose it is (`author`), what may be done with
it (`license`), where it is described (`describedby`) or which page that describes (`describes`), of what it is a part
(`collection`) and which files it has (`item`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kg.ledger.acts import Current
from kg.ledger.quads import party_iri
from kg.party import STEWARD
from kg.vocabulary import DCAT, LICENSE, STORY
from service.addresses import asked_more, document_path, in_format
from service.negotiation import HTML, TRIPLES, Format
from service.profiles import OWN, Profile, content_profile, profile_links

ABOUT_PAGE = "https://schema.org/AboutPage"
DESCRIBING = (TRIPLES[0], TRIPLES[2])  # Turtle and JSON-LD: every format in every profile would be too many links.
NOINDEX = {"X-Robots-Tag": "noindex"}  # Stories are for readers, not for search engines.
_SAFE = re.compile(r"https?://[^\s<>\"\\^`{|}]+")


class Documents(Protocol):
    """Where documents are looked up."""

    @property
    def base(self) -> str:
        """What names begin with."""

    def document(self, iri: str) -> Current | None:
        """How a document stands now."""


def link(target: str, relation: str, media: str | None = None, profile: str | None = None) -> str:
    """One link as the header writes it."""
    kind = f'; type="{media}"' if media else ""
    return f'<{target}>; rel="{relation}"{kind}' + (f'; profile="{profile}"' if profile else "")


def license_of(documents: Documents, current: Current | None) -> str | None:
    """Under which licence a document stands: its own, else that of its holder, else that of the register (None)."""
    base = documents.base
    own = () if current is None else (current.iri, party_iri(base, current.party))
    for iri in dict.fromkeys((*own, party_iri(base, STEWARD))):
        found = current if current is not None and iri == current.iri else documents.document(iri)
        if found is not None and found.payload is not None and (said := _said(found, LICENSE)):
            return said
    return None


def _said(current: Current, predicate: str) -> str | None:
    """The address that a document's main subject says with this predicate."""
    start = f"<{current.iri}> <{predicate}> <".encode()
    lines = (line for line in (current.payload or b"").splitlines() if line.startswith(start))
    said = next((line[len(start) :].partition(b">")[0].decode() for line in lines), "")
    return said if _SAFE.fullmatch(said) else None


@dataclass(frozen=True)
class Signs:
    """What an answer about a document says of itself beside its words: links, and headers of their own."""

    links: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


NO_SIGNS = Signs()
"""Of what ended nothing is told."""


def signposts(
    documents: Documents, current: Current, chosen: Format, profile: Profile, offered: Sequence[Profile]
) -> Signs:
    """The signposts of a document, on its page and on its data in a profile; `offered` are all it can be had in."""
    base = documents.base
    here = document_path(base, current.iri)
    license = license_of(documents, current)
    links = [link(current.iri, "cite-as"), link(party_iri(base, current.party), "author")]
    links += [link(license, "license")] if license else []
    headers: dict[str, str] = dict(NOINDEX) if STORY in current.classes else {}
    if chosen is HTML:
        links.append(link(ABOUT_PAGE, "type"))
        for one in offered:
            links += [link(_alone(base, current.iri, f, one), "describedby", f.media_type, one.iri) for f in DESCRIBING]
        return Signs(tuple(links), headers)
    links += profile_links(here, profile, offered, DESCRIBING)
    headers["Content-Profile"] = content_profile(profile)
    headers["Content-Location"] = _alone(base, current.iri, chosen, profile)
    links.append(link(in_format(base, current.iri, HTML), "describes", HTML.media_type))
    return Signs(tuple(links), headers)


def _alone(base: str, iri: str, form: Format, profile: Profile) -> str:
    """Where a document stands in this format and profile alone."""
    path = in_format(base, iri, form)
    return path if profile is OWN else asked_more(path, f"_profile={profile.token}")


def dataset_signposts(
    iri: str, author: str, license: str | None, files: Iterable[tuple[str, str]], collection: str = "/catalog"
) -> list[str]:
    """The signposts of a set of data: a viewpoint or a snapshot, with its files (address, media type)."""
    return [
        link(iri, "cite-as"),
        link(f"{DCAT}Dataset", "type"),
        link(author, "author"),
        *([link(license, "license")] if license else []),
        link("/catalog", "describedby", "text/turtle"),
        link(collection, "collection"),
        *(link(address, "item", media) for address, media in files),
    ]


def page_signposts(iri: str, described: Iterable[tuple[str, str]]) -> list[str]:
    """The signposts of a page about something that has a name, with the addresses of its data."""
    data = (link(path, "describedby", media) for path, media in described)
    return [link(iri, "cite-as"), link(ABOUT_PAGE, "type"), *data]
