"""`python -m bench.ways [DOCUMENTS]`: documents per second of each way in, and what a follower lags behind.

Client and service share the machine's cores, so trust ratios more than absolute figures. Each way brings documents of
its own; everything stays on loopback and stops by itself.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox

from tests.running import Service, start_service, wijkgraaf
from tests.stories import BASE, story

ONE_BY_ONE = 200  # Enough to even out, few enough to run by hand.
FOLLOWED = 20


def documents(party: str, start: str, count: int) -> list[str]:
    """Stories of a party in Turtle."""
    return [story(party, f"{start}-{n}", text=f"Verhaal {n} uit onze straat.") for n in range(count)]


def as_format(turtle: str, form: ox.RdfFormat) -> bytes:
    """The same in another format."""
    return ox.serialize(ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE), format=form) or b""


def timed(client: httpx.Client, method: str, path: str, body: bytes, media: str) -> float:
    """Seconds until it was taken in."""
    begun = time.monotonic()
    answer = client.request(method, path, content=body, headers={"Content-Type": media, "Prefer": "wait=60"})
    found = answer.json()
    while answer.status_code == 202 or found.get("state") == "running":
        time.sleep(0.05)
        answer = client.get(found["progress"])
        found = answer.json()
    if answer.is_error or found.get("status", 200) >= 400:
        raise SystemExit(json.dumps(found, indent=1)[:2000])
    return time.monotonic() - begun


def party(service: Service, slug: str) -> httpx.Client:
    """A new party and its client."""
    service.run("party", "add", slug, "--name", slug, "--perspective", "residents")
    return service.client(service.token(slug, "contribute"))


def ways(service: Service, count: int) -> Iterator[tuple[str, int, float]]:
    """(way, documents, seconds) of each."""
    one = party(service, "een")
    for way, method, path in (
        ("POST /contributions, one by one", "POST", "/contributions"),
        ("PUT /doc/…, one by one", "PUT", "/doc/een/doc-{n}"),
        ("PUT /graphs?graph=…, one by one", "PUT", f"/graphs?graph={BASE}/id/een/graph-{{n}}"),
    ):
        start = {"/contributions": "post"}.get(path, "doc" if "/doc/" in path else "graph")
        told = documents("een", start, ONE_BY_ONE)
        spent = sum(timed(one, method, path.format(n=n), t.encode(), "text/turtle") for n, t in enumerate(told))
        yield way, ONE_BY_ONE, spent
    for name, media, form in (
        ("Turtle", "text/turtle", None),
        ("JSON-LD", "application/ld+json", ox.RdfFormat.JSON_LD),
        ("N-Triples", "application/n-triples", ox.RdfFormat.N_TRIPLES),
    ):
        slug = f"reeks-{name.lower().replace('-', '')}"
        with party(service, slug) as client:
            turtle = "".join(documents(slug, "v", count))
            body = turtle.encode() if form is None else as_format(turtle, form)
            yield (
                f"POST /contributions, {count} in one {name}",
                count,
                timed(client, "POST", "/contributions", body, media),
            )
    with party(service, "blad") as client:
        body = "".join(documents("blad", "v", count)).encode()
        yield f"PUT /view, {count} new", count, timed(client, "PUT", "/view/blad", body, "text/turtle")
        yield f"PUT /view, {count} unchanged", count, timed(client, "PUT", "/view/blad", body, "text/turtle")
        changed = body.replace(b"uit onze straat", b"uit de straat", 100)
        yield f"PUT /view, 100 of {count} changed", count, timed(client, "PUT", "/view/blad", changed, "text/turtle")
        for suffix, media in (
            (".csv?kind=Story", "text/csv"),
            (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ):
            sheet = client.get(f"/view/blad{suffix}").raise_for_status().content
            way = f"POST /view, {count} unchanged rows of {suffix[1:5].strip('?')}"
            yield way, count, timed(client, "POST", "/view/blad", sheet, media)
    yield "harvest of a Turtle file, new", count, harvested(service, count)


def harvested(service: Service, count: int) -> float:
    """Seconds of a first run."""
    party(service, "bron").close()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "alles.ttl").write_text("".join(documents("bron", "v", count)))

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *given: object) -> None:
                super().__init__(*given, directory=folder)  # type: ignore[arg-type]

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}/alles.ttl"
            flags = ("--party", "bron", "--kind", "dump", "--allow-private", "--allow-http")
            service.run("harvest", "add", "bron", address, *flags)
            begun = time.monotonic()
            service.run("harvest", "run", "bron")
            spent = time.monotonic() - begun
            server.shutdown()
        return spent


def lag(service: Service) -> list[float]:
    """Seconds from an acknowledgement until a follower that looks each second has the words."""
    found = []
    with tempfile.TemporaryDirectory() as folder, party(service, "gevolgd") as client:
        mirror = Path(folder) / "mirror.nq"
        words = [sys.executable, "-m", "service", "follow", service.url, "--to", str(mirror), "--interval", "1"]
        follower = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not mirror.exists():
                time.sleep(0.2)
            for n in range(FOLLOWED):
                word = f"gevolgd woord {n} einde"
                timed(client, "POST", "/contributions", story("gevolgd", f"v-{n}", text=word).encode(), "text/turtle")
                begun = time.monotonic()
                while word not in mirror.read_text():
                    time.sleep(0.02)
                found.append(time.monotonic() - begun)
        finally:
            follower.terminate()
            follower.wait(30)
    return sorted(found)


def main(count: int) -> None:
    """Makes a service of its own on a free port, measures, stops it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        wijkgraaf("init", "--example", "moerwijk", "--data", str(data))
        service = start_service(data, BASE)
        try:
            print("| way in | documents | s | documents/s |\n| --- | --- | --- | --- |")
            for way, many, seconds in ways(service, count):
                print(f"| {way} | {many} | {seconds:.2f} | {many / seconds:.0f} |", flush=True)
            behind = lag(service)
            print(f"\nA follower lags {behind[len(behind) // 2]:.2f} s (p50), {behind[-2]:.2f} s (p95) behind.")
        finally:
            service.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
