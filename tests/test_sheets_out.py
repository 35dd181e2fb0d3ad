"""Spreadsheets out and in again: whatever a document says comes back, and an edited cell changes one document."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import vocabulary as word
from kg.contribution import Document
from kg.objection import Objection
from kg.sheets import CSV, XLSX
from kg.sheets.values import Names
from tests.examples import BASE, ONTOLOGY, ROOT
from tests.sheets import SHEETS, SPEAKER, documents_of
from tests.test_reading import documents as documents_of_turtle

EXAMPLES = sorted((ROOT / "examples").glob("*/turtle/**/*.ttl"))
NAMES = Names(BASE, SPEAKER)
KINDS = sorted(SHEETS.layouts.kinds)


def there_and_back(nquads: bytes, speaker: str, form: str, lang: str) -> dict[str, str]:
    """IRI → digest of what comes back from sheets, CSV by kind."""
    names = Names(BASE, speaker)
    kinds = sorted(SHEETS.writing.tables(nquads, names, lang)) if form == "csv" else [None]
    found: dict[str, str] = {}
    for kind in kinds:
        sheet = SHEETS.writing.exported(nquads, form, names, lang, kind)
        assert isinstance(sheet, bytes), sheet
        media = CSV if form == "csv" else XLSX
        found |= {d.iri: d.digest for d in documents_of(sheet, media, speaker)}
    return found


@cache
def by_holder() -> dict[str, dict[str, bytes]]:
    """Holder → IRI → payload of every document of the examples, each as its last file says it."""
    found: dict[str, dict[str, bytes]] = {}
    for file in EXAMPLES:
        payloads: dict[str, set[str]] = {}
        holders: dict[str, str] = {}
        for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=f"{BASE}/"):
            iri = str(quad.subject)[1:-1].partition("#")[0]
            payloads.setdefault(iri, set()).add(f"{quad.triple} .\n")
            if quad.predicate.value == word.HELD_BY:
                holders[iri] = str(quad.object)[1:-1]
        for iri, lines in payloads.items():
            found.setdefault(holders[iri], {})[iri] = "".join(sorted(lines)).encode()
    return found


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_examples_come_back_as_they_are(form: str, lang: str) -> None:
    """Every document of both neighbourhoods, by holder: out in sheets and in again, one digest each."""
    for holder, documents in by_holder().items():
        wanted = {d.iri: d.digest for d in _described(b"".join(documents.values()), holder)}
        assert wanted == there_and_back(b"".join(documents.values()), holder, form, lang)


def test_the_examples_need_no_column_for_the_rest() -> None:
    """What the examples say stands in columns with a name of their own."""
    for holder, documents in by_holder().items():
        for table in SHEETS.writing.tables(b"".join(documents.values()), Names(BASE, holder), "nl").values():
            assert "rdf" not in table.headings, (holder, table.name)


def _described(ntriples: bytes, holder: str) -> tuple[Document, ...]:
    from kg.reading import read

    found = read(
        ntriples, "application/n-triples", base=BASE, speaker=holder, ontology=ONTOLOGY, mint=lambda: "nieuw00"
    )
    assert [] == [o for o in found if isinstance(o, Objection)]
    return tuple(d for d in found if isinstance(d, Document))


TEXTS = st.text(
    st.sampled_from("aé |;,='\"+-@#\n\t_x0<>\u00a0\\") | st.characters(exclude_categories=("Cs", "Cc", "Cn")),
    max_size=30,
)
TAGS = st.sampled_from(["nl", "en", "de", "tr", "zh-hant", "ar"])
ADDRESSES = st.sampled_from(
    [f"{BASE}/id/wijk/pl-oost", f"{BASE}/id/gemeente", f"{BASE}/id/gemeente/b-agenda", f"{SPEAKER}/plan",
     "https://example.org/a%7Cb,'=c", "mailto:a@example.org", "urn:isbn:1", f"{SPEAKER}/plan#teller", "http://x/y#z"]
)  # fmt: skip
LITERALS = st.one_of(
    st.builds(lambda t, tag: ox.Literal(t, language=tag), TEXTS, TAGS),
    st.builds(ox.Literal, TEXTS),
    st.builds(
        lambda t, d: ox.Literal(t, datatype=ox.NamedNode(word.XSD + d)),
        st.sampled_from(["2019", "2019-05-01", "01", "+1", "1.50", "true", "1", "x", "", "5-1-2019"]),
        st.sampled_from(["date", "gYear", "integer", "decimal", "boolean", "string", "dateTime"]),
    ),
)
VALUES = st.one_of(
    LITERALS, st.builds(ox.NamedNode, ADDRESSES), st.builds(ox.NamedNode, st.sampled_from(sorted(ONTOLOGY.concepts)))
)
SAID = st.tuples(
    st.sampled_from(["", "", "", "teller", "ground", "verteller", "x"]),
    st.sampled_from(sorted(ONTOLOGY.predicates - {word.RDF_TYPE, word.HELD_BY})),
    VALUES,
)
PARTS = st.lists(
    st.tuples(
        st.sampled_from([(word.TOLD_BY, word.TELLER), (word.HAS_GROUND, word.GROUND)]),
        st.sampled_from(["teller", "ground", "verteller", "x", "teller-2"]),
    ),
    max_size=4,
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """One document that says anything at all in words of the vocabulary, as N-Triples."""
    iri = f"{SPEAKER}/{draw(st.sampled_from(['plan', 'v/abc1234', 'a.b-c_d']))}"
    said = [("", word.RDF_TYPE, ox.NamedNode(draw(st.sampled_from(KINDS)))), ("", word.HELD_BY, ox.NamedNode(SPEAKER))]
    for (path, kind), name in draw(PARTS):
        said += [("", path, ox.NamedNode(f"{iri}#{name}")), (name, word.RDF_TYPE, ox.NamedNode(kind))]
    said += draw(st.lists(SAID, max_size=12))
    lines = {
        f"{ox.Triple(ox.NamedNode(f'{iri}#{part}' if part else iri), ox.NamedNode(p), v)} .\n" for part, p, v in said
    }
    return "".join(sorted(lines)).encode()


@settings(max_examples=250, deadline=None)
@given(documents(), st.sampled_from(["csv", "xlsx"]), st.sampled_from(["nl", "en"]))
def test_any_document_comes_back_as_it_is(document: bytes, form: str, lang: str) -> None:
    """Every language, odd forms of numbers, signs of formulas, separators in texts, parts of parts: one digest."""
    wanted = {d.iri: d.digest for d in _described(document, SPEAKER)}
    assert wanted == there_and_back(document, SPEAKER, form, lang)


def test_a_changed_cell_changes_its_document_alone() -> None:
    """Export, edit one cell, import: every other digest is what it was."""
    holder = f"{BASE}/id/voorbeeld-bewoners"
    told = b"".join(by_holder()[holder].values())
    sheet = SHEETS.writing.exported(told, "csv", Names(BASE, holder), "nl", "Verhaal")
    assert isinstance(sheet, bytes)
    before = {d.iri: d.digest for d in documents_of(sheet, speaker=holder)}
    first = next(d for d in documents_of(sheet, speaker=holder) if b"openbaar" not in d.payload)
    title = next(q.object.value for q in ox.parse(first.payload, format=ox.RdfFormat.N_TRIPLES)
                 if q.predicate.value == word.TITLE and getattr(q.object, "language", "") == "nl")  # fmt: skip
    after = {d.iri: d.digest for d in documents_of(sheet.replace(title.encode(), b"Anders", 1), speaker=holder)}
    assert before.keys() == after.keys()
    assert [first.iri] == [iri for iri in before if before[iri] != after[iri]]


def test_no_cell_of_an_export_is_a_formula() -> None:
    """CSV with an apostrophe before it, a workbook as a text; both come back without."""
    iri = f"{SPEAKER}/plan"
    turtle = f'<{iri}> a <{word.POLICY}> ; <{word.HELD_BY}> <{SPEAKER}> ; <{word.TITLE}> "=1+1"@nl, "a,@b"@en .'
    nquads = documents_of_turtle(turtle)[0].payload
    sheet = SHEETS.writing.exported(nquads, "csv", NAMES, "nl", None)
    assert isinstance(sheet, bytes)
    assert b"'=1+1" in sheet
    assert not [c for c in sheet.replace(b'"', b"").split(b";") if c.startswith((b"=", b"@"))]
    for form in ("csv", "xlsx"):
        assert {iri: documents_of_turtle(turtle)[0].digest} == there_and_back(nquads, SPEAKER, form, "nl")


def test_what_a_workbook_cannot_hold_is_refused_whole() -> None:
    """A cell has at most 32,767 characters: the document is named, nothing is cut off; CSV holds it."""
    iri = f"{SPEAKER}/lang"
    turtle = f'<{iri}> a <{word.POLICY}> ; <{word.HELD_BY}> <{SPEAKER}> ; <{word.NOTE}> "{"x" * 33_000}"@nl .'
    nquads = documents_of_turtle(turtle)[0].payload
    refused = SHEETS.writing.exported(nquads, "xlsx", NAMES, "nl", None)
    assert isinstance(refused, Objection)
    assert ("CellTooLong", "lang") == (refused.name, refused.focus)
    assert {iri} == there_and_back(nquads, SPEAKER, "csv", "nl").keys()


def test_csv_is_one_kind() -> None:
    """Which, is asked where there are several; an unknown one is refused with those that are there."""
    told = b"".join(by_holder()[f"{BASE}/id/voorbeeld-bewoners"].values())
    names = Names(BASE, f"{BASE}/id/voorbeeld-bewoners")
    missing = SHEETS.writing.exported(told, "csv", names, "nl", None)
    unclear = SHEETS.writing.exported(told, "csv", names, "nl", "Verhalen")
    assert isinstance(missing, Objection)
    assert isinstance(unclear, Objection)
    there = (missing.limit or "").split(", ")
    assert "SheetKindMissing" == missing.name
    assert ("ParameterUnclear", missing.limit) == (unclear.name, unclear.limit)
    assert {"Story"} < set(there)
    for kind in there:
        sheet = SHEETS.writing.exported(told, "csv", names, "nl", kind)
        assert isinstance(sheet, bytes)
        assert len(sheet.splitlines()) > 1, kind
    nothing = SHEETS.writing.exported(b"", "csv", names, "nl", "Verhalen")
    assert isinstance(nothing, Objection)
    assert "Verhaal" == nothing.limit


def test_the_examples_are_there() -> None:
    """So that the tests above are about something."""
    assert len(EXAMPLES) > 10
    assert sum(len(its) for its in by_holder().values()) > 300
    assert all(isinstance(file, Path) for file in EXAMPLES)
