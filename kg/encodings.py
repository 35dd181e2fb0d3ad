"""Bytes → UTF-8 text, or which bytes are not, where they are and what to do; and where a text of tags breaks off."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

import pyoxigraph as ox

from kg.objection import Objection, object_to, with_words

UTF8: Final = ("utf-8", "utf8", "us-ascii")  # ASCII is UTF-8 too.
_MARK: Final = b"\xef\xbb\xbf"
# The longest first: the mark of UTF-32 begins with that of UTF-16.
_OTHER_MARKS: Final = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_PACKED: Final = ((b"PK\3\4", "ZIP, XLSX"), (b"\x1f\x8b", "gzip"), (b"%PDF", "PDF"))
_UNMARKED_BYTES: Final = 64  # Of a text in UTF-16 without a mark every second byte is zero, from the start.
_TAG = re.compile(rb"[^>]*>|[^>]+")


def charset_of(media_type: str) -> str | None:
    """The charset that a Content-Type names, in lower case."""
    found = re.search(r";\s*charset\s*=\s*\"?([^\s\";]+)", media_type, re.IGNORECASE)
    return found[1].lower() if found else None


def as_utf8(body: bytes, charset: str | None) -> bytes | Objection:
    """The body without its byte order mark; an objection where it is not UTF-8, or holds U+0000."""
    if charset is not None and charset not in UTF8:
        return object_to("CharsetUnknown", value=charset[:100], limit="UTF-8")
    packed = next((name for mark, name in _PACKED if body.startswith(mark)), None)
    if packed is not None:
        return _not_text(packed)
    other = _marked_otherwise(body)
    if other is not None:
        return object_to("CharsetUnknown", value=other, limit="UTF-8")
    body = body.removeprefix(_MARK)
    # UTF-16 and UTF-32 would hide every mark that is looked for before parsing.
    if b"\0" in body:
        line, column = place(body, body.index(b"\0"))
        return object_to("SyntaxUnclear", value="U+0000", line=line, column=column)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return not_utf8(body, error.start)
    return body


def _not_text(form: str) -> Objection:
    return with_words(
        object_to("SyntaxUnclear", value=form, line=1, column=1),
        nl=f"Dit is geen tekst, maar een bestand in {form}. Pak het uit voor u het stuurt. Een werkmap (.xlsx) stuurt "
        "u zoals zij is, met haar eigen Content-Type.",
        en=f"This is no text but a file in {form}. Unpack it before you send it; a workbook (.xlsx) is sent as it is, "
        "with a Content-Type of its own.",
    )


def not_utf8(body: bytes, at: int) -> Objection:
    """The byte at `at` is not UTF-8: where it is, how it reads in the alphabet that it probably is of, what to do."""
    line, column = place(body, at)
    shown = body[at : at + 1].decode("cp1252", "replace")
    before = body[max(0, at - 20) : at].rpartition(b"\n")[2].decode("utf-8", "ignore")
    return with_words(
        object_to("SyntaxUnclear", value=before + shown, line=line, column=column),
        nl=f"De tekst is niet in UTF-8: bij regel {line}, teken {column} staat '{before}{shown}' zoals Windows-1252 "
        "het schrijft. Bewaar het bestand als UTF-8 (in Excel: 'CSV UTF-8') en stuur opnieuw.",
        en=f"The text is not UTF-8: at line {line}, column {column} stands '{before}{shown}' as Windows-1252 writes "
        "it. Save the file as UTF-8 (in Excel: 'CSV UTF-8') and send it again.",
    )


def place(body: bytes, at: int) -> tuple[int, int]:
    """Line and column (of characters, both from 1) of a byte."""
    start = body.rfind(b"\n", 0, at) + 1
    return body.count(b"\n", 0, at) + 1, len(body[start:at].decode("utf-8", "replace")) + 1


def _marked_otherwise(body: bytes) -> str | None:
    for mark, name in _OTHER_MARKS:
        if body.startswith(mark):
            return name
    start = body[:_UNMARKED_BYTES]
    halves = (start[::2], start[1::2])
    if len(start) > 1 and any(not half.strip(b"\0") for half in halves) and any(half.strip(b"\0") for half in halves):
        return "UTF-16"
    return None


class _Tags(io.BytesIO):
    """A text given a tag at a time, so that what was given last is where its reader stopped."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.tags: Iterator[re.Match[bytes]] = _TAG.finditer(body)
        self.rest = b""
        self.at = 0

    def read(self, size: int | None = -1) -> bytes:
        """The next tag, or as much of it as fits."""
        if not self.rest:
            found = next(self.tags, None)
            if found is None:
                return b""
            self.rest, self.at = found[0], found.start()
        given, self.rest = (self.rest, b"") if size is None or size < 0 else (self.rest[:size], self.rest[size:])
        return given


def broken_xml(body: bytes) -> Objection | None:
    """Where XML is not well-formed, its missing end included: the parser of RDF/XML takes a file cut off for whole."""
    reader = expat.ParserCreate("utf-8")
    try:
        reader.Parse(body, True)
    except expat.ExpatError as error:
        return object_to(
            "SyntaxUnclear", value=expat.ErrorString(error.code), line=error.lineno, column=error.offset + 1
        )
    return None


def place_in_xml(body: bytes, base_iri: str) -> tuple[int, int]:
    """Line and column of the tag at which RDF/XML can't be read: its parser does not say, so it is led there again."""
    tags = _Tags(body)
    try:
        for _ in ox.parse(tags, format=ox.RdfFormat.RDF_XML, base_iri=base_iri):
            pass
    except SyntaxError:
        pass
    start = tags.at + len(body[tags.at :]) - len(body[tags.at :].lstrip())
    return place(body, min(start, max(0, len(body) - 1)))
