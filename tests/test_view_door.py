"""The door of whole viewpoints: fetched and sent back, packed, refused, going on by itself."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kg.ledger import Batch, Receipt
from kg.objection import Objection
from kg.synchronising import LARGE_BYTES
from tests.inside import Inside, inside
from tests.running import copy_of, wijkgraaf
from tests.stories import BASE, connection, story
from tests.test_synchronising import FORMATS

TURTLE = {"Content-Type": "text/turtle"}
DONE_SECONDS_MAX = 60.0  # Generous: two cores may be busy with other tests.


@pytest.fixture(scope="module")
def folder(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with parties of this file."""
    data = copy_of(moerwijk_folder, tmp_path_factory.mktemp("viewpoints"))
    for party in ("straat", "buur"):
        wijkgraaf("party", "add", party, "--name", party, "--perspective", "residents", "--data", str(data))
    wijkgraaf("party", "delegate", "buur", "straat", "--data", str(data))
    return data


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Inside]:
    """The service of this file."""
    with inside(folder) as running:
        yield running


@pytest.fixture(scope="module")
def straat(service: Inside) -> dict[str, str]:
    """The token of the party that speaks."""
    return service.token("straat", "contribute")


def put(service: Inside, token: dict[str, str], body: str | bytes, **given: Any) -> httpx.Response:
    """A whole viewpoint of the party."""
    headers = {**TURTLE, **token, **given.pop("headers", {})}
    return service.client.put("/view/straat", content=body, headers=headers, **given)


def outcome_of(service: Inside, token: dict[str, str], started: httpx.Response) -> dict[str, Any]:
    """What came of one that goes on by itself."""
    assert started.status_code == 202, started.text
    until = time.monotonic() + DONE_SECONDS_MAX
    while time.monotonic() < until:
        found: dict[str, Any] = service.client.get(started.headers["Location"], headers=token).json()
        if found["state"] == "done":
            return found
        time.sleep(0.05)
    raise AssertionError(f"not done: {found}")


def stories(*names: str, text: str = "In mijn slaapkamer zit schimmel op de muur.") -> str:
    """Stories of the party."""
    return "".join(story("straat", name, text=text) for name in names)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_fetched_can_be_sent_back(service: Inside, straat: dict[str, str], form: str) -> None:
    """GET → PUT changes nothing in any format, and says so."""
    assert put(service, straat, stories("a", "b")).status_code == 200
    fetched = service.client.get("/view/straat", headers={**straat, "Accept": FORMATS[form]})
    again = put(service, straat, fetched.content, headers={"Content-Type": fetched.headers["content-type"]})
    assert (again.status_code, again.json()["created"], again.json()["counts"]["unchanged"]) == (200, False, 2)


def test_the_summary_tells_what_was_done(service: Inside, straat: dict[str, str]) -> None:
    """Counts and names, and the batch where the receipts are; a dry run tells the same before, and writes nothing."""
    put(service, straat, stories("a", "b"))
    body = stories("a") + stories("b", text="Anders.") + stories("c")
    dry = put(service, straat, body, params={"dryRun": "true"}).json()
    wet = put(service, straat, body).json()
    assert dry["batch"] is None
    assert {k: v for k, v in dry.items() if k not in ("dryRun", "created", "batch")} == {
        k: v for k, v in wet.items() if k not in ("dryRun", "created", "batch")
    }
    assert wet["counts"] == {"added": 1, "replaced": 1, "withdrawn": 0, "returned": 0, "unchanged": 1}
    assert (wet["added"], wet["replaced"]) == ([f"{BASE}/id/straat/c"], [f"{BASE}/id/straat/b"])
    batch = service.client.get(wet["batch"].removeprefix(BASE), headers=straat).json()
    assert {c["document"] for c in batch["contributions"]} == {*wet["added"], *wet["replaced"]}


