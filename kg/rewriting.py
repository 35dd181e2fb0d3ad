"""Rewrites EXISTS and NOT EXISTS of several triple patterns into what the engine answers fast, with the same answer.

The engine evaluates such a group once for each row outside, as a join of whole patterns: quadratic. Two other forms
mean the same. Both need a group of triple patterns and plain filters (`kg.triple_patterns`), with a variable in common
with the rest of the query (without one nothing ties it to a row, and nothing is gained).

**Step by step**: `{ A . B }` becomes `{ A FILTER EXISTS { B } }`, which follows the triples from the row that is there.
It is the same wherever an EXISTS may stand (in `||`, in OPTIONAL, in HAVING), with unbound variables too: an EXISTS
puts the values of its row in the place of its variables, so B is asked with what the row and A have, and solutions of
A and B that fit are found in both forms or in neither. Only whether there is a solution counts, not how many or in
which order.
- Two parts are asked apart (`FILTER EXISTS { B } FILTER EXISTS { C }`) only if every variable they share has been found
  by a pattern of the same group before: one that comes from the row may be unbound there, and would not tie them.
- A filter waits until all variables that the group's patterns find for it have been found.
- Blank nodes become variables, which a pattern of another group can share; a label that is used elsewhere too is an
  error, and stays one: that group is left as it is.

**MINUS** looks at the whole group once. It is better only where many rows share few values (a theme, a party), so that
each would begin at the same crowd of triples. It compares solutions where NOT EXISTS puts values in, so it is taken
only if
- it is a whole filter, `FILTER NOT EXISTS { … }`, in brackets or not: `||` has no counterpart;
- each of its variables that stands elsewhere in the query too is bound by triple patterns of its own group (not by
  OPTIONAL, BIND, VALUES or a sub-select, which may leave it open; not further out, like the `?g` of GRAPH or the left
  side of OPTIONAL, whose values a filter may see and MINUS does not). There is one at least: solutions without a
  variable in common take nothing away;
- its filters name only what its own patterns bind: they cannot see the row;
- its group is not inside OPTIONAL, whose filter sees the rows on the left, nor inside EXISTS or MINUS, where values
  come from further out.
It then stands at the end of the group, because a filter holds for the whole group wherever it is written; within GRAPH
it stays inside, so both sides are of the same graph.

A text that cannot be understood without a grammar (escapes of code points, unknown signs, brackets that do not fit) is
left as it is. Text in, text out: nothing is parsed or evaluated here, and a text that does not parse is reported by
what the caller wrote (`kg.answering`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kg.query_text import Token, tokens
from kg.triple_patterns import Block, Filter, Pattern, read_block

PATTERNS_MAX = (
    32  # A group of more is left as it is: each may be one more group inside, and the parser recurses on those.
)
EXISTS_MAX = 64  # In a query with more all are left: each is read with its group, and a person writes a few.
_MENTIONED = re.compile(r"\bEXISTS\b", re.IGNORECASE)
_ESCAPED = re.compile(r"\\[uU]")
_SIGNS = set("{}()[].;,!^+-*/|&=<>?")
_PAIRS = {"}": "{", ")": "(", "]": "["}
_BEYOND = {"LATERAL", "SERVICE"}  # Groups that see more, or stand elsewhere.
_PARTS = {"FILTER", "BIND", "OPTIONAL", "MINUS", "UNION", "GRAPH", "VALUES", "{"}  # What ends a run of triples.


@dataclass(frozen=True)
class Rewritten:
    """The query to evaluate; `steps` and `minuses` say how often each form was taken."""

    text: str
    steps: int = 0
    minuses: int = 0

    @property
    def changed(self) -> bool:
        """Whether it is another text than the caller's."""
        return self.steps + self.minuses > 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the answer says of it."""
        forms = [f"{n} {form}" for n, form in ((self.steps, "step by step"), (self.minuses, "as MINUS")) if n]
        return (f"EXISTS rewritten, same answer: {', '.join(forms)}; rewrite=off asks as written",) if forms else ()


@dataclass(frozen=True)
class _Query:
    """A query's tokens, the other end of each bracket, the bracket that each token stands in (-1: none), its names."""

    text: str
    tokens: tuple[Token, ...]
    ends: dict[int, int]
    inside: tuple[int, ...]
    names: Counter[str]
    fresh: str  # No variable of the query begins like this.

    def word(self, at: int) -> str:
        """The word or sign at this place, words in capitals; "" for anything else and outside the text."""
        if not 0 <= at < len(self.tokens) or self.tokens[at].kind not in ("word", "sign"):
            return ""
        return self.tokens[at].text.upper()

    def block(self, first: int, last: int) -> Block | None:
        """The tokens from `first` up to `last` as a plain group."""
        return read_block(self.text, self.tokens[first:last], self.fresh)


