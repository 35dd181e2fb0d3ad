"""The ledger as it stands on disk, read by key: what a web service asks of it, from any process."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from kg import tables
from kg.acts import ENDED, Current, LedgerUnavailable, Recorded
from kg.chain import Heads, canonical, digest_of, empty_heads
from kg.contribution import Document, Neighbour, Slice
from kg.deciding import minted_before, own_responses
from kg.entries import Book
from kg.party import AUDIENCES, STEWARD
from kg.quads import party_iri
from kg.snapshot import Snapshot
from kg.standings import BITS, DocumentRow, ErasedRow, audiences_of, document_rows, erased_rows, in_portions
from kg.taking import positions_of
from kg.vocabulary import PARTY

d, e, p, c = tables.documents.c, tables.entries.c, tables.payloads.c, tables.chain.c

_META = select(tables.meta)
_LAST = select(e.number, e.digest, e.time).order_by(e.number.desc()).limit(1)
_POSITION = select(c.position, c.digest).where(c.audience == bindparam("audience")).order_by(c.position.desc()).limit(1)
_WITH_PAYLOAD = select(tables.documents, p.payload).join(tables.payloads, p.entry == d.content_entry, isouter=True)
_ONE = _WITH_PAYLOAD.where(d.iri == bindparam("iri"))
_VIEW = _WITH_PAYLOAD.where(d.party == bindparam("party"), d.ended.is_(None))
_VIEW_IN = _VIEW.where(d.visible.op("&")(bindparam("bit")) != 0)
_DIGESTS = select(d.iri, d.payload_digest).where(d.party == bindparam("party"), d.ended.is_(None)).order_by(d.iri)
_PARTIES = select(tables.documents).where(
    d.party == STEWARD, d.ended.is_(None), func.instr(" " + d.classes + " ", f" {PARTY} ") > 0
)
_DEPENDENTS = (
    select(tables.documents)
    .join(tables.ties, tables.ties.c.document == d.iri)
    .where(tables.ties.c.target == bindparam("iri"))
    .order_by(d.iri)
)
_RECORDED = select(tables.entries, p.iri, p.salt, p.payload).join(tables.payloads, p.entry == e.number, isouter=True)
_SUCCESSORS = (
    select(e.id, e.kind, e.supersedes).where(e.supersedes.in_(bindparam("ids", expanding=True))).order_by(e.number)
)


def current_of(row: DocumentRow, payload: bytes | None = None) -> Current:
    """A row of the index as others read it."""
    return Current(
        iri=row.iri,
        party=row.party,
        recorder=row.recorder,
        entry=row.entry,
        contribution=row.contribution,
        classes=tuple(row.classes.split()),
        audience=row.audience,
        table=tuple(row.table_of.split()),
        ground=row.ground,
        ground_ends=row.ground_ends,
        perspectives=tuple(row.perspectives.split()),
        dated=row.dated,
        ended=row.ended,
        ended_at=row.ended_at,
        visible=audiences_of(row.visible),
        seen=frozenset(row.stone_of),
        digest=row.payload_digest,
        time=row.time,
        delegation=row.delegation,
        payload=zlib.decompress(payload) if payload else None,
    )


def current_of_erased(iri: str, row: ErasedRow) -> Current:
    """What is left of an erased document: that it was, whose, and who knew it."""
    return Current(
        iri=iri,
        party=row.party,
        recorder=row.party,
        entry=row.entry,
        contribution="",
        classes=(),
        audience="own",
        table=(),
        ground=None,
        ground_ends=None,
        perspectives=(),
        dated=None,
        ended="erased",
        ended_at=row.time,
        visible=frozenset(),
        seen=audiences_of(row.seen),
        digest=None,
    )


def heads_in(connection: Connection, book: Book) -> Heads:
    """Where the chains stand in this transaction."""
    heads = empty_heads(book.base, book.key)
    last = connection.execute(_LAST).one_or_none()
    if last is None:
        return heads
    chains = dict(heads.chains)
    for audience in AUDIENCES:
        row = connection.execute(_POSITION, {"audience": audience}).one_or_none()
        if row is not None:
            chains[audience] = (row.position, row.digest)
    return Heads(last.number, last.digest, last.time, chains)


class Lookups:
    """Reads of a ledger; as many at once as there are threads. Read-only: also beside another process that writes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.file: Path = tables.file_of(url)
        if not self.file.exists():
            raise LedgerUnavailable(f"there is no ledger at {self.file}; make one with `wijkgraaf init`")
        self._reads = tables.open_engine(url, writes=False)
        try:
            with self._reads.connect() as connection:
                found = {row.name: row.value for row in connection.execute(_META)}
        except DBAPIError as error:
            self._reads.dispose()
            raise LedgerUnavailable(f"{self.file} cannot be read as a ledger: {error.orig}") from error
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

    def heads(self) -> Mapping[str, tuple[int, str]]:
        """Audience to its position and the digest there."""
        with self._reads.connect() as connection:
            return heads_in(connection, self._book).chains

    def positions(self) -> Mapping[str, int]:
        """Audience to its position: how many entries changed its store."""
        return {audience: position for audience, (position, _) in self.heads().items()}

    def snapshot(self, audience: str, now: datetime) -> Snapshot:
        """Everything that stands in this audience's store, as N-Quads in chunks; it knows its position and digest."""
        connection = self._reads.connect()
        try:
            return Snapshot(connection, self._book, heads_in(connection, self._book), audience, now)
        except BaseException:
            connection.close()
            raise

    def slice_for(self, documents: Sequence[Document]) -> Slice:
        """What the ledger knows of all that these documents refer to, and of the speaker's responses to it."""
        iris = sorted({iri for document in documents for iri in (*document.references, *document.ties)})
        targets = sorted({document.response[1] for document in documents if document.response})
        with self._reads.connect() as connection:
            neighbours = tuple(self._neighbours(connection, iris))
            speaker = documents[0].holder.rsplit("/", 1)[-1] if documents else ""
            responses = tuple(own_responses(connection, speaker, targets)) if targets else ()
        return Slice(neighbours, responses)

    def _neighbours(self, connection: Connection, iris: Sequence[str]) -> Iterator[Neighbour]:
        """What the ledger knows of each IRI, in the same order."""
        rows = document_rows(connection, iris)
        absent = [iri for iri in iris if iri not in rows]
        gone = erased_rows(connection, self._book.key, absent) if absent else {}
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
                )
            elif iri in gone:
                left = gone[iri]
                yield Neighbour(iri, left.entry, (), party_iri(self.base, left.party), None, "erased")
            else:
                yield Neighbour(iri, None, (), None, None, None)

    def minted_before(self, holder: str, minted_from: str) -> str | None:
        """The name that the same text of this holder (IRI) got before, while it is current."""
        with self._reads.connect() as connection:
            return minted_before(connection, holder.rsplit("/", 1)[-1], minted_from)

    def document(self, iri: str) -> Current | None:
        """How a document stands, with its present triples; what is left when it ended; None when it never was."""
        with self._reads.connect() as connection:
            row = connection.execute(_ONE, {"iri": iri}).one_or_none()
            if row is not None:
                *columns, payload = row
                return current_of(DocumentRow(*columns), payload)
            gone = erased_rows(connection, self._book.key, (iri,))
        return current_of_erased(iri, gone[iri]) if gone else None

    def view(self, party: str, audience: str | None = None) -> Iterator[Current]:
        """The current documents of a party (slug): all of them, or what stands in the store of an audience."""
        with self._reads.connect() as connection:
            streaming = connection.execution_options(yield_per=100)
            if audience is None:
                rows = streaming.execute(_VIEW, {"party": party})
            else:
                rows = streaming.execute(_VIEW_IN, {"party": party, "bit": BITS[audience]})
            for *columns, payload in rows:
                yield current_of(DocumentRow(*columns), payload)

    def view_digest(self, party: str) -> str:
        """One digest of a party's viewpoint: of its current documents and the digests of their payloads."""
        with self._reads.connect() as connection:
            pairs = [list(row) for row in connection.execute(_DIGESTS, {"party": party})]
        return digest_of(canonical(pairs))

    def parties(self) -> tuple[Current, ...]:
        """Every party in the register, without its triples."""
        with self._reads.connect() as connection:
            return tuple(current_of(DocumentRow(*row)) for row in connection.execute(_PARTIES))

    def dependents(self, iri: str) -> tuple[Current, ...]:
        """The current documents that tie to this one, without their triples: whom its end concerns."""
        with self._reads.connect() as connection:
            return tuple(current_of(DocumentRow(*row)) for row in connection.execute(_DEPENDENTS, {"iri": iri}))

    def contribution(self, contribution: str) -> Recorded | None:
        """One entry by its id, with its triples as received."""
        return next(iter(self._recorded(e.id == contribution)), None)

    def batch(self, batch: str) -> tuple[Recorded, ...]:
        """The entries that were taken in together, in order; empty when there is no such batch."""
        return self._recorded(e.batch == batch)

    def history(self, iri: str) -> tuple[Recorded, ...]:
        """Every entry on a document, in order; empty once it is erased."""
        return self._recorded(p.iri == iri)

    def _recorded(self, condition: ColumnElement[bool]) -> tuple[Recorded, ...]:
        """The entries that fulfil a condition, in order, with what became of them."""
        with self._reads.connect() as connection:
            rows = connection.execute(_RECORDED.where(condition).order_by(e.number)).all()
            positions = positions_of(connection, [row.number for row in rows])
            successors: dict[str, Any] = {}
            for portion in in_portions(row.id for row in rows):
                for successor in connection.execute(_SUCCESSORS, {"ids": portion}):
                    successors[successor.supersedes] = successor
        return tuple(_recorded(row, successors.get(row.id), positions.get(row.number, {})) for row in rows)


def _recorded(row: Any, successor: Any, positions: Mapping[str, int]) -> Recorded:
    payload = zlib.decompress(row.payload) if row.payload else None
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
        superseded_by=successor.id if successor is not None and successor.kind == "replace" else None,
        ended=ENDED.get(successor.kind) if successor is not None else None,
        position_in_audience=positions,
    )
