"""`Accept` and suffixes → a format that can be given, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A format: our name for it, its media type, the suffix of an address, other media types that mean it."""

    name: str
    media_type: str
    suffix: str
    aliases: tuple[str, ...] = ()


HTML = Format("html", "text/html", ".html", ("application/xhtml+xml",))
RESULTS = (
    Format("json", "application/sparql-results+json", ".srj", ("application/json",)),
    Format("xml", "application/sparql-results+xml", ".srx", ("application/xml", "text/xml")),
    Format("csv", "text/csv", ".csv"),
    Format("tsv", "text/tab-separated-values", ".tsv"),
)
TURTLE = Format("turtle", "text/turtle", ".ttl", ("application/x-turtle",))
TRIPLES = (
    TURTLE,
    Format("ntriples", "application/n-triples", ".nt", ("text/plain",)),
    Format("jsonld", "application/ld+json", ".jsonld", ("application/json",)),
    Format("rdfxml", "application/rdf+xml", ".rdf", ("application/xml",)),
)
QUADS = (
    Format("trig", "application/trig", ".trig"),
    Format("nquads", "application/n-quads", ".nq"),
)
RDF_TYPES = frozenset(f.media_type for f in (*TRIPLES, *QUADS))
CHARSET = {"text/html", "text/csv", "text/tab-separated-values", "text/turtle", "text/plain"}


def content_type(form: Format) -> str:
    """The Content-Type of a format, with its charset where the type is text."""
    return f"{form.media_type}; charset=utf-8" if form.media_type in CHARSET else form.media_type


def choose(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """The format that `Accept` likes best among those offered (in our order where it likes them equally), or None.

    RFC 9110: the most specific range decides a type's quality; a type with quality 0 is not acceptable.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    best: Format | None = None
    best_quality = 0.0
    for form in offered:
        quality = max(_quality(media, ranges) for media in (form.media_type, *form.aliases))
        if quality > best_quality:
            best, best_quality = form, quality
    return best


def language(asked: str | None, accept_language: str | None) -> str:
    """`nl` or `en`: what is asked for, else what the browser prefers, else Dutch."""
    if asked in ("nl", "en"):
        return asked
    best, best_quality = "nl", 0.0
    for tag, quality in _ranges(accept_language or ""):
        short = tag.split("-")[0].lower()
        if short in ("nl", "en") and quality > best_quality:
            best, best_quality = short, quality
    return best


def _ranges(header: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for item in header.split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                try:
                    quality = min(1.0, max(0.0, float(value)))
                except ValueError:
                    quality = 0.0
        if name:
            found.append((name.lower(), quality))
    return found


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    kind = media.split("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        for name, quality in ranges:
            if name == wanted:
                return quality
    return 0.0
