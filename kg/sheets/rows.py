"""Rows → the statements of documents, each with the place it came from; or what is not right in which cell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import pyoxigraph as ox

from kg import vocabulary as word
from kg.objection import Objection, object_to, with_words
from kg.reading import NAMELESS, canonical
from kg.sheets.grid import Grid
from kg.sheets.headings import Headings
from kg.sheets.layout import NAME, REST, Column, Layouts, Part
from kg.sheets.places import Places, Row, at_cell
from kg.sheets.values import Names, Unclear, Values

FINDINGS_MAX: Final = 100  # Nobody mends more at once; the next try shows the rest.
# What stands in the name of the row that a template shows: it is passed over when it was left in.
EXAMPLE: Final[Mapping[str, str]] = {"nl": "(voorbeeld)", "en": "(example)"}
# What the sheet is called that explains the columns of a template.
EXPLANATION: Final[Mapping[str, str]] = {"nl": "Uitleg", "en": "Explanation"}
_FRAGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Said: TypeAlias = "list[tuple[str, str, ox.NamedNode | ox.Literal]]"
"""(fragment or "", predicate, value)"""


@dataclass(frozen=True)
class Filled:
    """What the rows say, as RDF, and where each document stands."""

    body: bytes
    media_type: str
    places: Places


@dataclass
class _Found:
    """What has been read so far."""

    bodies: list[bytes] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    findings: list[Objection] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.findings) >= FINDINGS_MAX


class Rows:
    """Reads the rows of sheets with these layouts."""

    def __init__(self, layouts: Layouts) -> None:
        self.layouts = layouts
        self.headings = Headings(layouts)
        self.values = Values(layouts.ontology)

    def filled(
        self, grids: Sequence[Grid], names: Names, *, base_iri: str | None = None
    ) -> Filled | tuple[Objection, ...]:
        """All rows of all sheets as one batch; `base_iri` is the name of a row that gives none."""
        found = _Found()
        for grid in grids:
            if grid.rows and grid.name not in EXPLANATION.values() and not found.is_full:
                self._sheet(grid, names, base_iri, found)
        if found.findings:
            return tuple(found.findings[:FINDINGS_MAX])
        return Filled(b"".join(found.bodies), "application/n-triples", found.places)

    def _sheet(self, grid: Grid, names: Names, base_iri: str | None, found: _Found) -> None:
        number, headings = grid.rows[0]
        sheet = _Sheet(self, grid, number, headings)
        found.findings += sheet.findings()
        if found.findings:
            return
        for row, cells in grid.rows[1:]:
            kind = sheet.kind_of(cells)
            if sheet.name_of(cells) in EXAMPLE.values():
                continue
            if kind is None:
                found.findings.append(sheet.no_kind(row, cells))
            else:
                self._row(sheet, row, cells, kind, names, base_iri, found)
            if found.is_full:
                return

    def _row(
        self,
        sheet: _Sheet,
        number: int,
        cells: tuple[str, ...],
        kind: str,
        names: Names,
        base_iri: str | None,
        found: _Found,
    ) -> None:
        columns = sheet.columns(kind)
        objections = [c for c in columns.values() if isinstance(c, Objection)]
        named = sheet.name_of(cells)
        document = names.document(named) if named else (base_iri or names.speaker + NAMELESS)
        if document is None or "#" in document:
            at = sheet.at(NAME, columns)
            objections.append(sheet.object(number, at, Unclear("CellUnclear", named[:200], "speeltuin-2")))
            document = names.speaker + NAMELESS
        said, more = self._said(sheet, number, cells, columns, names, document, kind)
        objections += more
        if objections:
            found.findings += [o for o in objections if o not in found.findings]
            return
        if not any(predicate == word.HELD_BY and not part for part, predicate, _ in said):
            said.append(("", word.HELD_BY, ox.NamedNode(names.speaker)))
        row = Row(sheet.grid.name, number, sheet.places(columns, cells))
        _keep(found, document, said, row, nameless=not named and base_iri is None)

    def _said(
        self,
        sheet: _Sheet,
        number: int,
        cells: tuple[str, ...],
        columns: Mapping[int, Column | Objection],
        names: Names,
        document: str,
        kind: str,
    ) -> tuple[Said, list[Objection]]:
        """What a row says, and what in it is not clear."""
        said: Said = [("", word.RDF_TYPE, ox.NamedNode(kind))]
        objections: list[Objection] = list(sheet.loose(number, cells))
        parts = sheet.parts(columns, cells)
        for part, name in parts.items():
            if not _FRAGMENT.fullmatch(name):
                objections.append(sheet.object(number, None, Unclear("CellUnclear", name[:200], part.name)))
            else:
                said += [
                    ("", part.path, ox.NamedNode(f"{document}#{name}")),
                    (name, word.RDF_TYPE, ox.NamedNode(part.kind)),
                ]
        for place, column in columns.items():
            cell = cells[place] if place < len(cells) else ""
            if (number, place + 1) in sheet.grid.broken:
                objections.append(sheet.object(number, place, Unclear("CellBroken", "", "")))
            elif isinstance(column, Objection) or not cell or column.path == NAME:
                pass
            else:
                terms = self._terms(cell, column, names, document, parts)
                if isinstance(terms, Unclear):
                    objections.append(sheet.object(number, place, terms))
                else:
                    said += terms
        return said, objections

    def _terms(
        self, cell: str, column: Column, names: Names, document: str, parts: Mapping[Part, str]
    ) -> Said | Unclear:
        """What a cell says."""
        if column.path == REST:
            return _rest(cell, document)
        values = self.values.terms(cell, column, names, document)
        if isinstance(values, Unclear):
            return values
        about = parts[column.part] if column.part else ""
        return [(about, column.path, value) for value in values]


def _rest(cell: str, document: str) -> Said | Unclear:
    """What a row says in N-Triples, of its own document alone."""
    found: Said = []
    try:
        for quad in ox.parse(cell.encode(), format=ox.RdfFormat.N_TRIPLES):
            subject, value = quad.subject, quad.object
            if not isinstance(subject, ox.NamedNode) or not isinstance(value, ox.NamedNode | ox.Literal):
                return Unclear("CellUnclear", str(subject)[:200], f"<{document}> … .")
            own, _, part = subject.value.partition("#")
            if own != document:
                return Unclear("CellUnclear", subject.value[:200], f"<{document}> … .")
            found.append((part, quad.predicate.value, value))
    except SyntaxError as error:
        return Unclear("CellUnclear", str(error)[:200], f"<{document}> … .")
    return found


def _keep(found: _Found, document: str, said: Said, row: Row, *, nameless: bool) -> None:
    """Puts a document with the others, under its name; the same name twice is refused, and so is a row twice."""

    def triples(iri: str) -> list[ox.Triple]:
        old, new = f"{document}#", f"{iri}#"
        return [
            ox.Triple(
                ox.NamedNode(f"{iri}#{part}" if part else iri),
                ox.NamedNode(predicate),
                ox.NamedNode(value.value.replace(old, new, 1))
                if isinstance(value, ox.NamedNode) and value.value.startswith(old)
                else value,
            )
            for part, predicate, value in said
        ]

    iri = document
    if nameless:
        # By what it says, so that rows may be sorted or put between others and still be known again.
        iri += hashlib.sha256(canonical(triples(document))).hexdigest()[:32]
    known = found.places.named.get(iri)
    if known is not None:
        first = object_to("RowTwice", focus=iri, value=str(known.number), limit=known.sheet)
        found.findings.append(at_cell(first, row.sheet, row.number, None))
        return
    payload = canonical(triples(iri))
    found.places.named[iri] = row
    if nameless:
        found.places.nameless[hashlib.sha256(payload).hexdigest()] = row
    found.bodies.append(payload)


class _Sheet:
    """One sheet while its rows are read: its kind, and what its headings mean for a kind."""

    def __init__(self, rows: Rows, grid: Grid, number: int, headings: tuple[str, ...]) -> None:
        self.rows = rows
        self.grid = grid
        self.number = number
        self.texts = headings
        find = rows.headings
        told = (find.kind_of_name(h) for h in headings)
        self.kind = next((k for k in told if k), None) or (find.kind(grid.name) if grid.name else None)
        any_kind = self.kind or next(iter(rows.layouts.kinds))
        meant = [find.column(any_kind, h) if h else None for h in headings]
        self.type_at = _position(meant, word.RDF_TYPE)
        self.name_at = _position(meant, NAME)
        if self.name_at is None:
            self.name_at = next((i for i, h in enumerate(headings) if find.kind_of_name(h)), None)
        self._columns: dict[str, dict[int, Column | Objection]] = {}

    def findings(self) -> Iterator[Objection]:
        """What is wrong with the sheet before any row is looked at."""
        for row, column in self.grid.merged:
            if row >= self.number:
                yield at_cell(object_to("CellsMerged"), self.grid.name, row, (column, self._heading(column - 1)))
        if self.kind is None and self.type_at is None:
            named = self.grid.name or next((h for h in self.texts if h), "")
            yield at_cell(self._kind_unclear(named), self.grid.name, self.number, (1, ""))
        elif self.kind is not None:
            yield from (c for c in self.columns(self.kind).values() if isinstance(c, Objection))

    def kind_of(self, cells: tuple[str, ...]) -> str | None:
        """The kind of a row: its own, else its sheet's."""
        own = cells[self.type_at] if self.type_at is not None and self.type_at < len(cells) else ""
        return (self.rows.headings.kind(own.partition("|")[0]) if own else None) or self.kind

    def name_of(self, cells: tuple[str, ...]) -> str:
        """What a row's document is called; nothing where nobody named it."""
        return cells[self.name_at] if self.name_at is not None and self.name_at < len(cells) else ""

    def no_kind(self, number: int, cells: tuple[str, ...]) -> Objection:
        """A row that does not say what it is."""
        own = cells[self.type_at] if self.type_at is not None and self.type_at < len(cells) else ""
        place = (self.type_at + 1, "") if self.type_at is not None else None
        return at_cell(self._kind_unclear(own), self.grid.name, number, place)

    def _kind_unclear(self, named: str) -> Objection:
        nl, en = (self.rows.headings.nearest_kind(named, lang) for lang in ("nl", "en"))
        return object_to("KindUnclear", value=named[:100], limit=nl, nl_near=nl, en_near=en)

    def columns(self, kind: str) -> dict[int, Column | Objection]:
        """What each heading means in rows of this kind, or why it means nothing."""
        if kind not in self._columns:
            found: dict[int, Column | Objection] = {}
            seen: dict[tuple[str, str | None, Part | None], int] = {}
            for place, heading in enumerate(self.texts):
                if not heading:
                    continue
                column = self.rows.headings.column(kind, heading)
                if isinstance(column, Unclear):
                    found[place] = self.object(self.number, place, column)
                elif column.key in seen:
                    first = self._heading(seen[column.key])
                    found[place] = self.object(self.number, place, Unclear("ColumnTwice", heading[:100], first))
                else:
                    seen[column.key] = place
                    found[place] = column
            self._columns[kind] = found
        return self._columns[kind]

    def parts(self, columns: Mapping[int, Column | Objection], cells: tuple[str, ...]) -> dict[Part, str]:
        """The parts of which a row says anything, with their names."""
        filled: dict[Part, str] = {}
        for place, column in columns.items():
            cell = cells[place] if place < len(cells) else ""
            if isinstance(column, Column) and column.part and cell:
                own = cell if column.path == NAME else filled.get(column.part, column.part.name)
                filled[column.part] = own
        return filled

    def loose(self, number: int, cells: tuple[str, ...]) -> Iterator[Objection]:
        """Cells that stand under no heading: what they say would be lost."""
        for place, cell in enumerate(cells):
            if cell and not (place < len(self.texts) and self.texts[place]):
                yield self.object(number, place, Unclear("CellLoose", cell[:100], ""))

    def places(
        self, columns: Mapping[int, Column | Objection], cells: tuple[str, ...]
    ) -> dict[tuple[str, str], tuple[int, str]]:
        """Of what a row could say the column; of a text in several languages the first that is filled in."""
        parts = self.parts(columns, cells)
        found: dict[tuple[str, str], tuple[int, str]] = {}
        filled: set[tuple[str, str]] = set()
        for place, column in columns.items():
            if isinstance(column, Objection):
                continue
            about = parts.get(column.part, column.part.name) if column.part else ""
            has = place < len(cells) and bool(cells[place])
            key = (about, column.path)
            if key not in found or (has and key not in filled):
                found[key] = (place + 1, self._heading(place))
            if has:
                filled.add(key)
            if column.part:
                found.setdefault(("", column.part.path), (place + 1, self._heading(place)))
        return found

    def at(self, path: str, columns: Mapping[int, Column | Objection]) -> int | None:
        """Where the column of the document itself with this path stands."""
        found = (i for i, c in columns.items() if isinstance(c, Column) and c.path == path and c.part is None)
        return next(found, None)

    def object(self, row: int, place: int | None, unclear: Unclear) -> Objection:
        """The objection to a cell, with its place."""
        told = object_to(unclear.name, value=unclear.value, limit=unclear.limit)
        if unclear.limit_en is not None:
            english = object_to(unclear.name, value=unclear.value, limit=unclear.limit_en)
            told = with_words(told, nl=told.message_nl, en=english.message_en)
        at = (place + 1, "" if row == self.number else self._heading(place)) if place is not None else None
        return at_cell(told, self.grid.name, row, at)

    def _heading(self, place: int) -> str:
        return self.texts[place] if place < len(self.texts) else ""


def _position(meant: Sequence[Column | Unclear | None], path: str) -> int | None:
    found = (i for i, c in enumerate(meant) if isinstance(c, Column) and c.path == path and c.part is None)
    return next(found, None)
