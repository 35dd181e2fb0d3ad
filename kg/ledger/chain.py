"""The chain of digests: what each entry, and each position of an audience, is bound to.

An entry's digest covers its envelope and the digest before it. The envelope holds no name and no word of a document,
only digests of them salted with 16 random bytes that stand beside the payload: payload, facts, name and salt can be
erased together, and the chain still verifies. Each audience has a chain of its own, over what it may know.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.party import AUDIENCES

SALT_BYTES = 16  # Makes a digest of a short text or a guessable name useless to whoever would guess.
KEY_BYTES = 32  # The same for erased names; one key a ledger, since the name must be found again without a salt.

ENVELOPE = (
    "number",
    "id",
    "time",
    "party",
    "recorder",
    "delegation",
    "kind",
    "audience",
    "batch",
    "idempotency_key",
    "name_digest",
    "payload_digest",
    "facts_digest",
    "follows",
    "supersedes",
    "previous",
)
"""The columns of an entry that its digest covers: all but the digest itself."""

SHARED = ("id", "time", "party", "recorder", "delegation", "audience", "batch", "name_digest", "payload_digest")
"""The part of an envelope that everybody sees who may see the contribution."""

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_MARK = re.compile(rb"(\d{20}) ([0-9a-f]{64})\n")


@dataclass(frozen=True)
class Book:
    """Which ledger this is: what never changes about it."""

    base: str
    key: str
    """Under which erased names are kept."""


@dataclass(frozen=True)
class Heads:
    """Where the chains stand: the last entry, and per audience the last position with its digest."""

    number: int
    digest: str
    time: str
    chains: Mapping[str, tuple[int, str]]


def canonical(value: object) -> bytes:
    """One byte form for one value: JSON with sorted keys and no spaces."""
    return _ENCODER.encode(value).encode()


def digest_of(*parts: bytes) -> str:
    """Hex SHA-256 of the parts, one after the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def new_salt() -> bytes:
    """Fresh random salt."""
    return secrets.token_bytes(SALT_BYTES)


def new_key() -> str:
    """A fresh key for erased names, in hex."""
    return secrets.token_hex(KEY_BYTES)


def erased_name(key: str, iri: str) -> str:
    """Under what an erased document is found again by who knows its name, and by nobody else."""
    return digest_of(bytes.fromhex(key), iri.encode())


def genesis(base: str, key: str) -> str:
    """What the first entry is bound to: the ledger's own facts."""
    return digest_of(canonical({"base": base, "key": key}))


def audience_genesis(base: str, audience: str) -> str:
    """What the first position of an audience is bound to; whoever knows the base can work it out."""
    return digest_of(canonical({"base": base, "audience": audience}))


def empty_heads(base: str, key: str) -> Heads:
    """The heads of a ledger in which nothing stands."""
    return Heads(0, genesis(base, key), "", {audience: (0, audience_genesis(base, audience)) for audience in AUDIENCES})


def entry_digest(row: Mapping[str, Any]) -> str:
    """The digest of an entry, from its columns."""
    return digest_of(canonical({name: row[name] for name in ENVELOPE}))


def shared_envelope(row: Mapping[str, Any], supersedes: str | None) -> dict[str, Any]:
    """What an audience is told of a contribution; `supersedes` only when that audience knew the earlier one."""
    return {name: row[name] for name in SHARED} | {"supersedes": supersedes}


def position_digest(
    audience: str,
    position: int,
    previous: str,
    entered: Sequence[Mapping[str, Any]],
    left: Sequence[str],
    ended: Sequence[Sequence[str]],
) -> str:
    """The digest of one position: the envelopes that came in, and the ids that went or ended."""
    return digest_of(
        canonical(
            {
                "audience": audience,
                "position": position,
                "previous": previous,
                "entered": entered,
                "left": left,
                "ended": ended,
            }
        )
    )


class Mark:
    """A small file beside the ledger that says how far it had come, so that a torn log is never silently shorter.

    Written after each commit and not synced: after a power cut it may lag, which is harmless; it never runs ahead.
    """

    def __init__(self, file: Path, *, writes: bool) -> None:
        self._file = file
        self._handle = os.open(file, os.O_CREAT | os.O_RDWR, 0o600) if writes else None

    def write(self, heads: Heads) -> None:
        """Notes the head that was just committed."""
        if self._handle is not None:
            os.pwrite(self._handle, f"{heads.number:020d} {heads.digest}\n".encode(), 0)

    def read(self) -> tuple[int, str] | None:
        """The number and digest noted last; None when nothing was noted; (-1, "") when it cannot be read."""
        noted = self._file.read_bytes() if self._file.exists() else b""
        if not noted:
            return None
        found = _MARK.fullmatch(noted)
        return (int(found[1]), found[2].decode()) if found else (-1, "")

    def close(self) -> None:
        """Closes the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
