"""The ledger's tables, and how its file is opened so that a commit is on disk when it returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
)

SCHEMA_VERSION = "1"
BUSY_MILLISECONDS_MAX = 10_000  # The command line may hold the lock while it writes a token; never for long.
READERS_MAX = 16  # Connections that read at once; a read takes tens of microseconds, so more would only wait elsewhere.
READER_SECONDS_MAX = 60.0  # A read that waits this long for a connection means that somebody keeps one: an outage.

METADATA = MetaData()

meta = Table(
    "meta",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Base IRI, schema version, and the key under which erased names are kept."""

entries = Table(
    "entries",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False, unique=True),
    Column("time", String, nullable=False),
    Column("party", String, nullable=False),
    Column("recorder", String, nullable=False),
    Column("delegation", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("batch", String, nullable=False, index=True),
    Column("idempotency_key", String),
    Column("name_digest", String, nullable=False),
    Column("payload_digest", String),
    Column("facts_digest", String),
    Column("follows", Integer),
    Column("supersedes", String, index=True),
    Column("previous", String, nullable=False),
    Column("digest", String, nullable=False),
    UniqueConstraint("party", "recorder", "idempotency_key"),
)
"""The chain: everything that was taken in, in order. No name and no word of a document stands here.

`follows` is the number of the entry before it on the same document, `supersedes` the id of the contribution that it
replaces or ends.
"""

