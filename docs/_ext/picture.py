"""The picture of the model: classes as boxes, properties as lines of text, and a curve to the class each leads to.

The layout is a plain layered one and always the same for the same words: a column is a layer (no curve leads back),
boxes are ordered so that few curves cross, and a curve that skips a column gets a lane of its own in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

BOX_PX, GAP_X_PX, GAP_Y_PX, MARGIN_PX = 203, 54, 18, 8
TITLE_PX, LINE_PX, PAD_PX, LANE_PX = 27, 17, 6, 12
CHARACTERS_MAX = 30  # What fits on a line of a box at the size of its text.
SWEEPS = 12  # Orderings settle within a few.
COLOURS = ("#2b7bba", "#b5542c", "#3b8544", "#9a5bb0", "#a8791d", "#c2477f", "#2f8a8a", "#6b7f2a", "#7a6fd0", "#80756b")


@dataclass(frozen=True)
class Line:
    """One property in a box: its name, what it leads to in words, and the boxes that it leads to."""

    name: str
    leads_to: str
    targets: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Box:
    """One class: its name, a remark under it, its properties."""

    name: str
    remark: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def height(self) -> int:
        """In pixels."""
        return TITLE_PX + LINE_PX * (len(self.remark) + len(self.lines)) + PAD_PX


@dataclass
class _Item:
    """A box, or the lane of a curve, on its place in a column."""

    key: str
    height: int
    layer: int
    y: float = 0.0
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Chain:
    """One curve: from a line of a box, through lanes of the columns between, to another box."""

    box: str
    line: int
    lanes: tuple[str, ...]
    target: str

    @property
    def last(self) -> str:
        """Where it comes from as it arrives."""
        return self.lanes[-1] if self.lanes else self.box


def wrapped(words: Sequence[str], characters_max: int = CHARACTERS_MAX) -> tuple[str, ...]:
    """Words with commas between them, on as many lines as they need."""
    lines: list[str] = []
    for number, word in enumerate(words):
        piece = word + ("," if number < len(words) - 1 else "")
        if lines and len(lines[-1]) + 1 + len(piece) <= characters_max:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return tuple(lines)


def draw(boxes: Sequence[Box], title: str, description: str) -> str:
    """The picture as SVG; colours of text and ground come from the page, so that it is right in the dark too."""
    by_name = {box.name: box for box in boxes}
    chains = _chains(by_name, layers(by_name))
    items = _items(by_name, layers(by_name), chains)
    columns = _ordered(items)
    _place(columns, items)
    width = len(columns) * BOX_PX + (len(columns) - 1) * GAP_X_PX + 2 * MARGIN_PX
    height = max(i.y + i.height for i in items.values()) + MARGIN_PX
    colours = {box.name: COLOURS[number % len(COLOURS)] for number, box in enumerate(boxes)}
    return "\n".join(
        [
            f'<svg class="model-picture" viewBox="0 0 {width} {height:g}" width="{width}" height="{height:g}" '
            'role="img" aria-labelledby="model-picture-title model-picture-desc" xmlns="http://www.w3.org/2000/svg">',
            f'<title id="model-picture-title">{escape(title)}</title>',
            f'<desc id="model-picture-desc">{escape(description)}</desc>',
            *_curves(chains, items, by_name, colours),
            *(_drawn(box, items[box.name], colours[box.name]) for box in boxes),
            "</svg>",
        ]
    )


def layers(boxes: Mapping[str, Box]) -> dict[str, int]:
    """Each box one column to the right of everything that leads to it; a circle is opened at its first box."""
    ahead = {n: {t for line in b.lines for t in line.targets} - {n} for n, b in boxes.items()}
    found: dict[str, int] = {}
    while len(found) < len(boxes):
        free = [n for n in boxes if n not in found and not any(n in ahead[m] for m in boxes if m not in found)]
        for name in free or [next(n for n in boxes if n not in found)]:
            found[name] = max((found[m] + 1 for m in found if name in ahead[m]), default=0)
    return found


def _chains(boxes: Mapping[str, Box], layer: Mapping[str, int]) -> list[_Chain]:
    """Every curve; those from one box to another share their lanes. What would lead back stands in its line alone."""
    return [
        _Chain(name, number, tuple(f"{name}>{to}>{at}" for at in range(layer[name] + 1, layer[to])), to)
        for name, box in boxes.items()
        for number, line in enumerate(box.lines)
        for to in line.targets
        if layer[to] > layer[name]
    ]


def _items(boxes: Mapping[str, Box], layer: Mapping[str, int], chains: Sequence[_Chain]) -> dict[str, _Item]:
    items = {name: _Item(name, box.height, layer[name]) for name, box in boxes.items()}
    for chain in chains:
        previous = chain.box
        for step, key in enumerate((*chain.lanes, chain.target)):
            items.setdefault(key, _Item(key, LANE_PX, layer[chain.box] + 1 + step))
            items[previous].after.append(key)
            items[key].before.append(previous)
            previous = key
    return items


def _ordered(items: Mapping[str, _Item]) -> list[list[str]]:
    """The columns, each in the order of the middle of what its items are tied to."""
    columns: list[list[str]] = [[] for _ in range(max(i.layer for i in items.values()) + 1)]
    for key, item in items.items():
        columns[item.layer].append(key)
    for sweep in range(SWEEPS):
        back = sweep % 2 == 1
        for column in reversed(columns) if back else columns:
            at = {key: (number + 0.5) / len(col) for col in columns for number, key in enumerate(col)}
            tied = {key: items[key].after if back else items[key].before for key in column}
            column.sort(key=lambda k: sum(at[t] for t in tied[k]) / len(tied[k]) if tied[k] else at[k])
    return columns


def _place(columns: Sequence[Sequence[str]], items: Mapping[str, _Item]) -> None:
    """Heights: each column stacked, with its room shared out between its items."""
    totals = [sum(items[k].height for k in column) + GAP_Y_PX * (len(column) - 1) for column in columns]
    for column, total in zip(columns, totals, strict=True):
        room = (max(totals) - total) / (len(column) + 1)
        y = MARGIN_PX + room
        for key in column:
            items[key].y = round(y, 1)
            y += items[key].height + GAP_Y_PX + room


def _curves(
    chains: Sequence[_Chain], items: Mapping[str, _Item], boxes: Mapping[str, Box], colours: Mapping[str, str]
) -> list[str]:
    """A curve a property and target, with the point of an arrow; they arrive in the order in which they come."""
    arriving: dict[str, list[tuple[float, int, str]]] = {}
    for chain in chains:
        arriving.setdefault(chain.target, []).append((items[chain.last].y, chain.line, chain.box))
    drawn = []
    for chain in chains:
        box, colour = boxes[chain.box], colours[chain.target]
        x = _x(items[chain.box].layer) + BOX_PX
        y = items[chain.box].y + TITLE_PX + LINE_PX * (len(box.remark) + chain.line) + LINE_PX / 2
        path = f"M{x},{y:g}"
        for key in chain.lanes:
            left, middle = _x(items[key].layer), items[key].y + LANE_PX / 2
            path += f"{_bend(x, y, left, middle)}H{left + BOX_PX}"
            x, y = left + BOX_PX, middle
        order = sorted(arriving[chain.target]).index((items[chain.last].y, chain.line, chain.box))
        left, target = _x(items[chain.target].layer), items[chain.target]
        end = target.y + target.height * (order + 1) / (len(arriving[chain.target]) + 1)
        path += _bend(x, y, left - 6, end)
        drawn.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        drawn.append(f'<path d="M{left - 7},{end - 4:g}L{left},{end:g}L{left - 7},{end + 4:g}Z" fill="{colour}"/>')
    return drawn


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    """A curve that leaves and arrives level."""
    return f"C{x + GAP_X_PX / 2:g},{y:g} {to_x - GAP_X_PX / 2:g},{to_y:g} {to_x:g},{to_y:g}"


def _x(layer: int) -> int:
    return MARGIN_PX + layer * (BOX_PX + GAP_X_PX)


def _drawn(box: Box, item: _Item, colour: str) -> str:
    x, y = _x(item.layer), item.y
    parts = [
        f'<rect x="{x}" y="{y:g}" width="{BOX_PX}" height="{box.height}" rx="5" class="ground" stroke="{colour}"/>',
        f'<text x="{x + 9}" y="{y + 19:g}" class="name">{escape(box.name)}</text>',
    ]
    at = y + TITLE_PX + 12
    for remark in box.remark:
        parts.append(f'<text x="{x + 9}" y="{at:g}" class="remark">{escape(remark)}</text>')
        at += LINE_PX
    for line in box.lines:
        weight = ' class="required"' if line.required else ""
        parts.append(
            f'<text x="{x + 9}" y="{at:g}"><tspan{weight}>{escape(line.name)}</tspan>'
            f'<tspan class="remark"> → {escape(line.leads_to)}</tspan></text>'
        )
        at += LINE_PX
    return "".join(parts)
