"""Killed in the middle of a synchronisation, the service has done all of it or nothing; the command works beside it."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from kg.ledger import Ledger
from tests.running import Service, copy_of, start_service
from tests.stories import BASE, story

DOCUMENTS = 300
SEED = 20261124


def whole(round: int, count: int = DOCUMENTS) -> str:
    """A viewpoint of which every document differs from the round before, and some names do."""
    names = range(round * 5, round * 5 + count)
    return "".join(story("straat", f"s{name}", text=f"Ronde {round}, verhaal {name}.") for name in names)


@pytest.fixture
def service(moerwijk_folder: Path, tmp_path: Path) -> Service:
    """A running service with a party; the test that has it ends it."""
    data = copy_of(moerwijk_folder, tmp_path)
    running = start_service(data, BASE)
    running.run("party", "add", "straat", "--name", "Straat", "--perspective", "residents")
    return running


def said(service: Service) -> dict[str, str]:
    """The viewpoint as it stands on disk: document to digest."""
    with Ledger.open(f"sqlite:///{service.data / 'ledger.sqlite'}", read_only=True) as ledger:
        return {held.iri: held.digest for held in ledger.viewpoint("straat").documents.values()}


def killed(service: Service, token: str, body: str, when: Callable[[httpx.Client, str, float], None]) -> Service:
    """The service after a kill -9 in the middle, started again; every chain and store is as it should be."""
    headers = {"Content-Type": "text/turtle", "Prefer": "respond-async"}
    with service.client(token) as client:
        started = time.monotonic()
        answer = client.put("/view/straat?allowWithdraw=9999", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        with contextlib.suppress(httpx.TransportError):
            when(client, answer.headers["Location"], started)
        service.stop(signal.SIGKILL)
    assert service.run("verify").returncode == 0
    assert service.run("rebuild").returncode == 0
    return start_service(service.data, BASE)


def test_killed_while_it_writes_all_or_nothing_is_there(service: Service) -> None:
    """kill -9 as soon as it writes: the viewpoint is the one before or the one sent; the same again completes it."""
    token = service.token("straat", "contribute")
    with service.client(token) as client:
        client.put("/view/straat", content=whole(0), headers={"Content-Type": "text/turtle"}).raise_for_status()
    before = said(service)

    def writing(client: httpx.Client, place: str, _started: float) -> None:
        while client.get(place).json()["stage"] not in ("writing", "done"):
            pass

    service = killed(service, token, whole(1), writing)
    try:
        between = said(service)
        with service.client(token) as client:
            headers = {"Content-Type": "text/turtle"}
            again = client.put("/view/straat", content=whole(1), headers=headers).raise_for_status().json()
        after = said(service)
        assert between in (before, after)
        assert again["created"] == (between == before)
        assert len(after) == DOCUMENTS
    finally:
        service.stop()


@pytest.mark.slow
def test_killed_at_any_moment_all_or_nothing_is_there(service: Service) -> None:
    """The same twenty times, at random moments between being received and being done."""
    token = service.token("straat", "contribute")
    chance = random.Random(SEED)
    headers = {"Content-Type": "text/turtle"}
    with service.client(token) as client:
        begun = time.monotonic()
        client.put("/view/straat", content=whole(0), headers=headers).raise_for_status()
        lasts = time.monotonic() - begun
    kept = 0
    try:
        for round in range(1, 21):
            before, moment = said(service), chance.uniform(0, lasts)

            def later(_client: httpx.Client, _place: str, started: float, moment: float = moment) -> None:
                time.sleep(max(0.0, started + moment - time.monotonic()))

            service = killed(service, token, whole(round), later)
            between = said(service)
            with service.client(token) as client:
                client.put("/view/straat", content=whole(round), headers=headers).raise_for_status()
            assert between in (before, said(service)), round
            kept += between == before
        assert 0 < kept
    finally:
        service.stop()


def test_the_command_works_beside_a_running_service(service: Service, tmp_path: Path) -> None:
    """`wijkgraaf sync` tells what changed and what would; exit 1 when refused, 2 when the party is missing."""
    try:
        file = tmp_path / "straat.ttl"
        file.write_text(whole(0, 30))
        added = service.run("sync", str(file), "--party", "straat", "--key", "een")
        assert len(added.stdout.splitlines()) == 30
        file.write_text(whole(0, 3))
        words = ("sync", str(file), "--party", "straat")
        refused = service.run(*words, check=False)
        assert (refused.returncode, "--allow-withdraw 27" in " ".join(refused.stderr.split())) == (1, True)
        would = service.run(*words, "--allow-withdraw", "27", "--dry-run")
        assert (len(would.stdout.splitlines()), "would be" in would.stderr) == (27, True)
        tried = service.run(*words, "--dry-run")
        assert (len(tried.stdout.splitlines()), "--allow-withdraw 27." in " ".join(tried.stderr.split())) == (27, True)
        file.write_text(whole(1, 3))
        assert len(service.run(*words, "--add").stdout.splitlines()) == 3
        assert len(said(service)) == 30
        assert service.run("sync", str(file), check=False).returncode == 2
        address = ("--url", service.url, "--token", service.token("straat", "contribute"))
        assert service.run(*words, "--allow-withdraw", "99", *address).returncode == 0
        assert len(said(service)) == 3
    finally:
        service.stop()
