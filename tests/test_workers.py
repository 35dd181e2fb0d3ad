"""The processes that may be killed: each test is one of the experiments that the design rests on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg import cage, framing
from kg.workers import Crew, Ended

BASE = "http://127.0.0.1:8000"
HEADROOM_BYTES = 256 * 1024 * 1024
PATIENCE_SECONDS = 10.0


@pytest.fixture
def crew() -> Iterator[Crew]:
    """A crew with an empty store."""
    made = Crew("kg.projection", {"base": BASE, "audience": "public"}, headroom_bytes=HEADROOM_BYTES)
    made.start()
    yield made
    made.close()


def ask(crew: Crew, text: str, *, seconds: float = PATIENCE_SECONDS, limit_bytes: int = 10**6) -> framing.Frame | Ended:
    """Asks and closes the answer's file."""
    file = os.memfd_create("answer")
    head = {"format": "csv", "limit_bytes": limit_bytes}
    try:
        reply = crew.ask("query", head, text.encode(), [file], seconds=seconds)
        if isinstance(reply, framing.Frame) and reply.kind == "answer":
            return framing.Frame("answer", reply.head, os.pread(file, limit_bytes, 0))
        return reply
    finally:
        os.close(file)


def write(crew: Crew, number: int) -> None:
    """One change that adds one quad."""
    crew.apply({"position": number}, f'<urn:s{number}> <urn:p> "{number}" <urn:g{number}> .\n'.encode())


def count(crew: Crew) -> int:
    """How many quads a worker sees."""
    reply = ask(crew, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert isinstance(reply, framing.Frame)
    return int(reply.body.split()[1])


def test_an_answer_after_a_write_shows_the_write(crew: Crew) -> None:
    """Whatever worker answers, warm or new, it has every change that was applied before the question."""
    crew.warm(3)
    for number in range(1, 40):
        write(crew, number)
        assert number == count(crew)
    crew.warm(5)
    assert [count(crew) for _ in range(5)] == [39] * 5
    assert crew.state()["position"] == 39


def test_a_change_removes_what_it_says_and_nothing_else(crew: Crew) -> None:
    """Graphs go as a whole, quads one by one, and what is added in the same change stays."""
    write(crew, 1)
    write(crew, 2)
    remove = b'<urn:s2> <urn:p> "2" <urn:g2> .\n'
    add = b'<urn:s3> <urn:p> "3" <urn:g1> .\n'
    crew.apply({"position": 3, "remove_graphs": ["urn:g1"], "remove_bytes": len(remove)}, remove + add)
    reply = ask(crew, "SELECT ?o { ?s ?p ?o }")
    assert isinstance(reply, framing.Frame)
    assert reply.body.split() == [b"o", b"3"]


def test_a_reader_forks_with_one_thread_only(crew: Crew) -> None:
    """After loading and answering, the reader still has the one thread that makes forking safe."""
    write(crew, 1)
    crew.warm(2)
    assert crew.state()["threads"] == 1


@pytest.mark.parametrize(
    "text",
    ["SELECT * {" + "{" * 30000, "SELECT (" + "(" * 60000, "ASK { FILTER(" + "!" * 100000 + "true) }"],
    ids=["braces", "brackets", "negations"],
)
def test_a_text_that_ends_the_parser_ends_one_worker_alone(crew: Crew, text: str) -> None:
    """A crash of the parser is told as a crash, and the next question is answered by a new worker."""
    write(crew, 1)
    reader = crew.pid
    reply = ask(crew, text)
    assert isinstance(reply, Ended) or reply.kind == "objection"
    assert count(crew) == 1
    assert reader == crew.pid


def test_time_over_kills_the_worker_and_the_next_question_is_answered(crew: Crew) -> None:
    """A cross product is stopped at its wall clock, not at its end."""
    crew.apply({"position": 1}, b"".join(f'<urn:s{i}> <urn:p> "{i}" .\n'.encode() for i in range(2000)))
    started = time.monotonic()
    reply = ask(crew, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", seconds=0.5)
    assert Ended("time") == reply
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert count(crew) == 2000


def test_memory_over_ends_the_worker_alone(crew: Crew) -> None:
    """A string that doubles thirty times does not get the machine's memory."""
    binds = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(34))
    reply = ask(crew, f'SELECT (STRLEN(?x34) AS ?n) {{ BIND("0123456789abcdef" AS ?x0) {binds} }}')
    assert reply in (Ended("memory"), Ended("crash")) or (
        isinstance(reply, framing.Frame) and reply.head.get("name") == "MemoryOut"
    )
    assert count(crew) == 0


def test_an_answer_over_its_bytes_is_an_objection_and_never_cut(crew: Crew) -> None:
    """One byte too many is told; exactly enough is answered whole."""
    write(crew, 1)
    whole = ask(crew, "SELECT ?o { ?s ?p ?o }")
    assert isinstance(whole, framing.Frame)
    size = len(whole.body)
    exactly = ask(crew, "SELECT ?o { ?s ?p ?o }", limit_bytes=size)
    over = ask(crew, "SELECT ?o { ?s ?p ?o }", limit_bytes=size - 1)
    assert isinstance(exactly, framing.Frame)
    assert isinstance(over, framing.Frame)
    assert (whole.body, "AnswerTooLarge") == (exactly.body, over.head["name"])


def test_a_worker_reaches_no_network(crew: Crew) -> None:
    """SERVICE inside a worker finds no socket, although a server listens on the address it names."""
    if not cage.can_forbid_network():
        pytest.skip("this machine's kernel has no seccomp filter for us")
    assert crew.caged
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        file = os.memfd_create("answer")
        text = f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}"
        worker = crew.take()
        reply = crew.converse(
            worker, "query", {"format": "csv", "limit_bytes": 1000}, text.encode(), [file], seconds=PATIENCE_SECONDS
        )
        crew.give_back(worker, dead=True)
        os.close(file)
        assert isinstance(reply, Ended)
        with pytest.raises(TimeoutError):
            server.accept()


def test_nothing_is_left_after_kill_9_of_the_parent(tmp_path: Path) -> None:
    """Reader and workers end when the process that started them is killed, without its doing anything."""
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import time
            from kg.workers import Crew
            crew = Crew("kg.projection", {{"base": "{BASE}", "audience": "public"}}, headroom_bytes=10**8)
            crew.start()
            crew.warm(3)
            print(crew.pid, *crew.workers(), flush=True)
            time.sleep(60)
            """
        )
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert len(pids) == 4
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and any(_runs(pid) for pid in pids):
        time.sleep(0.02)
    assert [pid for pid in pids if _runs(pid)] == []


def _runs(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_reader_is_noticed(crew: Crew) -> None:
    """A crew whose reader is gone says so instead of hanging."""
    crew.warm(1)
    os.kill(crew.pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while crew.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not crew.alive
    with pytest.raises((RuntimeError, OSError)):
        write(crew, 1)


def test_a_worker_that_is_far_behind_is_replaced(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes do not pile up in the parent for a worker that nobody asks."""
    monkeypatch.setattr("kg.workers.BEHIND_BYTES_MAX", 200)
    crew.warm(2)
    before = set(crew.workers())
    for number in range(1, 11):
        write(crew, number)
    assert count(crew) == 10
    assert before.isdisjoint(crew.workers())
