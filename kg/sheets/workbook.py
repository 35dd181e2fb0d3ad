"""A workbook (.xlsx) → its sheets. Looked over before anything unfolds it: size, dimensions, what is no workbook.

python-calamine reads the cells. It gives nothing for a formula that fails and would make room for every cell between
the first and the last, so both are looked for before, in one pass over the bytes of each sheet.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from xml.parsers import expat

import python_calamine

from kg.objection import Objection, object_to
from kg.sheets.grid import CELL_CHARACTERS_MAX, CELLS_MAX, COLUMNS_MAX, Grid, trimmed

UNZIPPED_BYTES_MAX: Final = 256 * 1024 * 1024  # Four times what a body may be: cells repeat themselves.
MEMBERS_MAX: Final = 1_000  # A workbook of thirty sheets has about a hundred.
SHEETS_MAX: Final = 100  # There are some twenty-five kinds.
_OLD: Final = b"\xd0\xcf\x11\xe0"  # The container of .xls, and of a workbook with a password.
_BLOCK: Final = 1 << 20
_REFUSED: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_TAG: Final = re.compile(rb"<(?:\w+:)?(c|row)(?=[\s/>])([^>]*)>")
_ADDRESS: Final = re.compile(rb"""\br=["']([A-Z]{0,3})(\d{1,7})["']""")
_ERROR: Final = re.compile(rb"""\bt=["']e["']""")
_NAMESPACED_ID: Final = re.compile(r"(?:.*[: ])?id")


@dataclass
class _Looked:
    """What a sheet's bytes show: the last row and column, and the cells whose formula fails."""

    last_row: int = 0
    last_column: int = 0
    unplaced: int = 0
    """Rows and cells without an address: each may be a row, or a column, further on."""
    broken: set[tuple[int, int]] = field(default_factory=set)

    @property
    def area(self) -> int:
        """How many cells a reader would make room for."""
        return max(1, self.last_row + self.unplaced) * max(1, self.last_column + min(self.unplaced, COLUMNS_MAX))


def workbook_grids(body: bytes) -> list[Grid] | Objection:
    """The visible sheets of a workbook, in their order."""
    if body.startswith(_OLD):
        return object_to("WorkbookUnclear", value=".xls, password")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            looked = _look_over(archive)
            if isinstance(looked, Objection):
                return looked
            members = _members(archive)
        return _grids(body, {name: looked[m] for name, m in members.items() if m in looked})
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, KeyError) as error:
        return object_to("WorkbookUnclear", value=str(error)[:200].strip("'\"") or "zip")
    except (python_calamine.CalamineError, python_calamine.XmlError, expat.ExpatError, ValueError) as error:
        return object_to("WorkbookUnclear", value=str(error)[:200])


def _look_over(archive: zipfile.ZipFile) -> dict[str, _Looked] | Objection:
    """Every member unfolded once within the limit, without keeping it; of sheets how large they are."""
    names = archive.namelist()
    if "xl/workbook.xml" not in names:
        return object_to("WorkbookUnclear", value="xl/workbook.xml?")
    if len(names) > MEMBERS_MAX or len(set(names)) != len(names):
        return object_to("SheetTooLarge", value=f"{len(names)}", limit=f"{MEMBERS_MAX} (zip)")
    left = UNZIPPED_BYTES_MAX
    found: dict[str, _Looked] = {}
    for member in archive.infolist():
        sheet = _Looked()
        before = b""
        with archive.open(member) as file:
            while block := file.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    limit = f"{UNZIPPED_BYTES_MAX // 1024**2} MB"
                    return object_to("SheetTooLarge", value=member.filename[:100], limit=limit)
                if member.filename.endswith((".xml", ".rels")) and _REFUSED.search(before + block):
                    return object_to("WorkbookUnclear", value="DOCTYPE")
                if member.filename.startswith("xl/worksheets/"):
                    before = _look_at(before, block, sheet)
        if member.filename.startswith("xl/worksheets/"):
            if sheet.area > CELLS_MAX or sheet.last_column > COLUMNS_MAX:
                size = f"{sheet.last_row} × {max(sheet.last_column, 1)}"
                return object_to("SheetTooLarge", value=size, limit=f"{CELLS_MAX} cells, {COLUMNS_MAX} columns")
            found[member.filename] = sheet
    return found


def _look_at(before: bytes, block: bytes, sheet: _Looked) -> bytes:
    """One block of a sheet, with the end of the block before it; gives back what the next one has to see again."""
    text = before + block
    # A tag that this block cuts in two is left to the next look.
    end = len(text) if len(block) < _BLOCK else max(text.rfind(b">") + 1, 0)
    for tag in _TAG.finditer(text, 0, end):
        address = _ADDRESS.search(tag[2])
        if address is None:
            sheet.unplaced += 1
            continue
        column = 0
        for letter in address[1]:
            column = column * 26 + letter - 64
        row = int(address[2])
        sheet.last_row, sheet.last_column = max(sheet.last_row, row), max(sheet.last_column, column)
        if tag[1] == b"c" and _ERROR.search(tag[2]):
            sheet.broken.add((row, column))
    return text[end:]


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet → its member, as the workbook and its relationships say."""
    targets = {
        a.get("Id", ""): a.get("Target", "") for tag, a in _tags(archive.read("xl/_rels/workbook.xml.rels"))
        if tag == "Relationship"
    }  # fmt: skip
    found: dict[str, str] = {}
    for tag, attributes in _tags(archive.read("xl/workbook.xml")):
        if tag == "sheet":
            relation = next((v for k, v in attributes.items() if _NAMESPACED_ID.fullmatch(k)), "")
            target = targets.get(relation, "")
            found[attributes.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _tags(text: bytes) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The start tags of an XML text, without their prefixes. There is no DOCTYPE in it: that was looked for."""
    found: list[tuple[str, Mapping[str, str]]] = []
    reader = expat.ParserCreate(namespace_separator=" ")
    reader.StartElementHandler = lambda name, attributes: found.append((name.rpartition(" ")[2], attributes))
    reader.Parse(text, True)
    return iter(found)


def _grids(body: bytes, looked: Mapping[str, _Looked]) -> list[Grid] | Objection:
    workbook = python_calamine.load_workbook(io.BytesIO(body))
    visible = [s.name for s in workbook.sheets_metadata if s.visible == python_calamine.SheetVisibleEnum.Visible]
    if len(visible) > SHEETS_MAX:
        return object_to("SheetTooLarge", value=str(len(visible)), limit=f"{SHEETS_MAX} sheets")
    found: list[Grid] = []
    for name in visible:
        if name not in looked:
            continue  # A sheet of charts holds no cells.
        sheet = workbook.get_sheet_by_name(name)
        rows: list[tuple[int, tuple[str, ...]]] = []
        broken = looked[name].broken
        for number, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1):
            told = tuple(
                trimmed(_text(cell)) or ("#" if (number, place) in broken else "")
                for place, cell in enumerate(cells, start=1)
            )
            if any(len(cell) > CELL_CHARACTERS_MAX for cell in told):
                return object_to("SheetTooLarge", value=f"{name} {number}", limit=f"{CELL_CHARACTERS_MAX} characters")
            if any(told):
                rows.append((number, told))
        merged = tuple((top + 1, left + 1) for (top, left), _ in sheet.merged_cell_ranges or ())
        found.append(Grid(name, tuple(rows), frozenset(broken), merged))
    return found


def _text(cell: Any) -> str:
    """A cell as people write it: a whole number without a fraction, a day as ISO writes it."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            midnight = cell.time() == time()
            return cell.date().isoformat() if midnight else cell.isoformat(timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)
