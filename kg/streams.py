"""A page of an event stream (LDES in TREE pages) → its members as documents, and where the stream goes on.

Pure: bytes in, values out; it fetches nothing, and it runs where callers' text may be parsed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from kg import vocabulary as word

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
LDES, TREE = word.LDES, word.TREE
POLICY = LDES + "retentionPolicy"
CREATED, VERSION_OF = word.DCTERMS + "created", word.DCTERMS + "isVersionOf"
# How a member is named that came in before.
_AGAIN: Final = re.compile(r"#again-\d+$")
# What says that a member is an end, where the stream does not say so itself.
DELETIONS: Final = frozenset({word.AS + "Delete", word.TOMBSTONE})
# Policies by which a stream forgets what still holds, because it is old.
FORGETTING_KINDS: Final = frozenset({LDES + "DurationAgoPolicy", LDES + "PointInTimePolicy"})
FORGETTING_WORDS: Final = tuple(LDES + name for name in ("versionDuration", "startingFrom", "fullLogDuration"))


@dataclass(frozen=True)
class Paths:
    """By which words a stream says what a member is a version of, when, in which order, and that it is an end."""

    version_of: str = VERSION_OF
    time: str = CREATED
    sequence: str | None = None
    deletions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """One version of a document, or its end."""

    iri: str
    document: str
    """What it is a version of."""
    time: str
    """As the stream writes it; empty when it does not say."""
    sequence: str | None
    ended: bool
    triples: bytes
    """N-Triples of its words under the document's own name; empty for an end."""
    removes: tuple[str, ...] = ()
    """Of an end, the members that it takes away, where it names them: an erased document has no name any more."""

    @property
    def order(self) -> tuple[str, tuple[int, str]]:
        """What is later is greater: by its time, then by its place in the stream."""
        number = self.sequence or ""
        return instant(self.time), (int(number), "") if number.isdigit() else (-1, number)


@dataclass(frozen=True)
class Page:
    """What one page holds."""

    stream: str | None
    """The collection; None when the page names none."""
    paths: Paths
    members: tuple[Member, ...]
    onward: tuple[str, ...]
    """The pages that it leads to, in the order of their addresses."""
    forgets: bool = False
    """Whether it says that what is old goes from it: then what is not there may still hold."""


@dataclass
class _Read:
    """A page's quads, by what is asked of them."""

    about: dict[str, list[ox.Triple]] = field(default_factory=lambda: defaultdict(list))
    """subject → its triples in the default graph"""
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """document → the subjects with its name and a fragment"""
    graphs: dict[str, list[ox.Triple]] = field(default_factory=lambda: defaultdict(list))

    def of(self, subject: str, name: str) -> Sequence[str]:
        """The values of a word, in the order given."""
        return [_text(t.object) for t in self.about.get(subject, ()) if t.predicate.value == name]

    def subjects(self, name: str) -> Sequence[str]:
        """Whatever has this word."""
        return [subject for subject, triples in self.about.items() if any(t.predicate.value == name for t in triples)]


def read_page(quads: Iterable[ox.Quad], address: str, known: Paths | None = None) -> Page:
    """What these quads say as a page at `address`; `known` are the paths that an earlier page of the stream gave."""
    page = _Read()
    for quad in quads:
        subject = _text(quad.subject)
        if isinstance(quad.graph_name, ox.DefaultGraph):
            page.about[subject].append(quad.triple)
            name, mark, _ = subject.partition("#")
            if mark:
                page.parts[name].add(subject)
        else:
            page.graphs[_text(quad.graph_name)].append(quad.triple)
    named = [one for one in page.subjects(word.RDF_TYPE) if LDES + "EventStream" in page.of(one, word.RDF_TYPE)]
    stream = next(iter([*named, *page.subjects(TREE + "member"), *page.subjects(TREE + "view")]), None)
    paths = _paths(page, stream, known or Paths())
    members = tuple(_member(page, iri, paths) for iri in (page.of(stream, TREE + "member") if stream else ()))
    relations = [r for node in page.subjects(TREE + "relation") for r in page.of(node, TREE + "relation")]
    nodes = {n for relation in relations for n in page.of(relation, TREE + "node")}
    if stream and not relations and not members:
        # The address of the stream itself: its view is where it begins.
        nodes |= set(page.of(stream, TREE + "view"))
    policies = [policy for one in page.subjects(POLICY) for policy in page.of(one, POLICY)]
    return Page(stream, paths, members, tuple(sorted(nodes - {address})), any(_forgets(page, p) for p in policies))


