"""What the steward's pages are made of: tables and forms as frozen values, and how a form that came back is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.requests import Request

from kg.objection import Objection, object_to
from service.reception import read_body

FORM_BYTES_MAX = 64 * 1024  # A form of these pages has a dozen short fields.
FIELDS_MAX = 200  # A choice of many perspectives is a field each.
FORM_TYPE = "application/x-www-form-urlencoded"

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Field:
    """One field of a form. `name` is also the `path` of the objections to it."""

    name: str
    kind: str = "text"
    """text, secret, date, address, choice (one), choices (several) or confirm."""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, what people read)."""
    help: str = ""
    """The name of the words that help to fill it in."""
    required: bool = False
    values: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    """What is wrong with it, in the reader's language."""


@dataclass(frozen=True)
class Form:
    """A form: what it does, its fields, and what it carries unseen."""

    act: str
    fields: tuple[Field, ...] = ()
    carries: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    """What a button without fields is about, for who does not see the row in which it stands."""

    def answered(self, values: Values, objections: Sequence[Objection], lang: str) -> Form:
        """The same form with what was entered, and beside each field what is wrong with it."""

        def answered(one: Field) -> Field:
            wrong = [_words(o, lang) for o in objections if o.path == one.name]
            entered = () if one.kind == "secret" else tuple(values.get(one.name, ()))
            return replace(one, values=entered, wrong=tuple(wrong))

        return replace(self, fields=tuple(answered(one) for one in self.fields))


@dataclass(frozen=True)
class Cell:
    """What stands in one cell."""

    text: str
    href: str | None = None
    code: bool = False
    lang: str | None = None


@dataclass(frozen=True)
class Line:
    """One row, with what can be done to it."""

    cells: tuple[Cell, ...]
    form: Form | None = None


@dataclass(frozen=True)
class Table:
    """A table with a caption; `columns` are names of words."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Section:
    """One of the steward's pages."""

    name: str
    tables: tuple[Table, ...] = ()
    forms: tuple[Form, ...] = ()
    subject: str = ""
    told: tuple[str, ...] = field(default=())
    """Sentences that stand on the page as they are."""


async def read_form(request: Request) -> dict[str, list[str]] | Objection:
    """The fields of a form that was sent, each with its values in order."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != FORM_TYPE:
        return object_to("MediaTypeOther", value=media, limit=FORM_TYPE)
    body = await read_body(request, FORM_BYTES_MAX)
    if isinstance(body, Objection):
        return body
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:  # Also when it is not UTF-8.
        return object_to("FormForeign")
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return found


def first(values: Values, name: str) -> str:
    """The one value of a field, without spaces around it; empty when it was not sent."""
    return next(iter(values.get(name, ())), "").strip()


def summary(section: Section, act: str, objections: Sequence[Objection], lang: str) -> list[tuple[str | None, str]]:
    """(id of the field or None, what is wrong) for the head of the page."""
    named = {one.name for form in section.forms if form.act == act for one in form.fields}
    return [(field_id(act, o.path) if o.path in named else None, _words(o, lang)) for o in objections]


def field_id(act: str, name: str | None) -> str:
    """The id of a field in a page."""
    return f"{act}-{name}"


def _words(objection: Objection, lang: str) -> str:
    return objection.message_nl if lang == "nl" else objection.message_en
