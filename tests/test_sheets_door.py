"""Spreadsheets through the door: checked, published, refused by cell, as any contribution."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from kg.sheets import CSV, XLSX
from kg.sheets.workbook import workbook_grids
from tests.examples import BASE
from tests.running import Service, wijkgraaf
from tests.sheets import SHEETS, documents_of, written
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


def test_templates_are_listed_and_can_be_filled_in(shared: Service) -> None:
    """Every kind, both languages, both formats; the file with its example row says nothing, filled in it is taken."""
    with shared.client(shared.token("voorbeeld-bewoners", "contribute")) as client:
        index = client.get("/templates", params={"lang": "en"})
        assert 200 == index.status_code
        kinds = index.json()["kinds"]
        assert sorted(SHEETS.layouts.kinds) == [kind["kind"] for kind in kinds]
        theme = next(c for c in kinds[-1]["columns"] if c["heading"]["en"] == "Theme")
        assert {"Housing", "Care"} <= {choice.capitalize() for choice in theme["choices"]}
        story = next(kind for kind in kinds if kind["name"] == "Story")
        for address in story["templates"]:
            found = client.get(address)
            assert 200 == found.status_code, address
            media = found.headers["content-type"].partition(";")[0]
            empty = client.post("/validate", content=found.content, headers={"Content-Type": media})
            assert (400, "EmptyBody") == (empty.status_code, empty.json()["errors"][0]["name"])
        text = client.get("/templates/verhaal.csv", params={"lang": "nl"}).content.decode("utf-8-sig")
        headings = next(csv.reader(io.StringIO(text), delimiter=";"))
        cells = dict(zip(STORY[0], ["uit-sjabloon", *STORY[1][1:]], strict=True))
        filled = written(headings, [cells.get(heading, "") for heading in headings])
        taken = client.post("/validate", content=filled, headers={"Content-Type": "text/csv"})
        assert 200 == taken.status_code, taken.text
        for wrong, status in {
            "/templates/Story.pdf": 404,
            "/templates/Nothing.csv": 404,
            "/templates/.csv": 404,
            "/templates?lang=fr": 400,
            "/templates/Story.csv?kind=x": 400,
        }.items():
            assert status == client.get(wrong).status_code, wrong


def test_every_template_explains_itself_and_offers_its_choices() -> None:
    """The explanation names every column; the row left in is passed over by the reader of any kind."""
    for kind in SHEETS.layouts.kinds:
        for lang in ("nl", "en"):
            grids = workbook_grids(SHEETS.templates.template(kind, "xlsx", lang))
            assert isinstance(grids, list)
            sheet, explained = grids
            assert sheet.rows[0][1] == tuple(row[1][0] for row in explained.rows[1:])
            assert () == documents_of(SHEETS.templates.template(kind, "xlsx", lang), XLSX)
            assert () == documents_of(SHEETS.templates.template(kind, "csv", lang), CSV)


def test_a_viewpoint_is_fetched_edited_and_sent_back(shared: Service) -> None:
    """As a workbook and as CSV: sent back as it is nothing is written; with one cell changed one document is."""
    with shared.client(shared.token("voorbeeld-gemeente", "contribute")) as client:
        position = client.get("/view/voorbeeld-gemeente").headers["wijkgraaf-position"]
        for lang in ("nl", "en"):
            book = client.get(f"/view/voorbeeld-gemeente.xlsx?lang={lang}")
            assert (200, XLSX) == (book.status_code, book.headers["content-type"])
            again = client.post("/contributions?replace=true", content=book.content, headers={"Content-Type": XLSX})
            assert 200 == again.status_code, again.text
            assert all(item["unchanged"] for item in again.json()["contributions"])
        kinds = client.get("/view/voorbeeld-gemeente", headers={"Accept": "text/csv"})
        assert (400, "SheetKindMissing") == (kinds.status_code, kinds.json()["errors"][0]["name"])
        assert "Policy" in kinds.json()["limit"]
        assert kinds.json()["limit"] in kinds.json()["detail"]
        sheet = client.get("/view/voorbeeld-gemeente.csv", params={"kind": "beleid", "lang": "nl"})
        assert 200 == sheet.status_code
        assert position == client.get("/view/voorbeeld-gemeente").headers["wijkgraaf-position"]
        rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig")), delimiter=";"))
        at = rows[0].index("Titel (nl)")
        rows[1][at] = "Anders genoemd"
        media = {"Content-Type": "text/csv"}
        changed = client.post("/contributions?replace=true", content=written(*rows), headers=media).json()
        assert [f"{BASE}/id/voorbeeld-gemeente/{rows[1][0]}"] == [
            item["document"] for item in changed["contributions"] if not item["unchanged"]
        ]
        assert 400 == client.get("/view/voorbeeld-gemeente?kind=Story").status_code
        unclear = client.get("/view/voorbeeld-gemeente.csv?kind=Nergens")
        assert (400, kinds.json()["limit"]) == (unclear.status_code, unclear.json()["limit"])
        assert 404 == client.get("/view/nergens.xlsx").status_code


def test_a_csv_never_makes_a_whole_viewpoint(shared: Service, tmp_path: Path) -> None:
    """It holds one kind: PUT of it is refused before anything is done and says the way, POST of it takes nothing away.

    So at `/view`, at `/graphs` and from the command line; the workbook, which has all kinds, does go with PUT.
    """
    party = "voorbeeld-gemeente"
    token = shared.token(party, "contribute")
    there = ["--url", shared.url, "--token", token, "--party", party]
    graph = f"/graphs?graph={BASE}/view/{party}"
    with shared.client(token) as client:
        whole = client.get(f"/view/{party}.nq").content
        sheet = client.get(f"/view/{party}.csv?kind=Policy").content
        for path in (f"/view/{party}", f"/view/{party}?dryRun=true&allowWithdraw=9999", graph):
            for media in ("text/csv", "Text/CSV; charset=utf-8"):
                answer = client.put(path, content=sheet, headers={"Content-Type": media})
                assert (415, ["PartOfViewpoint"]) == (answer.status_code, [e["name"] for e in answer.json()["errors"]])
                assert all(way in answer.json()["detail"] for way in ("POST", ".xlsx", "RDF"))
        file = tmp_path / "beleid.csv"
        file.write_bytes(sheet)
        refused = wijkgraaf("sync", str(file), *there, check=False)
        assert (1, True) == (refused.returncode, "sync --add" in refused.stderr.replace("\n", " "))
        assert "0 withdrawn" in wijkgraaf("sync", str(file), "--add", *there).stderr
        for path in (f"/view/{party}", graph):
            added = client.post(path, content=sheet, headers={"Content-Type": "text/csv"})
            assert (200, 0) == (added.status_code, added.json()["counts"]["withdrawn"])
        book = client.get(f"/view/{party}.xlsx").content
        same = client.put(f"/view/{party}", content=book, headers={"Content-Type": XLSX})
        assert (200, False) == (same.status_code, same.json()["created"])
        assert whole == client.get(f"/view/{party}.nq").content


def test_a_sheet_has_the_etag_of_its_viewpoint(shared: Service) -> None:
    """304 while nothing changed, another one in another language; as If-Match it keeps a colleague's change."""
    party = "voorbeeld-gemeente"
    path = f"/view/{party}"
    with shared.client(shared.token(party, "contribute")) as client:

        def sent(verb: str, sheet: bytes, media: str, tag: str) -> int:
            return client.request(
                verb, path, content=sheet, headers={"Content-Type": media, "If-Match": tag}
            ).status_code

        def renamed(sheet: bytes, title: str) -> bytes:
            rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig")), delimiter=";"))
            rows[1][rows[0].index("Titel (nl)")] = title
            return written(*rows)

        book = client.get(f"{path}.xlsx?lang=nl")
        table = client.get(f"{path}.csv?kind=Policy&lang=nl")
        for address, seen in ((f"{path}.xlsx?lang=nl", book), (f"{path}.csv?kind=Policy&lang=nl", table)):
            again = client.get(address, headers={"If-None-Match": seen.headers["etag"]})
            assert (304, b"", seen.headers["etag"]) == (again.status_code, again.content, again.headers["etag"])
            other = client.get(address.replace("lang=nl", "lang=en"), headers={"If-None-Match": seen.headers["etag"]})
            assert 200 == other.status_code
        assert client.get(f"{path}.csv").headers.get("etag") is None
        assert 200 == sent("PUT", book.content, XLSX, book.headers["etag"])
        colleague = renamed(table.content, "Door een collega genoemd")
        assert 200 == sent("POST", colleague, CSV, table.headers["etag"])
        assert 412 == sent("POST", renamed(table.content, "Nog eens anders"), CSV, table.headers["etag"])
        assert 412 == sent("PUT", book.content, XLSX, book.headers["etag"])
        now = client.get(f"{path}.csv?kind=Policy&lang=nl", headers={"If-None-Match": table.headers["etag"]})
        assert (200, True) == (now.status_code, b"Door een collega genoemd" in now.content)
        assert table.headers["etag"] != now.headers["etag"]