def newest(members: Sequence[Member]) -> Mapping[str, Member]:
    """Of each document its last version or its end; of two that are equally late the one that came last."""
    found: dict[str, Member] = {}
    for member in members:
        before = found.get(member.document)
        if before is None or member.order >= before.order:
            found[member.document] = member
    documents = {plain_name(member.iri): member.document for member in found.values() if not member.ended}
    for member in members:
        for document in {documents[one] for one in member.removes if one in documents}:
            if found[document].order < member.order:
                found[document] = replace(member, document=document)
    return found


def plain_name(member: str) -> str:
    """The name that an end gives to a member: without what tells apart that it came in again."""
    return _AGAIN.sub("", member)


def instant(text: str) -> str:
    """A time in a form that sorts: in UTC when it says its zone, as it stands when it is no time."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="microseconds")


def _forgets(page: _Read, policy: str) -> bool:
    """Whether a retention policy lets versions go by their age alone, the last one of a document too."""
    if FORGETTING_KINDS & set(page.of(policy, word.RDF_TYPE)):
        return True
    said = [name for name in FORGETTING_WORDS if page.of(policy, name)]
    return bool(said) and not page.of(policy, LDES + "versionAmount")


def _paths(page: _Read, stream: str | None, known: Paths) -> Paths:
    if stream is None:
        return known

    def one(name: str, otherwise: str | None) -> str | None:
        return next(iter(page.of(stream, LDES + name)), otherwise)

    return Paths(
        one("versionOfPath", known.version_of) or VERSION_OF,
        one("timestampPath", known.time) or CREATED,
        one("sequencePath", known.sequence),
        tuple(page.of(stream, LDES + "versionDeleteObject")) or known.deletions,
    )


def _member(page: _Read, iri: str, paths: Paths) -> Member:
    deletions = DELETIONS | set(paths.deletions)
    document = next(iter(page.of(iri, paths.version_of)), iri)
    ended = any(_text(triple.object) in deletions for triple in page.about.get(iri, ()))
    time = next(iter(page.of(iri, paths.time)), "")
    sequence = next(iter(page.of(iri, paths.sequence)), None) if paths.sequence else None
    triples = () if ended else _words(page, iri, document, paths)
    words = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    return Member(iri, document, time, sequence, ended, words, tuple(page.of(iri, word.AS + "object")) if ended else ())


def _words(page: _Read, iri: str, document: str, paths: Paths) -> list[ox.Triple]:
    """The triples of a member: those of its own graph, else what the page says of it, its parts and what hangs on them.

    The name of the version becomes that of the document, and what made it a version is left out.
    """
    told = page.graphs.get(iri) or list(_hanging(page, iri, document))
    own = {paths.version_of, paths.time, paths.sequence}
    return [
        ox.Triple(_under(t.subject, iri, document), t.predicate, _under(t.object, iri, document))
        for t in told
        if not (_text(t.subject) == iri and t.predicate.value in own)
    ]


def _hanging(page: _Read, iri: str, document: str) -> Iterator[ox.Triple]:
    ahead = list(dict.fromkeys(name for one in (iri, document) for name in (one, *sorted(page.parts.get(one, ())))))
    seen: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        for triple in page.about.get(name, ()):
            yield triple
            if isinstance(triple.object, ox.BlankNode):
                ahead.append(_text(triple.object))


def _under(term: Term, iri: str, document: str) -> Any:
    """The term, with the version's name replaced by the document's."""
    if isinstance(term, ox.NamedNode) and (term.value == iri or term.value.startswith(iri + "#")):
        return ox.NamedNode(document + term.value[len(iri) :])
    return term


def _text(term: Term | ox.DefaultGraph) -> str:
    if isinstance(term, ox.NamedNode | ox.Literal):
        return term.value
    return str(term)
