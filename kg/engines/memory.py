"""The embedded engine: pyoxigraph in memory, 0.45 GB per million quads and process, five times faster than on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox


def take_whole(store: ox.Store, file: Path) -> None:
    """Adds a whole file of N-Quads to the store, natively."""
    store.bulk_load(path=file, format=ox.RdfFormat.N_QUADS)


def take_change(store: ox.Store, remove_graphs: Sequence[str], remove: bytes, add: bytes) -> None:
    """Removes graphs and quads, then adds quads (N-Quads both)."""
    for graph in remove_graphs:
        store.remove_graph(ox.NamedNode(graph))
    if remove:
        for quad in ox.parse(remove, format=ox.RdfFormat.N_QUADS):
            store.remove(quad)
    if add:
        store.load(add, format=ox.RdfFormat.N_QUADS)


def has_graph(store: ox.Store, graph: str) -> bool:
    """Whether the store has this graph."""
    return store.contains_named_graph(ox.NamedNode(graph))


def part(store: ox.Store, graphs: Sequence[ox.NamedNode]) -> ox.Store:
    """A temporary store with the triples of these graphs merged in its default graph."""
    chosen = ox.Store()
    for graph in graphs:
        chosen.bulk_extend(
            ox.Quad(q.subject, q.predicate, q.object) for q in store.quads_for_pattern(None, None, None, graph)
        )
    return chosen
