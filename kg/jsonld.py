"""JSON-LD made safe to parse: our context put in its place, every other one named, nothing dropped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from kg import vocabulary as word
from kg.objection import Objection, object_to

SHIPPED_CONTEXT: Final = "https://w3id.org/lerende-wijk/context.jsonld"
_KEYWORDS: Final = re.compile(
    "@(base|container|context|direction|graph|id|import|included|index|json|language|list|nest|none|prefix|propagate"
    "|protected|reverse|set|type|value|version|vocab)"
)
# A name without a context means a word of ours: an unknown one is then refused by name instead of dropped in silence.
_OUR_WORDS: Final = {"@vocab": word.LW}


def self_contained(
    body: bytes, *, own: tuple[str, ...], context: Callable[[], Any], bytes_max: int
) -> bytes | tuple[Objection, ...]:
    """The same JSON-LD without a context to fetch. `own` are the addresses of our context, `context` gives its text."""
    try:
        tree = json.loads(body, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return (object_to("SyntaxUnclear", value=error.msg, line=error.lineno, column=error.colno),)
    except ValueError as error:  # bytes that are not UTF-8, a key given twice, a number without end
        return (object_to("SyntaxUnclear", value=str(error)[:200], line=1, column=1),)
    tops = [t for t in (tree if isinstance(tree, list) else [tree]) if isinstance(t, dict)]
    objections = tuple(o for top in tops for o in _objections(top, own))
    if objections:
        return tuple(dict.fromkeys(objections))
    if not tops:
        return (object_to("EmptyBody"),)
    uses = sum(1 for top in tops for at in _contexts(top) for c in _as_list(at["@context"]) if _is_own(c, own))
    ours = context() if uses else None
    if uses and uses * len(json.dumps(ours)) > bytes_max:
        return (object_to("TooLarge", limit=f"{bytes_max} bytes"),)
    for top in tops:
        for at in _contexts(top):
            at["@context"] = [ours if _is_own(c, own) else c for c in _as_list(at["@context"])]
        top["@context"] = [_OUR_WORDS, *(c for c in _as_list(top.get("@context", [])) if c is not None)]
    return json.dumps(tree).encode()


def _objections(top: dict[str, Any], own: tuple[str, ...]) -> Iterator[Objection]:
    """Contexts that would be fetched, and keys that a JSON-LD parser drops without a word."""
    for node in _objects(top):
        for key, value in node.items():
            if key == "@context":
                for c in _as_list(value):
                    if isinstance(c, str) and c not in own:
                        yield object_to("ForeignContext", value=c[:200], limit=own[0])
                    elif c is None and node is not top:
                        yield object_to("SyntaxUnclear", value='"@context": null', line=1, column=1)
                    elif isinstance(c, dict):
                        yield from _unmade(c)
            elif key == "@import":
                yield object_to("ForeignContext", value=str(value)[:200], limit=own[0])
            elif key == "@base" and value is None:
                yield object_to("SyntaxUnclear", value="@base null", line=1, column=1)
            elif key.startswith("@") and key[1:].isalpha() and not _KEYWORDS.fullmatch(key):
                yield object_to("UnknownWord", value=key[:200], limit="@id, @type, @context, @graph")


def _unmade(context: dict[str, Any]) -> Iterator[Objection]:
    """Names that a context takes away: what is said with them would be dropped without a word."""
    for name, meaning in context.items():
        if name in ("@language", "@direction", "@base"):
            continue
        if meaning is None or (isinstance(meaning, dict) and meaning.get("@id", name) is None):
            yield object_to("SyntaxUnclear", value=f'"{name[:100]}": null', line=1, column=1)


def _contexts(top: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in _objects(top) if "@context" in node]


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in the tree, whose depth was looked at before."""
    ahead = [tree]
    while ahead:
        node = ahead.pop()
        if isinstance(node, dict):
            yield node
            ahead.extend(node.values())
        elif isinstance(node, list):
            ahead.extend(node)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_own(context: Any, own: tuple[str, ...]) -> bool:
    return isinstance(context, str) and context in own


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in {k for k, _ in pairs[:i]})
        raise ValueError(f"the key {twice[:100]!r} is there twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
