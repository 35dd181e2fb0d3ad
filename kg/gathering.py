"""What a partner's server gave → what can be read as a contribution: which file a catalogue means, what a stream holds.

Pure; it runs in a checker, for it parses what others wrote. Nothing is fetched here.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any, Final

import pyoxigraph as ox

from kg import vocabulary as word
from kg.brackets import look_over
from kg.objection import Objection, object_to
from kg.reading import MEDIA_TYPES, canonical
from kg.streams import Paths, read_page

# The order in which a file is chosen where a dataset has several: what is quickest to read comes first.
PREFERRED: Final = ("application/n-triples", "text/turtle", "application/ld+json", "application/rdf+xml",
                    "application/n-quads", "application/trig")  # fmt: skip
# DCAT writes media types as addresses, as text, or as the names of the EU's list of file types.
FILE_TYPES: Final[Mapping[str, str]] = {
    "RDF_N_TRIPLES": "application/n-triples",
    "RDF_TURTLE": "text/turtle",
    "JSON_LD": "application/ld+json",
    "RDF_XML": "application/rdf+xml",
    "RDF_N_QUADS": "application/n-quads",
    "RDF_TRIG": "application/trig",
}
FIELD_CHARACTERS_MAX: Final = 1024 * 1024  # A cell holds at most what a document may.
TEXT_CHARACTERS_MAX: Final = 20_000  # What the shapes allow of a text.
_BREAKS: Final = frozenset({"p", "br", "li", "div", "h1", "h2", "h3", "h4", "tr"})


def gather(what: str, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes] | Objection:
    """`catalogue`, `page` or `table`: the head and the body of the answer, or why it cannot be read."""
    address = str(head["address"])
    if what == "table":
        return read_rows(body, head["mapping"], address=address, holder=str(head["holder"]))
    quads = _quads(body, str(head["media_type"]), address)
    if isinstance(quads, Objection):
        return quads
    if what == "catalogue":
        return find_file(quads, head.get("dataset"), address)
    known = Paths(**{**head["paths"], "deletions": tuple(head["paths"]["deletions"])}) if head.get("paths") else None
    page = read_page(quads, address, known)
    members = [{**asdict(m), "triples": len(m.triples)} for m in page.members]
    answer = {**asdict(page), "members": members}
    return answer, b"".join(m.triples for m in page.members)


def _quads(body: bytes, media_type: str, address: str) -> list[ox.Quad] | Objection:
    form, family = MEDIA_TYPES[media_type]
    unfit = look_over(body, family)
    if unfit is not None:
        return unfit
    lines = form in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
    try:
        return list(ox.parse(body, format=form, base_iri=None if lines else address))
    except SyntaxError as error:
        return object_to(
            "SyntaxUnclear", value=(error.msg or "")[:200], line=error.lineno or 1, column=error.offset or 1
        )


# --- DCAT


def find_file(quads: Sequence[ox.Quad], dataset: str | None, address: str) -> tuple[dict[str, Any], bytes] | Objection:
    """The address and media type of the RDF file of a dataset: the one named, else the only one described."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for quad in quads:
        said[_value(quad.subject), quad.predicate.value].append(_value(quad.object))
    datasets = [subject for (subject, name), values in said.items()
                if name == word.RDF_TYPE and word.DCAT + "Dataset" in values]  # fmt: skip
    chosen = [one for one in datasets if one == (dataset or one)]
    if len(chosen) != 1:
        return object_to("CatalogueUnclear", value=dataset or address, limit=", ".join(sorted(datasets)[:20]) or "-")
    found: list[tuple[int, str, str]] = []
    for part in said.get((chosen[0], word.DCAT + "distribution"), ()):
        media = _media_type(said, part)
        where = (*said.get((part, word.DCAT + "downloadURL"), ()), *said.get((part, word.DCAT + "accessURL"), ()))
        if media in PREFERRED and where:
            found.append((PREFERRED.index(media), where[0], media))
    if not found:
        return object_to("DistributionMissing", value=chosen[0], limit=", ".join(PREFERRED))
    _, where_it_is, media = min(found)
    return {"address": where_it_is, "media_type": media}, b""


