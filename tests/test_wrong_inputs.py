"""Wrong inputs, each refused with the right status and words that say what to do; nothing is lost or half kept."""

from __future__ import annotations

import select
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path

import httpx
import pytest

from kg.accounts import Accounts
from kg.objection import Objection
from kg.party import Right
from tests.running import Service, copy_of, start_service
from tests.stories import BASE, PREFIXES, story
from tests.wrong_inputs import (
    BODY_BYTES_MAX,
    CONSENT,
    GOOD,
    NEW_TOKEN,
    OWN,
    PARTY,
    SPACE,
    TABLE,
    TURTLE,
    YESTERDAY,
    Wrong,
)


@dataclass(frozen=True)
class Street:
    """A service with a party, its tokens, and two documents: one replaced, one withdrawn."""

    service: Service
    secrets: Mapping[str, str]

    def filled(self, text: str) -> str:
        """The words with what stands for a secret or a tag put in."""
        for name, value in self.secrets.items():
            text = text.replace(name, value)
        return text

    def send(self, wrong: Wrong, lang: str = "nl") -> httpx.Response:
        """Sends it, as the party unless it says otherwise."""
        method, path = wrong.to.split(" ", 1)
        headers = {"Authorization": "Bearer SECRET", "Accept-Language": lang} | dict(wrong.headers)
        if wrong.media is not None:
            headers["Content-Type"] = wrong.media
        headers = {name: self.filled(value) for name, value in headers.items() if value}
        body = wrong.body.encode() if isinstance(wrong.body, str) else wrong.body
        return httpx.request(method, self.service.url + self.filled(path), content=body, headers=headers, timeout=60)

    def raw(self, head: str, pieces: Iterable[bytes] = (), *, stay: bool = True) -> tuple[bytes, int]:
        """What is answered to bytes sent as they are, after how much of a body; `stay` waits for it."""
        sent = 0
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as sock:
            sock.sendall(self.filled(head).replace("\n", "\r\n").encode() + b"\r\n")
            try:
                for piece in pieces:
                    if select.select([sock], [], [], 0)[0]:
                        break
                    sock.sendall(piece)
                    sent += len(piece)
                return (b"".join(iter(lambda: sock.recv(65536), b"")) if stay else b""), sent
            except ConnectionError:  # The door was shut while we still spoke.
                return b"", sent

    def state(self) -> dict[str, object]:
        """All that is kept: each table's rows, the chains' ends, the files of the folder, what may be read."""
        with sqlite3.connect(f"file:{self.service.data}/ledger.sqlite?mode=ro", uri=True) as ledger:
            found = ledger.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            tables = [name for (name,) in found if name != "reads"]  # Who read is noted a little later.
            kept: dict[str, object] = {
                name: ledger.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables
            }
            kept["end"] = ledger.execute("SELECT number, digest FROM entries ORDER BY number DESC LIMIT 1").fetchone()
        kept["files"] = sorted(
            str(path.relative_to(self.service.data))
            for path in self.service.data.rglob("*")
            if not path.name.startswith("ledger.sqlite")
        )
        query = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}
        with self.service.client(self.secrets["SECRET"]) as client:
            kept["read"] = client.post("/sparql", data=query, headers={"Accept": "text/csv"}).text
        return kept


