"""How each document stands, as rows of the ledger's index by IRI; and the looks that `visible.revisit` takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import bindparam, select

from kg.ledger import tables
from kg.ledger.chain import erased_name
from kg.ledger.quads import Said
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed, only
from kg.party import AUDIENCES, RANKS
from kg.visible import Standing

BITS: Mapping[str, int] = {audience: 1 << place for place, audience in enumerate(AUDIENCES)}


class DocumentRow(NamedTuple):
    """A row of `documents`, in the order of its columns."""

    iri: str
    party: str
    entry: int
    content_entry: int
    contribution: str
    time: str
    recorder: str
    delegation: str
    batch: str
    supersedes: str | None
    supersedes_in: int
    payload_digest: str
    classes: str
    audience: str
    table_of: str
    ground: str | None
    ground_ends: str | None
    minted_from: str | None
    perspectives: str
    dated: str | None
    by_holder: int
    ended: str | None
    ended_at: str | None
    visible: int
    shown: int
    stones: str

    @property
    def stone_of(self) -> dict[str, list[str]]:
        """Audience to [how, when] of an end that it saw."""
        stones: dict[str, list[str]] = json.loads(self.stones)
        return stones

    def said_in(self, audience: str) -> Said:
        """The present contribution as this audience's store tells about it."""
        supersedes = self.supersedes if self.supersedes_in & BITS[audience] else None
        return Said(
            self.contribution,
            self.time,
            self.party,
            self.recorder,
            self.delegation,
            self.audience,
            self.iri,
            self.batch,
            supersedes,
        )


class ErasedRow(NamedTuple):
    """A row of `erased`, in the order of its columns, with the time of its entry."""

    name: str
    party: str
    entry: int
    seen: int
    named: int
    time: str


def audiences_of(bits: int) -> frozenset[str]:
    """The audiences in a sum of bits."""
    return _audiences_of(bits)


@lru_cache
def _audiences_of(bits: int) -> frozenset[str]:
    return frozenset(audience for audience, bit in BITS.items() if bits & bit)


def bits_of(audiences: Iterable[str]) -> int:
    """The sum of the bits of these audiences."""
    return sum(BITS[audience] for audience in set(audiences))


_DOCUMENTS = Statement(select(tables.documents).where(among(tables.documents.c.iri, "iris")), DocumentRow._make)
_ERASED = Statement(
    select(tables.erased, tables.entries.c.time)
    .join(tables.entries, tables.entries.c.number == tables.erased.c.entry)
    .where(among(tables.erased.c.name, "names")),
    ErasedRow._make,
)
_TIES = Statement(
    select(tables.ties.c.target).where(tables.ties.c.document == bindparam("iri")).order_by(tables.ties.c.target), only
)
_DEPENDENTS = Statement(
    select(tables.documents)
    .join(tables.ties, tables.ties.c.document == tables.documents.c.iri)
    .where(tables.ties.c.target == bindparam("iri"))
    .order_by(tables.documents.c.iri),
    DocumentRow._make,
)

_MINTED = Statement(
    select(tables.documents.c.iri).where(
        tables.documents.c.party == bindparam("party"),
        tables.documents.c.minted_from == bindparam("minted_from"),
        tables.documents.c.minted_from.is_not(None),
        tables.documents.c.ended.is_(None),
    ),
    only,
)
_RESPONSES = Statement(
    select(tables.responses.c.kind, tables.responses.c.target, tables.responses.c.document).where(
        tables.responses.c.party == bindparam("party"), among(tables.responses.c.target, "targets")
    ),
    as_it_is,
)


def document_rows(driver: Driver, iris: Iterable[str]) -> dict[str, DocumentRow]:
    """The rows of these documents; those the ledger does not have are left out."""
    return {row.iri: row for row in _DOCUMENTS.each(driver, iris=listed(iris))}


def erased_rows(driver: Driver, key: str, iris: Iterable[str]) -> dict[str, ErasedRow]:
    """What is left of the documents among these that were erased, by the name that was asked for."""
    names = {erased_name(key, iri): iri for iri in iris}
    return {names[row.name]: row for row in _ERASED.each(driver, names=listed(names))}


def dependent_rows(driver: Driver, iri: str) -> list[DocumentRow]:
    """The current documents that tie to this one."""
    return _DEPENDENTS.all(driver, iri=iri)


def ties_of(driver: Driver, iri: str) -> tuple[str, ...]:
    """Where the ties of a current document end, sorted."""
    return tuple(_TIES.each(driver, iri=iri))


def standing_of(row: DocumentRow, ties: Iterable[str]) -> Standing:
    """A row in the words of `visible`."""
    return Standing(
        row.iri,
        RANKS[row.audience],
        tuple(ties) if row.ended is None else (),
        row.ground_ends,
        row.ended,
        frozenset(row.stone_of) if row.stones != "{}" else frozenset(),
    )


def standing_of_erased(iri: str, row: ErasedRow) -> Standing:
    """What is left of an erased document, in the words of `visible`."""
    return Standing(iri, 0, (), None, "erased", audiences_of(row.seen))


