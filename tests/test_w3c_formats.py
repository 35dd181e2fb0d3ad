"""The W3C suites for N-Triples, N-Quads, Turtle, TriG, RDF/XML and JSON-LD, through the step that reads contributions.

That step is `kg.reading.parsed`: what a checker does with a body before any rule of ours looks at its statements. What
is not passed is in tests/known/formats.toml with a reason; a change in either direction fails.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.objection import Objection
from kg.reading import parsed
from tests.examples import BASE, ONTOLOGY
from tests.w3c_cases import W3C
from tests.w3c_formats import FOLDERS, NOT_READING, FormatCase, canonical, format_cases, wanted

KNOWN: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "known" / "formats.toml").read_text())
pytestmark = pytest.mark.skipif(
    not (W3C / "rdf11").is_dir(), reason=f"the W3C suites of the formats are not at {W3C}: set WIJKGRAAF_SUITES"
)


@cache
def every() -> tuple[FormatCase, ...]:
    """All cases."""
    return tuple(format_cases())


def suites() -> list[str]:
    """The folders of the cases."""
    return sorted({case.name.rpartition("/")[0] for case in every()})


def verdict(case: FormatCase) -> str:
    """What becomes of a case: `same` when it passes, else in which way it does not."""
    found = list(parsed(case.file.read_bytes(), case.media_type, case.base, base=BASE, ontology=ONTOLOGY))
    objections = [o for o in found if isinstance(o, Objection)]
    if not objections:
        quads = [q for q in found if isinstance(q, ox.Quad)]
        if case.negative:
            return "accepted"
        return "same" if case.result is None or canonical(quads) == canonical(wanted(case)) else "different"
    if not case.negative and [o.name for o in objections] != ["EmptyBody"]:
        return f"refused: {[(o.name, o.value) for o in objections]}"
    if not case.negative:
        return "same" if case.result is None or not wanted(case) else "refused: EmptyBody"
    # What is JSON but no JSON-LD: its parser says which key it is, and no place.
    named = case.media_type == "application/ld+json" and all(o.value for o in objections)
    placed = all(o.name == "SyntaxUnclear" and o.line and o.column for o in objections)
    return "same" if placed or named else f"placeless: {[(o.name, o.value) for o in objections]}"


def known(case: FormatCase) -> str:
    """What is known to become of a case."""
    return next((kind for kind, names in KNOWN.items() if case.name in names), "same")


@pytest.mark.parametrize("suite", suites())
def test_the_formats_are_read_as_their_suites_say(suite: str) -> None:
    """Positive cases mean the same but for names of blank nodes, negative ones are refused at a line and column."""
    cases = [case for case in every() if case.name.rpartition("/")[0] == suite]
    found = {case.name: verdict(case) for case in cases}
    assert {c.name: known(c) for c in cases} == {name: v.partition(":")[0] for name, v in found.items()}


def test_the_list_of_known_exceptions_names_cases_that_exist() -> None:
    """And gives each a reason; what is left out is a folder that exists."""
    there = {case.name for case in every()}
    assert len(there) > 1400
    assert set() == {name for names in KNOWN.values() for name in names} - there
    assert all(len(reason) > 20 for names in KNOWN.values() for reason in names.values())
    assert all((W3C / "rdf11" / folder).is_dir() for folder in (*NOT_READING, *FOLDERS))


def test_the_documentation_has_the_numbers() -> None:
    """How many cases each suite has, and how many pass, stands in docs/formats-in.md as it is."""
    page = (Path(__file__).parent.parent / "docs" / "formats-in.md").read_text()
    rows = [row.split(" | ")[-2:] for row in page.partition("| suite |")[2].splitlines() if row.startswith("| ")]
    told = sorted((int(all_), int(passed.rstrip(" |"))) for all_, passed in rows if all_.isdigit())
    found = [[known(c) for c in every() if c.name.rpartition("/")[0] == suite] for suite in suites()]
    assert told == sorted((len(kinds), kinds.count("same")) for kinds in found)
