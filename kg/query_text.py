"""What a query's text tells before any parser sees it: its form, its depth, its graphs. One linear look, no grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
      | (?P<iri><[^\x00-\x20<>"{}|^`\\]*>)
      | (?P<string>\"\"\"(?:(?:"|"")?(?:[^"\\]|\\.))*\"\"\"|'''(?:(?:'|'')?(?:[^'\\]|\\.))*'''
                  |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
      | (?P<variable>[?$]\w+)
      | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<name>(?:[^\W\d_](?:[\w.\-]*[\w\-])?)?:
                 (?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)(?:(?:[\w:.\-]|%[0-9A-Fa-f]{2}|\\.)*(?:[\w:\-]|%[0-9A-Fa-f]{2}|\\.))?)?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_FORMS = {"SELECT": "select", "ASK": "ask", "CONSTRUCT": "construct", "DESCRIBE": "describe"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
_VOLATILE = {"NOW", "RAND", "UUID", "STRUUID"}
_VIEW = "view/"  # In the address of every view.
_CLOSES = {"}": "{", ")": "(", "]": "["}


class Token(NamedTuple):
    """One token: `kind` is iri, string, variable, tag, number, name, word or sign; where it begins and ends."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query without what stands between them. Every text has tokens: the rest are signs."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match.group(), match.start(), match.end())


@dataclass(frozen=True)
class QueryText:
    """A query seen as text. `form` is None where no query form was found; the parser will say what is wrong."""

    form: str | None  # "select", "ask", "construct", "describe", "update"
    nesting: int  # deepest bracket in bracket, and longest run of signs that the parser recurses on
    operators: int  # signs of expressions and paths: each is one more level for the parser, or a step to plan
    patterns: int  # most triple patterns in one group, roughly: separators plus one
    service: bool
    from_default: tuple[str, ...]
    from_named: tuple[str, ...]
    graphs: tuple[str, ...]  # IRIs that stand right after GRAPH
    undeclared: tuple[str, ...]  # prefixes that are used and not declared, with their colon
    star: int | None = None  # where the outermost SELECT * has its star
    variables: tuple[str, ...] = ()  # names of variables, in the order in which they first stand there
    views: tuple[str, ...] = ()  # IRIs that stand neither in FROM nor after GRAPH and may be those of views
    volatile: bool = False  # asks for the time or for chance: the same question has another answer each time

    @property
    def has_dataset(self) -> bool:
        """Whether the query says itself which graphs it is about."""
        return bool(self.from_default or self.from_named)


class _Scan:
    """The state of one look along the text."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.prefixes: dict[str, str] = {}
        self.form: str | None = None
        self.stack: list[str] = []
        self.counts: list[int] = []
        self.nesting = self.patterns = self.run = self.operators = 0
        self.service = False
        self.template = False  # The next brace opens a CONSTRUCT template, which the planner does not plan.
        self.dataset: dict[bool, list[str]] = {False: [], True: []}
        self.graphs: list[str] = []
        self.used: dict[str, None] = {}
        self.star: int | None = None
        self.variables: dict[str, None] = {}
        self.views: dict[str, None] = {}
        self.volatile = False

    def iri(self, kind: str, text: str) -> str:
        """The IRI that a token means."""
        if kind == "iri":
            try:
                return urljoin(self.base, text[1:-1]) if self.base else text[1:-1]
            except ValueError:  # No IRI, such as http://a[b]/: the parser says so, with its place.
                return text[1:-1]
        prefix, _, local = text.partition(":")
        return self.prefixes.get(prefix, prefix + ":") + re.sub(r"\\(.)", r"\1", local)

    def sign(self, text: str) -> None:
        """Brackets and separators: depth, and triple patterns of the group they stand in."""
        self.operators += text in "!^+-*/|&=<>"
        self.run = self.run + 1 if text in "!^+-*?/|" else 0
        if text in "{([":
            self.stack.append(text)
            if text == "{":
                self.counts.append(-(10**9) if self.template else 0)
                self.template = False
        elif text in "})]":
            if self.stack and self.stack[-1] == _CLOSES[text]:
                self.stack.pop()
                if text == "}":
                    self.patterns = max(self.patterns, self.counts.pop() + 1)
        elif text in ".;," and self.counts and self.stack[-1] != "(":
            self.counts[-1] += 1
        self.nesting = max(self.nesting, len(self.stack), self.run)


def look_at(text: str, base: str = "") -> QueryText:
    """Looks along the text once. Relative IRIs are resolved against `base`, as the parser will."""
    scan = _Scan(base)
    before: list[str] = ["", ""]  # The two tokens before this one, words in capitals.
    for kind, token, start, _ in tokens(text):
        word = token.upper() if kind == "word" else ""
        if kind == "variable":
            scan.variables[token[1:]] = None
        if kind == "sign":
            if token == "*" and not scan.stack and before[1] in ("SELECT", "DISTINCT", "REDUCED"):
                scan.star = start
            scan.sign(token)
        else:
            scan.run = 0
        if kind in ("iri", "name"):
            _place(scan, kind, token, before)
        if word == "SERVICE" or (
            kind == "name"
            and token.split(":")[0].upper() == "SERVICE"
            and "service" not in map(str.lower, scan.prefixes)
        ):
            scan.service = scan.service or before[1] != "PREFIX"
        scan.volatile = scan.volatile or word in _VOLATILE
        if word and scan.form is None:
            scan.form = _FORMS.get(word) or ("update" if word in _UPDATES else None)
            scan.template = word == "CONSTRUCT"
        if word == "WHERE" or word == "FROM":
            scan.template = False
        before = [before[1], word or token]
    scan.patterns = max([scan.patterns, *(c + 1 for c in scan.counts)])
    return QueryText(
        scan.form,
        scan.nesting,
        scan.operators,
        scan.patterns,
        scan.service,
        tuple(scan.dataset[False]),
        tuple(scan.dataset[True]),
        tuple(scan.graphs),
        tuple(f"{prefix}:" for prefix in scan.used if prefix not in scan.prefixes),
        scan.star,
        tuple(scan.variables),
        tuple(scan.views),
        scan.volatile,
    )


def _place(scan: _Scan, kind: str, token: str, before: list[str]) -> None:
    """What an IRI or a prefixed name is there for, told by what stands before it."""
    if kind == "iri" and before[0] == "PREFIX":
        scan.prefixes[before[1].rstrip(":")] = scan.iri(kind, token)
    elif kind == "iri" and before[1] == "BASE" and scan.form is None:
        scan.base = scan.iri(kind, token)
    elif before[1] == "FROM" and not scan.stack:
        scan.dataset[False].append(scan.iri(kind, token))
    elif before == ["FROM", "NAMED"] and not scan.stack:
        scan.dataset[True].append(scan.iri(kind, token))
    elif before[1] == "GRAPH":
        scan.graphs.append(scan.iri(kind, token))
    elif before[1] != "PREFIX" and (kind == "name" or _VIEW in token):
        iri = scan.iri(kind, token)
        if _VIEW in iri:
            scan.views[iri] = None
    if kind == "name" and before[1] != "PREFIX":
        scan.used[token.partition(":")[0]] = None
