"""How long each named question takes on a made-up neighbourhood, in this process: p50 in milliseconds of CPU.

Usage: python bench/questions.py [s|m|l] [part of a name …]
A question is asked for the whole neighbourhood and once with each optional parameter that the neighbourhood knows.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from neighbourhood import BASE, SIZES, Neighbourhood  # noqa: E402

from kg.ontology import read_ontology  # noqa: E402
from kg.questions import Question, bind, load_questions  # noqa: E402

RUNS = 5  # Enough for a middle value; the first run warms the caches of the machine.
ENOUGH_SECONDS = 10.0  # A question that takes this long is told after one run.
PARTY, PLACE = "p3", "pl-3"


def store_of(size: str) -> tuple[ox.Store, Mapping[str, str]]:
    """A store of this size, and a value for each parameter that has one in it."""
    neighbourhood = Neighbourhood(SIZES[size])
    store = ox.Store()
    lines = neighbourhood.quads()
    store.bulk_load("".join(lines).encode(), format=ox.RdfFormat.N_QUADS)
    vocabulary = ox.NamedNode(f"{BASE}/graph/vocabulary")
    words = read_ontology([ROOT / "ontology"]).ntriples
    store.bulk_load(words, format=ox.RdfFormat.N_TRIPLES, to_graph=vocabulary)
    story, policy = neighbourhood.by_kind["Story"][1], neighbourhood.by_kind["Policy"][1]
    offer = neighbourhood.by_kind["Offer"][1]
    values = {"thing": policy, "policy": policy, "story": story, "offer": offer, "party": PARTY, "place": PLACE}
    return store, values


def askings(question: Question, values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What to ask: without optional values, then with each one that there is."""
    needed = {p.name: values[p.name] for p in question.parameters if p.required}
    yield needed
    for parameter in question.parameters:
        if parameter.name in values and not parameter.required:
            yield needed | {parameter.name: values[parameter.name]}


def measure(store: ox.Store, text: str) -> tuple[float, int]:
    """(p50 in milliseconds of CPU, bytes of the answer as JSON)."""
    taken: list[float] = []
    size = 0
    while len(taken) < RUNS and sum(taken) < ENOUGH_SECONDS:
        start = time.process_time()
        found = store.query(text, use_default_graph_as_union=True)
        assert isinstance(found, ox.QuerySolutions)
        size = len(found.serialize(format=ox.QueryResultsFormat.JSON) or b"")
        taken.append(time.process_time() - start)
    return statistics.median(taken) * 1000, size


def main() -> None:
    """Print a row for each asking."""
    size = next((word for word in sys.argv[1:] if word in SIZES), "m")
    parts = [word for word in sys.argv[1:] if word not in SIZES]
    store, values = store_of(size)
    print(f"{size}: {len(store):,} quads\n\n| question | asked with | p50 ms | answer KB |\n| --- | --- | --- | --- |")
    questions = load_questions([ROOT / "queries"], read_ontology([ROOT / "ontology"]), BASE)
    for name, question in questions.items():
        if "/" in name or (parts and not any(part in name for part in parts)):
            continue
        for asked in askings(question, values):
            text = bind(question, asked)
            assert isinstance(text, str), text
            milliseconds, answer_bytes = measure(store, text)
            print(
                f"| {name} | {', '.join(asked) or '–'} | {milliseconds:.0f} | {answer_bytes / 1024:.0f} |", flush=True
            )


if __name__ == "__main__":
    main()
