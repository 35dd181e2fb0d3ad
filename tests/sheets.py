"""Sheets as the tests write them, and what is read from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import count

from kg.contribution import Document
from kg.objection import Objection
from kg.reading import read
from kg.sheets import CSV, Filled, Sheets
from tests.examples import BASE, ONTOLOGY, ROOT

SPEAKER = f"{BASE}/id/voorbeeld-bewoners"
SHEETS = Sheets(ONTOLOGY, [ROOT / "shapes"])


def written(*rows: Sequence[str], delimiter: str = ";") -> bytes:
    """Rows as a CSV file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def documents_of(body: bytes, media_type: str = CSV, speaker: str = SPEAKER) -> tuple[Document, ...]:
    """The documents that a sheet says."""
    filled = SHEETS.opened(body, media_type, base=BASE, speaker=speaker)
    assert isinstance(filled, Filled), filled
    if not filled.body:
        return ()
    numbers = count()
    found = read(
        filled.body,
        filled.media_type,
        base=BASE,
        speaker=speaker,
        ontology=ONTOLOGY,
        mint=lambda: f"nieuw{next(numbers):02}",
    )
    assert [] == [o for o in found if isinstance(o, Objection)]
    return tuple(d for d in found if isinstance(d, Document))


def objections_to(body: bytes, media_type: str = CSV) -> tuple[Objection, ...]:
    """The objections to a sheet that is not clear."""
    filled = SHEETS.opened(body, media_type, base=BASE, speaker=SPEAKER)
    assert not isinstance(filled, Filled), filled.body.decode()
    return filled
