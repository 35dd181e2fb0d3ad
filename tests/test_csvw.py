"""CSV with a mapping of its own (CSV on the Web): what it means, what is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kg import vocabulary as word
from kg.contribution import Document
from kg.objection import Objection
from kg.reading import read
from kg.sheets import Filled, with_mapping
from tests.examples import BASE, ONTOLOGY
from tests.running import Service
from tests.sheets import SHEETS, SPEAKER
from tests.test_sheets import WANTED

TABLE = (
    "id;verhaal;rol;invalshoek;thema;plek;datum;grootte;openbaar;intern\r\n"
    'bank-1;"Sinds er een bank staat,\ndurf ik weer.";een bewoonster;residents;housing,care;pl-oost;01/05/2024;x;ja;'
    "iets\r\n"
)
MAPPING: dict[str, Any] = {
    "@context": ["http://www.w3.org/ns/csvw", {"@language": "nl"}],
    "url": "verhalen.csv",
    "dc:title": "Verhalen van de straat",
    "dialect": {"delimiter": ";", "header": True},
    "tableSchema": {
        "aboutUrl": "{id}",
        "columns": [
            {"name": "id", "titles": "id", "suppressOutput": True, "required": True},
            {"name": "verhaal", "titles": {"nl": ["verhaal", "tekst"]}, "propertyUrl": "dcterms:description"},
            {"name": "rol", "titles": "rol", "aboutUrl": "{id}#teller", "propertyUrl": "lw:role"},
            {"name": "invalshoek", "titles": "invalshoek", "aboutUrl": "{id}#teller", "propertyUrl": "lw:perspective",
             "valueUrl": f"{word.CONCEPT}perspective/{{invalshoek}}"},
            {"name": "thema", "titles": "thema", "separator": ",", "propertyUrl": "lw:theme",
             "valueUrl": f"{word.CONCEPT}theme/{{thema}}"},
            {"name": "plek", "titles": "plek", "propertyUrl": "lw:appliesTo", "null": "-",
             "valueUrl": "/id/wijk/{plek}"},
            {"name": "datum", "titles": "datum", "propertyUrl": "dcterms:created",
             "datatype": {"base": "date", "format": "dd/MM/yyyy"}},
            {"name": "grootte", "titles": "grootte", "suppressOutput": True},
            {"name": "openbaar", "titles": "openbaar", "suppressOutput": True},
            {"name": "intern", "titles": "intern", "suppressOutput": True},
            {"name": "soort", "virtual": True, "propertyUrl": "rdf:type", "valueUrl": "lw:Story"},
            {"name": "kring", "virtual": True, "propertyUrl": "lw:audience",
             "valueUrl": f"{word.CONCEPT}audience/public"},
            {"name": "t", "virtual": True, "propertyUrl": "lw:toldBy", "valueUrl": "{id}#teller"},
            {"name": "t2", "virtual": True, "aboutUrl": "{id}#teller", "propertyUrl": "rdf:type",
             "valueUrl": "lw:Teller"},
            {"name": "g", "virtual": True, "propertyUrl": "lw:ground", "valueUrl": "{id}#ground"},
            {"name": "g2", "virtual": True, "aboutUrl": "{id}#ground", "propertyUrl": "rdf:type",
             "valueUrl": "lw:Ground"},
            {"name": "g3", "virtual": True, "aboutUrl": "{id}#ground", "propertyUrl": "lw:groundKind",
             "valueUrl": f"{word.CONCEPT}ground/own"},
        ],
    },
}  # fmt: skip


def opened(table: str, mapping: Any) -> Filled | tuple[Objection, ...]:
    """What becomes of a table with a mapping."""
    body, media = with_mapping(table.encode(), mapping if isinstance(mapping, bytes) else json.dumps(mapping).encode())
    return SHEETS.opened(body, media, base=BASE, speaker=SPEAKER)


def documents(table: str, mapping: Any) -> list[Document]:
    """The documents that they say."""
    filled = opened(table, mapping)
    assert isinstance(filled, Filled), filled
    found = read(filled.body, filled.media_type, base=BASE, speaker=SPEAKER, ontology=ONTOLOGY, mint=lambda: "nieuw00")
    return [d for d in found if isinstance(d, Document)]


def with_column(place: int, **more: Any) -> dict[str, Any]:
    """The mapping with one of its columns described otherwise."""
    columns = [dict(c) for c in MAPPING["tableSchema"]["columns"]]
    columns[place] |= more
    return MAPPING | {"tableSchema": {**MAPPING["tableSchema"], "columns": columns}}


def test_a_mapping_says_what_turtle_says() -> None:
    """Templates, parts, separators, dates by their format, virtual columns, a language from the context: one digest."""
    (document,) = documents(TABLE, MAPPING)
    assert WANTED == {document.digest}


def test_empty_cells_defaults_and_nulls_are_as_the_standard_says() -> None:
    """A null says nothing, a default speaks for an empty cell, a number is read by its signs, a yes by its word."""
    mapping = with_column(7, suppressOutput=False, propertyUrl="lw:accuracyMetres",
                          datatype={"base": "integer", "format": {"groupChar": "."}}, default="1.000")  # fmt: skip
    mapping["tableSchema"]["columns"][8] = {"titles": "openbaar", "propertyUrl": "lw:fictional",
                                            "datatype": {"base": "boolean", "format": "ja|nee"}}  # fmt: skip
    (document,) = documents(TABLE.replace(";x;", ";;").replace("pl-oost", "-"), mapping)
    assert b"appliesTo" not in document.payload
    assert b'"1000"^^<http://www.w3.org/2001/XMLSchema#integer>' in document.payload
    assert b'"true"^^<http://www.w3.org/2001/XMLSchema#boolean>' in document.payload


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        (MAPPING | {"@context": "https://example.org/context"}, "@context"),
        (MAPPING | {"@context": ["http://www.w3.org/ns/csvw", {"@base": "http://a/"}]}, "@context"),
        (MAPPING | {"url": "https://example.org/verhalen.csv"}, "url"),
        (MAPPING | {"tableSchema": "https://example.org/schema.json"}, "tableSchema"),
        ({"@context": "http://www.w3.org/ns/csvw", "tables": []}, "tables"),
        (MAPPING | {"transformations": []}, "transformations"),
        (MAPPING | {"dialect": {"encoding": "latin1"}}, "encoding"),
        (MAPPING | {"dialect": {"skipRows": 2}}, "skipRows"),
        (with_column(1, ordered=True), "ordered"),
        (with_column(1, propertyUrl=None), "propertyUrl"),
        (with_column(6, datatype={"base": "date", "format": "EEEE d MMMM"}), "format"),
        (with_column(6, datatype="hexBinary"), "datatype"),
        (with_column(6, datatype={"base": "date", "minimum": "2020-01-01"}), "minimum"),
        (with_column(1, name="id"), "name"),
        (b"{", "JSON"),
        (b"[]", "JSON"),
    ],
)
def test_what_a_mapping_asks_and_is_not_done_is_refused_by_its_name(mapping: Any, named: str) -> None:
    """Before any row is looked at; nothing is fetched, nothing is passed over in silence."""
    found = opened(TABLE, mapping)
    assert not isinstance(found, Filled)
    assert {"MappingUnclear"} == {o.name for o in found}
    assert any(named in (o.value or "") for o in found), [o.value for o in found]


@pytest.mark.parametrize(
    ("table", "name", "cell"),
    [
        (TABLE.replace("01/05/2024", "2024-05-01"), "CellUnclear", "G2"),
        (TABLE.replace("rol;inv", "role;inv"), "ColumnUnknown", "C1"),
        (TABLE.replace("intern\r", "intern;meer\r"), "ColumnUnknown", "K1"),
        (TABLE.replace("\nbank-1;", "\n;"), "CellUnclear", "A2"),
    ],
)
def test_what_is_wrong_in_a_mapped_table_is_told_by_its_cell(table: str, name: str, cell: str) -> None:
    """As in any sheet."""
    found = opened(table, MAPPING)
    assert not isinstance(found, Filled)
    assert (name, cell) in {(o.name, o.cell) for o in found}


def test_a_table_with_its_mapping_goes_in_through_the_door(shared: Service) -> None:
    """As multipart/form-data: checked, told by cell, and the digest of any other way in."""
    described = ("m.json", json.dumps(MAPPING).encode(), "application/csvm+json")
    with shared.client(shared.token("voorbeeld-bewoners", "contribute")) as client:

        def sent(door: str, table: str, *more: Any) -> Any:
            files = [("table", ("t.csv", table.encode(), "text/csv")), ("mapping", described), *more]
            return client.post(door, files=files)

        taken = sent("/contributions", TABLE)
        assert 201 == taken.status_code, taken.text
        assert WANTED == {item["digest"] for item in taken.json()["contributions"]}
        shaped = sent("/validate", TABLE.replace("pl-oost", "pl-nergens")).json()["errors"]
        assert [("TargetMissing", "F2")] == [(e["name"], e.get("cell")) for e in shaped]
        many = sent("/validate", TABLE, ("other", ("o.csv", b"a", "text/csv")))
        assert (400, "MappingUnclear") == (many.status_code, many.json()["errors"][0]["name"])
