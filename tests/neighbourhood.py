"""Small documents for the ledger's tests, made without a parser, and helpers that read what a store holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox

from kg.contribution import Document
from kg.ledger import Act, Batch, Change, Ledger, Receipt
from kg.vocabulary import CONCEPT, HELD_BY, LW

BASE = "http://127.0.0.1:8000"
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def iri(party: str, name: str) -> str:
    """The IRI of a thing of a party."""
    return f"{BASE}/id/{party}/{name}"


def document(
    party: str,
    name: str,
    text: str = "Vocht in huis",
    *,
    audience: str = "public",
    ties: Iterable[str] = (),
    references: Iterable[str] = (),
    table: Iterable[str] = (),
    ground_ends: str | None = None,
    response: tuple[str, str] | None = None,
    minted_from: str | None = None,
    kind: str = "Story",
) -> Document:
    """A document with one text, one part, and what else is asked for."""
    me, holder = iri(party, name), f"{BASE}/id/{party}"
    ends = sorted({*ties, *((response[1],) if response else ())})
    lines = {
        f"<{me}> <{HELD_BY}> <{holder}> .\n",
        f"<{me}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{LW}{kind}> .\n",
        f'<{me}> <http://purl.org/dc/terms/description> "{text}"@nl .\n',
        f'<{me}#verteller> <{LW}role> "een bewoonster"@nl .\n',
        f"<{me}> <{LW}audience> <{CONCEPT}audience/{audience}> .\n",
        *(f"<{me}> <{LW}about> <{end}> .\n" for end in ends),
    }
    return Document(
        iri=me,
        holder=holder,
        classes=(LW + kind,),
        audience=audience,
        table=tuple(table),
        ties=tuple(ends),
        references=tuple(sorted({*ends, *references})),
        ground="consent" if ground_ends else None,
        ground_ends=ground_ends,
        response=response,
        payload="".join(sorted(lines)).encode(),
        minted_from=minted_from,
    )


def batch(
    party: str,
    *acts: Act | Document,
    recorder: str | None = None,
    delegation: str = "byHolder",
    ledger: Ledger | None = None,
    replace: bool = False,
    key: str | None = None,
) -> Batch:
    """A batch of acts; a document stands for publishing it. With a ledger, what is read is read there."""
    made = tuple(act if isinstance(act, Act) else Act("publish", act.iri, act) for act in acts)
    documents = [act.document for act in made if act.document is not None]
    piece = ledger.slice_for(documents) if ledger else None
    return Batch(
        party=party,
        recorder=recorder or party,
        delegation=delegation,
        acts=made,
        read=tuple((neighbour.iri, neighbour.entry) for neighbour in piece.neighbours) if piece else (),
        own_responses=piece.own_responses if piece else (),
        replace=replace,
        idempotency_key=key,
    )


def taken(ledger: Ledger, made: Batch, now: datetime = NOW) -> Receipt:
    """The receipt of a batch that must be taken in."""
    answer = ledger.submit(made, now).result(10)
    assert isinstance(answer, Receipt), answer
    return answer


def refused(ledger: Ledger, made: Batch, now: datetime = NOW) -> list[tuple[str, str | None]]:
    """(name, focus) of the objections to a batch that must be refused."""
    answer = ledger.submit(made, now).result(10)
    assert not isinstance(answer, Receipt), answer
    return [(objection.name, objection.focus) for objection in answer]


def lines_of(store: ox.Store) -> list[bytes]:
    """Everything in a store as sorted N-Quads."""
    dumped = store.dump(format=ox.RdfFormat.N_QUADS)
    assert dumped is not None
    return sorted(dumped.splitlines())


def made_anew(ledger: Ledger, audience: str, now: datetime = NOW) -> list[bytes]:
    """The sorted N-Quads of a store that is made from a snapshot."""
    store = ox.Store()
    for chunk in ledger.snapshot(audience, now):
        store.load(chunk, format=ox.RdfFormat.N_QUADS)
    return lines_of(store)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards; in memory where there is such a place, since here nothing has to survive."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


class Stores:
    """The stores of all audiences, kept by the ledger's changes alone."""

    def __init__(self) -> None:
        self.stores = {"public": ox.Store(), "partners": ox.Store()}
        self.positions = {"public": 0, "partners": 0}
        self.changes: list[Change] = []

    def apply(self, change: Change) -> None:
        """What a projection does with a change."""
        assert change.position > self.positions[change.audience]
        assert change.remove_graphs or change.remove or change.add
        self.changes.append(change)
        self.positions[change.audience] = change.position
        store = self.stores[change.audience]
        for graph in change.remove_graphs:
            assert list(store.quads_for_pattern(None, None, None, ox.NamedNode(graph)))
            store.remove_graph(ox.NamedNode(graph))
        for quad in ox.parse(change.remove, format=ox.RdfFormat.N_QUADS):
            assert quad in store
            store.remove(quad)
        for quad in ox.parse(change.add, format=ox.RdfFormat.N_QUADS):
            assert quad not in store
            store.add(quad)

    def lines(self, audience: str) -> list[bytes]:
        """Sorted N-Quads of one of them."""
        return lines_of(self.stores[audience])
