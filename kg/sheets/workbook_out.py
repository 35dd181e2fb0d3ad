"""Tables → a workbook (.xlsx): texts as texts, headings that stay in sight, lists to choose from."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.sheets.layout import Column

if TYPE_CHECKING:
    import xlsxwriter

WIDTH_MAX: Final = 40  # Characters: a text that is longer goes on below.
WIDTH_MIN: Final = 12
CHOICES_ROWS: Final = 1_000  # So many rows of a template have lists to choose from.


@dataclass(frozen=True)
class Table:
    """One sheet: its name, what its columns are, their headings, and the cells of its rows."""

    name: str
    columns: tuple[Column, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def workbook_of(
    tables: Sequence[Table],
    *,
    explained: tuple[str, Sequence[Sequence[str]]] | None = None,
    choices: Mapping[int, Sequence[str]] | None = None,
    remarks: Mapping[int, str] | None = None,
) -> bytes:
    """The tables as sheets. `explained` is a further sheet of texts: its name and rows.

    `choices` and `remarks` are by column, from 0, of the first table: the values that it offers, and what is shown of
    it where a cell is chosen.
    """
    kept = io.BytesIO()
    # Only here: no command that writes no workbook has to wait for it.
    import xlsxwriter

    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8E8E8"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for table in tables:
        sheet = book.add_worksheet(table.name)
        _fill(sheet, [table.headings, *table.rows], head, text)
        sheet.freeze_panes(1, 1)
    if explained is not None:
        _fill(book.add_worksheet(explained[0]), explained[1], head, text)
    if choices or remarks:
        _offer(book, dict(choices or {}), dict(remarks or {}))
    if not tables and explained is None:
        book.add_worksheet()
    book.close()
    return kept.getvalue()


def _fill(
    sheet: xlsxwriter.worksheet.Worksheet,
    rows: Sequence[Sequence[str]],
    head: xlsxwriter.format.Format,
    text: xlsxwriter.format.Format,
) -> None:
    for place, heading in enumerate(rows[0] if rows else ()):
        longest = max((len(row[place]) for row in rows[:50] if place < len(row)), default=0)
        # As text: otherwise 1-5 becomes the first of May.
        sheet.set_column(place, place, min(WIDTH_MAX, max(WIDTH_MIN, longest)), text)
        sheet.write_string(0, place, heading, head)
    for number, row in enumerate(rows[1:], start=1):
        for place, cell in enumerate(row):
            if cell:
                sheet.write_string(number, place, cell, text)


def _offer(book: xlsxwriter.Workbook, choices: Mapping[int, Sequence[str]], remarks: Mapping[int, str]) -> None:
    """Lists to choose from, kept on a hidden sheet; who knows better may write something else."""
    from xlsxwriter.utility import xl_col_to_name

    first = book.worksheets()[0]
    lists = book.add_worksheet("lists")
    lists.hide()
    for place in sorted({*choices, *remarks}):
        options: dict[str, object] = {"input_message": remarks.get(place, "")[:255], "validate": "any"}
        values = choices.get(place, ())
        for number, value in enumerate(values):
            lists.write_string(number, place, value)
        if values:
            column = xl_col_to_name(place, col_abs=True)
            options |= {
                "validate": "list",
                "source": f"=lists!{column}$1:{column}${len(values)}",
                "error_type": "information",
            }
        first.data_validation(1, place, CHOICES_ROWS, place, options)
