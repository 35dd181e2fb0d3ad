"""`/sparql` beside `oxigraph serve` (in memory): the same data, machine and client, in turns.

Usage: python bench/peers.py [s|m|l] [--oxigraph PATH]      (pip install oxigraph, in an environment of its own)
Prints for ten queries p50 and p95 of both in milliseconds, requests per second of eight clients, each query another
("cold") and all the same ("repeated"), and p95 of a look-up while five heavy queries run. Trust the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from neighbourhood import BASE, SIZES, Neighbourhood  # noqa: E402

RUNS = 40  # Of each query on each side, in turns.
LONG_SECONDS = 2.0  # A query that takes longer is asked five times.
LOAD_SECONDS = 6.0
CLIENTS = 8
HEAVY = 5
PREFIXES = """PREFIX lw: <https://w3id.org/lerende-wijk/def#> PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX relation: <https://w3id.org/lerende-wijk/id/concept/relation/>
PREFIX response: <https://w3id.org/lerende-wijk/id/concept/response/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
"""
CROSS = "SELECT (COUNT(*) AS ?n) { ?a lw:theme ?t . ?b lw:theme ?t . ?c lw:theme ?t }"


def queries(story: str, policy: str) -> dict[str, str]:
    """The ten questions, in words and in SPARQL."""
    return {
        "describe a story": f"SELECT ?p ?o {{ <{story}> ?p ?o }}",
        "stories of one policy, who connected them": f"""SELECT ?story ?holder ?why {{ ?c lw:to <{policy}> ;
            lw:from ?story ; lw:heldBy ?holder ; lw:rationale ?why . ?story a lw:Story }}""",
        "two hops story, policy, protocol for a place": f"""SELECT ?story ?policy ?protocol {{
            ?story a lw:Story ; lw:appliesTo <{BASE}/id/wijk/pl-3> . ?c1 lw:from ?story ; lw:to ?policy .
            ?policy a lw:Policy . ?c2 lw:from ?policy ; lw:to ?protocol . ?protocol a lw:Protocol }}""",
        "stories per domain per party": """SELECT ?domain ?holder (COUNT(?s) AS ?n) { ?s a lw:Story ;
            lw:lifeDomain ?domain ; lw:heldBy ?holder } GROUP BY ?domain ?holder ORDER BY ?domain ?holder""",
        "stories that no policy meets": """SELECT ?story { ?story a lw:Story .
            FILTER NOT EXISTS { ?c lw:from ?story ; lw:to ?policy . ?policy a lw:Policy } }""",
        "stories without a connection, count": """SELECT (COUNT(?story) AS ?n) { ?story a lw:Story .
            FILTER NOT EXISTS { ?c a lw:Connection ; lw:from ?story } }""",
        "seen differently, newest 50": """SELECT ?c ?r ?when { ?r lw:responseTo ?c ;
            lw:response response:seesDifferently . ?g lw:document ?r ; dcterms:created ?when }
            ORDER BY DESC(?when) ?r LIMIT 50""",
        "word in the text": """SELECT ?s { ?s a lw:Story ; dcterms:description ?d
            FILTER(CONTAINS(?d, "tuin licht")) }""",
        "page by date": """SELECT ?s ?when { ?s a lw:Story . ?g lw:document ?s ; dcterms:created ?when }
            ORDER BY DESC(?when) ?s LIMIT 20""",
        "export of all stories": """SELECT ?s ?title ?text ?holder { ?s a lw:Story ; dcterms:title ?title ;
            dcterms:description ?text ; lw:heldBy ?holder }""",
    }


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def ours(file: Path) -> Iterator[int]:
    """`wijkgraaf explore` on this file, with limits that do not cut the comparison short; gives its port."""
    port = free_port()
    limits = {
        "QUERY_SECONDS_ANONYMOUS_MAX": "60",
        "ANSWER_BYTES_MAX": str(1 << 30),
        "RUNNING_PER_CLIENT_MAX": "64",
        "QUEUED_PER_CLIENT_MAX": "512",
        "QUEUED_MAX": "512",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "explore", str(file), "--union", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **{f"WIJKGRAAF_{name}": value for name, value in limits.items()}},
        stderr=subprocess.DEVNULL,
    )
    try:
        ready(port, "/readyz")
        yield port
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def theirs(file: Path, command: str) -> Iterator[int]:
    """`oxigraph serve` in memory with the same file; gives its port."""
    port = free_port()
    process = subprocess.Popen(
        [command, "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph"], stderr=subprocess.DEVNULL
    )
    try:
        ready(port, "/")
        load = urllib.request.Request(
            f"http://127.0.0.1:{port}/store", file.read_bytes(), {"Content-Type": "application/n-quads"}, method="POST"
        )
        urllib.request.urlopen(load, timeout=600).read()
        yield port
    finally:
        process.terminate()
        process.wait(30)


def ready(port: int, path: str) -> None:
    """Waits until a server answers."""
    for _ in range(1200):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def request(port: int, path: str, query: str) -> bytes:
    """One GET, keep-alive."""
    asked = urllib.parse.urlencode({"query": PREFIXES + query})
    head = f"GET {path}?{asked} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/sparql-results+json\r\n\r\n"
    return head.encode()


class Client:
    """One connection that asks and waits for the whole answer, as cheaply as Python can."""

    async def open(self, port: int) -> Client:
        """Connects."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        return self

    async def ask(self, asked: bytes) -> tuple[int, int]:
        """(status, bytes of the body)."""
        self.writer.write(asked)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        if found := re.search(rb"content-length: (\d+)", head, re.IGNORECASE):
            size = int(found.group(1))
            left = size
            while left:
                left -= len(await self.reader.read(min(left, 1 << 20)))
            return status, size
        size = 0
        while step := int(await self.reader.readuntil(b"\r\n"), 16):
            await self.reader.readexactly(step + 2)
            size += step
        await self.reader.readexactly(2)
        return status, size

    def close(self) -> None:
        """Hangs up."""
        self.writer.close()