def _media_type(said: Mapping[tuple[str, str], Sequence[str]], part: str) -> str:
    for name in (word.DCAT + "mediaType", word.DCTERMS + "format"):
        for value in said.get((part, name), ()):
            if value.rsplit("/", 1)[-1] in FILE_TYPES:
                return FILE_TYPES[value.rsplit("/", 1)[-1]]
            media = "/".join(value.rstrip("/").rsplit("/", 2)[-2:]).partition(";")[0].strip().lower()
            if media in MEDIA_TYPES:
                return media
    return ""


def _value(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else str(term)


# --- a table of an open-data export, by a mapping that is data


def read_rows(
    body: bytes, mapping: Mapping[str, Any], *, address: str, holder: str
) -> tuple[dict[str, Any], bytes] | Objection:
    """A document for each row, as `mapping` says: which column is its name, and which word each column fills.

    What no column of the mapping names is not read at all: no names of people, no votes.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return object_to("SyntaxUnclear", value="UTF-8", line=body.count(b"\n", 0, error.start) + 1, column=1)
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=first.count), strict=True)
    try:
        columns = set(rows.fieldnames or ())
        wanted = {mapping["name"]["column"], *mapping["skip"], *(c for f in mapping["field"] for c in f["columns"])}
        missing = sorted({str(mapping["name"]["column"])} - columns)
        missing += [
            "/".join(f["columns"]) for f in mapping["field"] if f.get("required") and not columns & {*f["columns"]}
        ]
        if missing:
            return object_to("ColumnMissing", value=", ".join(missing), limit=", ".join(sorted(columns)[:40]))
        triples: list[ox.Triple] = []
        for row in rows:
            cells = {name: (row.get(name) or "").strip() for name in wanted}
            triples.extend(_of_row(cells, mapping, holder))
    except csv.Error as error:
        return object_to("SyntaxUnclear", value=str(error)[:200], line=rows.line_num or 1, column=1)
    return {"media_type": "application/n-triples"}, canonical(triples)


def _of_row(cells: Mapping[str, str], mapping: Mapping[str, Any], holder: str) -> Iterator[ox.Triple]:
    named = cells[str(mapping["name"]["column"])]
    skipped = mapping["skip"]
    name = re.sub(r"[^a-z0-9._-]+", "-", named.lower()).strip("-.")
    if not name or any(cells.get(column, "") in values for column, values in skipped.items()):
        return
    subject = ox.NamedNode(f"{holder}/{mapping['name']['prefix']}{name}")
    yield ox.Triple(subject, ox.NamedNode(word.RDF_TYPE), ox.NamedNode(str(mapping["kind"])))
    yield ox.Triple(subject, ox.NamedNode(word.HELD_BY), ox.NamedNode(holder))
    for predicate, value in mapping["always"].items():
        yield ox.Triple(subject, ox.NamedNode(predicate), ox.NamedNode(value))
    for rule in mapping["field"]:
        for column in rule["columns"]:
            value = _plain(cells[column]) if rule["as"] == "text" else cells[column]
            if value:
                yield from _said(subject, rule, column, value)
                if not rule.get("every"):
                    break


def _said(subject: ox.NamedNode, rule: Mapping[str, Any], column: str, value: str) -> Iterator[ox.Triple]:
    """A cell as a triple; a date that is no date and an address that is none are left out."""
    predicate = ox.NamedNode(str(rule["word"]))
    match rule["as"]:
        case "text":
            language = column.rpartition("/")[2] if re.search(r"/[a-z]{2}$", column) else str(rule["language"])
            short = value[: int(rule.get("characters", TEXT_CHARACTERS_MAX))]
            yield ox.Triple(subject, predicate, ox.Literal(short, language=language))
        case "date":
            day = re.match(r"\d{4}-\d\d-\d\d", value)
            if day:
                yield ox.Triple(subject, predicate, ox.Literal(day[0], datatype=ox.NamedNode(word.XSD + "date")))
        case "address":
            if re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", value):
                yield ox.Triple(subject, predicate, ox.NamedNode(value))


class _Words(HTMLParser):
    """The words of a piece of HTML, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.text.append("\n")


def _plain(html: str) -> str:
    """Text without its marks: exports give HTML where people wrote with an editor."""
    words = _Words()
    words.feed(html)
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.text).split("\n"))
    return "\n".join(line for line in lines if line)
