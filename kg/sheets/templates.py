"""Templates: an empty sheet of one kind with its columns, what each asks for, and what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kg.objection import short
from kg.ontology import LANGUAGES, local_name
from kg.sheets.headings import Headings
from kg.sheets.layout import NAME, Column, Layouts
from kg.sheets.rows import EXAMPLE, EXPLANATION
from kg.sheets.values import SHOWN, Values
from kg.sheets.workbook_out import Table, workbook_of
from kg.sheets.writing import csv_of

CHOICES_SHOWN_MAX: Final = 60  # More than that nobody reads in a cell; the list itself is on its page.
_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "nl": ("Kolom", "Wat u invult", "Moet", "Meer waarden", "Keuzes of vorm", "Woord"),
    "en": ("Column", "What to fill in", "Required", "Several values", "Choices or form", "Word"),
}
_MANY: Final[Mapping[str, str]] = {"nl": "ja, met | ertussen", "en": "yes, with | between them"}
_YES: Final[Mapping[str, str]] = {"nl": "ja", "en": "yes"}
_THINGS: Final[Mapping[str, str]] = {
    "nl": "naam of adres, zoals {}",
    "en": "name or address, such as {}",
}


class Templates:
    """Makes the templates of every kind."""

    def __init__(self, layouts: Layouts, headings: Headings, values: Values) -> None:
        self.layouts = layouts
        self.headings = headings
        self.values = values

    def described(self, lang: str) -> list[dict[str, Any]]:
        """Every kind with its columns, as JSON."""
        ontology = self.layouts.ontology
        return [
            {
                "kind": kind,
                "name": local_name(kind),
                "label": {language: ontology.labels(kind, language) for language in LANGUAGES},
                "definition": {language: ontology.definition(kind, language) for language in LANGUAGES},
                "columns": [self._described(column, kind, lang) for column in layout.columns],
            }
            for kind, layout in self.layouts.kinds.items()
        ]

    def kind(self, name: str) -> str | None:
        """The kind that somebody means by a name: `Story`, `story`, `verhaal`."""
        return self.headings.kind(name)

    def template(self, kind: str, form: str, lang: str) -> bytes:
        """An empty sheet with its headings and one row that is clearly an example."""
        layout = self.layouts.kinds[kind]
        headings = tuple(self.layouts.label(column, lang, kind) for column in layout.columns)
        example = tuple(self._example(column, lang) for column in layout.columns)
        table = Table(self.layouts.ontology.labels(kind, lang), layout.columns, headings, (example,))
        if form == "csv":
            return csv_of(table)
        explained = [_HEADINGS[lang], *(self._explained(column, kind, lang) for column in layout.columns)]
        return workbook_of(
            (table,),
            explained=(EXPLANATION[lang], explained),
            choices={i: self._choices(column, lang) for i, column in enumerate(layout.columns)},
            remarks={i: self.layouts.description(column, lang) for i, column in enumerate(layout.columns)},
        )

    def _described(self, column: Column, kind: str, lang: str) -> dict[str, Any]:
        return {
            "heading": {language: self.layouts.label(column, language, kind) for language in LANGUAGES},
            "asks": {language: self.layouts.description(column, language) for language in LANGUAGES},
            "word": None if column.path == NAME else column.path,
            "partOf": column.part.path if column.part else None,
            "language": column.language,
            "required": column.required,
            "several": column.many,
            "choices": self._choices(column, lang),
        }

    def _explained(self, column: Column, kind: str, lang: str) -> tuple[str, ...]:
        choices = self._choices(column, lang)
        shown = ", ".join(choices[:CHOICES_SHOWN_MAX]) + (" …" if len(choices) > CHOICES_SHOWN_MAX else "")
        return (
            self.layouts.label(column, lang, kind),
            self.layouts.description(column, lang),
            _YES[lang] if column.required else "",
            _MANY[lang] if column.many else "",
            shown or self._form(column, lang),
            "" if column.path == NAME else short(column.path),
        )

    def _choices(self, column: Column, lang: str) -> list[str]:
        if column.form != "concept":
            return []
        return [self.layouts.ontology.labels(concept, lang) for concept in self.values.concepts(column.values)]

    def _form(self, column: Column, lang: str) -> str:
        match column.form:
            case "typed":
                return " / ".join(SHOWN.get(local_name(v), local_name(v)) for v in column.values)
            case "address":
                return _THINGS[lang].format("wijk/pl-oost")
            case _:
                return ""

    def _example(self, column: Column, lang: str) -> str:
        """What stands in the row that shows how: a choice, a form, or what is asked."""
        choices = self._choices(column, lang)
        match column.form:
            case "name":
                return EXAMPLE[lang] if column.part is None else ""
            case "concept":
                return choices[0] if choices else ""
            case "text":
                return self.layouts.description(column, column.language if column.language in LANGUAGES else lang)
            case "address":
                return "wijk/pl-oost"
            case _:
                return self._form(column, lang).partition(" / ")[0]
