"""What the ledger keeps of a document beside its triples: read when it is taken in, and erased with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kg.contribution import Document
from kg.ledger.acts import ENDED
from kg.ledger.chain import canonical
from kg.ledger.quads import over_since
from kg.ledger.standings import DocumentRow, audiences_of
from kg.vocabulary import CREATED, ISSUED, PERSPECTIVE

_PERSPECTIVE = PERSPECTIVE.encode()
_DATES = (ISSUED.encode(), CREATED.encode())
_IRI = re.compile(rb"<([^>]+)> \.$")
_DATE = re.compile(rb'"(\d{4}[^"\\]*)"')


def facts_of(document: Document) -> dict[str, Any]:
    """The facts as a value that becomes JSON."""
    facts = {
        "classes": list(document.classes),
        "table": list(document.table),
        "ties": sorted(set(document.ties)),
        "ground": document.ground,
        "ground_ends": document.ground_ends,
        "response": list(document.response) if document.response else None,
        "minted_from": document.minted_from,
        "perspectives": _perspectives(document),
        "dated": _dated(document),
    }
    return facts if document.signature is None else {**facts, "signature": document.signature}


def facts_text(facts: Mapping[str, Any], request: str | None) -> str | None:
    """The facts as they are kept, with the fingerprint of a batch that came with a key; None when there is nothing."""
    kept = facts if request is None else {**facts, "request": request}
    return canonical(kept).decode() if kept else None


def request_of(facts: str | None) -> str | None:
    """The fingerprint that stands in these facts."""
    request: str | None = json.loads(facts).get("request") if facts else None
    return request


def signature_of(facts: str | None) -> str | None:
    """The detached signature that stands in these facts."""
    signature: str | None = json.loads(facts).get("signature") if facts else None
    return signature


def _objects(document: Document, predicate: bytes, form: re.Pattern[bytes]) -> list[str]:
    """What the main subject says with this predicate, by a pattern for the object."""
    if predicate not in document.payload:
        return []
    # A pattern of the document's own would have to be compiled for each: that takes longer than all else here.
    start = b"<" + document.iri.encode() + b"> <" + predicate + b"> "
    said = (line.removeprefix(start) for line in document.payload.split(b"\n") if line.startswith(start))
    return [found[1].decode() for value in said if (found := form.match(value))]


def _perspectives(document: Document) -> list[str]:
    """The perspectives that a party speaks from, as concept IRIs."""
    return sorted(_objects(document, _PERSPECTIVE, _IRI))


def _dated(document: Document) -> str | None:
    """Its earliest date or year; ISO dates and years sort as text."""
    dates = [date for predicate in _DATES for date in _objects(document, predicate, _DATE)]
    return min(dates, default=None)


def row_from(entry: Mapping[str, Any], iri: str, facts: Mapping[str, Any], digest: str) -> DocumentRow:
    """The index row of a document whose present words this entry brought; what depends on its past is still empty."""
    return DocumentRow(
        iri=iri,
        party=entry["party"],
        entry=entry["number"],
        content_entry=entry["number"],
        contribution=entry["id"],
        time=entry["time"],
        recorder=entry["recorder"],
        delegation=entry["delegation"],
        batch=entry["batch"],
        supersedes=entry["supersedes"],
        supersedes_in=0,
        payload_digest=digest,
        classes=" ".join(facts["classes"]),
        audience=entry["audience"],
        table_of=" ".join(facts["table"]),
        ground=facts["ground"],
        ground_ends=facts["ground_ends"],
        minted_from=facts["minted_from"],
        perspectives=" ".join(facts["perspectives"]),
        dated=facts["dated"],
        by_holder=acted_itself(entry),
        ended=None,
        ended_at=None,
        visible=0,
        shown=0,
        stones="{}",
    )


def acted_itself(entry: Mapping[str, Any]) -> int:
    """1 when the holder itself made this entry; the clock, which ends grounds, is nobody."""
    return int(entry["recorder"] == entry["party"] and entry["kind"] != "groundEnded")


def with_words(before: DocumentRow | None, row: DocumentRow) -> DocumentRow:
    """The row that new words give, with what the document's past adds to it."""
    if before is None:
        return row
    return row._replace(
        supersedes_in=before.shown if row.supersedes else 0,
        by_holder=before.by_holder | row.by_holder,
        stones=before.stones,
    )


def without_words(before: DocumentRow, entry: Mapping[str, Any]) -> DocumentRow:
    """The row of a document that this entry ended; a tombstone in each store where it stood."""
    ended = ENDED[entry["kind"]]
    ended_at = entry["time"]
    if ended == "groundEnded" and before.ground_ends is not None:
        # A ground is over at midnight, whenever the clock comes round to write it down.
        ended_at = over_since(before.ground_ends)
    stones = before.stone_of | {audience: [ended, ended_at] for audience in audiences_of(before.visible)}
    return before._replace(
        entry=entry["number"],
        by_holder=before.by_holder | acted_itself(entry),
        ended=ended,
        ended_at=ended_at,
        visible=0,
        stones=canonical(stones).decode(),
    )