def test_the_etag_is_that_of_what_this_caller_reads(service: Inside, straat: dict[str, str]) -> None:
    """It stays while nothing changes for this reader, gives 304, and guards a change: the second of two gets 412."""
    put(service, straat, stories("a", "b"))
    own = story("straat", "geheim", audience="own")
    seen = service.client.get("/view/straat", headers=straat)
    public = service.client.get("/view/straat")
    tag = seen.headers["ETag"]
    assert service.client.get("/view/straat", headers={**straat, "If-None-Match": tag}).status_code == 304
    head = service.client.head("/view/straat", headers=straat)
    assert (head.status_code, head.headers["ETag"], head.content) == (200, tag, b"")
    first = put(service, straat, stories("a", "b") + own, headers={"If-Match": tag})
    second = put(service, straat, stories("a"), headers={"If-Match": tag})
    assert (first.status_code, second.status_code) == (200, 412)
    assert [e["name"] for e in second.json()["errors"]] == ["Stale"]
    assert service.client.get("/view/straat").headers["ETag"] == public.headers["ETag"]
    turtle = service.client.get("/view/straat", headers={**straat, "Accept": "text/turtle"}).headers["ETag"]
    assert put(service, straat, stories("a", "b"), headers={"If-Match": turtle}).status_code == 200
    assert put(service, straat, stories("a", "b"), headers={"If-Match": "*"}).status_code == 200


def test_kinds_are_told_as_the_reader_sees_them(service: Inside, straat: dict[str, str]) -> None:
    """Which kinds a party has, is told by what this reader may read of it: a hidden one is not given away."""
    goal = f"{BASE}/id/gemeente/b-agenda"
    hidden = connection("straat", "verband", f"{BASE}/id/straat/a", goal, audience="own")
    assert put(service, straat, stories("a", "b") + hidden).status_code == 200
    for asked in ("kind=Nergens", "kind=Nergens&lang=en"):
        seen = [service.client.get(f"/view/straat.csv?{asked}", headers=who).json()["limit"] for who in (straat, {})]
        assert seen == ["Connection, Story", "Story"]
    assert service.client.get("/view/straat.csv", headers=straat).status_code == 400
    assert service.client.get("/view/straat.csv").status_code == 200
    assert put(service, straat, stories("a", "b")).status_code == 200


def test_what_is_sent_gets_the_etag_for_the_next_change(service: Inside, straat: dict[str, str]) -> None:
    """One change after another without a GET between, also when nothing changed; a dry run and a refusal have none."""
    tag = put(service, straat, stories("a", "b")).headers["ETag"]
    for names in ("a", "ab", "ab", "b", "ab"):
        answer = put(service, straat, stories(*names), headers={"If-Match": tag})
        assert answer.status_code == 200, answer.text
        assert ("ETag" in put(service, straat, stories("a"), params={"dryRun": "true"}).headers) is False
        stale, tag = tag, answer.headers["ETag"]
    assert service.client.get("/view/straat", headers=straat).headers["ETag"].startswith(tag[:-1])
    late = put(service, straat, stories("a"), headers={"If-Match": stale})
    assert (late.status_code, "ETag" in late.headers) == (412, False)


