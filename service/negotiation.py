"""`Accept` and suffixes → a format that can be given, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A format: our name for it, its media type, the suffix of an address, other media types and words that mean it."""

    name: str
    media_type: str
    suffix: str
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def is_called(self, word: str) -> bool:
        """Whether `word` means this format: our name, another that clients know it by, or a suffix."""
        return word in (self.name, *self.words, self.suffix.removeprefix("."))


HTML = Format("html", "text/html", ".html", ("application/xhtml+xml",))
RESULTS = (
    Format("json", "application/sparql-results+json", ".srj", ("application/json",)),
    Format("xml", "application/sparql-results+xml", ".srx", ("application/xml", "text/xml")),
    Format("csv", "text/csv", ".csv"),
    Format("tsv", "text/tab-separated-values", ".tsv"),
)
# Every Turtle document is one in N3 as well.
TURTLE = Format("turtle", "text/turtle", ".ttl", ("application/x-turtle",), ("n3",))
PARQUET = Format("parquet", "application/vnd.apache.parquet", ".parquet", ("application/x-parquet",))
SPREADSHEET = Format("spreadsheet", "text/csv", ".csv")  # CSV too, but not SPARQL's: asked with `for=spreadsheets`.
TRIPLES = (
    TURTLE,
    Format("ntriples", "application/n-triples", ".nt", ("text/plain",), ("n-triples",)),
    Format("jsonld", "application/ld+json", ".jsonld", ("application/json",), ("json-ld", "json")),
    Format("rdfxml", "application/rdf+xml", ".rdf", ("application/xml",), ("rdf+xml", "xml")),
)
QUADS = (
    Format("trig", "application/trig", ".trig"),
    Format("nquads", "application/n-quads", ".nq", words=("n-quads",)),
)
SHEETS = (
    Format("csv", "text/csv", ".csv"),
    Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
)
RDF_TYPES = frozenset(f.media_type for f in (*TRIPLES, *QUADS))
# Names so wide that a browser sends them for anything: beside a page that it likes better they choose nothing.
GENERIC = frozenset({"application/xml", "text/xml", "text/plain", "application/json"})
CHARSET = {"text/html", "text/csv", "text/tab-separated-values", "text/turtle", "text/plain"}


def content_type(form: Format) -> str:
    """The Content-Type of a format, with its charset where the type is text."""
    return f"{form.media_type}; charset=utf-8" if form.media_type in CHARSET else form.media_type


def meant(words: Sequence[str], offered: Sequence[Format]) -> set[Format | None]:
    """What these values of a parameter mean among the formats offered; None stands for one that means none of them.

    A value is a name, or with a slash in it what could stand in `Accept`.
    """

    def one(word: str) -> Format | None:
        return choose(word, offered) if "/" in word else next((f for f in offered if f.is_called(word)), None)

    return {one(word) for word in words}


def choose(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """The format that `Accept` likes best among those offered (in our order where it likes them equally), or None.

    RFC 9110: the most specific range decides a type's quality; a type with quality 0 is not acceptable. Another name of
    a format counts when it is asked for by that name: `text/*` is no wish for XML although `text/xml` means it. Where
    a page is liked better than such a name and there is none, a wide name chooses nothing: `*/*` does.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    page = dict(reversed(ranges)).get(HTML.media_type, 0.0)
    if HTML not in offered:
        ranges = [(name, quality) for name, quality in ranges if name not in GENERIC or quality >= page]
    best: Format | None = None
    best_quality = 0.0
    for form in offered:
        quality = _quality_of(form, ranges)
        if quality > best_quality:
            best, best_quality = form, quality
    return best


def prefers_page(accept: str | None) -> bool:
    """Whether a page is asked by name and nothing that we say is liked better: what a browser sends."""
    named = dict(reversed(_ranges(accept or "")))
    page = named.get(HTML.media_type, 0.0)
    ours = {form.media_type for form in (*RESULTS, *TRIPLES, *QUADS)} | GENERIC | {"application/problem+json", "*/*"}
    return page > 0 and all(quality <= page for name, quality in named.items() if name in ours)


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


def _quality_of(form: Format, ranges: Sequence[tuple[str, float]]) -> float:
    named = dict(reversed(ranges))  # The first of two equal names, as in `_quality`.
    if form.media_type in named:
        return named[form.media_type]
    return max([_quality(form.media_type, ranges), *(named[alias] for alias in form.aliases if alias in named)])


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    kind = media.split("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        for name, quality in ranges:
            if name == wanted:
                return quality
    return 0.0