@pytest.fixture(scope="module")
def street(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """The service; what was read before is what is read after all of it."""
    few = {"WIJKGRAAF_BODY_BYTES_MAX": str(BODY_BYTES_MAX)}
    service = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("wrong")), BASE, env=few)
    service.run("party", "add", PARTY, "--name", "Een straat", "--perspective", "residents", "--namespace", SPACE)
    now = datetime.now(UTC)
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as accounts:
        before = now - timedelta(days=2)
        secrets = {
            "EXPIRED": accounts.create_token(PARTY, Right.CONTRIBUTE, before, before + timedelta(days=1)),
            "REVOKED": accounts.create_token(PARTY, Right.CONTRIBUTE, before),
        }
        found = accounts.caller(secrets["REVOKED"], now)
        accounts.revoke(found.token_id, now)  # type: ignore[union-attr,arg-type]
        secrets |= {
            "READER": accounts.create_token(PARTY, Right.READ_PARTNERS, now),
            "RECORDER": accounts.create_token("voorbeeld-zorg", Right.RECORD_FOR, now),
            "SECRET": accounts.create_token(PARTY, Right.CONTRIBUTE, now),
        }
    with service.client(secrets["SECRET"]) as client:
        turtle = {"Content-Type": TURTLE}
        first = client.post("/contributions", content=story(PARTY, "oud"), headers=turtle)
        secrets["STALE"] = first.headers["etag"].strip('"')
        newer = story(PARTY, "oud", text="Nieuwer.")
        second = client.put(f"/doc/{PARTY}/oud", content=newer, headers=turtle | {"If-Match": first.headers["etag"]})
        secrets["CURRENT"] = second.headers["etag"].strip('"')
        keyed = client.post(
            "/contributions", content=story(PARTY, "sleutel"), headers=turtle | {"Idempotency-Key": "eerste"}
        )
        ended = client.post("/contributions", content=story(PARTY, "weg"), headers=turtle)
        assert {201} == {first.status_code, keyed.status_code, ended.status_code}
        assert 200 == client.delete(f"/doc/{PARTY}/weg").status_code
    yield Street(service, secrets)
    service.stop()


@pytest.fixture(scope="module")
def untouched(street: Street) -> dict[str, object]:
    """All that was kept before anything wrong came."""
    street.state()  # The first use of a token is noted.
    return street.state()


@pytest.mark.parametrize("wrong", TABLE, ids=[wrong.what for wrong in TABLE])
def test_what_is_wrong_says_what_to_do_and_leaves_everything_as_it_was(
    street: Street, untouched: dict[str, object], wrong: Wrong
) -> None:
    """The status, the reason, the cure in Dutch and English, whichever language is asked; no trace of it kept."""
    answer = street.send(wrong)
    assert (wrong.status, "application/problem+json") == (answer.status_code, answer.headers["content-type"]), (
        answer.text
    )
    (first, *_) = errors = answer.json()["errors"]
    assert wrong.name in [error["name"] for error in errors], answer.text
    told = first if first["name"] == wrong.name else next(e for e in errors if e["name"] == wrong.name)
    nl, en = wrong.cure
    assert nl in told["message"]["nl"], told["message"]
    assert en in told["message"]["en"], told["message"]
    assert answer.json()["detail"].startswith(first["message"]["nl"])
    assert street.secrets["SECRET"] not in answer.text
    assert untouched == street.state()


HEAD = """POST /contributions HTTP/1.1
Host: 127.0.0.1
Authorization: Bearer SECRET
Content-Type: text/turtle
Connection: close
"""
MEBIBYTE = b"100000\r\n" + b"#" * 1024**2 + b"\r\n"


