"""The columns of spreadsheets, a table a kind, from the same layouts that the service reads them by."""

from __future__ import annotations

from term_pages import link, plain, table
from words import Words

from kg.settings import folder
from kg.sheets.layout import NAME, Column, Layouts


def column_page(words: Words) -> str:
    """The page: of each kind its headings in both languages, what is required, and the word that each says."""
    layouts = Layouts(words.ontology, [folder("shapes")])
    parts = [
        "---\norphan: true\n---\n",
        "# Columns of spreadsheets\n",
        "Each kind of document, with the headings that a sheet of it may have. They are made from the shapes and the "
        "vocabulary; `/templates` gives the same, with what can be chosen. How sheets are sent: "
        "[Spreadsheets](../spreadsheets.md).\n",
    ]
    for kind, layout in sorted(layouts.kinds.items(), key=lambda pair: words.ontology.labels(pair[0], "en")):
        title = f"{words.ontology.labels(kind, 'en')} · {words.ontology.labels(kind, 'nl')}"
        rows = [_row(words, layouts, column, kind) for column in layout.columns]
        parts += [f"## {plain(title)}\n", table(["English", "Nederlands", "required", "several", "word"], rows)]
    return "\n".join(parts)


def _row(words: Words, layouts: Layouts, column: Column, kind: str) -> list[str]:
    english, dutch = (plain(layouts.label(column, lang, kind)) for lang in ("en", "nl"))
    said = "" if column.path == NAME else link(words, column.path)
    return [english, dutch, "yes" if column.required else "", "yes" if column.many else "", said]
