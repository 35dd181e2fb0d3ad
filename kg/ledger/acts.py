"""What is asked of the ledger and what it answers: acts and batches in, receipts and changes out, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kg.contribution import Document

Kind = Literal["publish", "replace", "withdraw", "erase", "groundEnded"]

ENDED: Mapping[str, str] = {"withdraw": "withdrawn", "erase": "erased", "groundEnded": "groundEnded"}
"""The word on the tombstone, by the kind of act that ended the document."""


class LedgerUnavailable(OSError):
    """The ledger takes nothing in now: an outage (disk full, fsync failed, another writer), never an objection."""


@dataclass(frozen=True)
class Act:
    """One thing done to one document."""

    kind: Kind
    iri: str
    document: Document | None = None
    expected: str | None = None
    """Id of the contribution that must be current (If-Match)."""
    absent: bool = False
    """Whether nothing may be current under this name (If-None-Match: *)."""


@dataclass(frozen=True)
class Batch:
    """What is taken in together: all of it or nothing."""

    party: str
    """Slug of the holder."""
    recorder: str
    """Slug of who entered it; the holder itself, or a party with a delegation."""
    delegation: str
    """byHolder, namens or publicSource."""
    acts: tuple[Act, ...]
    read: tuple[tuple[str, int | None], ...] = ()
    """(IRI, last entry or None for absent) of all that the checks read."""
    own_responses: tuple[tuple[str, str, str], ...] = ()
    """(notation, target, response document) that the checks read; looked at again when the batch responds."""
    replace: bool = False
    idempotency_key: str | None = None
    request: str | None = None
    """Fingerprint of what was asked, where the acts alone do not tell it: they are what differs from the moment."""
    viewpoint: tuple[int, int] | None = None
    """The mark of the holder's whole viewpoint that the checks read (`kg.ledger.viewpoint`)."""


@dataclass(frozen=True)
class Taken:
    """What became of one act."""

    id: str
    """The contribution's id (its graph is `{base}/contributions/{id}`), or that of the entry that ended a document."""
    iri: str
    kind: str
    digest: str | None
    """Hex SHA-256 of the payload; None for an end."""
    audience: str
    position_in_audience: Mapping[str, int]
    """Its place in the chain of each store that it changed."""
    salt: str | None
    """Hex salt: with the payload it gives the salted digest that stands in the chain."""
    supersedes: str | None
    unchanged: bool


@dataclass(frozen=True)
class Receipt:
    """What became of a batch. `created` is False when nothing had to be written."""

    batch: str
    contributions: tuple[Taken, ...]
    created: bool


@dataclass(frozen=True)
class Change:
    """What one batch changes in one audience's store; bytes are N-Quads."""

    audience: str
    position: int
    digest: str
    remove_graphs: tuple[str, ...]
    remove: bytes
    add: bytes
    redacts: bool = False
    """Whether it may change what is shown of the past: whatever is kept of that has to go at once."""


@dataclass(frozen=True)
class Current:
    """How a document stands: current, or what is left of it once it has ended."""

    iri: str
    party: str
    recorder: str
    entry: int
    contribution: str
    classes: tuple[str, ...]
    audience: str
    table: tuple[str, ...]
    ground: str | None
    ground_ends: str | None
    perspectives: tuple[str, ...]
    dated: str | None
    ended: str | None
    ended_at: str | None
    visible: frozenset[str]
    """The audiences in whose store it stands."""
    seen: frozenset[str]
    """The audiences in whose store it stood when it ended: they get 410, others 404."""
    digest: str | None
    time: str | None = None
    """When its present words were taken in."""
    delegation: str | None = None
    payload: bytes | None = None
    """Its triples as received; None when erased, or when only its standing was asked."""
    signature: str | None = None
    """The holder's detached signature of these, where it gave one and it was asked for."""


@dataclass(frozen=True)
class Recorded:
    """One entry: what was taken in, by whom, and what became of it. Name and words are None once erased."""

    id: str
    number: int
    time: str
    party: str
    recorder: str
    delegation: str
    kind: str
    iri: str | None
    audience: str
    batch: str
    payload: bytes | None
    digest: str | None
    salt: str | None
    supersedes: str | None
    superseded_by: str | None
    ended: str | None
    """How the contribution ended, when it did not end by being replaced."""
    position_in_audience: Mapping[str, int]
    signature: str | None = None
    """The holder's detached signature of the payload, where it gave one."""


@dataclass(frozen=True)
class Told:
    """One position of an audience's chain: all that this audience is told, and can check."""

    audience: str
    position: int
    entered: tuple[Mapping[str, Any], ...]
    """Envelopes of the contributions that came in: who, when, for whom, salted digests of name and payload."""
    left: tuple[str, ...]
    """Ids of the contributions that went."""
    ended: tuple[tuple[str, str, str], ...]
    """(id, how, when) of those that ended."""
    previous: str
    digest: str


@dataclass(frozen=True)
class Fault:
    """One thing in the ledger that is not as it was written."""

    what: str
    entry: int | None = None
    audience: str | None = None


@dataclass(frozen=True)
class Verified:
    """The outcome of looking at everything: sound when there is no fault."""

    entries: int
    documents: int
    positions: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    @property
    def sound(self) -> bool:
        """True when everything is as it was written."""
        return not self.faults
