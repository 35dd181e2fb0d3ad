"""Figures as numbers: where nodes stand and how lines run, so that a template can draw them as SVG without scripts.

A figure never knows more than its table: it is laid out from the same connections, and each of its edges keeps
the connection's IRI, by which a test holds picture and table equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from kg.perspectives import by_name, card_name, perspective_of
from kg.voices import Card, End, Named, Party, Tie, Voice, Words

NODE_WIDTH = 168
NODE_HEIGHT = 44
NODE_GAP = 10
COLUMN_GAP = 80
HEAD_HEIGHT = 58
LABEL_CHARACTERS_MAX = 25  # What fits beside the mark on one line of a node at 12 units.
STAR_NODES_MAX = 12  # More neighbours than this are only in the table: a figure must stay readable.

# How a line looks, by what the relation does; a relation that is new to this list is drawn as the first kind.
LINES: Mapping[str, str] = {
    "contradicts": "dashed",
    "callsFor": "dashed",
    "takesPlaceAt": "dotted",
    "names": "dotted",
    "partOf": "dotted",
}


def line_of(tie: Tie) -> str:
    """solid: it adds to the other; dashed: it asks or is at odds; dotted: it belongs there or names it."""
    return LINES.get(tie.relation.notation, "solid")


@dataclass(frozen=True)
class Node:
    """A box in a figure that is a link."""

    iri: str
    kind: str | None
    name: Words
    holder: Voice | None
    x: int
    y: int
    lines: tuple[str, ...]
    hue: str


@dataclass(frozen=True)
class Edge:
    """A line in a figure: the connection it stands for, how it looks and the path it follows."""

    tie: Tie
    line: str
    curve: str
    middle: tuple[float, float]


@dataclass(frozen=True)
class Column:
    """A column of a figure: one perspective, or what is no voice."""

    name: Words
    iri: str
    x: int


@dataclass(frozen=True)
class Figure:
    """A drawing laid out: everything a template needs and nothing it must compute."""

    columns: tuple[Column, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int


def label(name: Words, holder: Voice | None = None, example: Words | None = None) -> tuple[str, ...]:
    """A name on at most two lines; that of a made-up party begins with the word for an example."""
    made_up = example is not None and holder is not None and holder.fictional
    starts = f"{example.value.capitalize()}: " if made_up and example else ""
    text = name.value if name.value.startswith(starts) else starts + name.value
    lines = wrap(text, LABEL_CHARACTERS_MAX, break_long_words=True) or [""]
    if len(lines) > 2:
        lines = [lines[0], lines[1][: LABEL_CHARACTERS_MAX - 1].rstrip(" ,.") + "…"]
    return tuple(lines)


def curve(start: Node, end: Node) -> tuple[str, tuple[float, float]]:
    """The path between two boxes, from side to side; within one column it bows out to the right."""
    half = NODE_HEIGHT / 2
    y1, y2 = start.y + half, end.y + half
    if start.x == end.x:
        x = start.x + NODE_WIDTH
        bow = min(COLUMN_GAP - 14, 26 + abs(y2 - y1) / 6)
        return f"M{x} {y1:g}C{x + bow:g} {y1:g} {x + bow:g} {y2:g} {x} {y2:g}", (x + 0.75 * bow, (y1 + y2) / 2)
    x1, x2 = (start.x + NODE_WIDTH, end.x) if start.x < end.x else (start.x, end.x + NODE_WIDTH)
    pull = max(40.0, abs(x2 - x1) / 2) * (1 if x2 > x1 else -1)
    return (
        f"M{x1} {y1:g}C{x1 + pull:g} {y1:g} {x2 - pull:g} {y2:g} {x2} {y2:g}",
        ((x1 + x2) / 2, (y1 + y2) / 2),
    )


def ends(ties: Sequence[Tie]) -> dict[str, End]:
    """Every end of the connections once, by IRI."""
    return {end.iri: end for tie in ties for end in (tie.origin, tie.target) if end is not None}


def open_end(tie: Tie, words: Words) -> End:
    """The open side of a call or offer, as an end of its own that leads to the connection itself."""
    return End(tie.iri, tie.called_upon or words, None, None)


def column_of(end: End, cards: Mapping[str, Card], home: Mapping[str, Party], register: str) -> str:
    """The column an end stands in: a perspective, "register" for places and facilities, "open" for an open end."""
    if end.holder is None:
        return "open"
    if end.holder.iri == register:
        return "register"
    card = cards.get(end.iri)
    if card is not None:
        return perspective_of(card, home) or "register"
    if end.told_from is not None:
        return end.told_from
    party = home.get(end.holder.iri)
    views = sorted(party.perspectives, key=lambda view: view.notation) if party else []
    return views[0].iri if views else "register"


def ribbons(
    ties: Sequence[Tie],
    cards: Sequence[Card],
    registered: Sequence[Party],
    perspectives: Sequence[Named],
    *,
    register: str,
    names: Mapping[str, Words],
) -> Figure:
    """Columns of perspectives with a box per thing and a line per connection.

    `names` has the words for the columns "register" and "open", which are no perspectives.
    """
    home = {party.voice.iri: party for party in registered}
    by_iri = {card.iri: card for card in cards}
    found = ends(ties)
    openings = {tie.iri: open_end(tie, names["open"]) for tie in ties if tie.target is None}
    columns: dict[str, list[End]] = {}
    for end in (*found.values(), *openings.values()):
        columns.setdefault(column_of(end, by_iri, home, register), []).append(end)
    order = [p.iri for p in sorted(perspectives, key=by_name) if p.iri in columns]
    order += [extra for extra in ("register", "open") if extra in columns]
    heads = {p.iri: p.name for p in perspectives} | dict(names)
    nodes: dict[str, Node] = {}
    for place, iri in enumerate(order):
        held = sorted(columns[iri], key=lambda end: (end.holder.name.value.casefold() if end.holder else "", end.iri))
        for row, end in enumerate(held):
            card = by_iri.get(end.iri)
            name = card_name(card) if card else end.name or names["gone"]
            nodes[end.iri] = Node(
                end.iri,
                end.kind,
                name,
                end.holder,
                place * (NODE_WIDTH + COLUMN_GAP),
                HEAD_HEIGHT + row * (NODE_HEIGHT + NODE_GAP),
                label(name, end.holder, names.get("example")),
                iri,
            )
    edges = tuple(edge(tie, nodes) for tie in ties)
    return Figure(
        tuple(Column(heads[iri], iri, at * (NODE_WIDTH + COLUMN_GAP)) for at, iri in enumerate(order)),
        tuple(nodes.values()),
        edges,
        max(1, len(order)) * (NODE_WIDTH + COLUMN_GAP),
        max([HEAD_HEIGHT, *(node.y + NODE_HEIGHT for node in nodes.values())]) + NODE_GAP,
    )


def edge(tie: Tie, nodes: Mapping[str, Node]) -> Edge:
    """The line of one connection between its two boxes (the open side has a box under the connection's own IRI)."""
    target = tie.iri if tie.target is None else tie.target.iri
    path, middle = curve(nodes[tie.origin.iri], nodes[target])
    return Edge(tie, line_of(tie), path, middle)


def star(centre: str, name: Words, ties: Sequence[Tie], names: Mapping[str, Words]) -> Figure | None:
    """A thing in the middle with its neighbours left (they say something of it) and right (it says something of them).

    None when there are no connections or more neighbours than a readable figure holds.
    """
    left: dict[str, End] = {}
    right: dict[str, End] = {}
    for tie in ties:
        if tie.origin.iri == centre:
            end = tie.target or open_end(tie, names["open"])
            right[end.iri] = end
    for tie in ties:
        if tie.origin.iri != centre and tie.origin.iri not in right:
            left[tie.origin.iri] = tie.origin
    if not ties or len(left) + len(right) > STAR_NODES_MAX:
        return None
    rows = max(len(left), len(right), 1)
    step = NODE_HEIGHT + NODE_GAP
    top = NODE_GAP
    nodes: dict[str, Node] = {}
    sides = [side for side in (left, right) if side]
    for side in sides:
        column = 0 if side is left else (2 if left else 1)
        for row, end in enumerate(side.values()):
            title = end.name or names["gone"]
            y = top + int((rows - len(side)) * step / 2) + row * step
            x = column * (NODE_WIDTH + COLUMN_GAP)
            nodes[end.iri] = Node(
                end.iri, end.kind, title, end.holder, x, y, label(title, end.holder, names.get("example")), ""
            )
    middle = NODE_WIDTH + COLUMN_GAP if left else 0
    nodes[centre] = Node(centre, None, name, None, middle, top + int((rows - 1) * step / 2), label(name), "centre")
    width = max(node.x for node in nodes.values()) + NODE_WIDTH
    return Figure((), tuple(nodes.values()), tuple(edge(tie, nodes) for tie in ties), width, top + rows * step)
