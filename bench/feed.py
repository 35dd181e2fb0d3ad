"""`python -m bench.feed [ENTRIES]`: how long a page of the feed takes, by how many entries the ledger has."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kg.feed import Feed, nquads
from kg.ledger import Ledger
from kg.ledger.acts import Act, Batch, Receipt
from tests.neighbourhood import BASE, document

ENTRIES = 100_000
BATCH = 1_000  # So many at once are written quickest.
REPEATS = 30
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def fill(ledger: Ledger, entries: int) -> None:
    """Stories of ordinary size, every fifth for partners alone."""
    for start in range(0, entries, BATCH):
        acts = []
        for number in range(start, start + BATCH):
            audience = "public" if number % 5 else "partners"
            said = document("meting", f"s{number}", f"Verhaal {number}: " + "vocht in huis, " * 60, audience=audience)
            acts.append(Act("publish", said.iri, said))
        answer = ledger.submit(Batch("meting", "meting", "byHolder", tuple(acts), ()), NOW).result(120)
        if not isinstance(answer, Receipt):
            raise SystemExit(f"not taken in: {answer}")


def milliseconds(make: Callable[[], object]) -> float:
    """Median of some repeats."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        make()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def main() -> None:
    """Makes a ledger, and prints the time of the root and of pages at its beginning, its middle and its end."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.create(f"sqlite:///{Path(folder)}/ledger.sqlite", BASE)
        started = time.perf_counter()
        fill(ledger, entries)
        position = ledger.positions()["public"]
        print(f"{entries} entries written in {time.perf_counter() - started:.0f} s; public position {position}")
        feed = Feed(ledger)
        last = -(-position // 100)
        print(f"root: {milliseconds(lambda: nquads(BASE, feed.root('public'))):.1f} ms")
        for name, number in (("first", 1), ("middle", last // 2), ("last full", last - 1)):
            node = feed.node("public", str(number), NOW)
            assert node is not None
            size = len(nquads(BASE, node))

            def page(number: int = number) -> bytes:
                found = feed.node("public", str(number), NOW)
                assert found is not None
                return nquads(BASE, found)

            print(f"{name} page: {milliseconds(page):.1f} ms, {size // 1024} KB")
        ledger.close()


if __name__ == "__main__":
    main()
