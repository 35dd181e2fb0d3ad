"""The words of the objections to taking away, and to erasing all of, what a party has.

The form is that of kg/objection_words.py: name → (invariant or None, Dutch, English), with `{places}`.
"""

from __future__ import annotations

from collections.abc import Mapping

UNTAKEN: Mapping[str, tuple[str | None, str, str]] = {
    "ExportElsewhere": (
        None,
        "Alles van {value} kan alleen {value} zelf ophalen. Wat van u is, staat op {limit}.",
        "Only {value} itself can take away all that it has. Yours is at {limit}.",
    ),
}
