"""`python -m bench.synchronising [DOCUMENTS]`: documents per second of a whole viewpoint, through HTTP.

A first load, the same again, and a hundred changed; in Turtle and N-Quads. Client and service share the cores.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.running import wijkgraaf
from tests.stories import story

DOCUMENTS = 50_000
CHANGED = 100


def synchronised(client: httpx.Client, body: bytes, media: str) -> tuple[float, dict[str, Any], float]:
    """(seconds, counts, the longest milliseconds in which a page was answered meanwhile)."""
    begun, slowest = time.monotonic(), 0.0
    answer = client.put("/view/meting", content=body, headers={"Content-Type": media, "Prefer": "respond-async"})
    found = answer.json()
    while answer.status_code == 202 or found.get("state") == "running":
        time.sleep(0.1)
        asked = time.monotonic()
        client.get("/doc/gemeente/b-agenda.ttl").raise_for_status()
        slowest = max(slowest, time.monotonic() - asked)
        answer = client.get(found["progress"])
        found = answer.json()
    if found.get("status") != 200:
        raise SystemExit(found)
    return time.monotonic() - begun, found["outcome"]["counts"], slowest * 1000


def main(count: int) -> None:
    """Makes a service of its own on a free port, measures, stops it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        wijkgraaf("init", "--example", "moerwijk", "--data", str(data))
        wijkgraaf("party", "add", "meting", "--name", "Meting", "--perspective", "residents", "--data", str(data))
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        process = subprocess.Popen([sys.executable, "-m", "service", "serve", "--data", str(data), "--port", str(port)])
        words = ("token", "create", "--party", "meting", "--right", "contribute", "--data", str(data))
        try:
            url = f"http://127.0.0.1:{port}"
            while True:
                try:
                    if httpx.get(f"{url}/readyz").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            token = wijkgraaf(*words).stdout.strip()
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=600) as client:
                measure(client, count)
        finally:
            process.terminate()
            process.wait(60)


def measure(client: httpx.Client, count: int) -> None:
    """The table."""
    texts = [story("meting", f"s{number}", text=f"Verhaal {number}.") for number in range(count)]
    print(f"\n| {count} documents | s | documents/s | written | slowest document meanwhile, ms |")
    print("| --- | --- | --- | --- | --- |", flush=True)

    def row(name: str, body: bytes, media: str) -> None:
        seconds, counts, slowest = synchronised(client, body, media)
        written = counts["added"] + counts["replaced"] + counts["withdrawn"]
        print(f"| {name} | {seconds:.1f} | {count / seconds:.0f} | {written} | {slowest:.0f} |", flush=True)

    row("first load, Turtle", "\n".join(texts).encode(), "text/turtle")
    row("nothing changed, Turtle", "\n".join(texts).encode(), "text/turtle")
    step = max(count // CHANGED, 1)
    for number in range(0, count, step):
        texts[number] = story("meting", f"s{number}", text=f"Anders, {number}.")
    row(f"{CHANGED} changed, Turtle", "\n".join(texts).encode(), "text/turtle")
    quads = client.get("/view/meting", headers={"Accept": "application/n-quads"}).content
    row("nothing changed, N-Quads", quads, "application/n-quads")
    lines = quads.split(b"\n")
    changed = [number for number, line in enumerate(lines) if b"Verhaal" in line][: step * CHANGED : step]
    for number in changed:
        lines[number] = lines[number].replace(b"Verhaal", b"Gedicht")
    row(f"{CHANGED} changed, N-Quads", b"\n".join(lines), "application/n-quads")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS)
