"""The N-Quads that stand in a store: content graphs, the ledger's own statements about them, tombstones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from kg.vocabulary import (
    AUDIENCE,
    BATCH,
    CONCEPT,
    CONTRIBUTION,
    CREATED,
    DELEGATION,
    DOCUMENT,
    ENDED,
    HELD_BY,
    MODIFIED,
    RDF,
    RECORDED_BY,
    SUPERSEDES,
    TOMBSTONE,
    XSD,
)

DELEGATIONS: Mapping[str, str] = {
    name: f"{CONCEPT}delegation/{name}" for name in ("byHolder", "namens", "publicSource")
}
AUDIENCE_CONCEPTS: Mapping[str, str] = {
    name: f"{CONCEPT}audience/{name}" for name in ("own", "table", "partners", "public")
}


class Said(NamedTuple):
    """One contribution as a store tells about it."""

    id: str
    time: str
    party: str
    recorder: str
    delegation: str
    audience: str
    iri: str
    batch: str
    supersedes: str | None
    """Only when the superseded contribution stood in the same store: a store tells nothing of what it may not show."""


def time_text(now: datetime) -> str:
    """An instant as the ledger writes it: UTC, always microseconds, so that times sort as text."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def over_since(ground_ends: str) -> str:
    """The instant at which a ground that holds through this day is over."""
    day = date.fromisoformat(ground_ends[:10]) + timedelta(days=1)
    return f"{day.isoformat()}T00:00:00.000000Z"


def date_time(time: str) -> str:
    """A time of the ledger as an xsd:dateTime in canonical form, which a store gives back unchanged."""
    return f'"{time.rstrip("Z").rstrip("0").rstrip(".")}Z"^^<{XSD}dateTime>'


def party_iri(base: str, slug: str) -> str:
    """The party's own IRI."""
    return f"{base}/id/{slug}"


def contribution_iri(base: str, contribution: str) -> str:
    """The contribution's IRI, which is the name of its graph."""
    return f"{base}/contributions/{contribution}"


def in_graph(graph: str, payload: bytes) -> bytes:
    """The payload's triples in this graph.

    A newline inside a literal is written as an escape, so " .", newline is only ever the end of a triple.
    """
    return payload.replace(b" .\n", f" <{graph}> .\n".encode())


def content(base: str, contribution: str, payload: bytes) -> bytes:
    """The payload's triples in the contribution's graph."""
    return in_graph(contribution_iri(base, contribution), payload)


def about(base: str, said: Said) -> bytes:
    """What /graph/ledger says of a current contribution: metadata, none of its words."""
    subject = f"<{contribution_iri(base, said.id)}> "
    graph = f" <{base}/graph/ledger> .\n"
    return "".join(f"{subject}{fact}{graph}" for fact in facts_about(base, said)).encode()


def facts_about(base: str, said: Said) -> list[str]:
    """What is said of a contribution beside its words, as predicates with objects."""
    facts = [
        f"<{RDF}type> <{CONTRIBUTION}>",
        f"<{HELD_BY}> <{party_iri(base, said.party)}>",
        f"<{RECORDED_BY}> <{party_iri(base, said.recorder)}>",
        f"<{DELEGATION}> <{DELEGATIONS[said.delegation]}>",
        f"<{CREATED}> {date_time(said.time)}",
        f"<{AUDIENCE}> <{AUDIENCE_CONCEPTS[said.audience]}>",
        f"<{DOCUMENT}> <{said.iri}>",
        f"<{BATCH}> <{base}/batches/{said.batch}>",
    ]
    if said.supersedes:
        facts.append(f"<{SUPERSEDES}> <{contribution_iri(base, said.supersedes)}>")
    return facts


def tombstone(base: str, iri: str, ended: str, ended_at: str) -> bytes:
    """What /graph/register says of a document that ended: that it ended, how and when; no title, no kind."""
    subject, graph = f"<{iri}> ", f" <{base}/graph/register> .\n"
    return (
        f"{subject}<{RDF}type> <{TOMBSTONE}>{graph}"
        f'{subject}<{ENDED}> "{ended}"{graph}'
        f"{subject}<{MODIFIED}> {date_time(ended_at)}{graph}"
    ).encode()
