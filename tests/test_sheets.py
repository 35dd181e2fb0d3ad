"""Spreadsheets in: each row is a document, and whatever is not right is told by sheet, row and cell."""

from __future__ import annotations

import pytest

from kg import vocabulary as word
from kg.objection import OBJECTIONS
from kg.sheets.grid import a1
from tests.examples import BASE, ONTOLOGY
from tests.sheets import SHEETS, SPEAKER, documents_of, objections_to, written
from tests.test_reading import documents as documents_of_turtle

STORY = (
    ["Verhaal: naam", "Het verhaal (nl)", "Verteller: Rol (nl)", "Verteller: Invalshoek", "Grond: Soort grond",
     "Wie mag dit lezen", "Thema", "Waar", "Gemaakt of verteld in"],
    ["bank-1", "Sinds er een bank staat,\ndurf ik weer.", "een bewoonster", "bewoners", "eigen verhaal", "iedereen",
     "wonen | zorg", "wijk/pl-oost", "1-5-2024"],
)  # fmt: skip
TURTLE = f"""
@prefix lw: <{word.LW}> . @prefix dcterms: <{word.DCTERMS}> . @prefix xsd: <{word.XSD}> .
@prefix concept: <{word.CONCEPT}> .
<{SPEAKER}/bank-1> a lw:Story ; lw:heldBy <{SPEAKER}> ; lw:audience <{word.CONCEPT}audience/public> ;
    dcterms:description "Sinds er een bank staat,\\ndurf ik weer."@nl ; dcterms:created "2024-05-01"^^xsd:date ;
    lw:theme <{word.CONCEPT}theme/housing>, <{word.CONCEPT}theme/care> ; lw:appliesTo <{BASE}/id/wijk/pl-oost> ;
    lw:toldBy <{SPEAKER}/bank-1#teller> ; lw:ground <{SPEAKER}/bank-1#ground> .
<{SPEAKER}/bank-1#teller> a lw:Teller ; lw:role "een bewoonster"@nl ;
    lw:perspective <{word.CONCEPT}perspective/residents> .
<{SPEAKER}/bank-1#ground> a lw:Ground ; lw:groundKind <{word.CONCEPT}ground/own> .
"""


def digest_of(body: bytes) -> set[str]:
    """The digests of what a sheet says."""
    return {d.digest for d in documents_of(body)}


WANTED = {d.digest for d in documents_of_turtle(TURTLE)}


def with_headings(*headings: str) -> bytes:
    """The story under other headings."""
    return written(headings, STORY[1])


@pytest.mark.parametrize(
    "body",
    [
        written(*STORY),
        written(*STORY, delimiter=","),
        written(*STORY, delimiter="\t"),
        b"\xef\xbb\xbf" + written(*STORY),
        b"sep=;\r\n" + written(*STORY),
        written([], *STORY, ["", " ", ""], []),
        written(*([f"  {cell.upper()} *" if row is STORY[0] else f" {cell}\u00a0 " for cell in row] for row in STORY)),
        with_headings("Story: name", "The story (nl)", "Teller: role (nl)", "Teller: Perspective",
                      "Ground: kind of ground", "Audience", "Theme", "Where", "Made or told in"),
        with_headings("lw:Story: @id", "dcterms:description (NL)", "Teller: lw:role (nl)", "Teller: lw:perspective",
                      "Ground: groundKind", "lw:audience", "theme", word.LW + "appliesTo", "created"),
    ],
    ids=["semicolon", "comma", "tab", "mark", "sep", "empty rows", "capitals and spaces", "English", "names"],
)  # fmt: skip
def test_a_sheet_says_what_turtle_says(body: bytes) -> None:
    """However its program wrote it, in whichever language its headings are: the digest of the same Turtle."""
    assert WANTED == digest_of(body)


