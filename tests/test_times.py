"""The past through the door: the same bytes for ever, less what was redacted, with its position and its count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from kg import remembering
from kg.remembering import PAST_SECONDS_MAX, PAST_SECONDS_MIN
from service.client.way import retry_after
from tests.inside import Inside, inside
from tests.running import copy_of
from tests.stories import BASE, story

EVERYTHING = "CONSTRUCT { ?s ?p ?o } { GRAPH ?g { ?s ?p ?o } FILTER(?g != <" + BASE + "/graph/vocabulary>) }"
TURTLE = {"Content-Type": "text/turtle"}


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to, each with stories of its own."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("times"))) as service:
        yield service


@pytest.fixture(autouse=True)
def _room(service: Inside) -> None:
    """Each test begins with room for two pasts."""
    let_go(service)


@pytest.fixture(scope="module")
def holder(service: Inside) -> dict[str, str]:
    """The token of who tells the stories."""
    return service.token("voorbeeld-bewoners", "contribute")


def say(service: Inside, holder: dict[str, str], name: str, text: str, audience: str = "public") -> str:
    """Publishes or replaces a story; returns its IRI."""
    body = story("voorbeeld-bewoners", name, text=text, audience=audience).encode()
    answer = service.client.post("/contributions?replace=true", content=body, headers=holder | TURTLE)
    assert answer.status_code == 201, answer.text
    return f"{BASE}/id/voorbeeld-bewoners/{name}"


def now() -> str:
    """This instant, which nothing that is written afterwards shares."""
    time.sleep(0.002)
    instant = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    time.sleep(0.002)
    return instant


def ask(service: Inside, at: str, query: str = EVERYTHING, accept: str = "application/n-triples") -> httpx.Response:
    """A query to the past."""
    return service.client.get("/sparql", params={"query": query, "at": at}, headers={"Accept": accept})


def let_go(service: Inside) -> None:
    """Every past store made so far is gone, as after ten minutes."""
    pasts = service.house.times.pasts
    moment = pasts.now()
    pasts.now = lambda: moment + timedelta(seconds=PAST_SECONDS_MAX + 2 * PAST_SECONDS_MIN)
    pasts.sweep()
    pasts.now = lambda: datetime.now(UTC)
    assert {} == dict(pasts.crews)


def test_the_same_question_to_the_same_past_gets_the_same_bytes(service: Inside, holder: dict[str, str]) -> None:
    """After publishing, replacing, withdrawing, and in another process: bytes, position and ETag are the same."""
    say(service, holder, "p-1", "Eerste woorden")
    at = now()
    first = ask(service, at)
    assert (200, "0") == (first.status_code, first.headers["wijkgraaf-redactions"]), first.text
    assert "Eerste woorden" in first.text
    say(service, holder, "p-1", "Andere woorden")
    say(service, holder, "p-2", "Nieuwe woorden")
    service.end("withdraw", f"{BASE}/id/voorbeeld-bewoners/p-1")
    warm = ask(service, at)
    let_go(service)
    cold = ask(service, at)
    for later in (warm, cold):
        assert first.content == later.content
        for header in ("etag", "wijkgraaf-position", "wijkgraaf-redactions", "memento-datetime"):
            assert first.headers[header] == later.headers[header]
    present = service.client.get("/sparql", params={"query": EVERYTHING}, headers={"Accept": "application/n-triples"})
    assert int(present.headers["wijkgraaf-position"]) == int(first.headers["wijkgraaf-position"]) + 3
    assert "wijkgraaf-redactions" not in present.headers
    again = service.client.get(
        "/sparql", params={"query": EVERYTHING, "at": at}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert 304 == again.status_code or again.headers["etag"] != first.headers["etag"]


def test_what_is_redacted_is_gone_from_the_past_at_once(service: Inside, holder: dict[str, str]) -> None:
    """Erased, or for fewer readers now: a warm past store shows neither, and its count and ETag say so."""
    erased = say(service, holder, "w-1", "Straks gewist")
    say(service, holder, "w-2", "Straks alleen voor partners")
    kept = say(service, holder, "w-3", "Straks ingetrokken")
    at = now()
    before = ask(service, at)
    service.end("withdraw", kept)
    service.end("erase", erased)
    after = ask(service, at)
    assert ("0", "1") == tuple(answer.headers["wijkgraaf-redactions"] for answer in (before, after))
    assert "Straks gewist" in before.text
    assert "Straks gewist" not in after.text
    assert "Straks ingetrokken" in after.text
    say(service, holder, "w-2", "Straks alleen voor partners", audience="partners")
    last = ask(service, at)
    assert ("2", False) == (last.headers["wijkgraaf-redactions"], "Straks alleen" in last.text)
    assert 3 == len({answer.headers["etag"] for answer in (before, after, last)})
    assert 1 == len({answer.headers["wijkgraaf-position"] for answer in (before, after, last)})


def test_a_date_is_the_end_of_its_day_and_other_times_are_told_apart(service: Inside) -> None:
    """The future and today, which is not over, are refused; so is what has no zone; before the beginning is 404."""
    today = datetime.now(UTC).date()
    for at, name, status in (
        ("2999-01-01T00:00:00Z", "TimeAhead", 400),
        (today.isoformat(), "TimeAhead", 400),
        ("2026-01-31T12:00:00", "TimeUnclear", 400),
        ("2026-02-30", "TimeUnclear", 400),
        ("gisteren om 3", "TimeUnclear", 400),
        ("0001-01-01T00:00:00+14:00", "TimeUnclear", 400),
        ("1999-12-31", "TimeBefore", 404),
        ("nergens", "SnapshotUnknown", 404),
    ):
        answer = ask(service, at)
        assert (status, name) == (answer.status_code, answer.json()["errors"][0]["name"]), at
    # A form's field for a date that nobody filled in asks for no past.
    assert (200, False) == ((now := ask(service, "")).status_code, "memento-datetime" in now.headers)
    offset = datetime.now(UTC) + timedelta(hours=2) - timedelta(seconds=1)
    with_zone = ask(service, offset.replace(tzinfo=None).isoformat() + "+02:00")
    assert 200 == with_zone.status_code
    twice = service.client.get("/sparql", params=[("query", "ASK {}"), ("at", "1999-12-31"), ("at", "1999-12-30")])
    assert 400 == twice.status_code


def three_moments(service: Inside, holder: dict[str, str], start: str) -> list[str]:
    """Three moments, each after one more story, with no past store standing."""
    times = []
    for number in range(3):
        say(service, holder, f"{start}-{number}", f"Een van drie, {start}: {number}")
        times.append(now())
    let_go(service)
    return times


def how_many(service: Inside, at: str, start: str) -> tuple[int, int]:
    """The status, and how many of these stories stood there then."""
    query = f'SELECT ?t {{ ?s <http://purl.org/dc/terms/description> ?t FILTER(CONTAINS(?t, "drie, {start}:")) }}'
    answer = ask(service, at, query, "text/csv")
    return answer.status_code, answer.text.count(f"drie, {start}:")


def test_who_asks_one_moment_after_the_other_is_answered(service: Inside, holder: dict[str, str]) -> None:
    """Three moments in a row, each answered before the next is asked, and the first again: nobody is sent away."""
    times = three_moments(service, holder, "d")
    found = [how_many(service, at, "d") for at in (*times, times[0])]
    assert [(200, 1), (200, 2), (200, 3), (200, 1)] == found
    assert 2 == len(service.house.times.pasts.crews)


def test_a_third_waits_while_two_are_being_asked(
    service: Inside, holder: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 while both answer somebody, with the seconds of its words in Retry-After; answered when one is done."""
    monkeypatch.setattr(remembering, "ROOM_SECONDS_MAX", 0.1)
    times = three_moments(service, holder, "e")
    assert [(200, 1), (200, 2)] == [how_many(service, at, "e") for at in times[:2]]
    pasts = service.house.times.pasts
    moment = pasts.now()
    pasts.now = lambda: moment + timedelta(seconds=2 * PAST_SECONDS_MIN)
    held = [(crew, crew.take()) for crew in pasts.crews.values()]
    refused = ask(service, times[2])
    told = refused.json()
    assert (503, "PastBusy") == (refused.status_code, told["errors"][0]["name"])
    assert f"{refused.headers['retry-after']} s" == told["limit"]
    assert f"Try again in {told['limit']}" in told["errors"][0]["message"]["en"]
    assert float(refused.headers["retry-after"]) == retry_after(refused)
    for crew, worker in held:
        crew.give_back(worker)
    assert (200, 3) == how_many(service, times[2], "e")
    pasts.now = lambda: datetime.now(UTC)


