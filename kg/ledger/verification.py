"""Looks at everything in the ledger once more: is all of it as it was written, and does it say what it should?

Four looks: the file itself; the chain of entries with the payloads beside it; the chain of each audience; and the index
of how documents stand, made anew from the entries and from `visible`. It only reads, so it runs beside a service.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from kg.ledger import tables
from kg.ledger.acts import Fault, Verified
from kg.ledger.chain import (
    ENVELOPE,
    Book,
    Mark,
    audience_genesis,
    canonical,
    digest_of,
    empty_heads,
    entry_digest,
    position_digest,
    shared_envelope,
)
from kg.ledger.facts import row_from, with_words, without_words
from kg.ledger.snapshot import loose_ends
from kg.ledger.standings import BITS, DocumentRow, ErasedRow, bits_of, standing_of, standing_of_erased
from kg.party import AUDIENCES
from kg.visible import visible

ROWS_AT_ONCE = 500  # Entries with payloads of some 2 KB.
FAULTS_MAX = 1000  # A torn file can give millions; whoever reads them needs the first.

Progress = Callable[[int, int], None]
EPOCH = datetime.min  # Grounds that are over have an entry; `visible` is not asked about the clock here.

_ENTRIES = (
    select(tables.entries, tables.payloads.c.entry.label("kept"), tables.payloads.c.iri, tables.payloads.c.salt)
    .add_columns(tables.payloads.c.facts, tables.payloads.c.payload)
    .join(tables.payloads, tables.payloads.c.entry == tables.entries.c.number, isouter=True)
    .order_by(tables.entries.c.number)
)
_CHAIN = select(tables.chain).order_by(tables.chain.c.audience, tables.chain.c.position)


class TooMany(Exception):
    """Enough faults were found to know that the file is broken."""


@dataclass
class Replay:
    """What the entries make of the index, as they are read in order."""

    documents: dict[str, DocumentRow] = field(default_factory=dict)
    ties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    responses: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """Entry to the document it is about, as far as it is not erased."""
    envelopes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By contribution or entry id."""
    ids: dict[int, str] = field(default_factory=dict)
    erasures: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    """Entries without anything beside them: each must belong to an erased document."""
    number: int = 0
    digest: str = ""


@dataclass
class Chains:
    """What the audiences' chains say about who sees what."""

    shown_now: dict[str, set[str]] = field(default_factory=lambda: {audience: set() for audience in AUDIENCES})
    shown_ever: dict[str, set[str]] = field(default_factory=lambda: {audience: set() for audience in AUDIENCES})
    stones: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {audience: {} for audience in AUDIENCES})
    """Audience to document to [how, when], as far as its name is still there."""
    erased_for: dict[int, set[str]] = field(default_factory=dict)
    """By erasing entry, the audiences that were told."""
    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AUDIENCES, 0))


