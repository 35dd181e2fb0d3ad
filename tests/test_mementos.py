"""Documents and viewpoints as they were, by `at` and by Accept-Datetime: RFC 7089, pattern 1.1."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest

from service.mementos import LINKS
from tests.inside import Inside, inside
from tests.running import copy_of
from tests.stories import BASE, connection
from tests.test_times import TURTLE, let_go, now, say

RDF = {"Accept": "application/n-triples"}


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to, each with stories of its own."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("mementos"))) as service:
        yield service


@pytest.fixture(scope="module")
def holder(service: Inside) -> dict[str, str]:
    """The token of who tells the stories."""
    return service.token("voorbeeld-bewoners", "contribute")


@pytest.fixture(autouse=True)
def _room(service: Inside) -> None:
    """Each test begins with room for two pasts."""
    let_go(service)


def test_a_document_is_read_as_it_was(service: Inside, holder: dict[str, str]) -> None:
    """Each version at its time, exactly as it was said then; and its page says of what day it is."""
    say(service, holder, "m-1", "Toen was het nat")
    first = service.client.get("/doc/voorbeeld-bewoners/m-1", headers=RDF).content
    at = now()
    say(service, holder, "m-1", "Nu is het droog")
    past = service.client.get("/doc/voorbeeld-bewoners/m-1", params={"at": at}, headers=RDF)
    assert (200, first) == (past.status_code, past.content)
    assert "0" == past.headers["wijkgraaf-redactions"]
    assert past.headers["wijkgraaf-position"] in past.headers["etag"]
    assert datetime.now(UTC) >= parsedate_to_datetime(past.headers["memento-datetime"])
    for relation in ("original timegate", "timemap", "memento"):
        assert f'rel="{relation}"' in past.headers["link"]
    same = service.client.get(
        "/doc/voorbeeld-bewoners/m-1",
        params={"at": at},
        headers=RDF | {"If-None-Match": past.headers["etag"]},
    )
    assert 304 == same.status_code
    for lang, words in (("nl", "U ziet hoe dit was op"), ("en", "You see how this was on")):
        page = service.client.get(
            "/doc/voorbeeld-bewoners/m-1", params={"at": at, "lang": lang}, headers={"Accept": "text/html"}
        )
        assert 200 == page.status_code
        assert words in page.text
        assert "Toen was het nat" in page.text
        assert "Nu is het droog" not in page.text
    assert 404 == service.client.get("/doc/voorbeeld-bewoners/m-geen", params={"at": at}).status_code


def test_a_timegate_leads_to_the_version_of_that_time(service: Inside, holder: dict[str, str]) -> None:
    """302 to the version that stood then, to the first before that, to the last for the future; 400 for no date."""
    for number in (1, 2):
        say(service, holder, "m-2", f"Versie {number}")
    original = service.client.get("/doc/voorbeeld-bewoners/m-2", headers=RDF)
    assert "accept-datetime" in original.headers["vary"].lower()
    gate = re.search(r'<([^>]+)>; rel="original timegate"', original.headers["link"])
    timemap = re.search(r'<([^>]+)>; rel="timemap"', original.headers["link"])
    assert gate
    assert timemap
    listed = service.client.get(timemap[1])
    assert LINKS.media_type == listed.headers["content-type"]
    mementos = re.findall(r'<([^>]+)>; rel="([a-z ]*)memento"; datetime="([^"]+)"', listed.text)
    assert ["first ", "last "] == [relation for _, relation, _ in mementos]
    for asked, expected in (
        ("Sat, 01 Jan 2000 00:00:00 GMT", mementos[0]),
        ("Fri, 01 Jan 2100 00:00:00 GMT", mementos[1]),
        # Both versions came in one second, in which HTTP can't tell them apart: the later one is meant.
        (mementos[1][2], mementos[1]),
    ):
        answer = service.client.get(gate[1], headers=RDF | {"Accept-Datetime": asked})
        assert (302, expected[0]) == (answer.status_code, answer.headers["location"])
        assert "accept-datetime" in answer.headers["vary"].lower()
        memento = service.client.get(answer.headers["location"], headers=RDF)
        assert expected[2] == memento.headers["memento-datetime"]
        assert f"Versie {1 + mementos.index(expected)}" in memento.text
    assert 400 == service.client.get(gate[1], headers={"Accept-Datetime": "vorige week"}).status_code
    as_json = service.client.get(timemap[1], headers={"Accept": "application/json"}).json()
    assert [address for address, _, _ in mementos] == [one["href"] for one in as_json["versions"]]
    for lang, words in (("nl", "Sinds wanneer"), ("en", "Since when")):
        page = service.client.get(timemap[1], params={"lang": lang}, headers={"Accept": "text/html"})
        assert words in page.text
        assert mementos[0][0] in page.text


def test_the_page_of_versions_says_whose_versions_they_are(service: Inside) -> None:
    """The title in the reader's language; an address with /doc in it is told where the versions are."""
    for lang in ("nl", "en"):
        title = re.search(r'title>? "([^"]+)"@' + lang, service.client.get("/doc/gemeente/b-agenda", headers=RDF).text)
        page = service.client.get("/timemap/gemeente/b-agenda", params={"lang": lang}, headers={"Accept": "text/html"})
        assert title
        assert f">{html.escape(title[1])}</a>" in page.text
        assert "versions-ended" not in page.text
    lost = service.client.get("/timemap/doc/gemeente/b-agenda", headers={"Accept": "application/json"})
    error = lost.json()["errors"][0]
    assert (404, "VersionsElsewhere", "/timemap/gemeente/b-agenda") == (lost.status_code, error["name"], error["limit"])


