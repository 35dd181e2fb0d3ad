"""Where in a sheet a document stands, so that whatever is wrong with it is told by sheet, row and cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kg.contribution import Document
from kg.objection import Objection
from kg.sheets.grid import a1


@dataclass(frozen=True)
class Row:
    """One row: which sheet and row, and of what it says (subject, predicate) the column, from 1, and its heading."""

    sheet: str | None
    number: int
    columns: Mapping[tuple[str, str], tuple[int, str]]
    """("" or a part's fragment, predicate) → column"""


@dataclass
class Places:
    """The rows of a body, by the IRI of the document that they say; of nameless ones by the digest of what they say."""

    named: dict[str, Row] = field(default_factory=dict)
    nameless: dict[str, Row] = field(default_factory=dict)

    def learn(self, documents: Iterable[Document], names: Mapping[str, str] | None = None) -> None:
        """The names that documents got while they were read, or afterwards (old → new)."""
        for document in documents:
            row = self.nameless.get(document.minted_from or "")
            if row is not None:
                self.named.setdefault(document.iri, row)
        for old, new in (names or {}).items():
            if old in self.named:
                self.named[new] = self.named[old]

    def placed(self, objection: Objection) -> Objection:
        """The objection with its place, where it is about something that stands in a row."""
        document, _, part = (objection.focus or "").partition("#")
        row = self.named.get(document)
        if row is None or objection.row is not None:
            return objection
        at = row.columns.get((part, objection.path or ""))
        at = at or next((c for (_, path), c in row.columns.items() if path == objection.path), None)
        return at_cell(objection, row.sheet, row.number, at)


def at_cell(objection: Objection, sheet: str | None, row: int, column: tuple[int, str] | None) -> Objection:
    """The objection with its place in fields and in words: `Blad Verhalen, cel B7 (Thema): …`."""
    cell = a1(row, column[0]) if column else None
    heading = f" ({column[1]})" if column and column[1] else ""
    nl = f"cel {cell}{heading}" if cell else f"rij {row}"
    en = f"cell {cell}{heading}" if cell else f"row {row}"
    nl = f"Blad {sheet}, {nl}" if sheet else nl.capitalize() if not cell else "C" + nl[1:]
    en = f"Sheet {sheet}, {en}" if sheet else en.capitalize() if not cell else "C" + en[1:]
    return replace(
        objection,
        message_nl=f"{nl}: {objection.message_nl}",
        message_en=f"{en}: {objection.message_en}",
        sheet=sheet,
        row=row,
        column=column[0] if column else None,
        cell=cell,
    )


def fields_of_places(places: Places) -> dict[str, Any]:
    """Places as JSON, to cross to another process."""

    def rows(given: Mapping[str, Row]) -> dict[str, Any]:
        return {
            key: [row.sheet, row.number, [[*said, *at] for said, at in row.columns.items()]]
            for key, row in given.items()
        }

    return {"named": rows(places.named), "nameless": rows(places.nameless)}


def places_from(fields: Mapping[str, Any]) -> Places:
    """Places as they came from another process."""

    def rows(given: Mapping[str, Any]) -> dict[str, Row]:
        return {
            key: Row(sheet, number, {(part, path): (column, heading) for part, path, column, heading in columns})
            for key, (sheet, number, columns) in given.items()
        }

    return Places(rows(fields["named"]), rows(fields["nameless"]))