def test_the_etag_never_hides_what_another_wrote_since(
    service: Inside, straat: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who records for the same party writes between the change and its answer: the answer then has no ETag."""
    put(service, straat, stories("a", "b"))
    recorder = service.token("buur", "record-for")
    ledger = service.house.ledger
    submit = ledger.submit

    def overtaken(batch: Batch, now: datetime) -> Future[Receipt | tuple[Objection, ...]]:
        answer = submit(batch, now)
        answer.result(30)
        monkeypatch.undo()
        asked = {"content": stories("tussendoor"), "params": {"onBehalfOf": "straat"}}
        service.client.post("/contributions", headers={**TURTLE, **recorder}, **asked).raise_for_status()
        return answer

    monkeypatch.setattr(ledger, "submit", overtaken)
    first = put(service, straat, stories("a", "b", "c"))
    assert (first.status_code, "ETag" in first.headers) == (200, False)
    assert "ETag" in put(service, straat, stories("a", "b")).headers


def test_a_trial_shows_what_would_go_and_what_that_asks(service: Inside, straat: dict[str, str]) -> None:
    """An emptying is refused, and its dry run tells the names, the counts and in a warning how many must be allowed."""
    put(service, straat, stories("a", "b"))
    gone = [f"{BASE}/id/straat/{name}" for name in "ab"]
    trial = put(service, straat, "", params={"dryRun": "true"})
    assert (trial.status_code, trial.json()["withdrawn"]) == (200, gone)
    (warning,) = trial.json()["warnings"]
    assert (warning["name"], "?allowWithdraw=2" in warning["message"]["nl"]) == ("WithdrawsMuch", True)
    allowed = put(service, straat, "", params={"dryRun": "true", "allowWithdraw": "2"})
    assert (allowed.json()["withdrawn"], allowed.json()["warnings"]) == (gone, [])
    refused = put(service, straat, "")
    assert (refused.status_code, refused.json()["errors"][0]["name"]) == (409, "WithdrawsMuch")


def test_a_new_text_is_told_to_have_a_name_of_its_own(service: Inside, straat: dict[str, str]) -> None:
    """The refusal says what to write, and does not speak of replacing alone."""
    answer = service.client.post("/view/straat", content=story("straat"), headers={**TURTLE, **straat})
    told = answer.json()["errors"][0]
    assert (answer.status_code, told["name"]) == (422, "NameMissing")
    assert ("eigen naam" in told["message"]["nl"], "name of its own" in told["message"]["en"]) == (True, True)


@pytest.mark.parametrize(
    "door",
    [
        "POST /contributions",
        "POST /contributions?replace=true",
        "PUT /doc/straat/half",
        "POST /doc/straat/half",
        "PUT /view/straat",
        "POST /view/straat",
        "POST /sparql application/sparql-query",
        "POST /sparql application/x-www-form-urlencoded",
        "POST /inbox/straat application/ld+json",
        "POST /validate",
        f"PUT /graphs?graph={BASE}/id/straat/half",
        "POST /graphs multipart/form-data;boundary=x",
    ],
)
def test_who_hangs_up_in_the_middle_is_no_trouble(
    service: Inside, straat: dict[str, str], caplog: pytest.LogCaptureFixture, door: str
) -> None:
    """Nobody waits for the answer, so nothing stands in the log, and the next is served."""
    verb, path, *media = door.split(" ")
    lines = [f"{verb} {path} HTTP/1.1", "Host: x", f"Content-Type: {(media or ['text/turtle'])[0]}"]
    lines += [f"Authorization: {straat['Authorization']}", "Content-Length: 1000", "", "--x\r\n# half"]
    uvicorn, troubles = logging.getLogger("uvicorn.error"), logging.getLogger("service.troubles")
    for log in (uvicorn, troubles):
        log.addHandler(caplog.handler)
    try:
        url = service.client.base_url
        with socket.create_connection((url.host, url.port or 80)) as hasty:
            hasty.sendall("\r\n".join(lines).encode())
            time.sleep(0.1)
        time.sleep(0.2)
        assert service.client.get("/view/straat", headers=straat).status_code == 200
    finally:
        for log in (uvicorn, troubles):
            log.removeHandler(caplog.handler)
    assert caplog.records == []


def test_post_adds_and_takes_nothing_away(service: Inside, straat: dict[str, str]) -> None:
    """POST replaces and adds; what it does not name stays."""
    put(service, straat, stories("a", "b"))
    body = stories("a", text="Erbij.") + stories("d-erbij")
    answer = service.client.post("/view/straat", content=body, headers={**TURTLE, **straat})
    assert answer.json()["counts"] == {"added": 1, "replaced": 1, "withdrawn": 0, "returned": 0, "unchanged": 0}
    assert b"/straat/b>" in service.client.get("/view/straat", headers=straat).content


@pytest.mark.parametrize("path", ["/view/straat?dryRun=true", "/validate"])
def test_a_message_may_come_as_gzip(service: Inside, straat: dict[str, str], path: str) -> None:
    """Packed once, or in several members; torn, padded, not gzip at all, or endless inside is told, never half read."""
    text = stories("a", "b").encode()
    whole = gzip.compress(text)
    halves = gzip.compress(text[:1000]) + gzip.compress(text[1000:])
    bomb = gzip.compress(b"\n" * (service.house.settings.view_bytes_max + 1), 9)
    send = service.client.put if path.startswith("/view") else service.client.post

    def sent(body: bytes, encoding: str = "gzip") -> tuple[int, str | None]:
        answer = send(path, content=body, headers={**TURTLE, **straat, "Content-Encoding": encoding})
        return answer.status_code, answer.json()["errors"][0]["name"] if answer.status_code >= 400 else None

    assert [sent(whole), sent(halves), sent(whole, "x-gzip")] == [(200, None)] * 3
    assert [sent(b) for b in (whole[:-1], whole[:40], whole + b"x", whole[:-8] + b"\0" * 8, text, b"")] == [
        (400, "BodyTorn")
    ] * 6  # fmt: skip
    assert sent(bomb) == (413, "TooLarge")
    assert sent(whole, "br") == (415, "EncodingUnknown")


def test_every_objection_is_told_and_nothing_kept(service: Inside, straat: dict[str, str]) -> None:
    """422 as problem+json, or as a SHACL report where RDF is asked; the viewpoint is as it was."""
    put(service, straat, stories("a", "b"))
    before = service.client.get("/view/straat", headers=straat).content
    wrong = stories("a", text="Wel goed.") + story("straat", "x", ground=False) + story("straat", "y", ground=False)
    refused = put(service, straat, wrong)
    assert refused.status_code == 422
    assert {e["focus"] for e in refused.json()["errors"]} == {f"{BASE}/id/straat/{n}" for n in "xy"}
    report = put(service, straat, wrong, headers={"Accept": "text/turtle"})
    assert (report.status_code, b"ValidationReport" in report.content) == (422, True)
    assert service.client.get("/view/straat", headers=straat).content == before


def test_only_who_may_speak_may_synchronise(service: Inside, straat: dict[str, str]) -> None:
    """401 without a token, 403 for another's viewpoint, 400 for what is unclear; a recorder withdraws its own alone."""
    put(service, straat, stories("a", "b"))
    body = {"content": stories("z")}
    assert service.client.put("/view/straat", headers=TURTLE, **body).status_code == 401
    assert service.client.put("/view/gemeente", headers={**TURTLE, **straat}, **body).status_code == 403
    assert service.client.put("/view/nergens", headers={**TURTLE, **straat}, **body).status_code == 403
    for asked in (
        {"dryRun": "ja"},
        {"allowWithdraw": "-1"},
        {"allowWithdraw": "veel"},
        {"onBehalfOf": "buur"},
        {"x": ""},
    ):
        assert put(service, straat, stories("a"), params=asked).status_code == 400
    recorder = service.token("buur", "record-for")
    for name, withdrawn in (("namens-1", []), ("namens-2", [f"{BASE}/id/straat/namens-1"])):
        done = put(service, recorder, stories(name), params={"onBehalfOf": "straat"})
        assert (done.status_code, done.json()["withdrawn"]) == (200, withdrawn)
    assert b"/straat/a>" in service.client.get("/view/straat", headers=straat).content
    seen_by_recorder = service.client.get("/view/straat", headers=recorder)
    assert put(
        service, recorder, stories("namens-3"), headers={"If-Match": seen_by_recorder.headers["ETag"]}
    ).is_success


def test_a_large_one_goes_on_and_tells_how_far_it_is(service: Inside, straat: dict[str, str]) -> None:
    """202 and a progress that only who started it reads; meanwhile others publish, and the same party has to wait."""
    put(service, straat, stories("a", "b"))
    large = stories("a", "b") + "#" * LARGE_BYTES
    admission = service.house.admission
    with admission.large:  # As if another one were under way.
        started = put(service, straat, large)
        place = started.headers["Location"]
        assert started.status_code == 202
        assert started.json()["stage"] in ("waiting", "reading")
        assert service.client.get(place).status_code == 404
        assert service.client.get(place, headers=service.token("buur", "contribute")).status_code == 404
        running = service.client.get(place, headers=straat)
        assert (running.json()["state"], running.headers["Retry-After"]) == ("running", "1")
        busy = put(service, straat, stories("a"))
        assert (busy.status_code, busy.headers["Location"]) == (409, place)
        ordinary = service.client.post(
            "/contributions?replace=true", content=stories("los"), headers={**TURTLE, **straat}
        )
        assert ordinary.status_code == 201
    found = outcome_of(service, straat, started)
    assert (found["done"], found["of"]) == (1, 1)
    assert (found["status"], found["outcome"]["withdrawn"]) == (200, [f"{BASE}/id/straat/los"])
    assert put(service, straat, stories("a", "b")).status_code == 200


def test_who_asks_is_answered_later_or_waited_for(service: Inside, straat: dict[str, str]) -> None:
    """`Prefer: respond-async` gives 202 for a small one too, `wait` the answer itself; a refusal is told at the end."""
    put(service, straat, stories("a", "b"))
    wrong = story("straat", "x", ground=False)
    later = put(service, straat, wrong, headers={"Prefer": "respond-async"})
    assert later.headers["Preference-Applied"] == "respond-async"
    found = outcome_of(service, straat, later)
    assert (found["status"], found["outcome"]["errors"][0]["name"]) == (422, "GroundMissing")
    waited = put(service, straat, stories("a", "b"), headers={"Prefer": "handling=lenient, respond-async; wait=60"})
    assert (waited.status_code, waited.json()["counts"]["unchanged"]) == (200, 2)


def test_a_client_that_leaves_stops_nothing(service: Inside, straat: dict[str, str]) -> None:
    """What was received is done, also when nobody waits for the answer any more."""
    put(service, straat, stories("a", "b"))
    with pytest.raises(httpx.ReadTimeout), service.house.admission.large:
        put(
            service, straat, stories("a", "b", "ver") + "#" * LARGE_BYTES, headers={"Prefer": "wait=50"}, timeout=1.0
        )  # fmt: skip
    until = time.monotonic() + DONE_SECONDS_MAX
    while service.house.ledger.document(f"{BASE}/id/straat/ver") is None and time.monotonic() < until:
        time.sleep(0.05)
    assert b"/straat/ver>" in service.client.get("/view/straat", headers=straat).content


def test_a_progress_that_is_lost_tells_the_way_to_find_out(folder: Path, tmp_path: Path) -> None:
    """After a restart its address is gone, and the same message with the same key gives the receipt."""
    data = copy_of(folder, tmp_path)
    with inside(data) as first:
        token = first.token("straat", "contribute")
        keyed = {"Idempotency-Key": "nacht", "Prefer": "respond-async"}
        started = put(first, token, stories("a", "nieuw"), headers=keyed)
        was = outcome_of(first, token, started)["outcome"]
    with inside(data) as second:
        lost = second.client.get(started.headers["Location"], headers=token)
        assert (lost.status_code, "Idempotency-Key" in lost.json()["detail"]) == (404, True)
        again = put(second, token, stories("a", "nieuw"), headers={"Idempotency-Key": "nacht"}).json()
        assert (again["batch"], again["added"], again["created"]) == (was["batch"], was["added"], False)
