"""CSV with a mapping of its own (CSV on the Web): rows → statements as its metadata document says.

W3C: Metadata Vocabulary for Tabular Data, and Generating RDF from Tabular Data in minimal mode, for one table. What of
them is not done here is refused by its name. Nothing is fetched; relative addresses begin at the holder's own name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin

import pyoxigraph as ox
import uritemplate

from kg import vocabulary as word
from kg.objection import Objection, object_to
from kg.reading import canonical
from kg.sheets.grid import Grid
from kg.sheets.places import Places, Row, at_cell
from kg.sheets.rows import FINDINGS_MAX, Filled
from kg.sheets.values import Names, Value
from kg.vocabulary import PREFIXES, XSD

CONTEXT: Final = "http://www.w3.org/ns/csvw"
MAPPING: Final = "application/csvm+json"
MAPPING_BYTES_MAX: Final = 1024 * 1024  # A mapping of five hundred columns is a tenth of this.
_PREFIXES: Final = {**PREFIXES, "dc": word.DCTERMS}
_INHERITED: Final = ("aboutUrl", "propertyUrl", "valueUrl", "datatype", "lang", "null", "separator", "default")
_TABLE: Final = frozenset({"@context", "@type", "@id", "url", "dialect", "tableSchema", "notes", *_INHERITED})
_SCHEMA: Final = frozenset({"@type", "@id", "columns", "primaryKey", "rowTitles", *_INHERITED})
_COLUMN: Final = frozenset({"@type", "@id", "name", "titles", "required", "virtual", "suppressOutput", *_INHERITED})
_DIALECT: Final[Mapping[str, Any]] = {
    "encoding": "utf-8", "header": True, "headerRowCount": 1, "quoteChar": '"', "doubleQuote": True,
    "skipRows": 0, "skipColumns": 0, "skipBlankRows": True, "commentPrefix": None, "delimiter": None, "trim": None,
    "skipInitialSpace": None, "lineTerminators": None, "@type": None,
}  # fmt: skip
_ANY: Final = ("delimiter", "trim", "skipInitialSpace", "lineTerminators", "@type", "skipBlankRows", "commentPrefix")
_NAMES: Final = {"datetime": "dateTime", "number": "double", "any": "string", "binary": "base64Binary"}
_TYPES: Final = frozenset(
    {
        "string", "anyURI", "boolean", "date", "dateTime", "decimal", "double", "duration", "gYear", "gYearMonth",
        "integer", "language", "nonNegativeInteger",
    }
)  # fmt: skip
_DAY_SIGNS: Final = {"yyyy": "%Y", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_SIGNS: Final = re.compile("yyyy|MM?|dd?|HH|mm|ss")
_FORMS: Final = {
    "date": r"\d{4}-\d\d-\d\d", "gYear": r"\d{4}", "gYearMonth": r"\d{4}-\d\d", "integer": r"[+-]?\d+",
    "nonNegativeInteger": r"\+?\d+", "decimal": r"[+-]?(\d+(\.\d*)?|\.\d+)", "boolean": r"true|false|1|0",
    "double": r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|-?INF",
    "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
}  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A column of the mapping, with what it has from its table."""

    name: str
    titles: tuple[str, ...]
    about: str
    prop: str
    value: str | None
    datatype: str
    form: Any
    lang: str | None
    nulls: tuple[str, ...]
    separator: str | None
    default: str
    required: bool
    virtual: bool
    silent: bool


def mapped(grid: Grid, mapping: bytes, names: Names) -> Filled | tuple[Objection, ...]:
    """What the rows of a table say by its mapping, with their places; or what is not right, in which cell."""
    if len(mapping) > MAPPING_BYTES_MAX:
        return (object_to("TooLarge", limit=f"{MAPPING_BYTES_MAX} bytes"),)
    try:
        table = json.loads(mapping)
    except (ValueError, RecursionError) as error:
        return (_not_done(f"JSON: {error}", "https://www.w3.org/TR/tabular-metadata/"),)
    objections = tuple(_unfit(table))
    return objections or _filled(grid, _columns(table), names)


