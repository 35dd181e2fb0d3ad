"""The tables that stand in the ledger's file beside the ledger: a file of an earlier version lacks some of them.

Those of harvesting are made by their own room, when the first source is registered.
"""

from __future__ import annotations

from sqlalchemy import Engine, inspect

from kg.ledger import tables
from kg.ledger.telling import TELLING

BESIDE = (
    tables.token_marks,
    tables.delegation_terms,
    tables.signing_keys,
    tables.sessions,
    tables.reads,
    tables.snapshots,
    *TELLING.sorted_tables,
)


def add_missing(reads: Engine, writes: Engine) -> None:
    """Makes those that the file lacks; looks first, so that it seldom waits for who writes."""
    there = set(inspect(reads).get_table_names())
    missing = [table for table in BESIDE if table.name not in there]
    if missing:
        with writes.begin() as connection:
            for table in missing:
                table.create(connection, checkfirst=True)
