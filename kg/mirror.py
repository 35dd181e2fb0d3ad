"""A local copy of a stream: what stands in it by now, and how far it was read; it survives being ended at any moment.

Everything is kept in one SQLite file, a page a transaction; from it the mirror is written as N-Quads, whole or not at
all. What ended is gone from both: SQLite overwrites what it deletes, and names of what ended are kept as digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.sqlite import insert

from kg.streams import Member, plain_name
from kg.writing import unfinished, write_whole

_TABLES = MetaData()

meta = Table("meta", _TABLES, Column("name", String, primary_key=True), Column("value", Text, nullable=False))
pages = Table(
    "pages",
    _TABLES,
    Column("address", String, primary_key=True),
    Column("etag", String),
    Column("fresh_until", Float, nullable=False),
    Column("full", Float, nullable=False),
    Column("onward", Text, nullable=False),
)
"""What was read: its ETag, until when (seconds since 1970) it need not be looked at again, 1 when it is full, and the
pages that it leads to."""
documents = Table(
    "documents",
    _TABLES,
    Column("name", String, primary_key=True),
    Column("member", String, nullable=False),
    Column("contribution", String, nullable=False, index=True),
    Column("order", String, nullable=False),
    Column("quads", LargeBinary, nullable=False),
)
"""What stands in the mirror."""
ends = Table("ends", _TABLES, Column("name", String, primary_key=True), Column("order", String, nullable=False))
"""A keyed digest of the name of what ended, and when in the order of the stream."""


@dataclass(frozen=True)
class Page:
    """What is remembered of a page."""

    address: str
    etag: str | None
    fresh_until: float
    full: bool
    onward: tuple[str, ...]


class Mirror:
    """One mirror: `state` is the file that remembers, `file` the N-Quads, for its owner alone when `private`."""

    def __init__(self, file: Path, state: Path, *, private: bool = False) -> None:
        self.file = file
        self._state = state
        self._private = private
        # What a process that was ended left half written may hold what has ended since.
        unfinished(file).unlink(missing_ok=True)
        # Only its owner reads it: it may hold what is for partners, and the key of names.
        os.close(os.open(state, os.O_CREAT | os.O_RDWR, 0o600))
        self._engine = create_engine(f"sqlite:///{state.absolute()}")
        event.listen(self._engine, "connect", _careful)
        _TABLES.create_all(self._engine)
        with self._engine.begin() as connection:
            connection.execute(insert(meta).values(name="key", value=secrets.token_hex(32)).on_conflict_do_nothing())
            self._key = bytes.fromhex(_of(connection, "key") or "")

    def close(self) -> None:
        """Lets go of the file; one into which nothing was ever read is taken away."""
        empty = not self.pages()
        self._engine.dispose()
        if empty:
            for file in (self._state, self._state.with_name(self._state.name + "-journal")):
                file.unlink(missing_ok=True)

    def recalled(self, name: str) -> str | None:
        """A value that was remembered under this name."""
        with self._engine.connect() as connection:
            return _of(connection, name)

    def remember(self, **values: str) -> None:
        """Remembers values by name."""
        with self._engine.begin() as connection:
            _note(connection, values)

    def pages(self) -> Mapping[str, Page]:
        """Every page that was read, by address."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(pages)).all()
        return {
            row.address: Page(row.address, row.etag, row.fresh_until, bool(row.full), tuple(json.loads(row.onward)))
            for row in rows
        }

    def looked(self, page: Page) -> None:
        """Notes that a page was looked at and had not changed."""
        with self._engine.begin() as connection:
            _note_page(connection, page)

    def take(self, page: Page, members: Sequence[Member]) -> int:
        """Takes in a page that was read, all of it or nothing; gives how many documents came, changed or went."""
        changed = 0
        with self._engine.begin() as connection:
            for member in sorted(members, key=lambda one: one.order):
                changed += self._end(connection, member) if member.ended else self._put(connection, member)
            _note_page(connection, page)
            numbers = [number for one in members if (number := one.order[1][0]) >= 0]
            last = max([int(_of(connection, "position") or "0"), *numbers])
            _note(connection, {"position": str(last), **({"written": ""} if changed else {})})
        return changed

    def write(self) -> bool:
        """Writes the N-Quads, when they are not as they should be; whether they had to be written."""
        if self.recalled("written") == "yes" and self.file.exists():
            return False
        with self._engine.connect() as connection:
            rows = connection.execute(select(documents.c.quads).order_by(documents.c.name)).scalars()
            write_whole(self.file, rows, private=self._private)
        self.remember(written="yes")
        return True

    def count(self) -> int:
        """How many documents stand in it."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(documents)).scalar_one()

    def _put(self, connection: Connection, member: Member) -> int:
        order = _order(member)
        ended = connection.execute(select(ends.c.order).where(ends.c.name == self._hidden(member.document))).scalar()
        held = connection.execute(select(documents).where(documents.c.name == member.document)).first()
        contribution = plain_name(member.iri)
        quads = member.triples.replace(b" .\n", f" <{contribution}> .\n".encode())
        if (ended is not None and ended > order) or (held is not None and (held.order > order or held.quads == quads)):
            if held is not None and held.order < order:
                # The same words again, under a newer name.
                self._upsert(connection, member, contribution, order, quads)
            return 0
        self._upsert(connection, member, contribution, order, quads)
        return 1

    def _upsert(self, connection: Connection, member: Member, contribution: str, order: str, quads: bytes) -> None:
        values = {"member": member.iri, "contribution": contribution, "order": order, "quads": quads}
        put = insert(documents).values(name=member.document, **values)
        connection.execute(put.on_conflict_do_update(index_elements=["name"], set_=values))

    def _end(self, connection: Connection, member: Member) -> int:
        """Takes away what a member ends: what it names, unless that is newer; and what stood in its own place."""
        order = _order(member)
        meant = or_(documents.c.name == member.document, documents.c.contribution.in_(member.removes))
        earlier = meant & (documents.c.order < order)
        gone = connection.execute(
            select(documents.c.name).where(or_(earlier, documents.c.member == member.iri))
        ).scalars()
        names = list(gone)
        connection.execute(delete(documents).where(documents.c.name.in_(names)))
        for name in {*names, member.document}:
            put = insert(ends).values(name=self._hidden(name), order=order)
            later = ends.c.order < put.excluded.order
            connection.execute(put.on_conflict_do_update(index_elements=["name"], set_={"order": order}, where=later))
        return len(names)

    def _hidden(self, name: str) -> str:
        return hashlib.sha256(self._key + name.encode()).hexdigest()


def _careful(driver: Any, _record: object) -> None:
    """What is deleted is overwritten, and the journal is emptied: no erased word stays in a file."""
    for setting in ("secure_delete = ON", "journal_mode = TRUNCATE", "synchronous = FULL"):
        driver.execute(f"PRAGMA {setting}").close()


def _order(member: Member) -> str:
    """The order of a member as text that sorts: its time, then its place in the stream."""
    time, (number, text) = member.order
    return f"{time}|{number + 1:020d}|{text}"


def _of(connection: Connection, name: str) -> str | None:
    found: str | None = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
    return found


def _note(connection: Connection, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        put = insert(meta).values(name=name, value=value)
        connection.execute(put.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _note_page(connection: Connection, page: Page) -> None:
    values = {
        "etag": page.etag,
        "fresh_until": page.fresh_until,
        "full": float(page.full),
        "onward": json.dumps(page.onward),
    }
    put = insert(pages).values(address=page.address, **values)
    connection.execute(put.on_conflict_do_update(index_elements=["address"], set_=values))
