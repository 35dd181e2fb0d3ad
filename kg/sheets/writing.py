"""Documents → sheets from which the same documents come back: what fits in no column stands in a last one, as it is."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg import vocabulary as word
from kg.objection import Objection, object_to, short
from kg.sheets.layout import NAME, REST, Column, Layout, Layouts, Part
from kg.sheets.rows import Rows
from kg.sheets.values import Names, Value
from kg.sheets.workbook_out import Table, workbook_of
from kg.tables import BYTE_ORDER_MARK, SEPARATOR, as_text, as_written

EXCEL_CHARACTERS_MAX: Final = 32_767  # What a cell of a workbook may hold, by its specification.
# What a workbook writes in a way of its own, and no text of people holds.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_")


@dataclass(frozen=True)
class _Written:
    """One document as the cells of its row."""

    iri: str
    cells: Mapping[Column, str]


class Writing:
    """Writes documents of one holder as the rows of sheets."""

    def __init__(self, layouts: Layouts, rows: Rows) -> None:
        self.layouts = layouts
        self.rows = rows

    def exported(self, quads: bytes, form: str, names: Names, lang: str, kind: str | None) -> bytes | Objection:
        """The documents of N-Quads as CSV (of one kind) or as a workbook with a sheet for each kind.

        `kind` is what somebody calls a kind; CSV needs it where there are several. Refused, it is told of which
        kinds there are documents.
        """
        chosen = self.rows.headings.kind(kind) if kind else None
        tables = self.tables(quads, names, lang)
        there = ", ".join(short(k).removeprefix("lw:") for k in tables)
        if kind is not None and chosen is None:
            known = there or self.rows.headings.nearest_kind(kind, lang)
            return object_to("ParameterUnclear", path="kind", value=kind[:100], limit=known)
        if chosen is not None:
            tables = {chosen: tables.get(chosen) or self._table(chosen, (), lang)}
        if form == "xlsx":
            return self._workbook(tables)
        if len(tables) > 1:
            return object_to("SheetKindMissing", path="kind", limit=there)
        return csv_of(next(iter(tables.values()))) if tables else BYTE_ORDER_MARK.encode()

    def tables(self, quads: bytes, names: Names, lang: str) -> dict[str, Table]:
        """Documents by kind, in the order of their names, as tables with headings in `lang`."""
        found: defaultdict[str, list[_Written]] = defaultdict(list)
        for iri, triples in _documents(quads).items():
            kinds = {str(v)[1:-1] for s, p, v in triples if not s and p == word.RDF_TYPE}
            kind = next((k for k in sorted(kinds) if k in self.layouts.kinds), None)
            if kind is not None:
                found[kind].append(self._written(iri, triples, self.layouts.kinds[kind], names, lang))
        return {kind: self._table(kind, its, lang) for kind, its in sorted(found.items())}

    def _table(self, kind: str, written: Iterable[_Written], lang: str) -> Table:
        layout = self.layouts.kinds[kind]
        rows = sorted(written, key=lambda w: w.iri)
        known = {column.key: column for column in layout.columns}
        used = {column.key: column for row in rows for column in row.cells}
        more = sorted(
            (c for key, c in used.items() if key not in known),
            key=lambda c: (c.path == REST, c.part.number if c.part else 0, str(c.part), c.path != NAME, str(c.key)),
        )
        columns = [*layout.columns, *more]
        headings = tuple(self.heading(column, kind, lang) for column in columns)
        by_key = [{column.key: cell for column, cell in row.cells.items()} for row in rows]
        cells = tuple(tuple(row.get(column.key, "") for column in columns) for row in by_key)
        return Table(self.layouts.ontology.labels(kind, lang), tuple(columns), headings, cells)

    def heading(self, column: Column, kind: str, lang: str) -> str:
        """The heading that means this column and no other: what forms call it, else its label, else its name."""
        for told in (column, replace(column, labels=None), replace(column, labels={lang: short(column.path)})):
            heading = self.layouts.label(told, lang, kind)
            found = self.rows.headings.column(kind, heading)
            if isinstance(found, Column) and found.key == column.key:
                return heading
        return heading

    def _written(
        self, iri: str, triples: Sequence[tuple[str, str, Value]], layout: Layout, names: Names, lang: str
    ) -> _Written:
        """The cells of one document; every statement stands in one of them, or in the rest."""
        parts = _parts(iri, triples, layout)
        implied = {("", word.RDF_TYPE, ox.NamedNode(layout.kind)), ("", word.HELD_BY, ox.NamedNode(names.speaker))}
        groups: defaultdict[tuple[str, str, str | None], list[Value]] = defaultdict(list)
        for part, predicate, value in triples:
            if (part, predicate, value) not in implied:
                language = value.language if isinstance(value, ox.Literal) else None
                groups[part, predicate, language].append(value)
        cells: dict[Column, str] = {}
        left: list[tuple[str, str, Value]] = []
        for (part, predicate, language), values in groups.items():
            pointed = [v for v in values if part or not _is_part(v, iri, parts, predicate)]
            if part and part not in parts:
                left += [(part, predicate, v) for v in values]
                continue
            if part and predicate == word.RDF_TYPE:
                pointed = [v for v in pointed if v != ox.NamedNode(parts[part].kind)]
            if not pointed:
                continue
            cell = self._cell(layout.kind, parts.get(part), predicate, language, pointed, names, iri, lang)
            if cell is None:
                left += [(part, predicate, v) for v in pointed]
            else:
                cells[cell[0]] = cell[1]
        filled = {column.part for column in cells}
        for name, one in parts.items():
            if one not in filled:
                # A part of which no cell says anything would not be made again.
                left += [("", one.path, ox.NamedNode(f"{iri}#{name}")), (name, word.RDF_TYPE, ox.NamedNode(one.kind))]
            elif name != one.name:
                cells[self.layouts.own(NAME, one)] = name
        cells[self.layouts.own(NAME)] = names.shown(iri)
        if left:
            cells[self.layouts.own(REST)] = _lines(iri, left)
        return _Written(iri, cells)

    def _cell(
        self,
        kind: str,
        part: Part | None,
        predicate: str,
        language: str | None,
        values: Sequence[Value],
        names: Names,
        iri: str,
        lang: str,
    ) -> tuple[Column, str] | None:
        """The column and cell that say these values, where there is one that gives them back."""
        known = self.layouts.ontology.datatypes.get(predicate, ())
        texts = word.RDF_LANG_STRING in known
        if predicate not in self.layouts.ontology.predicates or (language is not None) > texts:
            return None
        if language is None and set(known) == {word.RDF_LANG_STRING}:
            return None
        column = self.layouts.column(kind, predicate, language, part)
        cell = self.rows.values.cell(values, column, names, iri, lang)
        if cell is None or _UNSEEN.search(cell) or as_written(as_text(cell)) != cell:
            return None
        return column, cell

    def _workbook(self, tables: Mapping[str, Table]) -> bytes | Objection:
        for table in tables.values():
            for row in table.rows:
                if any(len(cell) > EXCEL_CHARACTERS_MAX for cell in row):
                    return object_to("CellTooLong", focus=row[0], limit=str(EXCEL_CHARACTERS_MAX))
        return workbook_of(tuple(tables.values()))


def csv_of(table: Table) -> bytes:
    """A table as CSV that a spreadsheet opens rightly, and in which nothing is a formula."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, delimiter=SEPARATOR)
    writer.writerow([as_text(heading) for heading in table.headings])
    writer.writerows([as_text(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode()


def _documents(quads: bytes) -> dict[str, list[tuple[str, str, Value]]]:
    """IRI → (fragment, predicate, value), each once, whatever graph it stands in."""
    found: defaultdict[str, dict[tuple[str, str, Value], None]] = defaultdict(dict)
    for quad in ox.parse(quads, format=ox.RdfFormat.N_QUADS):
        subject, value = quad.subject, quad.object
        assert isinstance(subject, ox.NamedNode), "the ledger keeps nothing without a name"
        assert isinstance(value, ox.NamedNode | ox.Literal), "nor anything that points to such"
        iri, _, part = subject.value.partition("#")
        found[iri][part, quad.predicate.value, value] = None
    return {iri: list(said) for iri, said in found.items()}


def _parts(iri: str, triples: Sequence[tuple[str, str, Value]], layout: Layout) -> dict[str, Part]:
    """Fragment → the part that columns may say, numbered in the order of their names, those of templates first."""
    said = set(triples)
    found: dict[str, Part] = {}
    for part in layout.parts:
        names = {
            v.value.removeprefix(f"{iri}#")
            for s, p, v in triples
            if not s and p == part.path and isinstance(v, ox.NamedNode) and v.value.startswith(f"{iri}#")
        }
        whole = [n for n in names if (n, word.RDF_TYPE, ox.NamedNode(part.kind)) in said and n not in found]
        for number, name in enumerate(sorted(whole, key=lambda n: (n != part.name, n)), start=1):
            if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) and number < 100:
                found[name] = replace(part, number=number)
    return found


def _is_part(value: Value, iri: str, parts: Mapping[str, Part], predicate: str) -> bool:
    """Whether this is how a document points to one of its parts."""
    part = parts.get(value.value.removeprefix(f"{iri}#")) if isinstance(value, ox.NamedNode) else None
    return part is not None and part.path == predicate and value.value.startswith(f"{iri}#")


def _lines(iri: str, said: Iterable[tuple[str, str, Value]]) -> str:
    """Statements as N-Triples, a line each."""
    triples = (
        ox.Triple(ox.NamedNode(f"{iri}#{part}" if part else iri), ox.NamedNode(predicate), value)
        for part, predicate, value in said
    )
    return "\n".join(sorted(f"{triple} ." for triple in triples))