@dataclass(frozen=True)
class _Edit:
    """What comes in the place of a piece of the text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Found:
    """A group of an EXISTS, and what stands round it."""

    at: int  # Where the word EXISTS stands.
    opening: int
    closing: int
    block: Block
    elsewhere: frozenset[str]  # Its names that stand elsewhere in the query too, labels with their `_:`.
    round: tuple[Pattern, ...] | None  # Patterns of the group that it is asked in; None where there is more than that.

    @property
    def things(self) -> frozenset[str]:
        """What the rows outside are about: a thing has few triples that point to it, a theme has a crowd of them."""
        return frozenset(p.subject[1:] for p in self.round or () if p.subject[0] in "?$")


def rewrite(text: str) -> Rewritten:
    """The query with each EXISTS in the form that the engine answers best; the same text where nothing is certain."""
    if not _MENTIONED.search(text) or _ESCAPED.search(text):
        return Rewritten(text)
    query = _understand(text)
    if query is None:
        return Rewritten(text)
    edits: list[_Edit] = []
    steps = minuses = 0
    for found in _worth_it(query):
        minus = _as_minus(query, found)
        if minus:
            edits += minus
            minuses += 1
        else:
            start, end = query.tokens[found.opening].start, query.tokens[found.closing].end
            edits.append(_Edit(start, end, _step_by_step(found)))
            steps += 1
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return Rewritten(text, steps, minuses)


def _understand(text: str) -> _Query | None:
    """The query's tokens and brackets; None where a parser could see other tokens than these."""
    found = tuple(tokens(text))
    ends: dict[int, int] = {}
    begins: dict[int, int] = {}
    inside: list[int] = []
    stack: list[int] = []
    for at, (kind, token, start, _) in enumerate(found):
        inside.append(stack[-1] if stack else -1)
        before = found[at - 1] if at else Token("", "", 0, 0)
        if kind == "word" and token.upper() in _BEYOND:
            return None
        if kind == "iri" and _is_operand(before) and _is_expression(found, begins, stack):
            return None  # `(?a <?b&&?c> ?d)` compares, and has no IRI in it.
        if kind != "sign":
            continue
        if token not in _SIGNS or (before.text + token in ("<<", "{|") and before.end == start):
            return None
        if token in _PAIRS.values():
            stack.append(at)
        elif token in _PAIRS:
            if not stack or found[stack[-1]].text != _PAIRS[token]:
                return None
            begins[at] = stack.pop()
            ends[begins[at]] = at
    names = _names(found)
    fresh = "step"
    while any(name.startswith(fresh) for name in names):
        fresh += "_"
    return None if stack else _Query(text, found, ends, tuple(inside), names, fresh)


def _names(found: Sequence[Token]) -> Counter[str]:
    """How often each variable is named, and each blank node label (with its `_:`)."""
    before = (Token("", "", 0, 0), *found)
    return Counter(
        token.text[1:] if token.kind == "variable" else "_" + token.text
        for last, token in zip(before, found, strict=False)
        if token.kind == "variable" or (token.kind == "name" and last.text == "_" and last.end == token.start)
    )


def _is_operand(token: Token) -> bool:
    """Whether `<` after this token means less than, when it stands in an expression."""
    return token.kind in ("string", "number", "variable", "name", "iri", "tag", "word") or token.text == ")"


def _is_expression(found: Sequence[Token], begins: Mapping[int, int], stack: Sequence[int]) -> bool:
    """Whether the innermost bracket may hold an expression: it is round, and not a row of VALUES, which holds terms."""
    if not stack or found[stack[-1]].text != "(":
        return False
    block = stack[-2] if len(stack) > 1 else 0
    before = begins.get(block - 1, block - 1)  # The variable of VALUES, or the bracket before its variables.
    return not (found[block].text == "{" and before > 0 and found[before - 1].text.upper() == "VALUES")


def _worth_it(query: _Query) -> Iterator[_Found]:
    """Each EXISTS whose group is plain, has several patterns, and a variable in common with the rest of the query."""
    places = [at for at in range(len(query.tokens) - 1) if (query.word(at), query.word(at + 1)) == ("EXISTS", "{")]
    round_them: dict[int, tuple[Pattern, ...] | None] = {-1: None}
    for at in places if len(places) <= EXISTS_MAX else ():
        opening, closing = at + 1, query.ends[at + 1]
        block = query.block(opening + 1, closing)
        if block is None or not 2 <= len(block.patterns) <= PATTERNS_MAX:
            continue
        here = _names(query.tokens[opening:closing])
        elsewhere = frozenset(name for name in here if query.names[name] > here[name])
        if block.binds & elsewhere and not any("_" + label in elsewhere for label in block.labels):
            group = query.inside[at]
            while group >= 0 and query.word(group) != "{":
                group = query.inside[group]
            if group not in round_them:
                round_them[group] = _own_patterns(query, group)
            yield _Found(at, opening, closing, block, elsewhere, round_them[group])


