"""The model as a picture and as a table: the same classes, properties and targets, the table being the contract."""

from __future__ import annotations

from collections.abc import Iterator

from picture import Box, Line, draw, wrapped
from term_pages import link, plain, table
from words import Words

from kg.ontology import local_name
from kg.shape_fields import EVERY_DOCUMENT

_SAID = "Every class of our own is a box; a line in it is a property and what it leads to, and a curve goes there. "


def tied(words: Words, kind: str) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """The properties of a kind that lead to one of our classes: property, classes, whether required."""
    seen = set()
    for field in words.fields(kind):
        kinds = tuple(k for k in words.kinds(field.path, field) if k in words.classes or k == EVERY_DOCUMENT)
        if kinds:
            seen.add(field.path)
            yield field.path, kinds, field.required
    for prop, kinds in sorted(words.domains.items()):
        if kind in kinds and prop not in seen and words.kinds(prop):
            yield prop, words.kinds(prop), False


def listed(words: Words, kind: str) -> Iterator[tuple[str, str, bool]]:
    """Its properties whose values are concepts of a list: property, scheme, whether required."""
    for field in words.fields(kind):
        schemes = words.schemes(field.path, kind)
        if schemes and not words.kinds(field.path, field):
            yield field.path, schemes[0], field.required


def boxes(words: Words) -> list[Box]:
    """A box a class that says something of its own; kinds that add nothing stand in the box of what they specialise."""
    inside = {k for k in words.classes if _adds_nothing(words, k) and _inside(words, k)}
    shown = [EVERY_DOCUMENT, *(k for k in words.classes if k not in inside)]
    names = {kind: _name(words, kind) for kind in shown}
    found = []
    for kind in shown:
        within = [local_name(k) for k in words.members(kind) if k in inside]
        remark = [*wrapped([f"kinds: {within[0]}", *within[1:]])] if within else []
        remark += [f"a kind of {local_name(k)}" for k in words.above.get(kind, ()) if k in words.classes]
        lines = [
            Line(local_name(p), ", ".join(names.get(k, local_name(k)) for k in kinds),
                 tuple(names[k] for k in kinds if k in names and k != EVERY_DOCUMENT), required)
            for p, kinds, required in tied(words, kind)
        ]  # fmt: skip
        lists = list(listed(words, kind))
        lines += [Line(local_name(p), f"list {local_name(s)}", (), True) for p, s, required in lists if required]
        optional = [local_name(p) for p, _, required in lists if not required]
        remark += wrapped([f"from lists: {optional[0]}", *optional[1:]]) if optional else []
        found.append(Box(names[kind], tuple(remark), tuple(lines)))
    return found


def _name(words: Words, kind: str) -> str:
    return "any document" if kind == EVERY_DOCUMENT else local_name(kind)


def _inside(words: Words, kind: str) -> bool:
    return any(k in words.classes for k in words.above.get(kind, ()))


def _adds_nothing(words: Words, kind: str) -> bool:
    return not list(tied(words, kind))


def model_svg(words: Words) -> str:
    """The picture."""
    return draw(
        boxes(words),
        "The classes of the model and what leads from one to another",
        _SAID + "Bold properties are required. The table below the picture says the same in words.",
    )


def model_table(words: Words) -> str:
    """The same as a table in Markdown."""
    rows = []
    for kind in (EVERY_DOCUMENT, *words.classes):
        said = [(p, " or ".join(link(words, k) for k in kinds), must) for p, kinds, must in tied(words, kind)]
        said += [(p, f"a concept of {link(words, scheme)}", must) for p, scheme, must in listed(words, kind)]
        rows += [[link(words, kind), link(words, p), to, "required" if must else "optional"] for p, to, must in said]
    classes = []
    for kind in words.classes:
        above = ", ".join(link(words, k) for k in words.above.get(kind, ()))
        classes.append([link(words, kind), above, plain(words.ontology.definition(kind, "en"))])
    return "\n".join(
        [
            table(["class", "property", "leads to", "needed"], rows),
            "## The classes\n",
            table(["class", "specialises", "meaning"], classes),
        ]
    )
