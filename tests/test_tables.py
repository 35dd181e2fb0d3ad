"""Answers as tables: what a spreadsheet may not take for a formula, and columns of Parquet that have a type."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest

from kg.tables import ROWS_AT_A_TIME, as_text, write_parquet, write_spreadsheet
from kg.vocabulary import XSD

# What spreadsheets take for a formula, and what they don't.
FORMULAS = {
    "=1+1": "'=1+1",
    "+31 70": "'+31 70",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    "  =1": "'  =1",
    "\ufeff=1": "'\ufeff=1",
    '"=1"': '\'"=1"',
    "＝1+1": "'＝1+1",
    "a;=1+1": "a;'=1+1",
    "a, -2+3": "a, '-2+3",
    'a",=cmd|x': "a\",'=cmd|x",
    "a\n=1": "a\n'=1",
}
HARMLESS = ("", "een - twee", "a=b", "jan@example.org", "https://example.org/?a=1", "3+4", "Wie? Wij!", "'s avonds")


def solutions(rows: str, *names: str) -> ox.QuerySolutions:
    """Rows as SPARQL writes them in VALUES."""
    variables = " ".join(f"?{name}" for name in names)
    found = ox.Store().query(
        f"PREFIX xsd: <{XSD}> SELECT {variables} WHERE {{ VALUES ({variables}) {{ {rows} }} }}", base_iri="urn:x:"
    )
    assert isinstance(found, ox.QuerySolutions)
    return found


def spreadsheet(rows: str, *names: str) -> list[list[str]]:
    """Rows as somebody who opens the file sees them."""
    out = io.BytesIO()
    write_spreadsheet(solutions(rows, *names), out.write)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""), delimiter=";"))


def parquet(rows: str, *names: str) -> pa.Table:
    """Rows as a reader of Parquet finds them."""
    out = io.BytesIO()
    write_parquet(solutions(rows, *names), out.write, {"position": "7"})
    return pq.read_table(io.BytesIO(out.getvalue()))


@pytest.mark.parametrize(("cell", "expected"), FORMULAS.items())
def test_what_looks_like_a_formula_becomes_text(cell: str, expected: str) -> None:
    """At the start of a cell, after spaces and quotes, and after what another separator would cut at."""
    assert expected == as_text(cell)


@pytest.mark.parametrize("cell", HARMLESS)
def test_ordinary_words_stay_as_they_are(cell: str) -> None:
    """A dash between words, an address, a telephone number in a sentence: unchanged."""
    assert cell == as_text(cell)


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_of_a_spreadsheet_is_a_formula_whatever_it_is_cut_at(cell: str) -> None:
    """Read with a semicolon, a comma or a tab between cells, no cell begins with a sign."""
    out = io.BytesIO()
    write_spreadsheet(solutions(ox.Literal(cell).__str__().join("()"), "a"), out.write)
    for separator in ";,\t":
        for row in csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""), delimiter=separator):
            assert [] == [cell for cell in row if cell.lstrip(' \t\r\n"\ufeff').startswith(tuple("=+-@＝"))]


def test_numbers_stay_numbers_in_a_spreadsheet() -> None:
    """With the decimal mark of Dutch computers; a number that would be rounded is text, and so is a text."""
    rows = '(-3 1.5 "1.5E3"^^xsd:double) (12345678901234567 -0.25 "-5") (7 "a;b" "x\\"y\\nz") (UNDEF true <urn:x>)'
    assert [
        ["a", "b", "c"],
        ["-3", "1,5", "1500"],
        ["'12345678901234567", "-0,25", "'-5"],
        ["7", "a;b", 'x"y\nz'],
        ["", "true", "urn:x"],
    ] == spreadsheet(rows, "a", "b", "c")


def test_a_spreadsheet_says_that_it_is_utf8() -> None:
    """The mark stands at the start, also where there are no rows."""
    out = io.BytesIO()
    write_spreadsheet(solutions("", "naam", "plek"), out.write)
    assert "\ufeffnaam;plek\r\n".encode() == out.getvalue()


def test_a_column_of_parquet_has_the_type_that_its_values_share() -> None:
    """Whole numbers, decimals without loss, floating numbers, days, moments in UTC, yes or no; absent is null."""
    one = (
        '(1 1.5 "2.5E0"^^xsd:double "2027-06-30"^^xsd:date "2027-06-30T12:00:00+02:00"^^xsd:dateTime true <urn:a>)'
        '(2 0.25 "INF"^^xsd:double "2027-07-01"^^xsd:date "2027-06-30T12:00:00Z"^^xsd:dateTime false <urn:b>)'
        "(UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF)"
    )
    table = parquet(one, *"abcdefg")
    zoned = pa.timestamp("us", "UTC")
    types = [pa.int64(), pa.decimal128(38, 2), pa.float64(), pa.date32(), zoned, pa.bool_(), pa.string()]
    assert types == table.schema.types
    assert [1, 2, None] == table["a"].to_pylist()
    assert [Decimal("1.5"), Decimal("0.25"), None] == table["b"].to_pylist()
    assert [2.5, float("inf"), None] == table["c"].to_pylist()
    assert [date(2027, 6, 30), date(2027, 7, 1), None] == table["d"].to_pylist()
    moments = [datetime(2027, 6, 30, 10, tzinfo=UTC), datetime(2027, 6, 30, 12, tzinfo=UTC)]
    assert [m.timestamp() for m in moments] == [m.timestamp() for m in table["e"].to_pylist()[:2]]
    assert ["urn:a", "urn:b", None] == table["g"].to_pylist()
    assert table.schema.metadata[b"position"] == b"7"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('(1) ("één"@nl) (<urn:x>)', ["1", "één", "urn:x"]),
        ("(1) (1.5)", ["1", "1.5"]),
        ('("2027-01-01"^^xsd:date) ("2027-01-02Z"^^xsd:date)', ["2027-01-01", "2027-01-02Z"]),
        (
            '("2027-01-01T00:00:00"^^xsd:dateTime) ("2027-01-01T00:00:00Z"^^xsd:dateTime)',
            ["2027-01-01T00:00:00", "2027-01-01T00:00:00Z"],
        ),
        ('("2023"^^xsd:gYear)', ["2023"]),
        ('("123456789012345678901234567890"^^<urn:big>)', ["123456789012345678901234567890"]),
        ('("geen getal"^^xsd:integer)', ["geen getal"]),
    ],
)
def test_where_values_do_not_agree_a_column_is_text(rows: str, expected: list[str]) -> None:
    """Nothing is lost or made up for the sake of a type."""
    table = parquet(rows, "a")
    assert (pa.string(), expected) == (table.schema.field("a").type, table["a"].to_pylist())


def test_a_column_of_languages_stands_only_where_they_differ() -> None:
    """One language is told by the column's metadata; several by a column that takes no other's name."""
    same = parquet('("een"@nl "x") ("twee"@nl "y")', "name", "nameLang")
    assert (["name", "nameLang"], {b"language": b"nl"}) == (same.column_names, same.schema.field("name").metadata)
    several = parquet('("een"@nl "x") ("two"@en "y") ("zonder" "z")', "name", "nameLang")
    assert ["name", "nameLang_", "nameLang"] == several.column_names
    assert ["nl", "en", None] == several["nameLang_"].to_pylist()
    assert ["x", "y", "z"] == several["nameLang"].to_pylist()


def test_parquet_without_rows_has_its_columns() -> None:
    """An empty answer is a table too."""
    assert (["a", "b"], 0) == ((table := parquet("", "a", "b")).column_names, table.num_rows)


@pytest.mark.parametrize("wanted", [1, ROWS_AT_A_TIME, ROWS_AT_A_TIME + 1])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_table_ends_where_a_page_ends(wanted: int, beyond: int) -> None:
    """So many rows and no more, and whether there is another is told, also at the edge of a batch."""
    rows = " ".join(f"({number})" for number in range(wanted + beyond))
    out, sheet = io.BytesIO(), io.BytesIO()
    assert bool(beyond) == write_parquet(solutions(rows, "n"), out.write, {}, wanted)
    assert bool(beyond) == write_spreadsheet(solutions(rows, "n"), sheet.write, wanted)
    assert list(range(wanted)) == pq.read_table(io.BytesIO(out.getvalue()))["n"].to_pylist()
    assert [str(n) for n in range(wanted)] == sheet.getvalue().decode("utf-8-sig").split()[1:]