def test_a_cell_takes_a_choice_by_label_or_notation_and_a_day_as_people_write_it() -> None:
    """Dutch and English labels, notations, addresses; days of Excel, of the Netherlands, and of ISO."""
    for where, cells in {
        5: ["Everybody", "public", "PUBLIC", f"{word.CONCEPT}audience/public"],
        6: ["care|housing", "Wonen |zorg", f"{word.CONCEPT}theme/care | housing"],
        7: [f"{BASE}/id/wijk/pl-oost", "/id/wijk/pl-oost"],
        8: ["2024-05-01", "01-05-2024", "2024-05-01 00:00:00"],
    }.items():
        for cell in cells:
            assert WANTED == digest_of(written(STORY[0], [*STORY[1][:where], cell, *STORY[1][where + 1 :]])), cell


def test_a_mixed_sheet_says_the_kind_of_each_row() -> None:
    """In a column `is een`; what a row leaves empty it does not say."""
    body = written(
        ["naam", "is een", "Titel (nl)", "Tekst (en)", "Van", "Naar", "Soort verbinding", "reden (nl)"],
        ["plan", "Beleid", "Plan", "A plan", "", "", "", ""],
        ["c1", "verbinding", "", "", "plan", "gemeente/b-agenda", "laat zien", "omdat"],
    )
    first, second = documents_of(body)
    assert ((f"{SPEAKER}/c1", (word.CONNECTION,)), (f"{SPEAKER}/plan", (word.POLICY,))) == (
        (first.iri, first.classes),
        (second.iri, second.classes),
    )
    assert (f"{BASE}/id/gemeente/b-agenda", f"{SPEAKER}/plan") == first.ties


def test_several_parts_of_one_kind_are_numbered() -> None:
    """`Verteller 2: …`; a part's own name stands in its column `naam`."""
    headings = [*STORY[0], "Verteller 2: Invalshoek", "Verteller 2: naam"]
    (document,) = documents_of(written(headings, [*STORY[1], "professionals", "zus"]))
    assert b"bank-1#zus> <https://w3id.org/lerende-wijk/def#perspective>" in document.payload
    assert b"bank-1#teller> <https://w3id.org/lerende-wijk/def#perspective>" in document.payload


def test_a_row_without_a_name_is_known_again_wherever_it_stands() -> None:
    """What it was minted from depends on what it says alone, not on its row."""
    nameless = ["", *STORY[1][1:]]
    (alone,) = documents_of(written(STORY[0], nameless))
    both = documents_of(written(STORY[0], STORY[1], ["", "Iets anders", *STORY[1][2:]], nameless))
    assert alone.minted_from in {d.minted_from for d in both}
    assert 3 == len({d.iri for d in both})


def test_the_example_row_of_a_template_is_passed_over() -> None:
    """In either language; when it alone was sent there is nothing."""
    body = written(STORY[0], ["(voorbeeld)", *STORY[1][1:]], ["(example)", "x"])
    assert () == documents_of(body)


