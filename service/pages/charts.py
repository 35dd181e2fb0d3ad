"""A table as a drawing: bars or a line for one column of names and one of numbers; places for a column of geometries.

A drawing never knows more than its table and keeps the order of the question: nothing is ranked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from kg.vocabulary import XSD
from service.pages.results import WKT, Came, CellShown, Line

BARS_MAX = 60  # More bars than this are a pattern, no longer a reading; the table has them all.
LABEL_CHARACTERS_MAX = 38  # What fits above a bar on a telephone.
# Heights are in pixels, widths in percents: so a drawing fits every screen, and its letters stay as large as they are.
ROW_HEIGHT = 46
BARS_PERCENT = 84  # What is left is for the number behind the longest bar.
PLOT_HEIGHT, PLOT_TOP, PLOT_FOOT, PLOT_SIDE_PERCENT = 220, 30, 34, 6
POINTS_TOLD_MAX = 12  # More numbers than this would stand through each other; the first, the last and the highest stay.
NUMBERS = frozenset(
    XSD + name
    for name in (
        "integer", "decimal", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger",
        "positiveInteger", "negativeInteger", "nonPositiveInteger", "unsignedInt", "unsignedLong",
    )
)  # fmt: skip
TIMES = frozenset({XSD + "gYear", XSD + "gYearMonth", XSD + "date", XSD + "dateTime"})


@dataclass(frozen=True)
class Bar:
    """One row of the table as a bar, or as a point of the line."""

    label: str
    lang: str | None
    text: str
    """The number as the answer writes it."""
    x: float
    y: float
    width: float
    """`x` and `width` in percents, `y` in pixels."""
    told: bool = True
    """Whether its number is written beside it."""


@dataclass(frozen=True)
class Chart:
    """A drawing laid out: everything a template needs and nothing it must compute."""

    kind: str
    names: str
    numbers: str
    """The columns that are drawn."""
    bars: tuple[Bar, ...]
    zero: float
    """Where nothing is: across in percents for bars, down in pixels for a line."""
    height: int
    left: int
    """How many rows are in the table alone."""


@dataclass(frozen=True)
class Spot:
    """A row with a geometry: what it is called, where that leads, and the geometry as well-known text."""

    name: str
    lang: str | None
    href: str | None
    wkt: str


def chart_of(came: Came) -> Chart | None:
    """The drawing of a table with one column of numbers and one of anything else; None for any other table."""
    columns = came.columns or ()
    numeric = [c for c in columns if came.lines and all(_number(line.get(c)) is not None for line in came.lines)]
    others = [c for c in columns if c not in numeric]
    if len(numeric) != 1 or len(others) != 1 or len(came.lines) < 2:
        return None
    lines = [line for line in came.lines if others[0] in line][:BARS_MAX]
    if len(lines) < 2:
        return None
    left = (came.shown if came.count is None else came.count) - len(lines)
    times = [_time(line[others[0]]) for line in lines]
    known = [time for time in times if time is not None]
    if len(known) == len(lines) >= 3 and known == sorted(set(known)):
        return _line_chart(lines, known, others[0], numeric[0], left)
    return _bar_chart(lines, others[0], numeric[0], left)


def _bar_chart(lines: Sequence[Line], names: str, numbers: str, left: int) -> Chart:
    values = [_number(line[numbers]) or 0.0 for line in lines]
    low, high = min(0.0, *values), max(0.0, *values)
    scale = BARS_PERCENT / ((high - low) or 1.0)
    bars = tuple(
        Bar(
            _label(line[names]),
            _lang(line[names]),
            line[numbers].value,
            round((min(0.0, value) - low) * scale, 2),
            at * ROW_HEIGHT,
            round(abs(value) * scale, 2),
        )
        for at, (line, value) in enumerate(zip(lines, values, strict=True))
    )
    return Chart("bars", names, numbers, bars, round(-low * scale, 2), len(bars) * ROW_HEIGHT, left)


def _line_chart(lines: Sequence[Line], times: Sequence[float], names: str, numbers: str, left: int) -> Chart:
    """Points at their own time, joined; the floor is zero, so that a small change does not look large."""
    values = [_number(line[numbers]) or 0.0 for line in lines]
    low, high = min(0.0, *values), max(0.0, *values)
    across = (100 - 2 * PLOT_SIDE_PERCENT) / (times[-1] - times[0])
    up = PLOT_HEIGHT / ((high - low) or 1.0)
    told = {0, len(lines) - 1, values.index(max(values))}
    bars = tuple(
        Bar(
            _label(line[names]),
            None,
            line[numbers].value,
            round(PLOT_SIDE_PERCENT + (time - times[0]) * across, 2),
            round(PLOT_TOP + (high - value) * up, 1),
            0,
            len(lines) <= POINTS_TOLD_MAX or at in told,
        )
        for at, (line, time, value) in enumerate(zip(lines, times, values, strict=True))
    )
    height = PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT
    return Chart("line", names, numbers, bars, round(PLOT_TOP + high * up, 1), height, left)


def spots_of(came: Came) -> tuple[Spot, ...]:
    """The rows with a geometry, each thing once; none where no column holds one."""
    found: dict[tuple[str, str], Spot] = {}
    for line in came.lines:
        cells = [line[column] for column in came.columns or () if column in line]
        place = next((cell for cell in cells if cell.datatype == WKT), None)
        if place is None:
            continue
        others = [cell for cell in cells if cell.datatype != WKT]
        link = next((cell for cell in others if cell.href), None)
        called = link if link and link.name else None  # In the reader's own language, where it has one.
        spoken = next((cell for cell in others if cell.kind == "literal" and _number(cell) is None), link)
        named = called or spoken or place
        lang = named.name.lang if named.name else named.lang
        href = link.href if link else None
        # A thing with a name in two languages stands in two rows, and once on a map.
        found.setdefault((href or _whole(named), place.value), Spot(_whole(named), lang, href, place.value))
    return tuple(found.values())


def _number(cell: CellShown | None) -> float | None:
    if cell is None or cell.datatype not in NUMBERS:
        return None
    try:
        value = float(cell.value)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _time(cell: CellShown) -> float | None:
    """A moment as a number of days, or None where the cell is no date."""
    if cell.datatype not in TIMES:
        return None
    parts = cell.value[:10].split("-")
    try:
        return float(date(int(parts[0]), *(int(part) for part in [*parts[1:], "1", "1"][:2])).toordinal())
    except (ValueError, IndexError):
        return None


def _whole(cell: CellShown) -> str:
    return cell.name.value if cell.name else cell.value


def _lang(cell: CellShown) -> str | None:
    return cell.name.lang if cell.name else cell.lang


def _label(cell: CellShown) -> str:
    text = _whole(cell)
    if len(text) <= LABEL_CHARACTERS_MAX:
        return text
    if cell.kind == "uri" and cell.name is None:
        return "…" + text[1 - LABEL_CHARACTERS_MAX :]  # IRIs begin alike: their end tells which it is.
    return text[: LABEL_CHARACTERS_MAX - 1] + "…"
