"""Verifying from outside: an honest service is found sound, and whatever was altered, dropped or rewritten is found."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from kg.ledger import Ledger
from kg.ledger.chain import audience_genesis, position_digest
from kg.verifying import Head, Known, hold, walk
from service import chain
from service.cli import app
from tests.inside import Inside, inside
from tests.neighbourhood import BASE, batch, document, folder, taken
from tests.running import copy_of, wijkgraaf
from tests.stories import story

PARTY = "straat"


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service with a party that kept every receipt, whose file the tests of this file tamper with."""
    data = copy_of(moerwijk_folder, tmp_path_factory.mktemp("verify"))
    wijkgraaf("party", "add", PARTY, "--name", "De straat", "--perspective", "residents", "--data", str(data))
    # Kept answers would hide for a while what is done behind the service's back.
    with (data / "wijkgraaf.toml").open("a") as file:
        file.write("cache_bytes_max = 0\n")
    with pytest.MonkeyPatch.context() as patch, inside(data) as service:
        # Several pages, so that the walk over them is tried.
        patch.setattr(chain, "PAGE_POSITIONS", 100)
        yield service


@pytest.fixture(scope="module")
def holder(service: Inside) -> dict[str, str]:
    """The token of the party."""
    return service.token(PARTY, "contribute")


def say(service: Inside, holder: dict[str, str], receipts: Path, name: str, text: str, audience: str = "public") -> str:
    """Publishes, keeps the receipt as a partner does, and gives the contribution's id."""
    headers = holder | {"Content-Type": "text/turtle"}
    sent = story(PARTY, name, text=text, audience=audience)
    answer = service.client.post("/contributions?replace=true", content=sent.encode(), headers=headers)
    assert answer.status_code == 201, answer.text
    with receipts.open("a") as file:
        file.write(answer.text)
    found: str = answer.json()["contributions"][0]["contribution"]
    return found.rpartition("/")[2]