def test_two_gigabytes_are_refused_before_they_are_sent(street: Street, untouched: dict[str, object]) -> None:
    """Announced: 413 at once, nothing of it read. In pieces without an end: 413 when it is more than may be."""
    answer, _ = street.raw(f"{HEAD}Content-Length: {2 * 1024**3}\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Spread it over" in answer
    assert b"Verdeel het over" in answer
    answer, sent = street.raw(f"{HEAD}Transfer-Encoding: chunked\n", repeat(MEBIBYTE, 2048))
    assert sent < 4 * BODY_BYTES_MAX
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")
    assert untouched == street.state()


def test_a_hundred_thousand_documents_of_nothing_are_refused_soon(street: Street, untouched: dict[str, object]) -> None:
    """Not one is kept, and not every one is told: who mends them needs some, not all."""
    body = PREFIXES + "".join(f"<{OWN}/n{number}> a lw:Policy .\n" for number in range(100_000))
    answer = street.send(Wrong("nothing", 422, "HolderMissing", ("", ""), body))
    assert 422 == answer.status_code
    assert 0 < len(answer.json()["errors"]) < 1000
    assert "HolderMissing" in {error["name"] for error in answer.json()["errors"]}
    assert untouched == street.state()


def test_who_goes_away_in_the_middle_leaves_nothing(street: Street, untouched: dict[str, object]) -> None:
    """Whole documents in half a body are not kept; who stays silent keeps nobody else waiting."""
    body = GOOD.encode()
    for where in (len(body), len(body) // 2):
        street.raw(f"{HEAD}Content-Length: {len(body) + 10}\n", [body[:where]], stay=False)
        street.raw(f"{HEAD}Transfer-Encoding: chunked\n", [b"%x\r\n%b\r\n" % (where, body[:where])], stay=False)
    with socket.create_connection(("127.0.0.1", street.service.port)) as silent:
        silent.sendall(street.filled(HEAD).replace("\n", "\r\n").encode() + b"Content-Length: 900\r\n\r\n" + body[:100])
        assert untouched == street.state()
    assert untouched == street.state()


WITHIN = (
    "POST /contributions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer SECRET\r\nContent-Type: text/turtle\r\n"
    f"Content-Length: {len(GOOD)}\r\n\r\n{GOOD}"
)


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 5\nContent-Length: 6\n",
        "Content-Length: 5, 6\n",
        "Content-Length: -1\n",
        "Content-Length: +5\n",
        "Content-Length: 0x5\n",
        "Content-Length: 5\nTransfer-Encoding: chunked\n",
        "Transfer-Encoding: chunked\nContent-Length: 5\n",
        "Transfer-Encoding: xchunked\nContent-Length: 5\n",
        "Transfer-Encoding: chunked, identity\nContent-Length: 5\n",
        "Transfer-Encoding : chunked\nContent-Length: 5\n",
        "Transfer-Encoding:\n chunked\nContent-Length: 5\n",
        "Transfer-Encoding: chunked\nTransfer-Encoding: identity\nContent-Length: 5\n",
    ],
)
def test_no_message_hides_in_another(street: Street, untouched: dict[str, object], lengths: str) -> None:
    """Where two lengths could be meant the request is refused; what follows it is never taken for one of its own."""
    sent = street.filled("0\r\n\r\n" + WITHIN).encode()
    head = HEAD.replace("Connection: close\n", "")
    answer, _ = street.raw(head + lengths, [sent])
    assert 1 >= answer.count(b"HTTP/1.1 "), answer
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer
    assert untouched == street.state()


def test_tokens_and_consents_end_to_the_second_whatever_clock_who_sends_has(
    street: Street, untouched: dict[str, object]
) -> None:
    """Only our clock counts: a Date of the past opens nothing; a consent holds through its last day."""
    late = Wrong("late", 401, "TokenExpired", NEW_TOKEN, headers={"Authorization": "Bearer EXPIRED"})
    past = {"Date": "Mon, 01 Jan 2024 00:00:00 GMT", "Wijkgraaf-Date": "2024-01-01"}
    answer = street.send(replace(late, headers={**late.headers, **past}))
    assert (401, "TokenExpired") == (answer.status_code, answer.json()["errors"][0]["name"])
    tomorrow = CONSENT.replace("LASTDAY", str(YESTERDAY + timedelta(days=2)))
    assert 200 == street.send(replace(late, body=tomorrow, to="POST /validate", headers={})).status_code
    ended = CONSENT.replace("LASTDAY", str(YESTERDAY))
    assert 422 == street.send(replace(late, body=ended, to="POST /validate", headers=past)).status_code
    with Accounts(f"sqlite:///{street.service.data}/ledger.sqlite") as accounts:
        now = datetime.now(UTC)
        secret = accounts.create_token(PARTY, Right.CONTRIBUTE, now, now + timedelta(seconds=10))
        assert not isinstance(accounts.caller(secret, now + timedelta(seconds=9.999)), Objection)
        for seconds in (10, 11):
            found = accounts.caller(secret, now + timedelta(seconds=seconds))
            assert isinstance(found, Objection)
            assert "TokenExpired" == found.name
