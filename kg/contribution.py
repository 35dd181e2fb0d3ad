"""What one party says in one act about one document: its canonical bytes, and what the ledger knows around it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

AUDIENCES = ("own", "table", "partners", "public")


@dataclass(frozen=True)
class Document:
    """One main subject with its `#parts`, as one party holds it: the unit that is taken in, replaced and withdrawn."""

    iri: str
    """The main subject, without a fragment."""
    holder: str
    """IRI of the party under `lw:heldBy`; the speaker where the payload does not say it (then a shape refuses it)."""
    classes: tuple[str, ...]
    """Every `rdf:type` of the main subject, sorted."""
    audience: str
    """One of AUDIENCES; "own" where the payload says nothing or something unknown."""
    table: tuple[str, ...]
    """The parties at the table (`lw:tableOf`), sorted."""
    ties: tuple[str, ...]
    """Documents at the other end of `lw:tie` predicates, fragment stripped, sorted."""
    references: tuple[str, ...]
    """Every object IRI that the ledger is asked about, fragment stripped, without the document itself, sorted."""
    ground: str | None
    """Notation of the ground (consent, publishedSource, own), or None."""
    ground_ends: str | None
    """ISO date of the last day on which the ground holds, or None."""
    response: tuple[str, str] | None
    """(notation, target document) of a Response, else None."""
    payload: bytes
    """Sorted distinct N-Triples lines, each ending in a newline, lexical forms as the parser gave them."""
    minted_from: str | None = None
    """Digest of the payload before a name was minted, when the writer gave none; so the same text is known again."""
    signature: str | None = None
    """A detached signature of the payload by a key of the holder, as it was checked at the door (kg.signing)."""

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the payload: five ways of publishing the same triples give one digest."""
        return hashlib.sha256(self.payload).hexdigest()


@dataclass(frozen=True)
class Neighbour:
    """What the ledger knows of an IRI that a document refers to; `entry` None means that it is absent."""

    iri: str
    entry: int | None
    classes: tuple[str, ...]
    holder: str | None
    audience: str | None
    ended: str | None
    """"withdrawn", "erased" or "groundEnded" when only a tombstone is left."""
    perspectives: tuple[str, ...] = ()
    """Concept IRIs of a party's perspectives, for I12."""
    dated: str | None = None
    """Earliest year ("2019") or date of an instrument, for I12."""
    table: tuple[str, ...] = ()
    """The parties at the table, when the audience is "table": for others it is as if it were absent."""


@dataclass(frozen=True)
class Slice:
    """The part of the ledger that one batch was checked against; the writer looks at it again at commit."""

    neighbours: tuple[Neighbour, ...]
    own_responses: tuple[tuple[str, str, str], ...]
    """(notation, target, response document) that the speaker currently holds on the targets of this batch."""
