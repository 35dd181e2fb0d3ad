"""What an objection means: why there is such a rule, what is refused because of it, and the same, mended.

The examples are those that the tests hold the shapes to: `refused/NAME/*`, each made from a file in `accepted/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kg.invariant_words import INVARIANTS
from kg.objection import OBJECTIONS, ObjectionKind
from kg.settings import folder

EXAMPLES = "tests/data"
_REMARK = re.compile(r'^(?:# |\s*"// |<!-- )([a-z-]+)(?:": "|: )(.*?)(?:",| -->)?\n', re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A contribution that is refused for this reason, and the same, mended; `but` is what is wrong with it."""

    refused: str
    mended: str
    but: str


@dataclass(frozen=True)
class Explained:
    """An objection, why there is such a rule (Dutch, English; None for what needs no reason), and examples."""

    kind: ObjectionKind
    why: tuple[str, str] | None
    examples: tuple[Shown, ...]


@cache
def explained() -> Mapping[str, Explained]:
    """Every objection by the last part of its address, as in `foreign-subject`."""
    data = folder(EXAMPLES)
    return {
        kind.anchor: Explained(kind, INVARIANTS.get(kind.rule or ""), _examples(data, kind.name))
        for kind in OBJECTIONS.values()
    }


def _examples(data: Path, name: str) -> tuple[Shown, ...]:
    shown = []
    for file in sorted((data / "refused" / name).glob("*")):
        text = file.read_text()
        said = dict(_REMARK.findall(text))
        mended = data / "accepted" / said.get("like", "-")
        if mended.is_file():
            shown.append(Shown(_REMARK.sub("", text).strip(), _REMARK.sub("", mended.read_text()).strip(), said["but"]))
    return tuple(shown)
