"""`python -m bench`: contributions per second through HTTP, the time of five questions, memory of each process.

Client and service share the machine's cores, so trust ratios more than absolute figures.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

SECONDS = 6.0  # Long enough for some thousand contributions, short enough to run by hand.
REPEATS = 60
BASE = "http://127.0.0.1:8000"
CONCEPT = "https://w3id.org/lerende-wijk/id/concept/"
QUESTIONS = {
    "what-is-connected-to-this": {"thing": f"{BASE}/id/gemeente/b-agenda"},
    "stories-no-policy-meets": {},
    "open-calls": {},
    "matrix-of-perspectives": {},
    "growing-old-here": {},
}


def story(name: str) -> bytes:
    """A resident's story of ordinary size."""
    iri = f"{BASE}/id/meting/{name}"
    return f"""<{iri}> a <https://w3id.org/lerende-wijk/def#Story> ;
 <https://w3id.org/lerende-wijk/def#heldBy> <{BASE}/id/meting> ;
 <https://w3id.org/lerende-wijk/def#audience> <{CONCEPT}audience/public> ;
 <http://purl.org/dc/terms/description> "In mijn slaapkamer zit schimmel op de muur. De buurman ook. {name}"@nl ;
 <https://w3id.org/lerende-wijk/def#appliesTo> <{BASE}/id/wijk/pl-oost> ;
 <https://w3id.org/lerende-wijk/def#theme> <{CONCEPT}theme/housing> ;
 <https://w3id.org/lerende-wijk/def#toldBy> <{iri}#verteller> ;
 <https://w3id.org/lerende-wijk/def#ground> <{iri}#grond> .
<{iri}#verteller> a <https://w3id.org/lerende-wijk/def#Teller> ;
 <https://w3id.org/lerende-wijk/def#role> "een bewoner"@nl ;
 <https://w3id.org/lerende-wijk/def#perspective> <{CONCEPT}perspective/residents> .
<{iri}#grond> a <https://w3id.org/lerende-wijk/def#Ground> ;
 <https://w3id.org/lerende-wijk/def#groundKind> <{CONCEPT}ground/own> .
""".encode()


def wijkgraaf(*words: str) -> str:
    """Runs the command and gives what it printed."""
    done = subprocess.run([sys.executable, "-m", "service", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


async def publish(url: str, token: str, publishers: int) -> tuple[float, float]:
    """(contributions per second, median milliseconds of one) with this many publishers at once."""
    times: list[float] = []
    ends = time.monotonic() + SECONDS

    async def one(publisher: int) -> None:
        number = 0
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/turtle"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            while time.monotonic() < ends:
                started = time.monotonic()
                answer = await client.post("/contributions", content=story(f"m{publishers}-{publisher}-{number}"))
                times.append(time.monotonic() - started)
                if answer.status_code != 201:
                    raise SystemExit(f"a story was not taken in: {answer.text}")
                number += 1

    await asyncio.gather(*(one(p) for p in range(publishers)))
    return len(times) / SECONDS, statistics.median(times) * 1000


def ask(url: str, name: str, parameters: dict[str, str]) -> float:
    """Median milliseconds of a named question through HTTP."""
    times: list[float] = []
    with httpx.Client(base_url=url, headers={"Accept": "application/json"}, timeout=60) as client:
        for _ in range(REPEATS):
            started = time.monotonic()
            answer = client.get(f"/queries/{name}", params={**parameters, "lang": "nl"})
            times.append(time.monotonic() - started)
            if answer.status_code != 200:
                raise SystemExit(f"{name} was not answered: {answer.text}")
    return statistics.median(times) * 1000


def memory(pid: int) -> list[tuple[str, int, int]]:
    """(role, resident MB, private MB) of a process and all below it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup[1:]}
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    role = next((w for w in words if w in ("kg.projection", "kg.checking")), "web")
    found = [(role, sizes["Rss"] // 1024, private // 1024)]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += memory(int(child))
    return found


def main() -> None:
    """Makes a service of its own on a free port, measures, stops it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        wijkgraaf("init", "--example", "moerwijk", "--data", str(data))
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "service", "serve", "--data", str(data), "--port", str(port)])
        url = f"http://127.0.0.1:{port}"
        try:
            while True:
                try:
                    if httpx.get(f"{url}/readyz").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.02)
            print(f"\nready after {time.monotonic() - started:.2f} s; {os.cpu_count()} cores")
            print("\n| named question on the example | p50 ms |\n| --- | --- |")
            for name, parameters in QUESTIONS.items():
                print(f"| {name} | {ask(url, name, parameters):.2f} |")
            print("\n| process | resident MB | private MB |\n| --- | --- | --- |")
            for role, resident, private in memory(process.pid):
                print(f"| {role} | {resident} | {private} |")
            wijkgraaf("party", "add", "meting", "--name", "Meting", "--perspective", "residents", "--data", str(data))
            token = wijkgraaf("token", "create", "--party", "meting", "--right", "contribute", "--data", str(data))
            print("\n| publishers | contributions/s | p50 ms |\n| --- | --- | --- |")
            for publishers in (1, 16):
                rate, middle = asyncio.run(publish(url, token, publishers))
                print(f"| {publishers} | {rate:.0f} | {middle:.2f} |")
        finally:
            process.terminate()
            process.wait(30)


main()