WRONG = {
    "an unknown column": ("ColumnUnknown", "J1", [*STORY[0], "Temaa"], [*STORY[1], "x"], "Thema"),
    "a column without its language": ("ColumnUnclear", "J1", [*STORY[0], "Titel"], [*STORY[1], "x"], "Titel (nl)"),
    "a column twice": ("ColumnTwice", "J1", [*STORY[0], "lw:theme"], [*STORY[1], "zorg"], "Thema"),
    "an unknown choice": ("ChoiceUnknown", "G2", STORY[0], [*STORY[1][:6], "woonen", *STORY[1][7:]], "wonen"),
    "a day that is none": ("CellUnclear", "I2", STORY[0], [*STORY[1][:8], "31-2-2024"], "2026-03-31 / 2026"),
    "a day of two readings": ("CellUnclear", "I2", STORY[0], [*STORY[1][:8], "5/1/2024"], "2026-03-31 / 2026"),
    "a name with spaces": ("CellUnclear", "A2", STORY[0], ["mijn bank", *STORY[1][1:]], "speeltuin-2"),
    "a place with spaces": ("CellUnclear", "H2", STORY[0], [*STORY[1][:7], "het plein", "2024"], "gemeente/b-agenda"),
    "a value under no heading": ("CellLoose", "J2", STORY[0], [*STORY[1], "los"], ""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_by_its_cell(wrong: str) -> None:
    """Row, column and cell in fields and in the words of both languages, and what was perhaps meant."""
    name, cell, headings, row, meant = WRONG[wrong]
    (told,) = objections_to(written(headings, row))
    assert (name, cell) == (told.name, told.cell)
    assert cell == a1(told.row or 0, told.column or 0)
    assert told.message_nl.startswith(f"Cel {cell}")
    assert told.message_en.startswith(f"Cell {cell}")
    assert meant in (told.limit or "")
    assert meant in told.message_nl


def test_a_sheet_of_no_kind_says_which_was_perhaps_meant() -> None:
    """In both languages."""
    (told,) = objections_to(written(["Verhalen: naam", "Titel (nl)"], ["a", "b"]))
    assert ("KindUnclear", "A1") == (told.name, told.cell)
    assert "'Verhaal: naam'" in told.message_nl
    assert "name'" in told.message_en


def test_two_rows_about_one_thing_are_refused() -> None:
    """By name, and where both have none and say the same: what would become of them nobody could tell."""
    (named,) = objections_to(written(*STORY, STORY[1]))
    assert ("RowTwice", 3, "2") == (named.name, named.row, named.value)
    (nameless,) = objections_to(written(STORY[0], ["", *STORY[1][1:]], ["", *STORY[1][1:]]))
    assert ("RowTwice", 3, "2") == (nameless.name, nameless.row, nameless.value)


def test_bytes_that_are_no_table_are_told() -> None:
    """Windows-1252, UTF-16, a quotation mark alone, nothing at all."""
    latin = written(STORY[0], ["x", "één", *STORY[1][2:]]).decode().encode("cp1252")
    (told,) = objections_to(latin)
    assert ("SyntaxUnclear", 2) == (told.name, told.line)
    assert "CSV UTF-8" in told.message_nl
    assert ["CharsetUnknown"] == [o.name for o in objections_to(written(*STORY).decode().encode("utf-16"))]
    (quote,) = objections_to(b'Verhaal: naam;Titel (nl)\na;"b\n')
    assert "TableUnclear" == quote.name
    assert ["EmptyBody"] == [o.name for o in objections_to(b" \n")]


def test_a_property_of_a_shape_is_a_column_without_any_python() -> None:
    """Every field that a form asks of a kind, and of its parts, has a column with the form's own words."""
    for kind, layout in SHEETS.layouts.kinds.items():
        paths = {(c.part.path if c.part else None, c.path) for c in layout.columns}
        for field in SHEETS.layouts.fields(kind):
            asked = field.names and field.path not in (word.HELD_BY, word.RDF_TYPE)
            own = any(field in SHEETS.layouts.shapes.fields.get(target, ()) for target in ONTOLOGY.superclasses[kind])
            if asked and own:
                assert (None, field.path) in paths or any(part == field.path for part, _ in paths), (kind, field.path)
        headings = [SHEETS.layouts.label(c, lang, kind) for lang in ("nl", "en") for c in layout.columns]
        for heading in headings:
            found = SHEETS.rows.headings.column(kind, heading)
            assert found.key in {c.key for c in layout.columns}, heading


def test_every_objection_to_a_sheet_is_made_by_a_test() -> None:
    """None of them is words alone."""
    made = {name for name, *_ in WRONG.values()} | {"KindUnclear", "RowTwice", "TableUnclear"}
    of_workbooks = {
        "WorkbookUnclear",
        "SheetTooLarge",
        "CellBroken",
        "CellsMerged",
        "CellTooLong",
        "SheetTooLong",
        "MappingUnclear",
    }
    assert made | of_workbooks == {k.name for k in OBJECTIONS.values() if k.family == "Misfilled"}
