"""What was acknowledged is there: kill -9 under writes through HTTP, and a rebuild equals what was live."""

from __future__ import annotations

import concurrent.futures
import random
import signal
import threading
from pathlib import Path

import httpx
import pytest

from tests.running import Service, copy_of, start_service
from tests.stories import BASE, story

TURTLE = {"Content-Type": "text/turtle"}
WRITERS = 4


def _write_until_killed(service: Service, token: str, writer: int, run: int, stop: threading.Event) -> dict[str, str]:
    """Publishes until the service is gone; gives what was acknowledged: document → digest."""
    acknowledged: dict[str, str] = {}
    with service.client(token) as client:
        for number in range(10_000):
            if stop.is_set():
                break
            body = story("mijn-straat", f"k{run}-{writer}-{number}", text=f"Verhaal {run} {writer} {number}.")
            try:
                answer = client.post("/contributions", content=body.encode(), headers=TURTLE)
            except httpx.TransportError:
                break
            assert answer.status_code == 201, answer.text
            taken = answer.json()["contributions"][0]
            acknowledged[taken["document"]] = taken["contribution"]
    return acknowledged


def _kill_under_writes(folder: Path, tmp_path: Path, kills: int) -> None:
    data = copy_of(folder, tmp_path)
    service = start_service(data, BASE)
    service.run("party", "add", "mijn-straat", "--name", "Mijn straat", "--perspective", "residents")
    token = service.token("mijn-straat", "contribute")
    acknowledged: dict[str, str] = {}
    chance = random.Random(7)
    for run in range(kills):
        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(_write_until_killed, service, token, w, run, stop) for w in range(WRITERS)]
            threading.Event().wait(0.3 + chance.random())
            service.stop(signal.SIGKILL)
            stop.set()
            for writer in writers:
                acknowledged |= writer.result()
        assert service.run("verify").returncode == 0
        service = start_service(data, BASE)
    try:
        query = (
            "SELECT ?document ?graph { ?graph a <https://w3id.org/lerende-wijk/def#Contribution> ; "
            "<https://w3id.org/lerende-wijk/def#document> ?document "
            f'FILTER(STRSTARTS(STR(?document), "{BASE}/id/mijn-straat/k")) }}'
        )
        found = httpx.get(f"{service.url}/sparql", params={"query": query}).json()["results"]["bindings"]
        there = {b["document"]["value"]: b["graph"]["value"] for b in found}
        assert len(acknowledged) > kills
        assert acknowledged == {k: v for k, v in there.items() if k in acknowledged}
    finally:
        service.stop()


def test_everything_acknowledged_is_there_after_kill_9(moerwijk_folder: Path, tmp_path: Path) -> None:
    """Every 201 is found again exactly once, and the chain verifies, after kills at random moments."""
    _kill_under_writes(moerwijk_folder, tmp_path, 4)


@pytest.mark.slow
def test_everything_acknowledged_is_there_after_many_kills(moerwijk_folder: Path, tmp_path: Path) -> None:
    """The same, five hundred times."""
    _kill_under_writes(moerwijk_folder, tmp_path, 500)


def test_nothing_runs_on_after_kill_9_of_the_service(moerwijk_folder: Path, tmp_path: Path) -> None:
    """Readers, workers and checkers end with the service, so that a restart finds the machine free."""
    data = copy_of(moerwijk_folder, tmp_path)
    service = start_service(data, BASE)
    children = _descendants(service.process.pid)
    service.stop(signal.SIGKILL)
    assert len(children) >= 5
    for _ in range(200):
        if not any(Path(f"/proc/{pid}").exists() for pid in children):
            break
        threading.Event().wait(0.05)
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def _descendants(pid: int) -> list[int]:
    """Every process below this one."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found


def test_a_second_service_on_the_same_folder_is_told_to_go(moerwijk: Service) -> None:
    """One writer a folder: the second start ends with 3 and says why."""
    second = moerwijk.run("serve", "--port", "0", check=False)
    assert (second.returncode, "already runs" in second.stderr) == (3, True)