def test_every_file_that_a_viewpoint_links_to_is_there(shared: Service) -> None:
    """A program that follows the `item` links gets each of them; CSV, which needs a kind, is none of them."""
    with shared.client() as client:
        items = re.findall(r'<(/view/[^>]+)>; rel="item"', client.get("/view/voorbeeld-gemeente").headers["link"])
        assert "/view/voorbeeld-gemeente.xlsx" in items
        assert {200} == {client.get(item).status_code for item in items}


def test_the_command_writes_and_reads_sheets(shared: Service, tmp_path: Path) -> None:
    """Template, export, publish, validate: with another service by its address."""
    there = ["--url", shared.url, "--token", shared.token("voorbeeld-zorg", "contribute")]
    blank, book, sheet = tmp_path / "verhaal.xlsx", tmp_path / "alles.xlsx", tmp_path / "fout.csv"
    assert "" == wijkgraaf("template", "verhaal", "--lang", "nl", "-o", str(blank), *there).stdout
    assert blank.read_bytes().startswith(b"PK")
    wijkgraaf("export-sheet", "voorbeeld-zorg", "-o", str(book), *there)
    published = wijkgraaf("publish", str(book), "--replace", *there).stdout.splitlines()
    assert published
    assert all(line.endswith("unchanged") for line in published)
    sheet.write_bytes(written(STORY[0], [*STORY[1][:6], "woonen", *STORY[1][7:]]))
    refused = wijkgraaf("validate", str(sheet), *there, check=False)
    assert 1 == refused.returncode
    assert "Cel G2 (Thema)" in refused.stderr
    assert 2 == wijkgraaf("template", "Story", "-o", str(tmp_path / "x.pdf"), *there, check=False).returncode