def _own_patterns(query: _Query, opening: int) -> tuple[Pattern, ...] | None:
    """The triple patterns that stand in this group itself; None where there is anything that we can't read."""
    patterns: list[Pattern] = []
    closing = query.ends[opening]
    first = at = opening + 1
    while True:
        if at != closing and query.word(at) not in _PARTS:
            at = query.ends.get(at, at) + 1  # Past a whole pair of brackets.
            continue
        block = query.block(first, at)
        if block is None:
            return None
        patterns += block.patterns
        if at == closing:
            return tuple(patterns)
        wanted = ("{", "(") if query.word(at) in ("FILTER", "BIND") else ("{",)
        while query.word(at) not in wanted:
            at += 1
            if at >= closing:
                return None
        at = query.ends[at] + 1
        at += query.word(at) == "."
        first = at


def _as_minus(query: _Query, found: _Found) -> list[_Edit]:
    """The two edits that make a MINUS of it: where it stands, and at the end of its group; none where it may not."""
    filter_at, last = found.at - 2, found.closing
    while query.word(filter_at) == "(" and query.ends[filter_at] == last + 1:
        filter_at, last = filter_at - 1, last + 1
    if query.word(found.at - 1) != "NOT" or query.word(filter_at) != "FILTER" or found.round is None:
        return []
    group = outer = query.inside[filter_at]
    while outer >= 0:
        if query.word(outer - 1) in ("OPTIONAL", "EXISTS", "MINUS"):
            return []
        outer = query.inside[outer]
    block = found.block
    bound = frozenset[str]().union(*(p.binds for p in found.round))
    named = block.binds.union(*(f.names for f in block.filters))
    if not named <= block.binds or not block.binds & found.elsewhere <= bound:
        return []
    if any(_begins_well(p, found) for p in block.patterns):
        return []
    body = query.text[query.tokens[found.opening].start : query.tokens[found.closing].end]
    end = query.tokens[query.ends[group]].start
    # An empty filter stays: without it the triples before and after it would stand side by side.
    here = _Edit(query.tokens[filter_at].start, query.tokens[last].end, "FILTER(true)")
    return [here, _Edit(end, end, f" MINUS {body} ")]


def _begins_well(pattern: Pattern, found: _Found) -> bool:
    """Whether a row reaches few triples by it: they are about a value of the row, or point to what the row is about."""
    by_subject, by_object = ({t[1:]} if t[0] in "?$" else set() for t in (pattern.subject, pattern.object))
    return bool(by_subject & found.elsewhere or by_object & found.elsewhere & found.things)


def _step_by_step(found: _Found) -> str:
    """The group, asked step by step."""
    block = found.block
    waiting = [f for f in block.filters if f.names & block.binds]
    parts = [_steps(*part, frozenset(), found) for part in _parts(block.patterns, waiting, block.binds)]
    if len(parts) > 1:
        parts = [f"FILTER EXISTS {{ {part} }}" for part in parts]
    return f"{{ {' '.join([*parts, *(f.text for f in block.filters if f not in waiting)])} }}"


def _steps(patterns: Sequence[Pattern], filters: Sequence[Filter], known: frozenset[str], found: _Found) -> str:
    """The pattern that reaches the fewest triples, then each part of the rest in an EXISTS of its own."""
    first = min(patterns, key=lambda pattern: _reach(pattern, known, found))
    rest = [p for p in patterns if p is not first]
    known |= first.binds
    unknown = frozenset[str]().union(*(p.binds for p in rest)) - known
    waiting = [f for f in filters if f.names & unknown]
    ready = [f.text for f in filters if f not in waiting]
    inner = [_steps(*part, known, found) for part in _parts(rest, waiting, unknown)]
    return " ".join([first.text, *ready, *(f"FILTER EXISTS {{ {part} }}" for part in inner)])


def _parts(
    patterns: Sequence[Pattern], filters: Sequence[Filter], unknown: frozenset[str]
) -> list[tuple[list[Pattern], list[Filter]]]:
    """Patterns and filters in parts that share no unknown variable: each can be asked apart."""
    parts: list[tuple[frozenset[str], list[Pattern], list[Filter]]] = []
    for pattern, condition in [*((p, None) for p in patterns), *((None, f) for f in filters)]:
        names = (pattern.binds if pattern else condition.names if condition else frozenset()) & unknown
        tied = [part for part in parts if part[0] & names]
        joined = (
            names.union(*(part[0] for part in tied)),
            [p for part in tied for p in part[1]] + ([pattern] if pattern else []),
            [f for part in tied for f in part[2]] + ([condition] if condition else []),
        )
        parts = [part for part in parts if not part[0] & names] + [joined]
    return [(patterns, filters) for _, patterns, filters in parts]


def _reach(pattern: Pattern, known: frozenset[str], found: _Found) -> int:
    """How many triples a pattern reaches, guessed by what is known of it: a smaller number for fewer."""

    def is_known(term: str) -> bool:
        return term[0] not in "?$" or term[1:] in known | found.elsewhere

    if is_known(pattern.subject):
        return 0 if is_known(pattern.object) else 1
    if not is_known(pattern.object):
        return 6
    if pattern.object[0] not in "?$":
        return 5 if pattern.verb == "a" else 4
    return 2 if pattern.object[1:] in known | found.things else 3