def test_what_was_taken_back_is_found_in_the_past_and_what_was_erased_is_not(
    service: Inside, holder: dict[str, str]
) -> None:
    """Withdrawn: 410 now, and its versions at their times. Erased: no version and no list; 410 where a tie names it."""
    story = say(service, holder, "m-3", "Eens verteld")
    say(service, holder, "m-4", "Ernaast")
    tie = connection("voorbeeld-bewoners", "m-5", f"{BASE}/id/voorbeeld-bewoners/m-4", story)
    taken = service.client.post("/contributions", content=tie.encode(), headers=holder | TURTLE)
    at = now()
    service.end("withdraw", story)
    path = "/doc/voorbeeld-bewoners/m-3"
    ahead = {"Accept-Datetime": format_datetime(datetime.now(UTC), usegmt=True)}
    assert 410 == service.client.get(path, headers=RDF).status_code
    assert "Eens verteld" in service.client.get(path, params={"at": at}, headers=RDF).text
    assert 302 == service.client.get(path, headers=ahead).status_code
    ended = service.client.get("/timemap/voorbeeld-bewoners/m-3", headers={"Accept": "application/json"}).json()[
        "ended"
    ]
    assert ("withdrawn", at[:10]) == (ended["how"], ended["at"][:10])
    listed = service.client.get("/timemap/voorbeeld-bewoners/m-3?lang=nl", headers={"Accept": "text/html"}).text
    assert re.search(r"Op \d+ \w+ \d{4}, [\d:]+ UTC is dit ingetrokken", listed)
    service.end("erase", story)
    gone = service.client.get(path, params={"at": at}, headers=RDF)
    named = taken.status_code == 201
    assert (410 if named else 404, False) == (gone.status_code, "Eens verteld" in gone.text)
    assert 404 == service.client.get(path, headers=ahead).status_code
    assert 404 == service.client.get("/timemap/voorbeeld-bewoners/m-3").status_code
    page = service.client.get(path, params={"at": at}, headers={"Accept": "text/html"})
    assert page.status_code in (404, 410)
    assert "Eens verteld" not in page.text


def test_a_viewpoint_is_read_as_it_was(service: Inside, holder: dict[str, str]) -> None:
    """Whole, in every format, with its position; later words are not in it, and equal requests get equal bytes."""
    say(service, holder, "m-6", "Vroeger")
    at = now()
    say(service, holder, "m-6", "Later")
    path = "/view/voorbeeld-bewoners"
    for accept in ("application/trig", "application/n-quads", "text/turtle", "application/ld+json"):
        first, again = (service.client.get(path, params={"at": at}, headers={"Accept": accept}) for _ in range(2))
        assert (200, True, False) == (first.status_code, "Vroeger" in first.text, "Later" in first.text)
        assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    assert 404 == service.client.get("/view/niemand", params={"at": at}).status_code
    assert 404 == service.client.get(path, params={"at": "1999-12-31"}).status_code


def test_the_holder_reads_its_own_past_and_nobody_else_does(service: Inside, holder: dict[str, str]) -> None:
    """What was for few, or became so, is in no past for others; its holder still reads each version."""
    say(service, holder, "m-7", "Eerst openbaar")
    before = now()
    say(service, holder, "m-7", "Nu van mij alleen", audience="own")
    after = now()
    path = "/doc/voorbeeld-bewoners/m-7"
    partner = service.token("voorbeeld-zorg", "read-partners")
    for at, words in ((before, "Eerst openbaar"), (after, "Nu van mij alleen")):
        assert words in service.client.get(path, params={"at": at}, headers=RDF | holder).text
        for who in ({}, partner):
            assert 404 == service.client.get(path, params={"at": at}, headers=RDF | who).status_code
            assert 404 == service.client.get("/timemap/voorbeeld-bewoners/m-7", headers=who).status_code
            gate = service.client.get(path, headers=who | {"Accept-Datetime": "Fri, 01 Jan 2100 00:00:00 GMT"})
            assert 404 == gate.status_code
