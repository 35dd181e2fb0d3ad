"""Workbooks in: what a cell holds, what is passed over, and what would be more than a process should unfold."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime

import pytest
import xlsxwriter

from kg.sheets import XLSX
from kg.sheets.workbook import workbook_grids
from tests.sheets import documents_of, objections_to
from tests.test_sheets import STORY, WANTED

Sheet = tuple[str, Sequence[Sequence[object]]]


def workbook(*sheets: Sheet, then: Callable[[xlsxwriter.Workbook], object] = lambda book: None) -> bytes:
    """A workbook with these sheets; `then` may do more to it."""
    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    day = book.add_format({"num_format": "d-m-yyyy"})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                else:
                    sheet.write(number, place, cell)
    then(book)
    book.close()
    return kept.getvalue()


def changed(body: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its members changed."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text) if name == member else text)
    return kept.getvalue()


PLAIN = workbook(("Verhaal", STORY))
FIRST = "xl/worksheets/sheet1.xml"


def test_a_workbook_says_what_turtle_says() -> None:
    """One digest, with its day as a day of Excel or as a text, and the sheet's name in place of the heading's kind."""
    dated = [*STORY[1][:8], datetime(2024, 5, 1)]
    for body in (PLAIN, workbook(("verhaal", [["naam", *STORY[0][1:]], dated]))):
        assert WANTED == {d.digest for d in documents_of(body, XLSX)}


def test_several_sheets_are_one_batch_and_hidden_ones_are_passed_over() -> None:
    """So are the sheet that explains, and empty rows and columns anywhere."""

    def hide(book: xlsxwriter.Workbook) -> None:
        book.worksheets()[2].hide()

    body = workbook(
        ("Verhaal", [[], ["", *STORY[0]], [], ["", *STORY[1]]]),
        ("Plek", [["Plek: naam", "Titel (nl)"], ["plein", "Het plein"]]),
        ("Verborgen", [["zomaar", "iets"], ["x", 1]]),
        ("Uitleg", [["kolom", "wat"], ["naam", "…"]]),
        then=hide,
    )
    assert ["bank-1", "plein"] == [d.iri.rpartition("/")[2] for d in documents_of(body, XLSX)]


def test_cells_hold_what_people_see() -> None:
    """Whole numbers, fractions, yes and no, days, and the value of a formula."""
    rows = [["naam", "is een", "Uitgebracht in", "Nauwkeurig op zoveel meter"], ["p", "Plek", 2019, 25.0]]

    def add(book: xlsxwriter.Workbook) -> None:
        book.worksheets()[0].write_formula("D2", "=5*5", None, 25)

    payloads = {documents_of(workbook(("Blad1", rows), then=then), XLSX)[0].payload for then in (add, lambda b: None)}
    assert 1 == len(payloads)
    (payload,) = payloads
    assert b'"2019"^^<http://www.w3.org/2001/XMLSchema#gYear>' in payload
    assert b'"25"^^<http://www.w3.org/2001/XMLSchema#integer>' in payload
    kinds = workbook_grids(workbook(("A", [[True, 0.5, 1e20, date(2024, 5, 1), datetime(2024, 5, 1, 9, 30), "=1+1"]])))
    assert isinstance(kinds, list)
    assert ("true", "0.5", "1e+20", "2024-05-01", "2024-05-01T09:30:00", "=1+1") == kinds[0].rows[0][1]


def test_a_formula_that_fails_and_merged_cells_are_told_by_their_cell() -> None:
    """With the sheet, in fields and in words."""

    def fail(book: xlsxwriter.Workbook) -> None:
        book.worksheets()[0].write_formula("G2", "=1/0", None, "#DIV/0!")

    (broken,) = objections_to(workbook(("Verhaal", STORY), then=fail), XLSX)
    assert ("CellBroken", "Verhaal", 2, 7, "G2") == (
        broken.name, broken.sheet, broken.row, broken.column, broken.cell,
    )  # fmt: skip
    assert broken.message_nl.startswith("Blad Verhaal, cel G2 (Thema): ")
    assert broken.message_en.startswith("Sheet Verhaal, cell G2 (Thema): ")
    (merged,) = objections_to(
        workbook(("Verhaal", STORY), then=lambda book: book.worksheets()[0].merge_range("B3:C4", "x")), XLSX
    )
    assert ("CellsMerged", "B3") == (merged.name, merged.cell)


def wide(text: bytes) -> bytes:
    """A cell in the last column of the last row that a sheet can have."""
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return text.replace(b"</sheetData>", far)


ENTITY = b'?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
ROW = b"<row>" + b"<c/>" * 100_000 + b"</row></sheetData>"
UNFIT = {
    "a cell at the far corner": (changed(PLAIN, FIRST, wide), "SheetTooLarge"),
    "an entity": (
        changed(PLAIN, FIRST, lambda t: t.replace(b"?>", ENTITY, 1)),
        "WorkbookUnclear",
    ),
    "a zip bomb": (changed(PLAIN, "xl/styles.xml", lambda t: t + b" " * 300_000_000), "SheetTooLarge"),
    "cells without addresses": (
        changed(PLAIN, FIRST, lambda t: t.replace(b"</sheetData>", ROW)),
        "SheetTooLarge",
    ),
    "no zip": (b"PK\x03\x04 nothing", "WorkbookUnclear"),
    "a CSV file": (b"a;b\n1;2\n", "WorkbookUnclear"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "WorkbookUnclear"),
    "a file cut off": (PLAIN[:-200], "WorkbookUnclear"),
    "a broken sheet": (changed(PLAIN, FIRST, lambda t: t[: len(t) // 2]), "WorkbookUnclear"),
    "no sheet": (changed(PLAIN, "xl/workbook.xml", lambda t: t[:100]), "WorkbookUnclear"),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_what_is_no_workbook_or_too_much_is_refused(unfit: str) -> None:
    """Before its reader makes room for it, and never with an exception."""
    body, expected = UNFIT[unfit]
    assert [expected] == [o.name for o in objections_to(body, XLSX)]
