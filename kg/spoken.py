"""What a document says, read from its kept lines: texts by language, and where it points. No parser is needed for that.

The lines are our own canonical N-Triples, one triple a line, written when the document was taken in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kg.ontology import LANGUAGES

_LINE = re.compile(r'<([^>]*)> <([^>]*)> (?:<([^>]*)>|"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<[^>]*>)?) \.')
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class Line(NamedTuple):
    """One triple; `iri` where its object is a thing, else `text` with its language."""

    subject: str
    predicate: str
    iri: str | None
    text: str
    lang: str | None


class Text(NamedTuple):
    """Somebody's words, in their language where it is known."""

    text: str
    lang: str | None


def unescaped(text: str) -> str:
    """A literal of an N-Triples line as text."""
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else _ESCAPED.get(m[3], m[3]), text)


def lines_of(payload: bytes) -> Iterator[Line]:
    """The lines of a document, in their order."""
    for line in payload.decode().splitlines():
        found = _LINE.fullmatch(line)
        if found is not None:
            subject, predicate, iri, text, lang = found.groups()
            yield Line(subject, predicate, iri, unescaped(text or ""), lang)


class Spoken:
    """What a document says of its main subject."""

    def __init__(self, iri: str, payload: bytes | None) -> None:
        self._said: dict[str, list[Line]] = {}
        for line in lines_of(payload or b""):
            if line.subject == iri:
                self._said.setdefault(line.predicate, []).append(line)

    def things(self, predicate: str) -> tuple[str, ...]:
        """The IRIs that it gives for a predicate."""
        return tuple(line.iri for line in self._said.get(predicate, ()) if line.iri is not None)

    def thing(self, predicate: str) -> str | None:
        """The one IRI that it gives, or the first of several."""
        return next(iter(self.things(predicate)), None)

    def texts(self, predicate: str) -> Mapping[str, str]:
        """Its texts by language; without one, under the empty language."""
        return {line.lang or "": line.text for line in reversed(self._said.get(predicate, ())) if line.iri is None}

    def text(self, predicate: str, lang: str) -> Text | None:
        """Its text in a language, else in Dutch, English, or whatever there is."""
        texts = self.texts(predicate)
        for tongue in (lang, *LANGUAGES, *sorted(texts)):
            if tongue in texts:
                return Text(texts[tongue], tongue or None)
        return None
