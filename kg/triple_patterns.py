"""Triple patterns and filters of a plain group, read from its tokens; anything else in it makes the group not plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kg.query_text import Token

_TERMS = ("variable", "iri", "name")
_CHANGING = {"RAND", "UUID", "STRUUID", "BNODE"}  # Another value each time: how often they are asked may not change.


DEPTH_MAX = 32  # Brackets in brackets: each is a call inside a call here, and nobody writes more by hand.


@dataclass(frozen=True)
class Pattern:
    """One triple pattern as text. `binds` are its variables, named without their sign, blank nodes among them."""

    subject: str
    verb: str
    object: str

    @property
    def binds(self) -> frozenset[str]:
        """Every variable of it; a solution has a value for each."""
        return frozenset(t[1:] for t in (self.subject, self.verb, self.object) if t[0] in "?$")

    @property
    def text(self) -> str:
        """As it stands in a query."""
        return f"{self.subject} {self.verb} {self.object}"


@dataclass(frozen=True)
class Filter:
    """One filter as text, its keyword included, and the variables that it names."""

    text: str
    names: frozenset[str]


@dataclass(frozen=True)
class Block:
    """The patterns and filters of one group; `labels` are the blank node labels that it had."""

    patterns: tuple[Pattern, ...]
    filters: tuple[Filter, ...]
    labels: frozenset[str]

    @property
    def binds(self) -> frozenset[str]:
        """The variables that each solution of the patterns has a value for."""
        return frozenset().union(*(p.binds for p in self.patterns))


class _NotPlain(Exception):
    """There is something else in the group. Never leaves this room."""


def read_block(text: str, tokens: Sequence[Token], fresh: str) -> Block | None:
    """The group between two braces, or None when it is not plain: only patterns and filters without groups in them.

    Blank nodes become variables that begin with `fresh`: in a group whose solutions are only asked for their existence
    that means the same. Paths of length zero (`?`, `*`) are not plain: `?x :p* ?y` holds for a term that is put in the
    place of ?x though no triple has it, and does not where ?x has to be found.
    """
    reader = _Reader(text, tokens, fresh)
    try:
        reader.block()
    except _NotPlain:
        return None
    return Block(tuple(reader.patterns), tuple(reader.filters), frozenset(reader.labels))


class _Reader:
    """Keeps the place in the tokens and what was found so far."""

    def __init__(self, text: str, tokens: Sequence[Token], fresh: str) -> None:
        self.text = text
        self.tokens = tokens
        self.fresh = fresh
        self.at = 0
        self.patterns: list[Pattern] = []
        self.filters: list[Filter] = []
        self.labels: set[str] = set()
        self.made = 0
        self.depth = 0

    def sees(self, *signs: str) -> bool:
        """Whether one of these signs, or words in capitals, is next."""
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return (token.text if token.kind == "sign" else token.text.upper() if token.kind == "word" else "") in signs

    def take(self, *kinds: str) -> Token:
        """The next token, which has to be of one of these kinds."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in kinds:
            raise _NotPlain
        self.at += 1
        return self.tokens[self.at - 1]

    def skip(self, sign: str) -> None:
        """Goes past a sign that has to be there."""
        if not self.sees(sign):
            raise _NotPlain
        self.at += 1

    def into(self) -> None:
        """Past an opening bracket, into what it holds."""
        self.at += 1
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise _NotPlain

    def out(self, sign: str) -> None:
        """Past the closing bracket that has to be there."""
        self.skip(sign)
        self.depth -= 1

    def since(self, start: int) -> str:
        """The text from a token to here, as it was written: "x"@nl may not be torn apart."""
        return self.text[self.tokens[start].start : self.tokens[self.at - 1].end]

    def block(self) -> None:
        """Patterns, separated by points, and filters between them."""
        while self.at < len(self.tokens):
            if self.sees("FILTER"):
                self.filter()
                if self.sees("."):
                    self.at += 1
                continue
            count = len(self.patterns)
            subject = self.node()
            if len(self.patterns) == count or not self.ends("."):  # `[ :p ?x ]` may stand alone.
                self.properties(subject)
            if not self.ends("."):
                raise _NotPlain
            if self.sees("."):
                self.at += 1

    def ends(self, *signs: str) -> bool:
        """Whether the triples of one subject can end here."""
        return self.at >= len(self.tokens) or self.sees("FILTER", *signs)

    def properties(self, subject: str) -> None:
        """Verbs and objects of one subject, with `;` and `,`."""
        while True:
            verb = self.verb()
            while True:
                self.patterns.append(Pattern(subject, verb, self.object()))
                if not self.sees(","):
                    break
                self.at += 1
            if not self.sees(";"):
                return
            while self.sees(";"):
                self.at += 1
            if self.ends(".", "]"):
                return

    def node(self) -> str:
        """A variable, an IRI or a blank node."""
        if self.sees("["):
            self.into()
            self.made += 1
            variable = f"?{self.fresh}{self.made}"
            if not self.sees("]"):
                self.properties(variable)
            self.out("]")
            return variable
        if self.sees("_"):
            line = self.take("word")
            label = self.take("name")
            if label.start != line.end or label.text[0] != ":":
                raise _NotPlain
            self.labels.add(label.text)
            # The label's letters may be more than a variable's: its place among the labels names the variable.
            return f"?{self.fresh}_{label.text[1:].encode().hex()}"
        return self.take(*_TERMS).text

    def verb(self) -> str:
        """A variable, or a path without a length of zero."""
        start = self.at
        if self.tokens[start:] and self.tokens[start].kind == "variable":
            return self.take("variable").text
        self.path()
        return self.since(start)

    def path(self) -> None:
        """`^a/(b|!c)+`: each part a step along a triple."""
        while True:
            while self.sees("^", "!"):
                self.at += 1
            if self.sees("("):
                self.into()
                self.path()
                self.out(")")
            else:
                step = self.take("iri", "name", "word")
                if step.kind == "word" and step.text != "a":
                    raise _NotPlain
            if self.sees("+"):
                self.at += 1
                if self.at < len(self.tokens) and self.tokens[self.at].kind == "number":
                    raise _NotPlain  # A sign of the number, or of the path: the parser knows.
            if self.sees("?", "*"):
                raise _NotPlain
            if not self.sees("/", "|"):
                return
            self.at += 1

    def object(self) -> str:
        """A node or a literal."""
        start = self.at
        if self.at < len(self.tokens) and self.tokens[start].kind == "string":
            self.at += 1
            if self.at < len(self.tokens) and self.tokens[self.at].kind == "tag":
                self.at += 1
            elif self.sees("^"):
                self.at += 1
                self.skip("^")
                self.take("iri", "name")
            return self.since(start)
        if self.sees("TRUE", "FALSE"):
            self.at += 1
            return self.since(start)
        if self.sees("+", "-") or (self.at < len(self.tokens) and self.tokens[start].kind == "number"):
            self.at += self.sees("+", "-")
            self.take("number")
            return self.since(start)
        return self.node()

    def filter(self) -> None:
        """A condition in brackets, or a call of one function; without groups and without what changes by itself."""
        start = self.at
        self.at += 1
        if not self.sees("("):
            self.take("word", "name", "iri")
        if not self.sees("("):
            raise _NotPlain
        depth = 0
        while True:
            if self.at >= len(self.tokens) or self.sees("{", "}", "EXISTS", *_CHANGING):
                raise _NotPlain
            depth += self.sees("(") - self.sees(")")
            self.at += 1
            if not depth:
                break
        used = self.tokens[start : self.at]
        self.filters.append(Filter(self.since(start), frozenset(t.text[1:] for t in used if t.kind == "variable")))
