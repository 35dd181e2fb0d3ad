"""Answers as tables for people's own programs: CSV that a spreadsheet opens rightly, and Parquet with typed columns.

Both go through the rows one by one, which only a worker may do: there it stands in nobody's way and has its limits.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from typing import Any, TypeAlias

import pyoxigraph as ox

from kg.vocabulary import XSD

ROWS_AT_A_TIME = 8192  # Few enough to stay small, many enough that writing them costs one call.
SPREADSHEET_DIGITS_MAX = 15  # A spreadsheet rounds a longer number, so that is given as text.
# Dutch computers write 3,5 and separate columns with a semicolon; with a comma Excel puts a whole row in one cell.
SEPARATOR = ";"
DECIMAL_MARK = ","
BYTE_ORDER_MARK = "\ufeff"  # Without it Excel does not see that the file is UTF-8.

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Write: TypeAlias = Callable[[bytes], object]

_FORMULA_SIGNS = "=+\\-@＝＋－＠"  # The wide ones are signs too where East Asian spreadsheets are used.
_SKIPPED = "[\\s\"'\u200b\ufeff]*"  # What a spreadsheet may pass over before it looks for a sign.
_FORMULA = re.compile(f"[\t\r\n]|{_SKIPPED}[{_FORMULA_SIGNS}]")
# A file opened with another separator is cut at that one: what follows it begins a cell too.
_FORMULA_INSIDE = re.compile(f"([,;\t\r\n]{_SKIPPED})(?=[{_FORMULA_SIGNS}])")
_INSIDE_ESCAPED = re.compile(f"([,;\t\r\n]{_SKIPPED})'(?=[{_FORMULA_SIGNS}])")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ZONED = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_INTEGERS = frozenset(
    XSD + name
    for name in (
        "integer", "long", "int", "short", "byte", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger",
        "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
    )
)  # fmt: skip
_NUMBERS = _INTEGERS | {XSD + "decimal", XSD + "double", XSD + "float"}


def as_text(cell: str) -> str:
    """The cell as something that no spreadsheet takes for a formula: an apostrophe stands before the sign."""
    if _FORMULA.match(cell):
        cell = "'" + cell
    return _FORMULA_INSIDE.sub(r"\1'", cell)


def as_written(cell: str) -> str:
    """The cell before `as_text`: exactly the apostrophes that it puts there are taken away again."""
    bare = _INSIDE_ESCAPED.sub(r"\1", cell)
    if bare.startswith("'") and _FORMULA.match(bare[1:]):
        bare = bare[1:]
    return bare if as_text(bare) == cell else cell


def parquet_is_there() -> bool:
    """Whether the extra `parquet` is installed; looks without loading it, which takes a third of a second."""
    try:
        return find_spec("pyarrow") is not None
    except ImportError:
        return False


def write_spreadsheet(solutions: ox.QuerySolutions, write: Write, rows_max: int | None = None) -> bool:
    """CSV for spreadsheets: UTF-8 with its mark, semicolons, numbers as numbers, everything else as text.

    Returns whether there are rows after the first `rows_max`.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=SEPARATOR)
    text.write(BYTE_ORDER_MARK)
    writer.writerow(as_text(variable.value) for variable in solutions.variables)
    rows = _Rows(solutions, rows_max)
    for batch in rows.batches():
        writer.writerows([_cell(term) for term in row] for row in batch)
        write(text.getvalue().encode())
        text.seek(0)
        text.truncate()
    write(text.getvalue().encode())
    return rows.more


def _cell(term: Term | None) -> str:
    """One term as a spreadsheet shows it."""
    if term is None:
        return ""
    if isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS and _NUMBER.fullmatch(term.value):
        if sum(c.isdigit() for c in term.value.partition("E")[0].strip("0.")) <= SPREADSHEET_DIGITS_MAX:
            return term.value.replace(".", DECIMAL_MARK)
        return "'" + term.value
    return as_text(_value(term))


def _value(term: Term) -> str:
    """The words of a term, without what they are."""
    return str(term) if isinstance(term, ox.BlankNode | ox.Triple) else term.value


