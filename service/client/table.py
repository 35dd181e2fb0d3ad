"""An answer as a table that cannot be changed: typed terms, where it holds, and the question it answers."""

from __future__ import annotations

import csv
import html
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from service.client.errors import NotInstalled
from service.client.terms import Blank, Iri, Quoted, Term, Text, Typed, written

HTML_ROWS_MAX = 100  # More rows in a notebook is scrolling, not reading; the line below them says how many there are.
_INT64 = range(-(2**63), 2**63)
_DECIMAL_DIGITS_MAX = 38  # What columns of decimals hold in polars and Arrow.


@dataclass(frozen=True)
class Table:
    """Rows of terms under their columns, in the order in which they came.

    `position` is that of the reader's audience at which it holds, `redactions` what was erased since, `notes` what
    the service wants known. Iterating gives each row as a mapping from column to term.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Term, ...], ...]
    query: str = field(default="", repr=False)
    position: int | None = None
    redactions: int | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Term]]:
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.columns)}{''.join(f'; {note}' for note in self.notes)}>"

    def column(self, name: str) -> tuple[Term, ...]:
        """All terms of one column. Raises KeyError with the columns that there are."""
        if name not in self.columns:
            raise KeyError(f"no column {name}; there are {', '.join(self.columns)}")
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)

    def to_pandas(self, *, languages: bool = False) -> Any:
        """As a pandas DataFrame; with `languages` each text in a language has its tag in a column beside it."""
        pandas = library("pandas", "pandas")
        dtypes = {"boolean": "boolean", "integer": "Int64", "double": "float64"}
        made: dict[str, Any] = {}
        for name, kind, values in self._plain(languages):
            if kind == "dateTime":
                made[name] = pandas.to_datetime(pandas.Series(values, dtype="object"), format="ISO8601")
            else:
                made[name] = pandas.Series(values, dtype=dtypes.get(kind, "object" if kind != "text" else "str"))
        return pandas.DataFrame(made, columns=list(made))

    def to_polars(self, *, languages: bool = False) -> Any:
        """As a polars DataFrame; `languages` as for pandas. A column of several types becomes text."""
        polars = library("polars", "polars")
        types = {"boolean": polars.Boolean, "integer": polars.Int64, "double": polars.Float64, "text": polars.String}
        return polars.DataFrame(
            [polars.Series(name, values, dtype=types.get(kind)) for name, kind, values in self._plain(languages)]
        )

    def to_arrow(self, *, languages: bool = False) -> Any:
        """As an Arrow table; `languages` as for pandas. A column of several types becomes text."""
        arrow = library("pyarrow", "parquet")
        types = {"boolean": arrow.bool_(), "integer": arrow.int64(), "double": arrow.float64(), "text": arrow.string()}
        named = {n: arrow.array(values, type=types.get(kind)) for n, kind, values in self._plain(languages)}
        about = {"query": self.query, "position": "" if self.position is None else str(self.position)}
        return arrow.table(named).replace_schema_metadata(about)

    def to_csv(self, path: str | Path) -> None:
        """Writes a CSV file: the columns' names, then terms as text."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows([written(value) for value in row] for row in self.rows)

    def _plain(self, languages: bool) -> Iterator[tuple[str, str, list[Any]]]:
        """Each column with the kind of its values and the values as libraries of data frames take them."""
        for name in self.columns:
            values = self.column(name)
            kind = _kind(values)
            if kind == "text":
                yield name, kind, [None if value is None else written(value) for value in values]
            elif kind == "dateTime":
                yield name, kind, [value.astimezone(UTC) if _zoned(value) else value for value in values]  # type: ignore[union-attr]
            else:
                yield name, kind, list(values)
            if languages and any(isinstance(value, Text) for value in values):
                yield f"{name}_lang", "text", [value.lang if isinstance(value, Text) else None for value in values]

    def _repr_html_(self) -> str:
        """The table for a notebook: complete words, links that can be followed, each text in its language."""
        head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.rows[:HTML_ROWS_MAX])
        shown = min(len(self), HTML_ROWS_MAX)
        counted = f"{len(self)} rows" if shown == len(self) else f"the first {shown} of {len(self)} rows"
        at = f", at position {self.position}" if self.position is not None else ""
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{counted}{at}</p>{notes}"


def library(name: str, extra: str) -> Any:
    """An optional library. Raises NotInstalled, which tells the extra that brings it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        raise NotInstalled(f"This needs {name}: install wijkgraaf[{extra}]") from None


def _zoned(value: Term) -> bool:
    """Whether it is a moment with its distance to UTC."""
    return isinstance(value, datetime) and value.tzinfo is not None


def _kind(values: Sequence[Term]) -> str:
    """What a column holds: one type throughout, or text."""
    found = {_kind_of(value) for value in values if value is not None}
    if found == {"dateTime"} and len({_zoned(value) for value in values if value is not None}) > 1:
        return "text"  # Moments with and without a zone cannot stand in one order.
    return found.pop() if len(found) == 1 else "text"


def _kind_of(value: Term) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer" if value in _INT64 else "text"
        case float():
            return "double"
        case Decimal():
            return "decimal" if len(value.as_tuple().digits) <= _DECIMAL_DIGITS_MAX else "text"
        case datetime():
            return "dateTime"
        case date():
            return "date"
        case _:
            return "text"


def _cell(value: Term) -> str:
    """One cell of the table for a notebook."""
    text = html.escape(written(value))
    match value:
        case Iri() if value.startswith(("http://", "https://")):
            return f"<td><a href='{html.escape(value, quote=True)}'>{text}</a></td>"
        case Text():
            return f"<td lang='{html.escape(value.lang, quote=True)}'>{text}</td>"
        case Typed():
            return f"<td title='{html.escape(value.datatype, quote=True)}'>{text}</td>"
        case Blank() | Quoted() | _:
            return f"<td>{text}</td>"
