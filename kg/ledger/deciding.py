"""What becomes of each act of a batch, decided against the ledger as it stands in the moment before the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from kg.contribution import Document
from kg.ledger.acts import Act, Batch, Kind
from kg.ledger.chain import canonical, digest_of
from kg.ledger.facts import signature_of
from kg.ledger.quads import party_iri
from kg.ledger.standings import DocumentRow, ErasedRow, Stands, minted_before, own_responses
from kg.ledger.statement import Driver, Statement, only
from kg.ledger.tables import payloads
from kg.ledger.viewpoint import mark_of
from kg.objection import Objection, object_to
from kg.visible import Standing, is_over

_FACTS = Statement(select(payloads.c.facts).where(payloads.c.entry == bindparam("entry")), only)


@dataclass(frozen=True)
class Decision:
    """What an act will do, and to what."""

    act: Act
    kind: Kind
    row: DocumentRow | None
    """How the document stood; None when it is new or erased."""
    gone: ErasedRow | None = None
    unchanged: bool = False


@dataclass(frozen=True)
class Written:
    """One entry, with what becomes of its document."""

    decision: Decision
    entry: Mapping[str, Any]
    salt: bytes
    facts: str | None
    after: DocumentRow | None
    """The document's row after it, who sees it still left out; None when it is erased."""
    standing: Standing

    @property
    def iri(self) -> str:
        """The document."""
        return self.decision.act.iri

    @property
    def document(self) -> Document | None:
        """Its new words, when the act brings any."""
        return self.decision.act.document


def check_made_well(batch: Batch, base: str) -> None:
    """Raises ValueError when a batch could not have come through the door: a bug of whoever made it."""
    holder = party_iri(base, batch.party)
    for act in batch.acts:
        document = act.document
        if (document is not None) != (act.kind in ("publish", "replace")):
            raise ValueError(f"{act.kind} of {act.iri} {'without' if document is None else 'with'} a document")
        if document is None:
            continue
        if document.iri != act.iri or document.holder != holder:
            raise ValueError(f"{batch.party} speaks of {act.iri} with a document {document.iri} of {document.holder}")
        start = b"\n<" + document.iri.encode()
        lines = b"\n" + document.payload
        own = lines.count(start + b"> ") + lines.count(start + b"#")
        if not own or own != document.payload.count(b"\n") or own != document.payload.count(b" .\n"):
            raise ValueError(f"the payload of {act.iri} has other subjects than it and its parts, or is not N-Triples")


def fingerprint(acts: Sequence[Act]) -> str:
    """What a batch asks, whatever names were minted for it."""

    def line(act: Act) -> list[str | None]:
        if act.document is None:
            return [act.kind, act.iri]
        minted = act.document.minted_from
        return [act.kind, minted or act.iri, minted or act.document.digest]

    return digest_of(canonical(sorted(line(act) for act in acts)))


def decide(driver: Driver, batch: Batch, now: datetime, stands: Stands) -> tuple[list[Decision], list[Objection]]:
    """A decision for each act, and all objections; with any objection nothing is done."""
    stands.fetch((*(act.iri for act in batch.acts), *(iri for iri, _ in batch.read)))
    objections: list[Objection] = []
    decisions: list[Decision] = []
    met: set[str] = set()
    for act in batch.acts:
        verdict = object_to("SameTwice", focus=act.iri) if act.iri in met else _decide(driver, batch, act, now, stands)
        met.add(act.iri)
        if isinstance(verdict, Objection):
            objections.append(verdict)
        else:
            decisions.append(verdict)
    if not objections and not all(decision.unchanged for decision in decisions):
        objections = _moved(driver, batch, stands)
    return decisions, objections


def _decide(driver: Driver, batch: Batch, act: Act, now: datetime, stands: Stands) -> Decision | Objection:
    row, gone = stands.row(act.iri), stands.erased(act.iri)
    known = row or gone
    if known is not None and known.party != batch.party:
        return object_to("NotHolder", focus=act.iri)
    if act.document is not None:
        return _decide_words(driver, batch, act, now, row, gone)
    if act.kind == "erase" and gone is not None:
        return Decision(act, "erase", None, gone, unchanged=True)
    if row is None or (row.ended is not None and act.kind != "erase"):
        return object_to("NotCurrent", focus=act.iri)
    if act.expected is not None and act.expected != row.contribution:
        return object_to("Stale", focus=act.iri)
    if act.kind in ("withdraw", "erase") and _outranked(batch, row):
        return object_to("NotHolder", focus=act.iri)
    if act.kind == "groundEnded" and not is_over(row.ground_ends, now):
        return object_to("NotCurrent", focus=act.iri)
    return Decision(act, act.kind, row)


def _decide_words(
    driver: Driver, batch: Batch, act: Act, now: datetime, row: DocumentRow | None, gone: ErasedRow | None
) -> Decision | Objection:
    """Publishing and replacing."""
    document = act.document
    assert document is not None
    if gone is not None:
        # Erased is for good: a script that sends everything again must not bring a story back.
        return object_to("Ended", focus=act.iri)
    current = row is not None and row.ended is None
    if act.absent and current:
        return object_to("ExistsAlready", focus=act.iri)
    same = row is not None and current and row.payload_digest == document.digest
    if row is not None and same and not _signed_anew(driver, document, row):
        return Decision(act, "publish", row, unchanged=True)
    if row is not None and _outranked(batch, row):
        return object_to("NotHolder", focus=act.iri)
    if row is not None and row.ended == "withdrawn" and not (batch.replace or act.kind == "replace"):
        # Taken back is taken back: only somebody who says so brings it here again.
        return object_to("Withdrawn", focus=act.iri)
    if act.expected is not None and (row is None or not current or act.expected != row.contribution):
        return object_to("Stale", focus=act.iri)
    if is_over(document.ground_ends, now):
        return object_to("GroundEnded", focus=act.iri)
    if document.minted_from is not None:
        other = minted_before(driver, batch.party, document.minted_from)
        if other not in (None, act.iri):
            # The same text came in twice at once; at the next look its first name is found.
            return object_to("Moved", focus=act.iri)
    if not current:
        return Decision(act, "publish", row)
    if act.kind == "replace" or batch.replace or act.expected is not None or same:
        return Decision(act, "replace", row)
    return object_to("ExistsDifferently", focus=act.iri)


def _signed_anew(driver: Driver, document: Document, row: DocumentRow) -> bool:
    """True when the same words come with another signature than they have, or with their first."""
    if document.signature is None:
        return False
    return document.signature != signature_of(_FACTS.first(driver, entry=row.content_entry))


def _outranked(batch: Batch, row: DocumentRow) -> bool:
    """True when a recorder from public sources meets a document on which the holder has acted itself."""
    return batch.delegation == "publicSource" and batch.recorder != batch.party and bool(row.by_holder)


def _moved(driver: Driver, batch: Batch, stands: Stands) -> list[Objection]:
    """What was read and is not so any more: the checks have to be made again."""
    moved = [iri for iri, entry in batch.read if stands.entry(iri) != entry]
    if batch.viewpoint is not None and batch.viewpoint != mark_of(driver, batch.party):
        moved.append(batch.party)
    targets = {act.document.response[1] for act in batch.acts if act.document and act.document.response}
    if targets:
        read = sorted({response for response in batch.own_responses if response[1] in targets})
        now_there = own_responses(driver, batch.party, sorted(targets))
        moved.extend(sorted({response[2] for response in set(read) ^ set(now_there)}))
    return [object_to("Moved", focus=iri) for iri in dict.fromkeys(moved)]
