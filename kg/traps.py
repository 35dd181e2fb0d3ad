"""What a query will silently not find, told from its text: the traps of the engine and of the standard.

Nothing is changed; who asks is told in a note. A note may be said once too often: a text does not tell what a variable
will be bound to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyoxigraph as ox

from kg.engines.spatial import GEOF, NOT_AS_THE_STANDARD_SAYS
from kg.query_text import QueryText, Token, tokens

_NAMED = re.compile(r"\b(HAVING|GROUP_CONCAT|GRAPH)\b", re.IGNORECASE)
_ENDS_HAVING = {"ORDER", "LIMIT", "OFFSET", "VALUES"}


def traps(text: str) -> tuple[str, ...]:
    """A sentence for each trap that this query may have stepped into."""
    if not _NAMED.search(text):
        return ()
    found = list(tokens(text))
    words = [token.text.upper() if token.kind == "word" else token.text for token in found]
    return tuple(dict.fromkeys([*_having(found, words), *_concatenated(found, words), *_counted(found, words)]))


def astray(looked: QueryText, base: str) -> tuple[str, ...]:
    """A sentence for each view that stands where only a graph is found."""
    views = [iri for iri in looked.views if iri.startswith(f"{base}/view/")]
    return tuple(f"{iri[:200]} is a view and no graph by itself: put it in FROM or FROM NAMED" for iri in views)


def _having(found: list[Token], words: list[str]) -> Iterator[str]:
    """HAVING is decided before SELECT gives its expressions a name."""
    named = {found[at + 1].text[1:] for at, word in enumerate(words[:-1]) if word == "AS"}
    inside, depth = False, 0
    for token, word in zip(found, words, strict=True):
        if word == "HAVING":
            inside, depth = True, 0
        elif inside and (word in _ENDS_HAVING or word in "{}"):
            inside = False
        elif inside:
            depth += {"(": 1, ")": -1}.get(word, 0)
            # Deeper it stands in a function or an aggregate, over rows where it may well be bound.
            if token.kind == "variable" and depth <= 1 and token.text[1:] in named:
                yield f"HAVING does not know {token.text}, which SELECT names afterwards: write the expression itself"


def _concatenated(found: list[Token], words: list[str]) -> Iterator[str]:
    """GROUP_CONCAT joins strings, and an address is none."""
    for at, word in enumerate(words):
        if word == "GROUP_CONCAT":
            rest = [other for other in range(at + 1, min(at + 4, len(found))) if words[other] not in ("(", "DISTINCT")]
            if rest and found[rest[0]].kind == "variable":
                name = found[rest[0]].text
                yield f"GROUP_CONCAT({name}) leaves out addresses: write GROUP_CONCAT(STR({name})) if they are"


def _counted(found: list[Token], words: list[str]) -> Iterator[str]:
    """A sub-select in GRAPH ?g is answered once over all graphs."""
    for at in range(len(words) - 3):
        if words[at] == "GRAPH" and found[at + 1].kind == "variable" and words[at + 2 : at + 4] == ["{", "SELECT"]:
            name = found[at + 1].text
            yield f"GRAPH {name} round a sub-select is answered once for all graphs: put it inside, and group by {name}"


def left_open(text: str) -> Mapping[ox.NamedNode, Callable[..., Any]]:
    """Functions of the engine that this query names and that we do not trust, each as one that has no value."""
    if GEOF not in text:
        return {}
    names = [name for name in NOT_AS_THE_STANDARD_SAYS if re.search(rf"[:/]{name}\b", text)]
    return {ox.NamedNode(GEOF + name): lambda *_: None for name in names}


def distrusted(functions: Mapping[ox.NamedNode, Callable[..., Any]]) -> tuple[str, ...]:
    """A sentence for each of these functions."""
    names = [function.value.removeprefix(GEOF) for function in functions]
    return tuple(f"geof:{name} is left open: the engine {NOT_AS_THE_STANDARD_SAYS[name]}" for name in names)