def delimiter_of(mapping: bytes) -> str | None:
    """The separator that a mapping says its CSV has; None where it does not say."""
    try:
        dialect = json.loads(mapping).get("dialect", {})
    except (ValueError, AttributeError, RecursionError):
        return None
    found = dialect.get("delimiter") if isinstance(dialect, dict) else None
    return found if isinstance(found, str) and len(found) == 1 else None


def _not_done(what: str, limit: str) -> Objection:
    return object_to("MappingUnclear", value=what[:200], limit=limit)


def _unfit(table: Any) -> Iterator[Objection]:
    """Everything in a mapping that is not done here, by its name."""
    if not isinstance(table, dict):
        yield _not_done("JSON", f'{{"@context": "{CONTEXT}", "tableSchema": …}}')
        return
    context = table.get("@context")
    first, *more = context if isinstance(context, list) and context else [context]
    extra = more[0] if more else {}
    if first != CONTEXT or len(more) > 1 or not isinstance(extra, dict) or set(extra) - {"@language"}:
        yield _not_done(f"@context: {context}", f'"{CONTEXT}", ["{CONTEXT}", {{"@language": "nl"}}]')
    yield from _unknown(table, _TABLE)
    url = table.get("url", "")
    if not isinstance(url, str) or re.match(r"[a-z][a-z0-9+.-]*:|//", url, re.IGNORECASE):
        yield _not_done(f"url: {url}", "verhalen.csv")
    yield from _unfit_dialect(table.get("dialect", {}))
    schema = table.get("tableSchema")
    if not isinstance(schema, dict):
        yield _not_done(f"tableSchema: {schema}", '{"columns": […]}')
        return
    yield from _unknown(schema, _SCHEMA)
    columns = schema.get("columns")
    if not isinstance(columns, list) or not columns or not all(isinstance(c, dict) for c in columns):
        yield _not_done("columns", '[{"titles": …, "propertyUrl": …}]')
        return
    given = _given(table, schema)
    for column in columns:
        yield from _unknown(column, _COLUMN)
        yield from _unfit_column({**given, **column})
    names = [_name(column, number) for number, column in enumerate(columns, start=1)]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield _not_done(f"name: {name}", "1×")


def _unknown(said: Mapping[str, Any], known: frozenset[str]) -> Iterator[Objection]:
    """Words that would do nothing here; those with a prefix are remarks about the table."""
    for name in said:
        if name not in known and ":" not in name:
            yield _not_done(name, ", ".join(sorted(known)))


def _unfit_dialect(dialect: Any) -> Iterator[Objection]:
    if not isinstance(dialect, dict):
        yield _not_done(f"dialect: {dialect}", '{"delimiter": ";"}')
        return
    for name, value in dialect.items():
        same = str(value).lower() == str(_DIALECT.get(name)).lower()
        if name not in _DIALECT or (name not in _ANY and not same):
            yield _not_done(f"dialect {name}: {value}", f"{_DIALECT.get(name, 'delimiter')}")


def _unfit_column(said: Mapping[str, Any]) -> Iterator[Objection]:
    for key in ("aboutUrl", "propertyUrl", "valueUrl", "lang", "separator"):
        if not isinstance(said.get(key), str | None):
            yield _not_done(f"{key}: {said[key]}", '"…"')
    if not said.get("suppressOutput"):
        for key in ("aboutUrl", "propertyUrl"):
            if not said.get(key):
                yield _not_done(f"{_name(said, 0)}: – {key}", f"{key}, suppressOutput")
    datatype = said.get("datatype", "string")
    if isinstance(datatype, dict) and set(datatype) - {"base", "format", "@id", "@type"}:
        yield _not_done(f"datatype {', '.join(sorted(datatype))}", "base, format")
    base, form = _datatype(said)
    if base not in _TYPES:
        yield _not_done(f"datatype: {base}", ", ".join(sorted(_TYPES)))
    if form is not None and not _is_done(base, form):
        yield _not_done(f"format: {form}", 'dd-MM-yyyy, ja|nee, {"decimalChar": ","}')


def _is_done(base: str, form: Any) -> bool:
    """Whether values of this datatype are read by this format."""
    match base:
        case "date" | "dateTime":
            return isinstance(form, str) and not re.search("[A-Za-z]", _SIGNS.sub("", form).replace("T", ""))
        case "boolean":
            return isinstance(form, str) and form.count("|") == 1
        case "decimal" | "double" | "integer":
            return isinstance(form, dict) and not set(form) - {"decimalChar", "groupChar"}
        case _:
            return False