payloads = Table(
    "payloads",
    METADATA,
    Column("entry", Integer, ForeignKey("entries.number"), primary_key=True, autoincrement=False),
    Column("iri", String, nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("facts", Text),
    Column("payload", LargeBinary),
)
"""What can be erased: the document's name, the salt of the digests in the chain, what was read from it, its triples."""

chain = Table(
    "chain",
    METADATA,
    Column("audience", String, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("entry", Integer, ForeignKey("entries.number"), nullable=False, index=True),
    Column("effects", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("digest", String, nullable=False),
)
"""One chain an audience: which contributions came into its store or left it, by which entry."""

documents = Table(
    "documents",
    METADATA,
    Column("iri", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("entry", Integer, ForeignKey("entries.number"), nullable=False),
    Column("content_entry", Integer, ForeignKey("entries.number"), nullable=False),
    Column("contribution", String, nullable=False),
    Column("time", String, nullable=False),
    Column("recorder", String, nullable=False),
    Column("delegation", String, nullable=False),
    Column("batch", String, nullable=False),
    Column("supersedes", String),
    Column("supersedes_in", Integer, nullable=False),
    Column("payload_digest", String, nullable=False),
    Column("classes", Text, nullable=False),
    Column("audience", String, nullable=False),
    Column("table_of", Text, nullable=False),
    Column("ground", String),
    Column("ground_ends", String),
    Column("minted_from", String),
    Column("perspectives", Text, nullable=False),
    Column("dated", String),
    Column("by_holder", Integer, nullable=False),
    Column("ended", String),
    Column("ended_at", String),
    Column("visible", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("stones", Text, nullable=False),
    Index("documents_party", "party", "ended"),
    sqlite_with_rowid=False,
)
"""Where every document stands now; made from the entries, and made again by `verify`.

`entry` is the last on this document, `content_entry` the one that brought its present words; `time` to `supersedes`
are of the latter. Sums of the audiences' bits: `visible`, in whose store it stands; `shown`, in whose store its present
words ever stood; `supersedes_in`, in whose store the words before these ever stood. `stones` is JSON: audience to
[how, when] of an end that this audience saw and that is not undone there. `by_holder` is 1 once the holder has acted on
it itself.
"""

# Partial, so that they hold only the few rows that are asked for.
Index("documents_ground_ends", documents.c.ground_ends, sqlite_where=documents.c.ground_ends.is_not(None))
Index(
    "documents_minted",
    documents.c.party,
    documents.c.minted_from,
    sqlite_where=documents.c.minted_from.is_not(None),
)

erased = Table(
    "erased",
    METADATA,
    Column("name", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("entry", Integer, ForeignKey("entries.number"), nullable=False),
    Column("seen", Integer, nullable=False),
    Column("named", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What is left of an erased document: a keyed digest of its name, whose it was, and the entry that erased it.

Sums of the audiences' bits: `seen`, who knew it; `named`, in whose store a tie still names it.
"""

ties = Table(
    "ties",
    METADATA,
    Column("document", String, primary_key=True),
    Column("target", String, primary_key=True, index=True),
    sqlite_with_rowid=False,
)
"""Which current document ties to which."""

responses = Table(
    "responses",
    METADATA,
    Column("party", String, primary_key=True),
    Column("target", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("document", String, primary_key=True, index=True),
    sqlite_with_rowid=False,
)
"""Which party responds to what, how, in which current document."""

tokens = Table(
    "tokens",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("party", String, nullable=False),
    Column("rights", Text, nullable=False),
    Column("created", String, nullable=False),
    Column("expires", String),
    Column("revoked", String),
)
"""Bearer tokens: SHA-256 of the secret, never the secret."""

namespaces = Table(
    "namespaces",
    METADATA,
    Column("prefix", String, primary_key=True),
    Column("party", String, nullable=False, index=True),
    Column("since", String, nullable=False),
)
"""The namespaces of their own domains in which parties speak."""

delegations = Table(
    "delegations",
    METADATA,
    Column("recorder", String, primary_key=True),
    Column("holder", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("since", String, nullable=False),
)
"""Who may record for whom; holder `*` means any party."""

token_marks = Table(
    "token_marks",
    METADATA,
    Column("token", String, primary_key=True),
    Column("made_by", String, nullable=False),
    Column("used", String),
)
"""Who made a token, and the day on which it was last used."""

delegation_terms = Table(
    "delegation_terms",
    METADATA,
    Column("recorder", String, primary_key=True),
    Column("holder", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("since", String, primary_key=True),
    Column("until", String),
    Column("given_by", String),
    Column("ended", String),
    Column("ended_by", String),
)
"""Until when a delegation holds and who gave it; once it has ended, when and by whom. Ended ones stay to be told of."""

signing_keys = Table(
    "signing_keys",
    METADATA,
    Column("id", String, primary_key=True),
    Column("party", String, nullable=False, index=True),
    Column("public", LargeBinary, nullable=False),
    Column("since", String, nullable=False),
    Column("ended", String),
)
"""Public keys with which parties sign."""

sessions = Table(
    "sessions",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("token", String, nullable=False),
    Column("begun", String, nullable=False),
    Column("seen", String, nullable=False),
)
"""Who is signed in: SHA-256 of the secret in the cookie, by which token, since when, and when last seen."""

reads = Table(
    "reads",
    METADATA,
    Column("document", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("reader", String, primary_key=True),
    Column("token", String, primary_key=True),
    Column("door", String, primary_key=True),
    Column("holder", String, nullable=False, index=True),
    Column("audience", String, nullable=False),
    Column("first", String, nullable=False),
    Column("times", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Who read what is not public: a line a day for a document, reader, token and door, with the minute of the first time.

An empty `document` is the store of partners asked as a whole; `holder` is empty then.
"""

snapshots = Table(
    "snapshots",
    METADATA,
    Column("name", String, primary_key=True),
    Column("time", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("positions", Text, nullable=False),
)
"""Named positions: JSON of audience to its position."""

harvest_sources = Table(
    "harvest_sources",
    METADATA,
    Column("name", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("address", Text, nullable=False),
    Column("every_seconds", Integer, nullable=False),
    Column("media_type", String),
    Column("dataset", Text),
    Column("recipe", Text),
    Column("private", Integer, nullable=False),
    Column("elsewhere", Integer, nullable=False),
    Column("plain", Integer, nullable=False),
    Column("added", String, nullable=False),
    Column("etag", Text),
    Column("modified", Text),
    Column("digest", String),
    Column("recipe_digest", String),
    Column("failures", Integer, nullable=False),
    Column("due", String, nullable=False),
    Column("tried", String),
    Column("good", String),
)
"""Where partners let us fetch, and how each stands. `good` is when we last held all that it gives.

A ledger that was made before there were any has none of these three tables.
"""

harvest_runs = Table(
    "harvest_runs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False, index=True),
    Column("started", String, nullable=False),
    Column("ended", String, nullable=False),
    Column("status", String, nullable=False),
    Column("http_status", Integer),
    Column("size_bytes", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("batch", String),
    Column("objections", Text, nullable=False),
)
"""What came of each fetching: `counts` is JSON of a word to a number, `objections` a JSON list."""

harvested = Table(
    "harvested",
    METADATA,
    Column("source", String, primary_key=True),
    Column("iri", String, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which documents a source brought: what it may withdraw by leaving it out."""


def file_of(url: str) -> Path:
    """The file of a `sqlite:///` address; other addresses are refused with a reason."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise ValueError(f"the ledger lives in an SQLite file (sqlite:////folder/ledger.sqlite), not in {url}")
    return Path(str(parsed.database))


def open_engine(url: str, *, writes: bool) -> Engine:
    """Connections to the ledger's file: one that writes, or up to READERS_MAX that only read."""
    file_of(url)
    if writes:
        engine = create_engine(url, pool_size=1, max_overflow=0)
    else:
        engine = create_engine(url, pool_size=READERS_MAX, max_overflow=0, pool_timeout=READER_SECONDS_MAX)

    def connected(connection: Any, _record: object) -> None:
        # SQLAlchemy begins transactions below; sqlite3 must not begin any of its own.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS_MAX}",
            "foreign_keys=ON",
            "journal_mode=WAL",
            # The fsync of each commit: what was acknowledged is on disk.
            "synchronous=FULL",
            # Erased words are overwritten, in the file and in what SQLite keeps beside it.
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cell_size_check=ON",
            f"query_only={'OFF' if writes else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine
