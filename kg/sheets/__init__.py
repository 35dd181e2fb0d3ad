"""Spreadsheets in and out: rows become documents and documents rows, by columns that the shapes and words give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.sheets.grid import Grid, csv_grid
from kg.sheets.layout import Layouts
from kg.sheets.mapping import MAPPING, delimiter_of, mapped
from kg.sheets.places import Places, fields_of_places, places_from
from kg.sheets.rows import Filled, Rows
from kg.sheets.templates import Templates
from kg.sheets.values import Names
from kg.sheets.workbook import workbook_grids
from kg.sheets.writing import Writing

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES: Final = (CSV, XLSX)


def is_sheet(media_type: str) -> bool:
    """Whether a body of this type is a spreadsheet."""
    return media_type.partition(";")[0].strip().lower() in MEDIA_TYPES


__all__ = [
    "CSV", "MAPPING", "MEDIA_TYPES", "XLSX", "Filled", "Places", "Sheets", "fields_of_places", "is_sheet",
    "places_from", "with_mapping",
]  # fmt: skip


class Sheets:
    """What a checker needs for spreadsheets: the layouts of all kinds, made once."""

    def __init__(self, ontology: Ontology, shapes: Sequence[Path]) -> None:
        self.layouts = Layouts(ontology, shapes)
        self.rows = Rows(self.layouts)
        self.writing = Writing(self.layouts, self.rows)
        self.templates = Templates(self.layouts, self.rows.headings, self.rows.values)

    def opened(
        self, body: bytes, media_type: str, *, base: str, speaker: str, base_iri: str | None = None
    ) -> Filled | tuple[Objection, ...]:
        """A spreadsheet as the N-Triples that its rows say, with their places; any other body as it is.

        Or what is not right, in which cell.
        """
        if not is_sheet(media_type):
            return Filled(body, media_type, Places())
        if not body.strip():
            return (object_to("EmptyBody"),)
        mapping, table = _taken_apart(body, media_type)
        grids = _grids(table, media_type, delimiter_of(mapping) if mapping is not None else None)
        if isinstance(grids, Objection):
            return (grids,)
        if mapping is not None:
            return mapped(grids[0], mapping, Names(base, speaker)) if grids[0].rows else (object_to("EmptyBody"),)
        return self.rows.filled(grids, Names(base, speaker), base_iri=base_iri)

    def exported(
        self, quads: bytes, form: str, *, base: str, speaker: str, lang: str, kind: str | None
    ) -> bytes | Objection:
        """The documents of `speaker` in N-Quads as a workbook, or those of one kind as CSV."""
        return self.writing.exported(quads, form, Names(base, speaker), lang, kind)


def with_mapping(table: bytes, mapping: bytes) -> tuple[bytes, str]:
    """(body, media type) of a CSV file together with the CSVW document that says what its rows mean."""
    return mapping + table, f"{CSV}; mapping={len(mapping)}"


def _taken_apart(body: bytes, media_type: str) -> tuple[bytes | None, bytes]:
    """The mapping before a table, where there is one, and the table."""
    found = re.search(r"; mapping=(\d{1,9})$", media_type)
    return (body[: int(found[1])], body[int(found[1]) :]) if found else (None, body)


def _grids(body: bytes, media_type: str, delimiter: str | None) -> list[Grid] | Objection:
    if media_type.partition(";")[0].strip().lower() == XLSX:
        return workbook_grids(body)
    grid = csv_grid(body, media_type, delimiter)
    return grid if isinstance(grid, Objection) else [grid]
