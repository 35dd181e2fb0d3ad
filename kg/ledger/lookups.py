"""The ledger as it stands on disk, read by key: what a web service asks of it, from any process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import DBAPIError

from kg.contribution import Document, Neighbour, Slice
from kg.ledger import tables
from kg.ledger.acts import ENDED, Batch, Current, LedgerUnavailable, Recorded, Told
from kg.ledger.chain import Book, Heads, canonical, digest_of, empty_heads, shared_envelope
from kg.ledger.current import current_of, current_of_erased
from kg.ledger.deciding import decide
from kg.ledger.difference import Changed, difference
from kg.ledger.events import Event, events_between, times_of
from kg.ledger.facts import signature_of
from kg.ledger.past import Past, Place, came_at, kept, place_at, place_of
from kg.ledger.quads import party_iri, time_text
from kg.ledger.recorded import RECORDED, EntryRow, positions_of
from kg.ledger.snapshot import Snapshot
from kg.ledger.standings import (
    BITS,
    DocumentRow,
    Stands,
    dependent_rows,
    document_rows,
    erased_rows,
    minted_before,
    own_responses,
)
from kg.ledger.statement import Driver, Statement, among, as_it_is, driver_of, listed
from kg.ledger.viewpoint import Viewpoints
from kg.objection import Objection
from kg.party import AUDIENCES, STEWARD
from kg.vocabulary import PARTY

d, e, p, c = tables.documents.c, tables.entries.c, tables.payloads.c, tables.chain.c


def _with_payload(columns: tuple[Any, ...]) -> tuple[DocumentRow, bytes | None]:
    return DocumentRow._make(columns[:-1]), columns[-1]


_META = Statement(select(tables.meta), as_it_is)
_LAST = Statement(select(e.number, e.digest, e.time).order_by(e.number.desc()).limit(1), as_it_is)
_POSITION = Statement(
    select(c.position, c.digest).where(c.audience == bindparam("audience")).order_by(c.position.desc()).limit(1),
    as_it_is,
)
_DOCUMENTS = select(tables.documents, p.payload).join(tables.payloads, p.entry == d.content_entry, isouter=True)
_ONE = Statement(
    _DOCUMENTS.add_columns(p.facts).where(d.iri == bindparam("iri")),
    lambda columns: (*_with_payload(columns[:-1]), signature_of(columns[-1])),
)
_VIEW = Statement(_DOCUMENTS.where(d.party == bindparam("party"), d.ended.is_(None)), _with_payload)
_VIEW_IN = Statement(
    _DOCUMENTS.where(d.party == bindparam("party"), d.ended.is_(None), d.visible.op("&")(bindparam("bit")) != 0),
    _with_payload,
)
_DIGESTS = Statement(
    select(d.iri, d.payload_digest).where(d.party == bindparam("party"), d.ended.is_(None)).order_by(d.iri), as_it_is
)
_PARTIES = Statement(
    select(tables.documents).where(
        d.party == STEWARD, d.ended.is_(None), func.instr(" " + d.classes + " ", f" {PARTY} ") > 0
    ),
    DocumentRow._make,
)
_ENTRY = Statement(RECORDED.where(e.id == bindparam("id")), EntryRow._make)
_BATCH = Statement(RECORDED.where(e.batch == bindparam("batch")), EntryRow._make)
_HISTORY = Statement(RECORDED.where(p.iri == bindparam("iri")), EntryRow._make)
_TOLD = Statement(
    select(c.position, c.effects, c.previous, c.digest)
    .where(c.audience == bindparam("audience"), c.position > bindparam("after"))
    .order_by(c.position)
    .limit(bindparam("most")),
    as_it_is,
)
_ENVELOPES = Statement(select(tables.entries).where(among(e.id, "ids")), as_it_is)
_SUCCESSORS = Statement(
    select(e.supersedes, e.id, e.kind).where(among(e.supersedes, "ids")).order_by(e.number), as_it_is
)


def heads_in(driver: Driver, book: Book) -> Heads:
    """Where the chains stand in this transaction."""
    heads = empty_heads(book.base, book.key)
    last = _LAST.first(driver)
    if last is None:
        return heads
    chains = dict(heads.chains)
    for audience in AUDIENCES:
        row = _POSITION.first(driver, audience=audience)
        if row is not None:
            chains[audience] = (row[0], row[1])
    return Heads(last[0], last[1], last[2], chains)


class Lookups(Viewpoints):
    """Reads of a ledger; as many at once as there are threads. Read-only: also beside another process that writes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.file: Path = tables.file_of(url)
        if not self.file.exists():
            raise LedgerUnavailable(f"there is no ledger at {self.file}; make one with `wijkgraaf init`")
        self._reads = tables.open_engine(url, writes=False)
        try:
            with self._reading() as driver:
                found = dict(_META.each(driver))
        except (DBAPIError, sqlite3.Error) as error:
            self._reads.dispose()
            raise LedgerUnavailable(f"{self.file} cannot be read as a ledger: {error}") from error
        if found.get("schema") != tables.SCHEMA_VERSION:
            self._reads.dispose()
            raise LedgerUnavailable(
                f"{self.file} has schema {found.get('schema')}, this program reads {tables.SCHEMA_VERSION}"
            )
        self.base: str = found["base"]
        self._book = Book(self.base, found["key"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._reads.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Driver]:
        """A connection in which all looks see the same moment."""
        raw = self._reads.raw_connection()
        driver = driver_of(raw)
        try:
            driver.execute("BEGIN").close()
            yield driver
        finally:
            # Given back, a connection rolls back: nothing of the moment is kept.
            raw.close()

    def heads(self) -> Mapping[str, tuple[int, str]]:
        """Audience to its position and the digest there."""
        with self._reading() as driver:
            return heads_in(driver, self._book).chains

    def positions(self) -> Mapping[str, int]:
        """Audience to its position: how many entries changed its store."""
        return {audience: position for audience, (position, _) in self.heads().items()}

    def snapshot(self, audience: str, now: datetime) -> Snapshot:
        """Everything that stands in this audience's store, as N-Quads in chunks; it knows its position and digest."""
        connection = self._reads.connect()
        try:
            connection.begin()
            heads = heads_in(driver_of(connection.connection), self._book)
            return Snapshot(connection, self._book, heads, audience, now)
        except BaseException:
            connection.close()
            raise

    def place_at(self, audience: str, time: datetime) -> Place | None:
        """Where this audience's chain stood at a time; None before its first position."""
        with self._reading() as driver:
            return place_at(driver, audience, time_text(time))

    def place_of(self, audience: str, position: int) -> Place | None:
        """A position of this audience's chain; None when it has no such position."""
        with self._reading() as driver:
            return place_of(driver, audience, position)

    def came_at(self, audience: str, iri: str) -> tuple[tuple[str, str], ...]:
        """(time, contribution) of each of a document's contributions that came into an audience's store, in order."""
        with self._reading() as driver:
            return came_at(driver, audience, iri)

    @contextmanager
    def past(self, audience: str, position: int, now: datetime) -> Iterator[Past]:
        """What this audience's store held at a position, less what may not be shown now; to be read before it closes.

        Raises ValueError when the audience has no such position.
        """
        with self._reading() as driver:
            place = place_of(driver, audience, position)
            if place is None:
                raise ValueError(f"{audience} has no position {position}")
            yield Past(driver, self.base, kept(driver, self._book.key, audience, place, now))

    def difference(self, audience: str, places: tuple[Place, Place], now: datetime) -> tuple[Changed, ...]:
        """What changed in this audience's store between two places, as far as it may be told now."""
        with self._reading() as driver:
            return difference(driver, self.base, self._book.key, audience, places, now)

    def slice_for(self, documents: Sequence[Document]) -> Slice:
        """What the ledger knows of all that these documents refer to, and of the speaker's responses to it."""
        iris = sorted({iri for document in documents for iri in (*document.references, *document.ties)})
        targets = sorted({document.response[1] for document in documents if document.response})
        with self._reading() as driver:
            neighbours = tuple(self._neighbours(driver, iris))
            speaker = documents[0].holder.rsplit("/", 1)[-1] if documents else ""
            responses = tuple(own_responses(driver, speaker, targets)) if targets else ()
        return Slice(neighbours, responses)

    def _neighbours(self, driver: Driver, iris: Sequence[str]) -> Iterator[Neighbour]:
        """What the ledger knows of each IRI, in the same order."""
        rows = document_rows(driver, iris)
        absent = [iri for iri in iris if iri not in rows]
        gone = erased_rows(driver, self._book.key, absent) if absent else {}
        for iri in iris:
            if iri in rows:
                row = rows[iri]
                yield Neighbour(
                    iri=iri,
                    entry=row.entry,
                    classes=tuple(row.classes.split()),
                    holder=party_iri(self.base, row.party),
                    audience=row.audience,
                    ended=row.ended,
                    perspectives=tuple(row.perspectives.split()),
                    dated=row.dated,
                    table=tuple(row.table_of.split()),
                )
            elif iri in gone:
                left = gone[iri]
                yield Neighbour(iri, left.entry, (), party_iri(self.base, left.party), None, "erased")
            else:
                yield Neighbour(iri, None, (), None, None, None)

    def rehearse(self, batch: Batch, now: datetime) -> tuple[Objection, ...]:
        """What the writer would have against a batch if it came now; nothing is written."""
        with self._reading() as driver:
            stands = Stands(driver, self._book.key, any_erased=True)
            return tuple(decide(driver, batch, now, stands)[1])

    def minted_before(self, holder: str, minted_from: str) -> str | None:
        """The name that the same text of this holder (IRI) got before, while it is current."""
        with self._reading() as driver:
            return minted_before(driver, holder.rsplit("/", 1)[-1], minted_from)

    def document(self, iri: str) -> Current | None:
        """How a document stands, with its present triples; what is left when it ended; None when it never was."""
        with self._reading() as driver:
            found = _ONE.first(driver, iri=iri)
            if found is not None:
                return replace(current_of(*found[:2]), signature=found[2])
            gone = erased_rows(driver, self._book.key, (iri,))
        return current_of_erased(iri, gone[iri]) if gone else None

    def is_erased(self, iri: str) -> bool:
        """Whether a document of this name was here and is erased."""
        with self._reading() as driver:
            return bool(erased_rows(driver, self._book.key, (iri,)))

    def view(self, party: str, audience: str | None = None) -> Iterator[Current]:
        """The current documents of a party (slug): all of them, or what stands in the store of an audience."""
        with self._reading() as driver:
            if audience is None:
                found = _VIEW.each(driver, party=party)
            else:
                found = _VIEW_IN.each(driver, party=party, bit=BITS[audience])
            for row, payload in found:
                yield current_of(row, payload)

    def view_digest(self, party: str) -> str:
        """One digest of a party's viewpoint: of its current documents and the digests of their payloads."""
        with self._reading() as driver:
            pairs = [list(row) for row in _DIGESTS.each(driver, party=party)]
        return digest_of(canonical(pairs))

    def parties(self) -> tuple[Current, ...]:
        """Every party in the register, without its triples."""
        with self._reading() as driver:
            return tuple(current_of(row) for row in _PARTIES.each(driver))

    def dependents(self, iri: str) -> tuple[Current, ...]:
        """The current documents that tie to this one, without their triples: whom its end concerns."""
        with self._reading() as driver:
            return tuple(current_of(row) for row in dependent_rows(driver, iri))

    def contribution(self, contribution: str) -> Recorded | None:
        """One entry by its id, with its triples as received."""
        return next(iter(self._recorded(_ENTRY, id=contribution)), None)

    def batch(self, batch: str) -> tuple[Recorded, ...]:
        """The entries that were taken in together, in order; empty when there is no such batch."""
        return self._recorded(_BATCH, batch=batch)

    def history(self, iri: str) -> tuple[Recorded, ...]:
        """Every entry on a document, in order; empty once it is erased."""
        return self._recorded(_HISTORY, iri=iri)

    def told(self, audience: str, after: int = 0, most: int = 1000) -> tuple[Told, ...]:
        """What this audience is told of the positions after one, at most so many: enough to check its chain."""
        with self._reading() as driver:
            rows = [(row, json.loads(row[1])) for row in _TOLD.each(driver, audience=audience, after=after, most=most)]
            ids = [id for _, effects in rows for id, _ in effects["entered"]]
            names = tables.entries.columns.keys()
            found = (dict(zip(names, row, strict=True)) for row in _ENVELOPES.each(driver, ids=listed(ids)))
            envelopes = {envelope["id"]: envelope for envelope in found}
        return tuple(
            Told(
                audience,
                position,
                tuple(shared_envelope(envelopes[id], supersedes) for id, supersedes in effects["entered"]),
                tuple(effects["left"]),
                tuple((id, how, when) for id, how, when in effects["ended"]),
                previous,
                digest,
            )
            for (position, _, previous, digest), effects in rows
        )

    def events(self, audience: str, positions: tuple[int, int], now: datetime) -> tuple[Event, ...]:
        """What happened in this audience's store at these positions (first to last), as far as it may be told now."""
        with self._reading() as driver:
            return events_between(driver, self._book.key, audience, positions, now)

    def times(self, audience: str, positions: Sequence[int]) -> Mapping[int, str]:
        """When this audience's chain came to stand at each of these positions."""
        with self._reading() as driver:
            return times_of(driver, audience, positions)

    def _recorded(self, statement: Statement[EntryRow], **values: str) -> tuple[Recorded, ...]:
        """Entries in order, with what became of them."""
        with self._reading() as driver:
            rows = statement.all(driver, **values)
            positions = positions_of(driver, [row.number for row in rows])
            found = _SUCCESSORS.each(driver, ids=listed(row.id for row in rows))
            successors = {supersedes: (id, kind) for supersedes, id, kind in found}
        return tuple(_recorded(row, successors.get(row.id), positions.get(row.number, {})) for row in rows)


def _recorded(row: EntryRow, successor: tuple[str, str] | None, positions: Mapping[str, int]) -> Recorded:
    payload = row.payload
    next_id, next_kind = successor or (None, "")
    return Recorded(
        id=row.id,
        number=row.number,
        time=row.time,
        party=row.party,
        recorder=row.recorder,
        delegation=row.delegation,
        kind=row.kind,
        iri=row.iri,
        audience=row.audience,
        batch=row.batch,
        payload=payload,
        digest=digest_of(payload) if payload is not None else None,
        salt=row.salt.hex() if row.salt else None,
        supersedes=row.supersedes,
        superseded_by=next_id if next_kind == "replace" else None,
        ended=ENDED.get(next_kind),
        position_in_audience=positions,
        signature=signature_of(row.facts),
    )
