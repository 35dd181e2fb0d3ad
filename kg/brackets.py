"""What a text would do to its parser, found in one linear pass before any parser: depth, forbidden marks."""

from __future__ import annotations

import re
from typing import Final

from kg.objection import Objection, object_to

# Real documents stay below 10; parsers that call themselves at each bracket end their process at a few thousand.
NESTING_MAX: Final = 50

# One pass: strings, comments and addresses are stepped over whole. Every alternative takes what it began, also when
# its end is missing (possessive, `\Z`), so that no text makes the pass start over.
_TURTLE = re.compile(
    rb"""\"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\"|\Z)
       | '''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)
       | "(?:[^"\\\n\r]|\\.)*+"?
       | '(?:[^'\\\n\r]|\\.)*+'?
       | \#[^\n\r]*+
       | \\.
       | (?P<term><<)
       | <[^<>"{}|^`\\\x00-\x20]*+>?
       | (?P<open>[\[({])
       | (?P<close>[\])}])""",
    re.VERBOSE | re.DOTALL,
)
_JSON = re.compile(rb'"(?:[^"\\]|\\.)*+"?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_XML = re.compile(
    rb"""<!--.*?(?:-->|\Z) | <!\[CDATA\[.*?(?:\]\]>|\Z) | <\?.*?(?:\?>|\Z)
       | (?P<close></[^>]*+>?)
       | <[^!?/](?:"[^"]*+"?|'[^']*+'?|[^"'>/]|/(?!>))*+(?:/>|(?P<open>>?))""",
    re.VERBOSE | re.DOTALL,
)
_XML_REFUSED = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^\s*+<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_OPENERS = {"turtle": b"[({", "json": b"[{", "xml": b"<"}
_PATTERNS = {"turtle": _TURTLE, "json": _JSON, "xml": _XML}


def look_over(body: bytes, family: str) -> Objection | None:
    """What makes this text unfit for a parser of its family ("turtle", "json" or "xml"), or None."""
    if family == "xml":
        refused = _XML_REFUSED.search(body)
        if refused:
            return object_to("DoctypeFound", value=refused[0].decode("ascii"))
        encoding = _XML_ENCODING.match(body)
        if encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
            name = encoding[1].decode("ascii", "replace")[:40]
            return object_to("SyntaxUnclear", value=f"encoding {name} (UTF-8 is read)", line=1, column=1)
    if _harmless(body, family):
        return None
    return _walk(body, family)


def _harmless(body: bytes, family: str) -> bool:
    """True when even without looking at strings there can't be too many brackets: most bodies."""
    openers = _OPENERS[family]
    if sum(body.count(openers[i : i + 1]) for i in range(len(openers))) > NESTING_MAX:
        return False
    return family != "turtle" or b"<<" not in body


def _walk(body: bytes, family: str) -> Objection | None:
    depth = 0
    for mark in _PATTERNS[family].finditer(body):
        kind = mark.lastgroup
        if kind == "open":
            depth += 1
            if depth > NESTING_MAX:
                return object_to("TooNested", limit=str(NESTING_MAX), line=_line(body, mark.start()), column=1)
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "term":
            return object_to("TripleTermFound", line=_line(body, mark.start()), column=1)
    return None


def _line(body: bytes, at: int) -> int:
    return body.count(b"\n", 0, at) + 1
