"""Names for what a writer left unnamed: opaque ones, and the same one again for the same text."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import replace

from kg.contribution import Document

MINTED_CHARACTERS = 7  # 36^7 names a party: opaque, and short enough to write on a card.
_ALPHABET = string.ascii_lowercase + string.digits


def mint() -> str:
    """An opaque name for a thing whose writer gave none, so that a story's IRI tells nothing."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(MINTED_CHARACTERS))


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """The document with every IRI in `names` (and its `#parts`) replaced, its own and those it points to."""
    if not names:
        return document
    found = re.compile(b"<(" + b"|".join(re.escape(old.encode()) for old in names) + b")([>#])")
    lines = found.sub(lambda m: b"<" + names[m[1].decode()].encode() + m[2], document.payload)

    def of(iri: str) -> str:
        return names.get(iri, iri)

    return replace(
        document,
        iri=of(document.iri),
        ties=tuple(sorted({of(t) for t in document.ties})),
        references=tuple(sorted({of(r) for r in document.references})),
        response=(document.response[0], of(document.response[1])) if document.response else None,
        payload=b"".join(sorted(lines.splitlines(keepends=True))),
    )