class Verification:
    """One look at everything; `run` gives the outcome."""

    def __init__(self, engine: Engine, book: Book, mark: Mark, progress: Progress | None = None) -> None:
        self._engine = engine
        self._book = book
        self._mark = mark
        self._progress = progress or (lambda _done, _total: None)
        self._faults: list[Fault] = []
        self._replay = Replay()
        self._chains = Chains()
        self._read = 0

    def run(self) -> Verified:
        """All four looks; a file that cannot be read is a fault, not an exception."""
        try:
            with self._engine.connect() as connection:
                self._file(connection)
                self._entries(connection)
                self._audiences(connection)
                self._index(connection)
        except DBAPIError as error:
            self._faults.append(Fault(f"the file cannot be read: {error.orig}"))
        except (TooMany, zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
            # What cannot even be taken apart was not written by us.
            self._faults.append(Fault(f"what is read cannot be understood: {type(error).__name__} {error}"))
        documents = sum(1 for row in self._replay.documents.values() if row.ended is None)
        return Verified(self._read, documents, dict(self._chains.positions), tuple(self._faults))

    def _fault(self, what: str, entry: int | None = None, audience: str | None = None) -> None:
        self._faults.append(Fault(what, entry, audience))
        if len(self._faults) >= FAULTS_MAX:
            raise TooMany(f"{FAULTS_MAX} faults")

    def _file(self, connection: Connection) -> None:
        """What SQLite itself knows: pages, indexes against tables, foreign keys."""
        for line in connection.execute(text("PRAGMA integrity_check")).scalars():
            if line != "ok":
                self._fault(f"the file is damaged: {line}")
        for row in connection.execute(text("PRAGMA foreign_key_check")):
            self._fault(f"a row of {row[0]} belongs to nothing")
        known = {row.name: row.value for row in connection.execute(select(tables.meta))}
        expected = {"base": self._book.base, "key": self._book.key, "schema": tables.SCHEMA_VERSION}
        if known != expected:
            self._fault("the ledger's own facts have changed while we looked")

    # The entries.

    def _entries(self, connection: Connection) -> None:
        """Numbers, links, digests; and the index that follows from them."""
        replay = self._replay
        total = connection.execute(select(func.count()).select_from(tables.entries)).scalar_one()
        replay.digest = empty_heads(self._book.base, self._book.key).digest
        marked = self._mark.read()
        streaming = connection.execution_options(yield_per=ROWS_AT_ONCE)
        for row in streaming.execute(_ENTRIES).mappings():
            self._entry(dict(row))
            if marked is not None and row["number"] == marked[0] and row["digest"] != marked[1]:
                self._fault("this entry is not the one that was acknowledged", row["number"])
            if row["number"] % ROWS_AT_ONCE == 0 or row["number"] == total:
                self._progress(min(row["number"], total), total)
        if marked is not None and marked[0] < 0:
            self._fault("the mark beside the ledger cannot be read")
        elif marked is not None and marked[0] > replay.number:
            self._fault(f"{marked[0] - replay.number} acknowledged entries are missing", marked[0])
        self._check_missing()

    def _entry(self, row: Mapping[str, Any]) -> None:
        """One entry: is it itself, does it follow, and what becomes of its document."""
        replay, number = self._replay, row["number"]
        self._read += 1
        if number != replay.number + 1:
            self._fault(f"entry {replay.number + 1} is missing", number)
        if row["previous"] != replay.digest:
            self._fault("the entry does not follow the one before it", number)
        if row["digest"] != entry_digest(row):
            self._fault("the entry is not as it was written", number)
        replay.number, replay.digest = number, row["digest"]
        envelope = {name: row[name] for name in ENVELOPE}
        replay.envelopes[row["id"]] = envelope
        replay.ids[number] = row["id"]
        if row["kind"] == "erase":
            replay.erasures[number] = envelope
            if row["kept"] is not None:
                self._fault("something is kept beside an erasure", number)
        elif row["kept"] is None:
            replay.missing.add(number)
        elif self._payload(row):
            self._becomes(row)

    def _payload(self, row: Mapping[str, Any]) -> bool:
        """Whether name, facts and words are the ones whose digests stand in the chain."""
        number, salt = row["number"], row["salt"]
        payload = zlib.decompress(row["payload"]) if row["payload"] is not None else None
        given = {
            "name": (digest_of(salt, row["iri"].encode()), row["name_digest"]),
            "payload": (digest_of(salt, payload) if payload is not None else None, row["payload_digest"]),
            "facts": (digest_of(salt, row["facts"].encode()) if row["facts"] else None, row["facts_digest"]),
        }
        wrong = [what for what, (there, chained) in given.items() if there != chained]
        for what in wrong:
            self._fault(f"the {what} is not what was taken in", number)
        if payload is not None and not _own_subjects(row["iri"], payload):
            self._fault("the payload speaks of other subjects than its document", number)
        return not wrong

    def _becomes(self, row: Mapping[str, Any]) -> None:
        """What this entry makes of its document."""
        replay, iri = self._replay, row["iri"]
        replay.names[row["number"]] = iri
        before = replay.documents.get(iri)
        if (before.entry if before else None) != row["follows"]:
            self._fault("the entry does not follow the last one on its document", row["number"])
        if before is not None and before.party != row["party"]:
            self._fault("two parties speak in one document", row["number"])
        replay.ties.pop(iri, None)
        replay.responses.pop(iri, None)
        if row["payload"] is None:
            if before is None:
                self._fault("something ends that never was", row["number"])
                return
            replay.documents[iri] = without_words(before, row)
            return
        facts = json.loads(row["facts"])
        digest = digest_of(zlib.decompress(row["payload"]))
        replay.documents[iri] = with_words(before, row_from(row, iri, facts, digest))
        if facts["ties"]:
            replay.ties[iri] = tuple(facts["ties"])
        if facts["response"]:
            replay.responses[iri] = (row["party"], *facts["response"])

    def _check_missing(self) -> None:
        """Whatever is gone, an erasure must account for; whatever was erased must be gone."""
        replay = self._replay
        follows = {number: replay.envelopes[id]["follows"] for number, id in replay.ids.items()}
        accounted: set[int] = set()
        for erasure in replay.erasures.values():
            number = erasure["follows"]
            while number is not None:
                accounted.add(number)
                number = follows.get(number)
        for number in sorted(replay.missing - accounted):
            self._fault("its payload is missing, and nothing says that it was erased", number)
        for number in sorted(accounted - replay.missing):
            self._fault("it was erased, and its payload is still there", number)

    # The audiences' chains.

    def _audiences(self, connection: Connection) -> None:
        """Positions, links, digests; and who sees what according to them."""
        heads = {audience: audience_genesis(self._book.base, audience) for audience in AUDIENCES}
        for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(_CHAIN).mappings():
            audience = row["audience"]
            if audience not in heads:
                self._fault(f"there is no audience {audience!r}", row["entry"])
                continue
            if row["position"] != self._chains.positions[audience] + 1:
                self._fault(f"position {self._chains.positions[audience] + 1} is missing", row["entry"], audience)
            if row["previous"] != heads[audience]:
                self._fault("the position does not follow the one before it", row["entry"], audience)
            self._chains.positions[audience] = row["position"]
            heads[audience] = row["digest"]
            self._position(dict(row))

    def _position(self, row: Mapping[str, Any]) -> None:
        """One position of one audience: is it itself, and what comes and goes."""
        audience, chains = row["audience"], self._chains
        effects = json.loads(row["effects"])
        now, ever = chains.shown_now[audience], chains.shown_ever[audience]
        envelopes = []
        for id, supersedes in effects["entered"]:
            envelope = self._replay.envelopes[id]
            if supersedes != (envelope["supersedes"] if envelope["supersedes"] in ever else None):
                self._fault("it tells of an earlier version otherwise than it should", row["entry"], audience)
            envelopes.append(shared_envelope(envelope, supersedes))
        digest = position_digest(
            audience, row["position"], row["previous"], envelopes, effects["left"], effects["ended"]
        )
        if digest != row["digest"] or canonical(effects).decode() != row["effects"]:
            self._fault("the position is not as it was written", row["entry"], audience)
        for id in effects["left"]:
            if id not in now:
                self._fault("something leaves that was not there", row["entry"], audience)
            now.discard(id)
        for id, _ in effects["entered"]:
            if id in now:
                self._fault("something comes in that was there", row["entry"], audience)
            now.add(id)
            ever.add(id)
            chains.stones[audience].pop(self._name(id), None)
        for id, how, when in effects["ended"]:
            if how == "erased":
                chains.erased_for.setdefault(row["entry"], set()).add(audience)
            else:
                chains.stones[audience][self._name(id)] = [how, when]

    def _name(self, id: str) -> str:
        """The document that a contribution is about; empty when it is erased."""
        return self._replay.names.get(self._replay.envelopes[id]["number"], "")

    # The index.

    def _index(self, connection: Connection) -> None:
        """Is the index what the entries and the chains make of it, and does `visible` agree?"""
        expected = {iri: self._completed(row) for iri, row in self._replay.documents.items()}
        there = {row.iri: DocumentRow(*row) for row in connection.execute(select(tables.documents))}
        for iri in sorted(expected.keys() | there.keys()):
            if expected.get(iri) != there.get(iri):
                row = there.get(iri) or expected[iri]
                self._fault(f"the index is wrong about {_differences(expected.get(iri), there.get(iri))}", row.entry)
        self._sides(connection)
        erased = self._erased(connection)
        self._seen(expected, erased, loose_ends(connection, self._book.key))

    def _completed(self, row: DocumentRow) -> DocumentRow:
        """A row with what the audiences' chains say about it."""
        chains = self._chains

        def bits(sets: Mapping[str, set[str]], id: str | None) -> int:
            return sum(BITS[audience] for audience in AUDIENCES if id in sets[audience])

        stones = {audience: there[row.iri] for audience, there in chains.stones.items() if row.iri in there}
        return row._replace(
            visible=bits(chains.shown_now, row.contribution),
            shown=bits(chains.shown_ever, row.contribution),
            supersedes_in=bits(chains.shown_ever, row.supersedes),
            stones=canonical(stones).decode(),
        )

    def _sides(self, connection: Connection) -> None:
        """The ties and the responses."""
        ties = {(iri, end) for iri, ends in self._replay.ties.items() for end in ends}
        found = {(row.document, row.target) for row in connection.execute(select(tables.ties))}
        for iri, _end in sorted(ties ^ found):
            self._fault("the index is wrong about a tie", self._entry_of(iri))
        responses = {(party, target, kind, iri) for iri, (party, kind, target) in self._replay.responses.items()}
        answered = {tuple(row) for row in connection.execute(select(tables.responses))}
        for response in sorted(responses ^ answered):
            self._fault("the index is wrong about a response", self._entry_of(str(response[3])))

    def _entry_of(self, iri: str) -> int | None:
        row = self._replay.documents.get(iri)
        return row.entry if row is not None else None

    def _erased(self, connection: Connection) -> dict[str, ErasedRow]:
        """What is left of erased documents: each of an erasing entry, and the other way round."""
        erasures = self._replay.erasures
        erased: dict[str, ErasedRow] = {}
        for name, party, entry, seen, named in map(tuple, connection.execute(select(tables.erased))):
            erased[name] = ErasedRow(name, party, entry, seen, named, "")
        for row in erased.values():
            envelope = erasures.get(row.entry)
            told = bits_of(self._chains.erased_for.get(row.entry, ()))
            if envelope is None or (envelope["name_digest"], envelope["party"], told) != (
                row.name,
                row.party,
                row.seen,
            ):
                self._fault("what is left of something erased is not as it was", row.entry)
        for number in sorted(erasures.keys() - {row.entry for row in erased.values()}):
            self._fault("nothing is left of something erased", number)
        return erased

    def _seen(
        self, documents: Mapping[str, DocumentRow], erased: Mapping[str, ErasedRow], names: Mapping[str, str]
    ) -> None:
        """Who sees what according to the chains, and according to `visible`."""
        standings = [standing_of(row, self._replay.ties.get(iri, ())) for iri, row in documents.items()]
        standings += [standing_of_erased(names.get(name, name), row) for name, row in erased.items()]
        for audience in AUDIENCES:
            bit = BITS[audience]
            seen = visible(standings, audience, EPOCH)
            shown = {iri for iri, row in documents.items() if row.visible & bit}
            for iri in sorted(shown ^ seen.shown):
                what = "hides what it should show" if iri in seen.shown else "shows what it should hide"
                self._fault(f"the store {what}", documents[iri].entry, audience)
            stones = {iri for iri, row in documents.items() if audience in row.stone_of}
            stones |= {names.get(name, name) for name, row in erased.items() if row.named & bit}
            for iri in sorted(stones ^ seen.stones):
                self._fault("a tombstone is missing, or one too many", self._entry_of(iri), audience)


def _own_subjects(iri: str, payload: bytes) -> bool:
    """True when every triple is about the document or one of its parts."""
    start, lines = b"\n<" + iri.encode(), b"\n" + payload
    return lines.count(start + b"> ") + lines.count(start + b"#") == payload.count(b"\n")


def _differences(expected: DocumentRow | None, there: DocumentRow | None) -> str:
    """The columns that differ, by name; never their content."""
    if expected is None or there is None:
        return "a document that it " + ("has" if expected is None else "lacks")
    return ", ".join(name for name, a, b in zip(DocumentRow._fields, expected, there, strict=True) if a != b)