class _Rows:
    """The rows of an answer in batches, at most so many; knows afterwards whether there were more."""

    def __init__(self, solutions: Iterable[Sequence[Term | None]], rows_max: int | None) -> None:
        self.rows = iter(solutions)
        self.left = rows_max
        self.more = False

    def batches(self) -> Iterator[list[Sequence[Term | None]]]:
        """Lists of rows, none of them empty."""
        while True:
            wanted = ROWS_AT_A_TIME if self.left is None else min(ROWS_AT_A_TIME, self.left)
            batch = list(islice(self.rows, wanted))
            if self.left is not None:
                self.left -= len(batch)
                if self.left == 0:
                    self.more = next(self.rows, None) is not None
            if batch:
                yield batch
            if len(batch) < wanted or self.left == 0:
                return


@dataclass
class _Column:
    """One column while its rows come by: values and languages in Arrow's own memory, and every type seen."""

    name: str
    values: list[Any] = field(default_factory=list)
    languages: list[Any] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    tags: set[str | None] = field(default_factory=set)

    def take(self, terms: Sequence[Term | None], arrow: Any) -> None:
        """The terms of one batch."""
        values: list[str | None] = []
        tags: list[str | None] = []
        for term in terms:
            tag = None
            if term is None:
                values.append(None)
            elif isinstance(term, ox.Literal):
                values.append(term.value)
                self.types.add(term.datatype.value)
                tag = term.language
                self.tags.add(tag)
            else:
                values.append(_value(term))
                self.types.add("")
            tags.append(tag)
        self.values.append(_texts(values, arrow))
        self.languages.append(_texts(tags, arrow))


def _texts(values: Sequence[str | None], arrow: Any) -> Any:
    """Texts in Arrow's own memory; its usual way in would load pandas first, which takes most of a second."""
    builder = arrow.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def write_parquet(
    solutions: ox.QuerySolutions, write: Write, about: dict[str, str], rows_max: int | None = None
) -> bool:
    """Parquet: a column has a type of its own where all its values agree, else it is text; `about` goes with the file.

    Where the texts of a column are in several languages, a column after it tells which; where all are in one, the
    column's metadata does. Returns whether there are rows after the first `rows_max`.
    """
    # Each of these would claim address space for threads that a worker has no use for, out of what a query may use.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    columns = [_Column(variable.value) for variable in solutions.variables]
    rows = _Rows(solutions, rows_max)
    for batch in rows.batches():
        for column, terms in zip(columns, zip(*batch, strict=True), strict=False):
            column.take(terms, arrow)
    fields: list[Any] = []
    arrays: list[Any] = []
    taken = {column.name for column in columns}
    for column in columns:
        values = _typed(column, arrow)
        tags = column.tags - {None}
        told = {"language": next(iter(tags)) or ""} if len(column.tags) == 1 and tags else None
        fields.append(arrow.field(column.name, values.type, metadata=told))
        arrays.append(values)
        if tags and len(column.tags) > 1:
            name = column.name + "Lang"
            while name in taken:
                name += "_"
            taken.add(name)
            fields.append(arrow.field(name, arrow.string()))
            arrays.append(arrow.chunked_array(column.languages, arrow.string()))
    table = arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata=about))
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    write(sink.getvalue())
    return rows.more


def _typed(column: _Column, arrow: Any) -> Any:
    """The values with the one type that they share, else as text."""
    values = arrow.chunked_array(column.values, arrow.string())
    if len(column.types) != 1:
        return values
    (only,) = column.types
    wanted = _arrow_type(only, values, arrow)
    if wanted is None:
        return values
    try:
        return values.cast(wanted)
    except arrow.ArrowInvalid:
        return values  # A year 12000 or a number of forty digits: text keeps what the type cannot hold.


def _arrow_type(datatype: str, values: Any, arrow: Any) -> Any:
    """Arrow's type for an XSD datatype; None where text is best."""
    if datatype in _INTEGERS:
        return arrow.int64()
    match datatype.removeprefix(XSD):
        case "decimal":
            texts = (text for chunk in values.iterchunks() for text in chunk.to_pylist() if text)
            return arrow.decimal128(38, max((len(text.partition(".")[2]) for text in texts), default=0))
        case "double" | "float":
            return arrow.float64()
        case "boolean":
            return arrow.bool_()
        case "date":
            return arrow.date32()
        case "dateTime":
            zoned = {_ZONED.search(text) is not None for text in values.unique().to_pylist() if text}
            return arrow.timestamp("us", "UTC" if True in zoned else None) if len(zoned) == 1 else None
        case _:
            return None