def verified(service: Inside, *words: str, token: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """The command, as a partner runs it: its exit code and what it found."""
    given = ("--token", token["Authorization"].removeprefix("Bearer ")) if token else ()
    done = wijkgraaf("verify", "--url", str(service.client.base_url), *words, *given, "--json", check=False)
    return done.returncode, json.loads(done.stdout or "{}")


@contextmanager
def tampered(service: Inside, sql: str, *values: object) -> Iterator[None]:
    """The ledger's file while somebody has changed one row of it behind the service's back."""
    file = service.house.settings.data / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as database:
        table = re.search(r"(?:UPDATE|DELETE FROM) (\w+)", sql)[1]  # type: ignore[index]
        before = database.execute(f"SELECT * FROM {table}").fetchall()
        database.execute(sql, values)
        database.commit()
        try:
            yield
        finally:
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute(f"DELETE FROM {table}")
            marks = ",".join("?" * len(before[0]))
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", before)
            database.commit()


def told_in_the_docs(url: str, party: str, salts: dict[str, str]) -> tuple[list[str], str]:
    """What docs/verify.md says, followed by somebody who has only that page: what is wrong, and the head."""

    def digest(*parts: bytes) -> str:
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def written(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    wrong: list[str] = []
    head = httpx.get(f"{url}/chain").json()
    previous, standing = digest(written({"base": head["base"], "audience": head["audience"]})), {}
    for page in range(1, head["pages"] + 1):
        for one in httpx.get(f"{url}/chain/{page}").json()["positions"]:
            made = digest(written({**{k: v for k, v in one.items() if k != "digest"}, "audience": head["audience"]}))
            if one["previous"] != previous or one["digest"] != made:
                wrong.append(f"position {one['position']}")
            previous = one["digest"]
            for gone in one["left"]:
                standing.pop(gone, None)
            standing.update({entered["id"]: entered for entered in one["entered"]})
    if previous != head["digest"]:
        wrong.append("head")
    words: dict[str, set[bytes]] = {}
    for line in httpx.get(f"{url}/view/{party}", headers={"Accept": "application/n-quads"}).content.splitlines():
        triple, _, graph = line.removesuffix(b" .").rpartition(b" ")
        words.setdefault(graph.decode()[1:-1].rpartition("/")[2], set()).add(triple + b" .\n")
    if {id for id, one in standing.items() if one["party"] == party} != words.keys():
        wrong.append("contributions")
    for id, lines in words.items():
        payload = b"".join(sorted(lines))
        if id in salts and digest(bytes.fromhex(salts[id]), payload) != standing[id]["payload_digest"]:
            wrong.append(f"words of {id}")
    return wrong, previous


def test_whatever_is_tampered_with_is_found_and_the_rest_is_sound(
    service: Inside, holder: dict[str, str], tmp_path: Path
) -> None:
    """Words, a dropped position and a forked head; by the command and by who follows the page alone. Erased is fine."""
    receipts, url = tmp_path / "receipts.jsonl", str(service.client.base_url)
    first = say(service, holder, receipts, "lift", "De lift is kapot.")
    say(service, holder, receipts, "trap", "De trap is donker.")
    say(service, holder, receipts, "trap", "De trap is weer licht.")
    say(service, holder, receipts, "voor-ons", "Alleen voor wie hier werkt.", "partners")
    say(service, holder, receipts, "eigen", "Alleen voor ons.", "own")
    say(service, holder, receipts, "smaller", "Eerst voor iedereen.")
    say(service, holder, receipts, "smaller", "Nu voor wie hier werkt.", "partners")
    mine = ("--party", PARTY, "--receipts", str(receipts))

    code, found = verified(service, *mine, token=holder)
    assert (0, "partners", [], 4, 4, 1) == (
        code,
        *(found[name] for name in ("audience", "faults", "standing", "unaltered", "elsewhere")),
    )
    code, found = verified(service, *mine, "--audience", "public", token=holder)
    assert (0, 2, 2, 3) == (code, *(found[name] for name in ("standing", "unaltered", "elsewhere")))
    code, found = verified(service, "--party", PARTY)
    assert (0, 2, 0, 2) == (code, *(found[name] for name in ("standing", "unaltered", "unsalted")))
    pages = service.client.get("/chain").json()["pages"]
    kept = service.client.get(f"/chain/{pages}", headers=holder).json()["yours"]
    salts = {id: one["salt"] for id, one in kept.items()}
    assert ([], found["digest"]) == told_in_the_docs(url, PARTY, salts)
    assert "yours" not in service.client.get(f"/chain/{pages}").json()
    reader = service.token("wijk", "read-partners")
    assert {} == service.client.get(f"/chain/{pages}", headers=reader).json()["yours"]

    entry = service.house.ledger.contribution(first)
    assert entry is not None
    assert entry.payload is not None
    other = zlib.compress(entry.payload.replace(b"kapot", b"heel"))
    with tampered(service, "UPDATE payloads SET payload = ? WHERE entry = ?", other, entry.number):
        for words, token in ((mine, None), (("--party", PARTY), holder)):
            code, found = verified(service, *words, token=token)
            assert code == 1
            (fault,) = found["faults"]
            assert fault.startswith(f"contribution {first} has other words than")
        assert [f"words of {first}"] == told_in_the_docs(url, PARTY, salts)[0]
    with tampered(service, "DELETE FROM chain WHERE audience = 'public' AND position = 3"):
        code, found = verified(service, *mine)
        assert (1, "position 3 is missing: 4 follows 2") == (code, found["faults"][0])
        assert told_in_the_docs(url, PARTY, salts)[0]
    last = service.house.ledger.heads()["public"][0]
    sql = "UPDATE chain SET digest = ? WHERE audience = 'public' AND position = ?"
    with tampered(service, sql, "0" * 64, last):
        code, found = verified(service, *mine)
        assert (1, f"position {last} is not what its digest says") == (code, found["faults"][0])
        assert [f"position {last}", "head"] == told_in_the_docs(url, PARTY, salts)[0]
    with tampered(service, "UPDATE entries SET party = 'wijk' WHERE id = ?", first):
        code, found = verified(service, *mine)
        assert code == 1
        assert f"contribution {first} has a receipt, and the chain does not have it from this party" in found["faults"]

    service.end("erase", f"{BASE}/id/{PARTY}/lift")
    code, found = verified(service, *mine)
    assert (0, 1, 1, 1) == (code, *(found[name] for name in ("standing", "unaltered", "erased")))
    assert first not in service.client.get(f"/chain/{pages}", headers=holder).json()["yours"]


def test_a_head_that_was_seen_must_lie_on_the_chain_for_ever(
    service: Inside, holder: dict[str, str], tmp_path: Path
) -> None:
    """Remembered, it is fine after more was said; another one at its place, or none, is found and not forgotten."""
    file = tmp_path / "head.json"
    assert 0 == verified(service, "--remember", str(file))[0]
    say(service, holder, tmp_path / "receipts", "stoep", "De stoep is scheef.")
    seen = json.loads(file.read_text())
    code, found = verified(service, "--remember", str(file))
    assert (0, seen["position"] + 1) == (code, found["position"])
    for wrong in ({"digest": "0" * 64}, {"position": found["position"] + 5}):
        file.write_text(json.dumps(json.loads(file.read_text()) | wrong))
        assert 1 == verified(service, "--remember", str(file))[0]
        assert json.loads(file.read_text()) | wrong == json.loads(file.read_text())
        file.write_text(json.dumps(seen))
    assert 2 == verified(service, "--remember", str(file), token=holder)[0]
    file.write_text("{")
    assert 2 == verified(service, "--remember", str(file))[0]
    assert 2 == verified(service, "--receipts", str(file), "--party", PARTY)[0]
    assert 2 == verified(service, "--audience", "own")[0]
    assert 1 == verified(service, "--audience", "partners")[0]
    assert 2 == CliRunner().invoke(app, ["verify", "--party", PARTY]).exit_code


def rewritten(told: list[dict[str, Any]], without: int) -> list[dict[str, Any]]:
    """The chain as somebody would forge it who leaves out one position and makes every digest after it anew."""
    previous, made = audience_genesis(BASE, "public"), []
    for number, one in enumerate((one for one in told if one["position"] != without), 1):
        digest = position_digest("public", number, previous, one["entered"], one["left"], one["ended"])
        made.append(one | {"position": number, "previous": previous, "digest": digest})
        previous = digest
    return made


def test_a_past_made_anew_is_found_by_who_remembers_or_kept_a_receipt() -> None:
    """A forged chain is sound in itself: only what a partner kept tells it apart, and that does."""
    with folder() as place:
        ledger = Ledger.create(f"sqlite:///{place}/ledger.sqlite", BASE)
        receipts = [taken(ledger, batch(PARTY, document(PARTY, name))) for name in "abcd"]
        told = json.loads(
            json.dumps(
                [vars(one) for one in ledger.told("public")],
                default=lambda value: getattr(value, "__dict__", list(value)),
            )
        )
        payloads = {one.contribution: one.payload or b"" for one in ledger.view(PARTY)}
        head = Head(*ledger.heads()["public"])
        ledger.close()
    kept = {
        one.id: Known(bytes.fromhex(one.salt or ""), one.iri, one.digest, one.position_in_audience["public"])
        for receipt in receipts
        for one in receipt.contributions
    }
    honest = walk(BASE, "public", head, told, head)
    found = hold(honest, PARTY, payloads, {}, kept)
    assert ([], [], 4) == (honest.faults, found.faults, found.unaltered)
    forged = rewritten(told, without=2)
    end = Head(3, forged[-1]["digest"])
    left_out = receipts[1].contributions[0].id
    given = {id: payload for id, payload in payloads.items() if id != left_out}
    assert [] == walk(BASE, "public", end, forged).faults
    assert walk(BASE, "public", end, forged, Head(2, told[1]["digest"])).faults
    assert walk(BASE, "public", end, forged, head).faults
    faults = hold(walk(BASE, "public", end, forged), PARTY, given, {}, kept).faults
    assert f"contribution {left_out} has a receipt, and the chain does not have it from this party" in faults
    strange = hold(honest, PARTY, payloads, {}, {id: one for id, one in kept.items() if id != left_out}).faults
    assert [f"contribution {left_out} is said to be of this party, and has no receipt"] == strange
    assert hold(honest, PARTY, given, {}, kept).faults == [
        f"contribution {left_out} stands in the chain, and the service does not give it"
    ]


@pytest.mark.parametrize(
    "wrong",
    [None, 3, [], {}, {"position": "1"}, {"position": 1, "previous": None, "entered": 3, "left": [], "ended": []}],
)
def test_what_is_not_written_as_a_position_is_a_fault(wrong: object) -> None:
    """Whatever a service answers, the walk ends with a fault and not with an exception."""
    assert walk(BASE, "public", Head(1, "0" * 64), [wrong]).faults


def test_pages_of_the_chain_are_as_long_as_they_say_and_looked_at_again(service: Inside) -> None:
    """Head and pages carry the position and an ETag; what is not there or not known is refused; HEAD works."""
    head = service.client.get("/chain")
    assert "no-cache" == head.headers["cache-control"]
    assert str(head.json()["position"]) == head.headers["wijkgraaf-position"]
    page = service.client.get("/chain/1")
    assert "max-age=300, must-revalidate" == page.headers["cache-control"]
    assert "/chain/2" == page.json()["next"]
    assert 304 == service.client.get("/chain/1", headers={"If-None-Match": page.headers["etag"]}).status_code
    assert (200, b"") == (service.client.head("/chain/1").status_code, service.client.head("/chain/1").content)
    for wrong in ("/chain/0", "/chain/99", "/chain/x", "/chain/1.5", "/chain/-1"):
        assert 404 == service.client.get(wrong).status_code, wrong
    assert 400 == service.client.get("/chain?positions=1").status_code
    assert 400 == service.client.get("/chain?audience=own").status_code
    assert 401 == service.client.get("/chain?audience=partners").status_code
    assert "/chain/{page}" in service.client.get("/api/openapi.json").json()["paths"]
