"""A table as it stands in a file: rows of texts with their places, whatever program wrote it. CSV is read here."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from kg.encodings import as_utf8, charset_of
from kg.objection import Objection, object_to
from kg.tables import as_written

CELLS_MAX: Final = 2_000_000  # 50,000 rows of forty columns: a whole viewpoint.
COLUMNS_MAX: Final = 500  # A layout has some forty, of which a language more is one more.
CELL_CHARACTERS_MAX: Final = 200_000  # The longest geometry that the shapes let through, and room.
SEPARATORS: Final = ";,\t"
_SPACES: Final = " \t\r\n\u00a0\ufeff\u200b"


@dataclass(frozen=True)
class Grid:
    """One sheet. `rows` has the number of each row that holds anything (from 1) and its cells from the first column."""

    name: str | None
    """What the sheet is called; None in CSV, where nobody gave it a name."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    broken: frozenset[tuple[int, int]] = frozenset()
    """(row, column) from 1 of the cells whose formula gives an error."""
    merged: tuple[tuple[int, int], ...] = ()
    """The first cell of each group of cells that were made one."""


def trimmed(cell: str) -> str:
    """A cell without the spaces around it that nobody sees, its lines ended in one way."""
    return cell.replace("\r\n", "\n").replace("\r", "\n").strip(_SPACES)


def a1(row: int, column: int) -> str:
    """A place as spreadsheets write it: (7, 28) → `AB7`."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def csv_grid(body: bytes, media_type: str, delimiter: str | None = None) -> Grid | Objection:
    """The table of a CSV file: UTF-8, separated by semicolons, commas or tabs, or as it is said."""
    text = as_utf8(body, charset_of(media_type))
    if isinstance(text, Objection):
        return text
    content = text.decode()
    named = re.match(r"sep=(.)\r?\n", content, re.IGNORECASE)  # What Excel itself writes to say how to read it.
    begin = named.end() if named else 0
    separator = delimiter or (named[1] if named else _separator(content))
    reader = csv.reader(io.StringIO(content[begin:], newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    cells = 0
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    number = 0
    try:
        for number, row in enumerate(reader, start=2 if named else 1):
            cells += len(row)
            if cells > CELLS_MAX or len(row) > COLUMNS_MAX:
                return object_to("SheetTooLarge", value=str(number), limit=f"{CELLS_MAX} / {COLUMNS_MAX}")
            told = tuple(trimmed(as_written(cell)) for cell in row)
            if any(told):
                rows.append((number, told))
    except csv.Error as error:
        return object_to("TableUnclear", value=str(error)[:200], line=reader.line_num, column=1, row=str(number + 1))
    return Grid(None, tuple(rows))


def _separator(content: str) -> str:
    """The one of `;`, `,` and tab that stands most often in the headings, outside quotes."""
    heading = ""
    for line in io.StringIO(content):
        heading += line
        if heading.count('"') % 2 == 0 and heading.strip():
            break
    bare = re.sub(r'"(?:[^"]|"")*"', "", heading)
    found = Counter({mark: bare.count(mark) for mark in SEPARATORS})
    # Where none stands there is one column, and any will do.
    return max(SEPARATORS, key=lambda mark: found[mark])