async def compare(ports: Sequence[int], query: str) -> list[list[float]]:
    """Milliseconds of each run on each side, in turns."""
    clients = [await Client().open(port) for port in ports]
    taken: list[list[float]] = [[] for _ in ports]
    runs = RUNS
    number = 0
    while number < runs:
        for side, (client, port) in enumerate(zip(clients, ports, strict=True)):
            # A comment of its own: nobody has this very text in memory already.
            path = "/sparql" if side == 0 else "/query"
            asked = request(port, path, f"{query} # {number}")
            started = time.perf_counter()
            try:
                status, _ = await asyncio.wait_for(client.ask(asked), 30)
            except (TimeoutError, asyncio.IncompleteReadError):  # It gave up, or we do.
                clients[side] = await Client().open(port)
                status = 0
            taken[side].append((time.perf_counter() - started) * 1000)
            if status not in (0, 200):
                raise SystemExit(f"status {status} for {query}")
            if taken[side][-1] > LONG_SECONDS * 1000:
                runs = min(runs, 1 if status == 0 else 5)
        number += 1
    for client in clients:
        client.close()
    return taken


async def load(port: int, path: str, asked: Sequence[str], *, anew: bool) -> float:
    """Answers per second of CLIENTS clients; `asked` are taken in turn. `anew`: no text is ever the same."""
    ends = time.perf_counter() + LOAD_SECONDS
    done = 0

    async def one(first: int) -> None:
        nonlocal done
        client = await Client().open(port)
        number = first
        while time.perf_counter() < ends:
            text = asked[number % len(asked)]
            status, _ = await client.ask(request(port, path, f"{text} # {number}") if anew else same)
            if status != 200:
                raise SystemExit(f"status {status} under load")
            done += 1
            number += CLIENTS
        client.close()

    same = request(port, path, asked[0])
    await asyncio.gather(*(one(first) for first in range(CLIENTS)))
    return done / LOAD_SECONDS


