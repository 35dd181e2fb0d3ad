"""Spreadsheets through the door: checked, published, refused by cell, as any contribution."""

from __future__ import annotations

from kg.sheets import XLSX
from tests.running import Service
from tests.sheets import written
from tests.test_sheets import STORY, TURTLE, WANTED
from tests.test_workbooks import PLAIN, UNFIT


def test_what_owners_and_shapes_object_to_is_told_by_its_cell(shared: Service) -> None:
    """Through the door: after reading too an objection comes with its row and, where it has one, its cell."""
    body = written(
        [*STORY[0], "Samengevat door"],
        ["bank-7", "", *STORY[1][2:], ""],
        ["bank-8", *STORY[1][1:7], "wijk/pl-nergens", "2024", ""],
        ["Bank-9", *STORY[1][1:], "nergens"],
    )
    with shared.client(shared.token("voorbeeld-bewoners", "contribute")) as client:
        for door in ("/validate", "/contributions"):  # Refused in both: nothing is written.
            answer = client.post(door, content=body, headers={"Content-Type": "text/csv"})
            assert 422 == answer.status_code
            assert {("NameUnclear", 4, None)} == {(e["name"], e["row"], e.get("cell")) for e in answer.json()["errors"]}
        shaped = body.replace(b"Bank-9", b"bank-9")
        answer = client.post("/validate", content=shaped, headers={"Content-Type": "text/csv; charset=utf-8"})
        told = {(e["name"], e["row"], e.get("cell")) for e in answer.json()["errors"]}
        assert {("TextMissing", 2, "B2"), ("TargetMissing", 3, "H3"), ("TargetMissing", 4, "J4")} <= told
        assert all(e["message"]["nl"].startswith(("Cel ", "Rij ")) for e in answer.json()["errors"])
        report = client.post(
            "/validate", content=shaped, headers={"Content-Type": "text/csv", "Accept": "application/n-triples"}
        ).text
        assert '<https://w3id.org/lerende-wijk/shapes#cell> "B2"' in report


def test_a_sheet_is_published_and_the_same_turtle_is_the_same_contribution(shared: Service) -> None:
    """201 with receipts; the Turtle of the same statements is already current."""
    with shared.client(shared.token("voorbeeld-bewoners", "contribute")) as client:
        taken = client.post("/contributions", content=written(*STORY), headers={"Content-Type": "text/csv"})
        assert 201 == taken.status_code, taken.text
        (item,) = taken.json()["contributions"]
        assert WANTED == {item["digest"]}
        again = client.post("/contributions", content=TURTLE.encode(), headers={"Content-Type": "text/turtle"})
        assert 200 == again.status_code
        assert item["contribution"] == again.json()["contributions"][0]["contribution"]


def test_a_workbook_goes_in_through_the_door(shared: Service) -> None:
    """Checked, and published: what CSV said before is already current."""
    with shared.client(shared.token("voorbeeld-bewoners", "contribute")) as client:
        for door, status in (("/validate", 200), ("/contributions", 200)):
            answer = client.post(door, content=PLAIN, headers={"Content-Type": XLSX})
            assert status == answer.status_code, answer.text
        assert WANTED == {item["digest"] for item in answer.json()["contributions"]}
        bomb = client.post("/contributions", content=UNFIT["a zip bomb"][0], headers={"Content-Type": XLSX})
        assert (413, "SheetTooLarge") == (bomb.status_code, bomb.json()["errors"][0]["name"])
