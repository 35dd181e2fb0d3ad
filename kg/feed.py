"""The ledger as a Linked Data Event Stream: for each audience what came into its store and what went, in pages.

A member is a contribution that came in, named as its graph, or the end of one. Pages are made from the audience's own
positions alone, and of what may be told now (`kg.ledger.events`): after an erasure the page on which the words stood
has a tombstone in their place, and the last page a member that says what to remove.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kg.ledger.events import Came, Event, Went
from kg.ledger.lookups import Lookups
from kg.ledger.quads import contribution_iri, date_time, facts_about, in_graph
from kg.vocabulary import AS, DCTERMS, ENDED, LDES, LWS, MODIFIED, RDF, SCHEMA, TOMBSTONE, TREE, XSD

PAGE_POSITIONS = 100  # Of documents of 2 KB: 400 KB, made in 4 to 8 ms in a ledger of a million entries (bench).
SPAN_PAGES = 100  # Relations on one node: above it nodes between the root and the pages keep each of them small.
ROOT = "/feed"
_NODE = re.compile(r"([1-9]\d{0,9})(?:-([1-9]\d{0,9}))?")


@dataclass(frozen=True)
class Relation:
    """The way to another node: what stands there came in from one time until another."""

    path: str
    since: str
    until: str | None
    """None while the node still grows."""


@dataclass(frozen=True)
class Node:
    """One page of the feed: the root, a node between, or a page with members."""

    path: str
    audience: str
    position: int
    """Where the audience stood when this was made."""
    relations: tuple[Relation, ...] = ()
    events: tuple[Event, ...] = ()
    closed: bool = False
    """Whether no position will be added; what stands there may still be redacted."""
    previous: str | None = None
    next: str | None = None


class Feed:
    """The nodes of every audience's feed."""

    def __init__(self, ledger: Lookups, *, page_positions: int = PAGE_POSITIONS, span_pages: int = SPAN_PAGES) -> None:
        self.base = ledger.base
        self._ledger = ledger
        self._size = page_positions
        self._span = span_pages

    def root(self, audience: str) -> Node:
        """The node from which all others are reached."""
        position = self._ledger.heads()[audience][0]
        last = -(-position // self._size)
        if last <= self._span:
            nodes = [(number, number) for number in range(1, last + 1)]
        else:
            nodes = [(first, first + self._span - 1) for first in range(1, last + 1, self._span)]
        return Node(ROOT, audience, position, self._relations(audience, nodes, position))

    def node(self, audience: str, name: str, now: datetime) -> Node | None:
        """The node of this name: a number is a page with members, two are the pages between; None when not there."""
        found = _NODE.fullmatch(name)
        if found is None:
            return None
        position = self._ledger.heads()[audience][0]
        first, last = int(found[1]), -(-position // self._size)
        if first > last:
            return None
        if found[2] is None:
            return self._page(audience, first, position, last, now)
        if first % self._span != 1 or int(found[2]) != first + self._span - 1 or last <= self._span:
            return None
        pages = [(number, number) for number in range(first, min(last, int(found[2])) + 1)]
        return Node(
            f"{ROOT}/{name}",
            audience,
            position,
            self._relations(audience, pages, position),
            closed=int(found[2]) * self._size <= position,
        )

    def _page(self, audience: str, number: int, position: int, last: int, now: datetime) -> Node:
        ends = ((number - 1) * self._size + 1, min(number * self._size, position))
        return Node(
            f"{ROOT}/{number}",
            audience,
            position,
            events=self._ledger.events(audience, ends, now),
            closed=number * self._size <= position,
            previous=f"{ROOT}/{number - 1}" if number > 1 else None,
            next=f"{ROOT}/{number + 1}" if number < last else None,
        )

    def _relations(self, audience: str, nodes: Sequence[tuple[int, int]], position: int) -> tuple[Relation, ...]:
        bounds = [((first - 1) * self._size + 1, last * self._size) for first, last in nodes]
        times = self._ledger.times(audience, [one for ends in bounds for one in ends if one <= position])
        return tuple(
            Relation(
                f"{ROOT}/{first}" if first == last else f"{ROOT}/{first}-{last}",
                times[since],
                times[until] if until <= position else None,
            )
            for (first, last), (since, until) in zip(nodes, bounds, strict=True)
        )


def member_iri(base: str, event: Event) -> str:
    """The member's name: of words the name of their graph, which is the contribution when it came by itself."""
    contribution = contribution_iri(base, event.contribution)
    if isinstance(event, Went):
        return f"{contribution}#ended-{event.position}"
    return f"{contribution}#again-{event.position}" if event.again else contribution


def trig(base: str, node: Node, description: bytes = b"") -> bytes:
    """A node as TriG, without members as Turtle. Addresses of pages are relative: they hold wherever it is served."""
    blocks = [
        b"<%b> {\n%b}\n" % (member_iri(base, event).encode(), event.payload)
        for event in node.events
        if isinstance(event, Came) and event.said
    ]
    return b"".join((*_lines(base, node, ""), description, *blocks))


def nquads(base: str, node: Node, description: bytes = b"") -> bytes:
    """A node as N-Quads. Its addresses begin with the base of the ledger."""
    quads = [
        in_graph(member_iri(base, event), event.payload)
        for event in node.events
        if isinstance(event, Came) and event.said
    ]
    return b"".join((*_lines(base, node, base), description, *quads))


def _lines(base: str, node: Node, origin: str) -> Iterator[bytes]:
    """What stands in the default graph, as N-Triples: the stream, the node, its relations, and each member's facts."""
    stream = f"<{base}{ROOT}#{node.audience}>"
    here, root = f"<{origin}{node.path}>", f"<{origin}{ROOT}>"
    found = [
        f"{stream} <{RDF}type> <{LDES}EventStream>",
        f"{stream} <{TREE}view> {root}",
        f"{here} <{RDF}type> <{TREE}Node>",
    ]
    if node.path == ROOT:
        found += [f"{stream} <{predicate}> <{value}>" for predicate, value in _STREAM]
        found += [f"{here} <{RDF}type> <{LDES}EventSource>", f"{here} <{LDES}retentionPolicy> <{LWS}FeedRetention>"]
    bounds = [
        (relation.path, kind, time)
        for relation in node.relations
        for kind, time in (("GreaterThan", relation.since), ("LessThan", relation.until))
        if time is not None
    ]
    for number, (path, kind, time) in enumerate(bounds, 1):
        me = f"_:relation{number}"
        found += [
            f"{here} <{TREE}relation> {me}",
            f"{me} <{RDF}type> <{TREE}{kind}OrEqualToRelation>",
            f"{me} <{TREE}node> <{origin}{path}>",
            f"{me} <{TREE}path> <{AS}published>",
            f"{me} <{TREE}value> {date_time(time)}",
        ]
    for event in node.events:
        found += _member(base, stream, event)
    yield from (f"{line} .\n".encode() for line in found)


_STREAM = (
    (f"{LDES}timestampPath", f"{AS}published"),
    (f"{LDES}sequencePath", f"{SCHEMA}position"),
    (f"{LDES}versionOfPath", f"{DCTERMS}isVersionOf"),
    (f"{LDES}versionCreateObject", f"{AS}Create"),
    (f"{LDES}versionUpdateObject", f"{AS}Update"),
    (f"{LDES}versionDeleteObject", f"{AS}Delete"),
    (f"{TREE}shape", f"{LWS}FeedMember"),
)


def _member(base: str, stream: str, event: Event) -> Iterator[str]:
    """The facts of one member; where its words may not be shown, it says what to remove."""
    contribution = contribution_iri(base, event.contribution)
    me = f"<{member_iri(base, event)}>"
    said = event.said if isinstance(event, Came) else None
    yield f"{stream} <{TREE}member> {me}"
    yield f"{me} <{AS}published> {date_time(event.time)}"
    yield f'{me} <{SCHEMA}position> "{event.position}"^^<{XSD}integer>'
    # What has no name any more is a version of nothing but itself: each member has exactly one.
    yield f"{me} <{DCTERMS}isVersionOf> <{event.document or contribution}>"
    if said is not None:
        yield f"{me} <{RDF}type> <{AS}{'Update' if said.supersedes else 'Create'}>"
        yield from (f"{me} {fact}" for fact in facts_about(base, said))
        return
    yield f"{me} <{RDF}type> <{AS}Delete>"
    yield f"{me} <{AS}object> <{contribution}>"
    if isinstance(event, Came):
        yield f"{me} <{RDF}type> <{TOMBSTONE}>"
        if event.supersedes:
            yield f"{me} <{AS}object> <{contribution_iri(base, event.supersedes)}>"
    elif event.ended is not None:
        how, when = event.ended
        yield f"{me} <{RDF}type> <{TOMBSTONE}>"
        yield f'{me} <{ENDED}> "{how}"'
        yield f"{me} <{MODIFIED}> {date_time(when)}"
