"""How long EXISTS of several patterns takes through HTTP, rewritten and as written, on a made-up neighbourhood.

Usage: python bench/rewriting.py [s|m|l]
A question that is over the service's own limit of time is told as such.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from neighbourhood import SIZES, Neighbourhood  # noqa: E402

RUNS = 7  # The fastest is told: the one that other work on the machine disturbed least.
READY_SECONDS_MAX = 300.0  # Loading 5.6 million quads takes 38 s on two free cores.
PREFIXES = (
    "PREFIX lw: <https://w3id.org/lerende-wijk/def#> PREFIX rel: <https://w3id.org/lerende-wijk/id/concept/relation/>"
)
POLICY = "FILTER NOT EXISTS { ?tie a lw:Connection ; lw:from ?story ; lw:to ?policy . ?policy a lw:Policy }"
SAME = "?policy a lw:Policy ; lw:theme ?theme ; lw:heldBy ?party"
QUESTIONS = {
    "stories that no policy meets": f"?story a lw:Story {POLICY}",
    "the same, in either direction": "?story a lw:Story FILTER NOT EXISTS "
    "{ ?tie lw:from|lw:to ?story ; lw:from|lw:to ?policy . ?policy a lw:Policy }",
    "the same, of one party": f"?story a lw:Story ; lw:heldBy <http://127.0.0.1:8000/id/p3> {POLICY}",
    "the same, one story": f"VALUES ?story {{ <STORY> }} ?story a lw:Story {POLICY}",
    "stories that illustrate nothing": "?story a lw:Story FILTER NOT EXISTS "
    "{ ?tie lw:from ?story ; lw:relation rel:illustrates }",
    "stories that a policy meets": f"?story a lw:Story {POLICY.replace('NOT ', '')}",
    "stories on a theme without a policy of that party": f"?story a lw:Story ; lw:heldBy ?party ; lw:theme ?theme "
    f"FILTER NOT EXISTS {{ {SAME} }}",
}


def ask(client: httpx.Client, group: str, rewrite: str) -> tuple[str, str, str]:
    """(the fastest in milliseconds, or the limit, number of stories, form) of one question."""
    taken: list[float] = []
    query = f"{PREFIXES} SELECT (COUNT(*) AS ?n) {{ {group} }}"
    while len(taken) < RUNS:
        start = time.monotonic()
        # Another text each time: an answer that is kept in memory would tell nothing.
        answer = client.get("/sparql", params={"query": f"{query} # {len(taken)}", "rewrite": rewrite, "format": "csv"})
        taken.append((time.monotonic() - start) * 1000)
        if answer.status_code == 503:
            return f"> {taken[0] / 1000:.0f} s (refused)", "–", "–"
        answer.raise_for_status()
    note = answer.headers.get("wijkgraaf-note", "–")
    form = next((form for form in ("step by step", "MINUS") if form in note), "–")
    return f"{min(taken):.1f}", answer.text.split()[-1], form


def main() -> None:
    """Make the neighbourhood, explore it, ask, stop."""
    size = next((word for word in sys.argv[1:] if word in SIZES), "m")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{size}.nq"
        neighbourhood = Neighbourhood(SIZES[size])
        with file.open("w") as out:
            out.writelines(neighbourhood.quads())
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        words = ("explore", str(file), "--union", "--port", str(port))
        process = subprocess.Popen([sys.executable, "-m", "service", *words], cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                wait(client, process)
                print(f"{size}\n\n| question | stories | as written, ms | rewritten, ms | form |")
                print("| --- | --- | --- | --- | --- |")
                for name, group in QUESTIONS.items():
                    asked = group.replace("STORY", neighbourhood.by_kind["Story"][1])
                    (written, _, _), (rewritten, count, form) = ask(client, asked, "off"), ask(client, asked, "on")
                    print(f"| {name} | {count} | {written} | {rewritten} | {form} |", flush=True)
        finally:
            process.terminate()
            process.wait(30)


def wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    """Until the endpoint answers."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the endpoint did not become ready")


if __name__ == "__main__":
    main()
