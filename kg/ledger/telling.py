"""Tables beside the ledger for what parties are told: an index of the ledger, what others sent, and who gets mail."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

TELLING = MetaData()

news = Table(
    "news",
    TELLING,
    Column("party", String, primary_key=True),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which entry is news for which party; made from the ledger, and made again from it. It holds no name and no word."""

news_ties = Table(
    "news_ties",
    TELLING,
    Column("name", String, primary_key=True),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which entry brought words that tie to which name, as a digest under the ledger's key: so that an erasure is told."""

news_to = Table(
    "news_to",
    TELLING,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("entry", Integer, nullable=False),
)
"""One row: the last entry that the index knows of."""

news_read = Table(
    "news_read",
    TELLING,
    Column("party", String, primary_key=True),
    Column("time", String, nullable=False),
)
"""Until when a party has read its inbox."""

notifications = Table(
    "notifications",
    TELLING,
    Column("id", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("time", String, nullable=False),
    Column("body", Text, nullable=False),
    Index("notifications_party", "party", "time"),
    Index("notifications_sender", "sender", "time"),
)
"""What a party sent to another's inbox, as JSON-LD."""

notification_names = Table(
    "notification_names",
    TELLING,
    Column("name", String, primary_key=True),
    Column("id", String, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which notification names which thing, by the digest of its name: what is erased goes from what was sent too."""

mail = Table(
    "mail",
    TELLING,
    Column("id", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("address", String, nullable=False),
    Column("lang", String, nullable=False),
    Column("frequency", String, nullable=False),
    Column("created", String, nullable=False),
    Column("confirmed", String),
    Column("told_entry", Integer, nullable=False),
    Column("told_to", String, nullable=False),
    Column("next", String, nullable=False),
    Column("sending_entry", Integer),
    Column("sending_to", String),
    Column("failures", Integer, nullable=False),
    Index("mail_next", "next"),
    Index("mail_party", "party"),
)
"""Addresses that get a party's news, once somebody there confirmed it.

`told_entry` and `told_to` are how far it was told; `next` when to look again; `sending_…` how far the letter tells that
is on its way; `failures` how often in a row the server refused it.
"""
