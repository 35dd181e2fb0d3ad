"""The steward's files that a source needs: the query for an endpoint, the mapping for a table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kg.objection import Objection, object_to
from kg.settings import folder
from kg.vocabulary import PREFIXES

RECIPE_BYTES_MAX: Final = 64 * 1024  # As long as a query may be; a mapping of that size is no mapping.
WAYS: Final = ("text", "date", "address")


def ours() -> Mapping[str, Path]:
    """The mappings that come with the programme, by name."""
    return {file.stem: file for file in sorted(folder("mappings").glob("*.toml"))}


def recipe_bytes(recipe: str) -> bytes | Objection:
    """The file of a source: a path, or the name of a mapping of ours."""
    path = ours().get(recipe, Path(recipe))
    try:
        size = path.stat().st_size
        if size > RECIPE_BYTES_MAX:
            return object_to("RecipeUnreadable", value=recipe, limit=f"> {RECIPE_BYTES_MAX} bytes")
        return path.read_bytes()
    except OSError as error:
        return object_to("RecipeUnreadable", value=recipe, limit=error.strerror or "-")


def read_mapping(text: bytes, recipe: str, holder: str) -> dict[str, Any] | Objection:
    """A mapping with its words as full IRIs, for this holder; what it lacks or says wrongly is told."""
    try:
        found = tomllib.loads(text.decode())
        name = {"column": str(found["name"]["column"]), "prefix": str(found["name"].get("prefix", ""))}
        fields = [_field(one) for one in found["field"]]
        always = {_word(key): str(value).replace("{holder}", holder) for key, value in found.get("always", {}).items()}
        skip = {str(key): [str(value) for value in values] for key, values in found.get("skip", {}).items()}
        return {"kind": _word(found["kind"]), "name": name, "field": fields, "always": always, "skip": skip}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return object_to("RecipeUnreadable", value=recipe, limit=f"{type(error).__name__}: {error}"[:200])


def _field(told: Mapping[str, Any]) -> dict[str, Any]:
    if told["as"] not in WAYS:
        raise ValueError(f"as = {told['as']!r} is none of {', '.join(WAYS)}")
    unknown = set(told) - {"word", "columns", "as", "language", "every", "required", "characters"}
    if unknown:
        raise ValueError(f"a field has no {', '.join(sorted(unknown))}")
    return {**told, "word": _word(told["word"]), "columns": [str(one) for one in told["columns"]],
            "language": str(told.get("language", "nl"))}  # fmt: skip


def _word(short: str) -> str:
    """`lw:Initiative` as a full IRI."""
    prefix, _, name = short.partition(":")
    if name.startswith("//"):
        return short
    return PREFIXES[prefix] + name