def _given(table: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """What columns have from their table."""
    context = table.get("@context")
    language = context[1].get("@language") if isinstance(context, list) and len(context) > 1 else None
    inherited = {k: v for source in (table, schema) for k, v in source.items() if k in _INHERITED}
    return {"lang": language, **inherited}


def _columns(table: Mapping[str, Any]) -> tuple[_Column, ...]:
    """The columns of a mapping in which everything is done here."""
    schema = table["tableSchema"]
    given = _given(table, schema)
    return tuple(_column({**given, **column}, number) for number, column in enumerate(schema["columns"], start=1))


def _titles(said: Mapping[str, Any]) -> list[str]:
    titles = said.get("titles", [])
    texts = list(titles.values()) if isinstance(titles, dict) else titles
    return [t for text in (texts if isinstance(texts, list) else [texts]) for t in _listed(text)]


def _name(said: Mapping[str, Any], number: int) -> str:
    titles = _titles(said)
    return str(said.get("name") or (titles[0] if titles else f"_col.{number}"))


def _datatype(said: Mapping[str, Any]) -> tuple[str, Any]:
    """(name of the datatype in XSD, its format)."""
    datatype = said.get("datatype", "string")
    base = datatype.get("base", "string") if isinstance(datatype, dict) else datatype
    return _NAMES.get(str(base), str(base)), datatype.get("format") if isinstance(datatype, dict) else None


def _column(said: Mapping[str, Any], number: int) -> _Column:
    base, form = _datatype(said)
    return _Column(
        name=_name(said, number),
        titles=tuple(_titles(said)),
        about=said.get("aboutUrl") or "",
        prop=said.get("propertyUrl") or "",
        value=said.get("valueUrl"),
        datatype=base,
        form=form,
        lang=None if said.get("lang") in (None, "und") else said["lang"],
        nulls=tuple(_listed(said.get("null", ""))),
        separator=said.get("separator") or None,
        default=str(said.get("default", "")),
        required=bool(said.get("required")),
        virtual=bool(said.get("virtual")),
        silent=bool(said.get("suppressOutput")),
    )


def _listed(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


@dataclass
class _Statements:
    """Documents while rows come by."""

    triples: dict[str, dict[ox.Triple, None]] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    findings: list[Objection] = field(default_factory=list)


def _filled(grid: Grid, columns: Sequence[_Column], names: Names) -> Filled | tuple[Objection, ...]:
    number, headings = grid.rows[0]
    real = [c for c in columns if not c.virtual]
    found = _Statements()
    for place in range(max(len(real), len(headings))):
        heading = headings[place] if place < len(headings) else ""
        column = real[place] if place < len(real) else None
        if column is None or heading not in (*column.titles, column.name):
            wanted = column.titles[0] if column and column.titles else column.name if column else "-"
            told = object_to("ColumnUnknown", value=heading[:100], limit=wanted)
            found.findings.append(at_cell(told, None, number, (place + 1, "")))
    for row, cells in grid.rows[1:]:
        if len(found.findings) >= FINDINGS_MAX:
            break
        _row(row, cells, columns, real, headings, names, found)
    if found.findings:
        return tuple(found.findings[:FINDINGS_MAX])
    return Filled(
        b"".join(canonical(triples) for triples in found.triples.values()), "application/n-triples", found.places
    )


def _row(
    number: int,
    cells: Sequence[str],
    columns: Sequence[_Column],
    real: Sequence[_Column],
    headings: Sequence[str],
    names: Names,
    found: _Statements,
) -> None:
    values: dict[str, list[str]] = {}
    for place, column in enumerate(real):
        cell = cells[place] if place < len(cells) else ""
        cell = cell or column.default
        pieces = cell.split(column.separator) if column.separator and cell else [cell]
        values[column.name] = [p for p in pieces if p not in column.nulls and p != ""]
        if column.required and not values[column.name]:
            told = object_to("CellUnclear", value="", limit=column.titles[0] if column.titles else column.name)
            found.findings.append(at_cell(told, None, number, (place + 1, headings[place])))
    known: dict[str, Any] = {
        c.name: v if c.separator else v[0] for c in real if (v := values.get(c.name))
    } | {"_row": number - 1, "_sourceRow": number}  # fmt: skip
    for place, column in enumerate(columns):
        if column.silent:
            continue
        at = (place + 1, headings[place]) if not column.virtual and place < len(headings) else None
        if column.virtual:
            given = [column.default] if column.default else [""] if column.value else []
        else:
            given = values[column.name]
        for piece in given:
            said = _said(piece, column, known | {"_name": column.name, "_column": place + 1}, names)
            if isinstance(said, Objection):
                found.findings.append(at_cell(said, None, number, at))
            else:
                _keep(found, said, number, at, names)


def _keep(found: _Statements, triple: ox.Triple, number: int, at: tuple[int, str] | None, names: Names) -> None:
    subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else ""
    document, _, part = subject.partition("#")
    row = found.places.named.setdefault(document, Row(None, number, {}))
    if at is not None:
        columns = dict(row.columns)
        columns.setdefault((part, triple.predicate.value), at)
        found.places.named[document] = Row(None, row.number, columns)
    triples = found.triples.setdefault(document, {})
    triples[triple] = None
    if not any(t.predicate.value == word.HELD_BY for t in triples):
        holder = ox.Triple(ox.NamedNode(document), ox.NamedNode(word.HELD_BY), ox.NamedNode(names.speaker))
        triples[holder] = None


def _said(piece: str, column: _Column, known: Mapping[str, Any], names: Names) -> ox.Triple | Objection:
    """One statement of one value."""
    own = {**known, column.name: piece} if piece else known
    addresses = [_address(t, own, names) for t in (column.about, column.prop, column.value) if t is not None]
    wrong = next((a for a in addresses if isinstance(a, Objection)), None)
    if wrong is not None:
        return wrong
    about, prop, *value = (a for a in addresses if isinstance(a, ox.NamedNode))
    term: Value | Objection = value[0] if value else _literal(piece, column)
    return term if isinstance(term, Objection) else ox.Triple(about, prop, term)


def _address(template: str, known: Mapping[str, Any], names: Names) -> ox.NamedNode | Objection:
    """A URI template filled in; short names of the vocabulary written out; what is relative begins at the holder."""
    text = uritemplate.URITemplate(template).expand(dict(known))
    prefix, colon, local = text.partition(":")
    if colon and prefix in _PREFIXES and not local.startswith("//"):
        text = _PREFIXES[prefix] + local
    try:
        return ox.NamedNode(urljoin(f"{names.speaker}/", text))
    except ValueError:
        return object_to("CellUnclear", value=text[:200], limit=template[:100])


def _literal(piece: str, column: _Column) -> ox.Literal | Objection:
    """A value in its datatype, read by its format."""
    if column.datatype == "string":
        return ox.Literal(piece, language=column.lang) if column.lang else ox.Literal(piece)
    text = _read(piece, column)
    shown = str(column.form or column.datatype)
    if text is None or not re.fullmatch(_FORMS.get(column.datatype, r"[\s\S]*"), text):
        return object_to("CellUnclear", value=piece[:200], limit=shown)
    return ox.Literal(text, datatype=ox.NamedNode(XSD + column.datatype))


def _read(piece: str, column: _Column) -> str | None:
    """The lexical form of a value; None where it is not as its format says."""
    form = column.form
    match column.datatype:
        case "date" | "dateTime" if isinstance(form, str):
            pattern = _SIGNS.sub(lambda m: _DAY_SIGNS[m[0]], form.replace("%", "%%"))
            try:
                moment = datetime.strptime(piece, pattern)
            except ValueError:
                return None
            return moment.date().isoformat() if column.datatype == "date" else moment.isoformat()
        case "date" if not _is_day(piece):
            return None
        case "boolean" if isinstance(form, str) and "|" in form:
            yes, _, no = form.partition("|")
            return {yes: "true", no: "false"}.get(piece)
        case "decimal" | "double" | "integer" if isinstance(form, dict):
            text = piece.replace(str(form["groupChar"]), "") if form.get("groupChar") else piece
            return text.replace(str(form.get("decimalChar", ".")), ".")
        case _:
            return piece


def _is_day(piece: str) -> bool:
    try:
        datetime.strptime(piece, "%Y-%m-%d")
    except ValueError:
        return False
    return True