async def beside(port: int, path: str, look_up: str) -> tuple[float, int]:
    """(p95 in milliseconds of a look-up, how many) while HEAVY cross products run."""
    ends = time.perf_counter() + 2 * LOAD_SECONDS

    async def heavy(number: int) -> None:
        client = await Client().open(port)
        with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
            await asyncio.wait_for(client.ask(request(port, path, f"{CROSS} # {number}")), ends - time.perf_counter())
        client.close()

    tasks = [asyncio.create_task(heavy(number)) for number in range(HEAVY)]
    await asyncio.sleep(1)
    client = await Client().open(port)
    taken = []
    while time.perf_counter() < ends - 1:
        started = time.perf_counter()
        await client.ask(request(port, path, f"{look_up} # {len(taken)}"))
        taken.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.02)
    client.close()
    await asyncio.gather(*tasks)
    return percentile(taken, 95), len(taken)


def percentile(taken: Sequence[float], part: int) -> float:
    """The value below which `part` per cent lie."""
    return statistics.quantiles(taken, n=100)[part - 1] if len(taken) > 1 else taken[0]


async def measure(ports: Sequence[int], asked: dict[str, str], stories: Sequence[str], policies: Sequence[str]) -> None:
    """Prints the three tables."""
    print(
        "\n| query | ours p50 | p95 | oxigraph serve p50 | p95 | ours / theirs |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name, query in asked.items():
        sides = await compare(ports, query)
        cells = [f"{value:.2f}" for side in sides for value in (statistics.median(side), percentile(side, 95))]
        ratio = statistics.median(sides[0]) / statistics.median(sides[1])
        print(f"| {name} | {' | '.join(cells)} | {ratio:.2f} |", flush=True)
    of_policy = list(asked.values())[1]
    cold = [of_policy.replace(policies[0], policy) for policy in policies]
    sides = [(ports[0], "/sparql"), (ports[1], "/query")]
    print(f"\n| {CLIENTS} clients, answers/s | ours | oxigraph serve |\n| --- | --- | --- |")
    for name, texts in (("cold: another policy each time", cold), ("repeated: one policy", cold[:1])):
        rates = [await load(port, path, texts, anew=texts is cold) for port, path in sides]
        print(f"| {name} | {rates[0]:.0f} | {rates[1]:.0f} |", flush=True)
    print(f"\n| look-up beside {HEAVY} heavy queries | p95 ms | look-ups |\n| --- | --- | --- |")
    for name, (port, path) in zip(("ours", "oxigraph serve"), sides, strict=True):
        slow, count = await beside(port, path, f"SELECT ?p ?o {{ <{stories[1]}> ?p ?o }}")
        print(f"| {name} | {slow:.1f} | {count} |", flush=True)


def main() -> None:
    """Makes the data, starts both, measures, stops both."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("size", nargs="?", choices=SIZES, default="m")
    arguments.add_argument("--oxigraph", default=shutil.which("oxigraph"), help="the `oxigraph` command")
    given = arguments.parse_args()
    if not given.oxigraph:
        raise SystemExit("no oxigraph command: pip install oxigraph in an environment of its own, and give --oxigraph")
    neighbourhood = Neighbourhood(SIZES[given.size])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "neighbourhood.nq"
        file.write_text("".join(neighbourhood.quads()))
        stories, policies = neighbourhood.by_kind["Story"], neighbourhood.by_kind["Policy"]
        asked = queries(stories[1], policies[0])
        with ours(file) as our_port, theirs(file, given.oxigraph) as their_port:
            print(f"{given.size}: {sum(1 for _ in file.open()):,} quads, {os.cpu_count()} cores")
            asyncio.run(measure((our_port, their_port), asked, stories, policies))


if __name__ == "__main__":
    main()