def test_two_that_are_asked_all_the_time_make_room_in_the_end(
    service: Inside, holder: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked without rest stays half a minute at least, and then makes room between two of its questions."""
    monkeypatch.setattr(remembering, "ROOM_SECONDS_MAX", 0.1)
    times = three_moments(service, holder, "f")
    pasts = service.house.times.pasts
    moment = pasts.now()
    pasts.now = lambda: moment
    assert [(200, 1), (200, 2)] == [how_many(service, at, "f") for at in times[:2]]
    assert 503 == ask(service, times[2]).status_code
    pasts.now = lambda: moment + timedelta(seconds=PAST_SECONDS_MIN)
    assert [(200, 1), (200, 2)] == [how_many(service, at, "f") for at in times[:2]]
    assert (200, 3) == how_many(service, times[2], "f")
    pasts.now = lambda: datetime.now(UTC)


def test_a_named_question_asks_the_past_page_by_page(service: Inside, holder: dict[str, str]) -> None:
    """The same rows for ever, and a page that was begun goes on after later words; a redaction ends it with 410."""
    path, text = "/queries/stories-no-policy-meets", {"Accept": "text/csv"}
    erased = say(service, holder, "q-1", "Telt straks niet meer mee")
    at = {"at": now(), "lang": "nl"}
    whole = service.client.get(path, params=at, headers=text)
    assert (200, "0") == (whole.status_code, whole.headers["wijkgraaf-redactions"])
    assert "voorbeeld-bewoners/q-1" in whole.text
    page = service.client.get(path, params=at | {"limit": "1"}, headers=text)
    say(service, holder, "q-2", "Later")
    again = service.client.get(path, params=at, headers=text)
    assert (whole.content, whole.headers["etag"]) == (again.content, again.headers["etag"])
    following = page.links["next"]["url"]
    assert 200 == service.client.get(following, headers=text).status_code
    service.end("erase", erased)
    assert 410 == service.client.get(following, headers=text).status_code
    after = service.client.get(path, params=at, headers=text)
    assert ("1", False) == (after.headers["wijkgraaf-redactions"], "voorbeeld-bewoners/q-1" in after.text)
    for lang, words in (("nl", "U ziet hoe dit was op"), ("en", "You see how this was on")):
        shown = service.client.get(path, params=at | {"lang": lang}, headers={"Accept": "text/html"})
        assert (200, True) == (shown.status_code, words in shown.text)
    assert 404 == service.client.get(path, params={"at": "1999-12-31"}, headers=text).status_code