def minted_before(driver: Driver, party: str, minted_from: str) -> str | None:
    """The name that the same text got before, while it is still current."""
    return _MINTED.first(driver, party=party, minted_from=minted_from)


def own_responses(driver: Driver, party: str, targets: Iterable[str]) -> list[tuple[str, str, str]]:
    """(notation, target, response document) that a party currently holds on these targets, sorted."""
    found = _RESPONSES.each(driver, party=party, targets=listed(targets))
    return sorted((kind, target, document) for kind, target, document in found)


class Stands:
    """Before and after one batch: the rows before it, what it changes, and further rows as they are asked for."""

    def __init__(self, driver: Driver, key: str, any_erased: bool) -> None:
        self._driver = driver
        self._key = key
        self._any_erased = any_erased
        self._rows: dict[str, DocumentRow | None] = {}
        self._erased: dict[str, ErasedRow] = {}
        self._ties: dict[str, tuple[str, ...]] = {}
        self._dependents: dict[str, tuple[str, ...]] = {}
        self._after: Mapping[str, Standing] = {}
        self._named_anew: dict[str, list[str]] = {}

    def fetch(self, iris: Iterable[str]) -> None:
        """Reads these documents in one go."""
        unknown = [iri for iri in dict.fromkeys(iris) if iri not in self._rows]
        if not unknown:
            return
        rows = document_rows(self._driver, unknown)
        self._rows.update((iri, rows.get(iri)) for iri in unknown)
        absent = [iri for iri in unknown if iri not in rows]
        if absent and self._any_erased:
            self._erased |= erased_rows(self._driver, self._key, absent)

    def row(self, iri: str) -> DocumentRow | None:
        """How the document stood before the batch."""
        if iri not in self._rows:
            self.fetch((iri,))
        return self._rows[iri]

    def erased(self, iri: str) -> ErasedRow | None:
        """What was left of it before the batch, when it was erased."""
        return None if self.row(iri) is not None else self._erased.get(iri)

    def entry(self, iri: str) -> int | None:
        """The last entry on this document before the batch; None when the ledger never had it."""
        row = self.row(iri) or self.erased(iri)
        return row.entry if row is not None else None

    def ties(self, iri: str) -> tuple[str, ...]:
        """Where its ties ended before the batch."""
        if iri not in self._ties:
            row = self.row(iri)
            self._ties[iri] = ties_of(self._driver, iri) if row is not None and row.ended is None else ()
        return self._ties[iri]

    def change_to(self, after: Mapping[str, Standing]) -> None:
        """What the batch makes of its own documents."""
        self._after = after
        for standing in after.values():
            for end in standing.ties:
                self._named_anew.setdefault(end, []).append(standing.iri)

    def changed(self, iri: str) -> Standing | None:
        """What the batch makes of this document, when it changes it."""
        return self._after.get(iri)

    def after(self, iri: str) -> Standing | None:
        """How the document stands after the batch."""
        if iri in self._after:
            return self._after[iri]
        row = self.row(iri)
        if row is not None:
            return standing_of(row, self.ties(iri))
        gone = self.erased(iri)
        return standing_of_erased(iri, gone) if gone is not None else None

    def dependents(self, iri: str) -> tuple[str, ...]:
        """The current documents that tie to this one after the batch."""
        if iri not in self._dependents:
            rows = dependent_rows(self._driver, iri)
            self._rows.update((row.iri, row) for row in rows if row.iri not in self._rows)
            kept = [row.iri for row in rows if row.iri not in self._after]
            self._dependents[iri] = (*kept, *self._named_anew.get(iri, ()))
        return self._dependents[iri]

    def seen_by(self, audience: str) -> Seen:
        """The looks of `visible.revisit` for one audience."""
        return Seen(self, audience)


class Seen:
    """`visible.Lookup` for one audience."""

    def __init__(self, stands: Stands, audience: str) -> None:
        self._stands = stands
        self._audience = audience
        self._bit = BITS[audience]

    def standing(self, iri: str) -> Standing | None:
        """How the document stands after the batch."""
        return self._stands.after(iri)

    def shown_before(self, iri: str) -> bool:
        """Whether it stood in the store."""
        row = self._stands.row(iri)
        return row is not None and bool(row.visible & self._bit)

    def held_before(self, iri: str) -> bool:
        """Whether a tie could end here."""
        row = self._stands.row(iri)
        if row is not None:
            return bool(row.visible & self._bit) or (row.stones != "{}" and self._audience in row.stone_of)
        gone = self._stands.erased(iri)
        return gone is None or bool(gone.seen & self._bit)

    def erased(self, iri: str) -> bool:
        """Whether it is erased after the batch, and this audience saw that."""
        changed = self._stands.changed(iri)
        if changed is not None:
            return changed.ended == "erased" and self._audience in changed.seen
        gone = self._stands.erased(iri)
        return gone is not None and bool(gone.seen & self._bit)

    def ties_before(self, iri: str) -> Iterable[str]:
        """Where its ties ended."""
        return self._stands.ties(iri)

    def dependents(self, iri: str) -> Iterable[str]:
        """What ties to it after the batch."""
        return self._stands.dependents(iri)
