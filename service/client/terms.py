"""The terms of an answer as Python values: what kind of term it is, and in which language, is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from kg.vocabulary import XSD


class Iri(str):
    """An IRI; compares and joins as the text that it is."""


class Blank(str):
    """A node without a name: the label holds in one answer only."""


class Text(str):
    """A text in a language; compares as the text alone."""

    lang: str

    def __new__(cls, value: str, lang: str) -> Text:
        """`value` as it is written, `lang` its tag."""
        made = super().__new__(cls, value)
        made.lang = lang
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.lang


class Typed(str):
    """A literal of a type that Python has no value for, or whose text is no value of its type."""

    datatype: str

    def __new__(cls, value: str, datatype: str) -> Typed:
        """`value` as it is written, `datatype` the IRI of its type."""
        made = super().__new__(cls, value)
        made.datatype = datatype
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.datatype


class Quoted(NamedTuple):
    """A triple that stands in an answer as a term."""

    subject: Any
    predicate: Any
    object: Any


Term = Iri | Blank | Text | Typed | str | bool | int | float | Decimal | date | datetime | Quoted | None

INTEGERS = (
    *("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger"),
    *("negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
)
_INTEGER = r"[+-]?\d+"
# Each type with how its values are written: Python's own readers take more than XML Schema does, and less.
_READERS: Mapping[str, tuple[str, Callable[[str], Term]]] = {
    **{XSD + name: (_INTEGER, int) for name in INTEGERS},
    XSD + "gYear": (r"-?\d{4,}", int),
    XSD + "decimal": (r"[+-]?(\d+(\.\d*)?|\.\d+)", Decimal),
    XSD + "double": (r"[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|INF)|NaN", float),
    XSD + "float": (r"[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|INF)|NaN", float),
    XSD + "boolean": (r"true|false|1|0", lambda text: text in ("true", "1")),
    XSD + "date": (r"\d{4}-\d\d-\d\d", date.fromisoformat),
    XSD + "dateTime": (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", datetime.fromisoformat),
}


def term(binding: Mapping[str, Any]) -> Term:
    """One binding of SPARQL's JSON as a value. Raises KeyError and TypeError where it is none."""
    kind, value = binding["type"], binding["value"]
    if kind == "uri":
        return Iri(value)
    if kind == "bnode":
        return Blank(value)
    if kind == "triple":
        return Quoted(*(term(value[part]) for part in ("subject", "predicate", "object")))
    if "xml:lang" in binding:
        return Text(value, binding["xml:lang"])
    datatype = binding.get("datatype", XSD + "string")
    return str(value) if datatype == XSD + "string" else literal(value, datatype)


def literal(text: str, datatype: str) -> Term:
    """The value of a typed literal; a text that is no value of its type stays as it is written, with the type."""
    pattern, read = _READERS.get(datatype, ("", str))
    if pattern and re.fullmatch(pattern, text, re.ASCII):
        try:
            return read(text)
        except ValueError:  # The thirtieth of February.
            return Typed(text, datatype)
    return Typed(text, datatype)


def written(value: Term) -> str:
    """A value as text, the way XML Schema writes it; nothing for what is not bound."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value).replace("inf", "INF").replace("nan", "NaN")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Quoted():
            return " ".join(written(part) for part in value)
        case _:
            return str(value)
