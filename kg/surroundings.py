"""What the shapes get to see beside a document: what the ledger knows of its neighbours, and the words that it uses.

SHACL only sees one graph, so everything a shape asks about (is that a story, who holds it, who may read it, is this a
concept of that list) is put beside the document as triples, and no more than that: the graph stays small.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg import vocabulary as word
from kg.contribution import Document, Neighbour, Slice
from kg.ontology import Ontology

# The marks that the shapes look for; a contribution can't use them, because they are no words of the vocabulary.
MAIN_SUBJECT: Final = word.LWS + "MainSubject"
PART: Final = word.LWS + "Part"
ABSENT: Final = word.LWS + "Absent"
RANK: Final = word.LWS + "rank"
POINTS_ASTRAY: Final = word.LWS + "PointsAstray"
TIED: Final = word.LWS + "Tied"
FROM_PUBLIC_SOURCE: Final = word.LWS + "FromPublicSource"
YEAR: Final = word.LWS + "year"
NOW: Final = word.LWS + "now"

_PLAIN_LABELS = {word.LW + name for name in ("sentence", "jsonName", "objection")}
_TYPE = f"<{word.RDF_TYPE}>".encode()
_SUB_CLASS = f"<{word.RDFS_SUB_CLASS_OF}>".encode()
_DATES = {f"<{word.DCTERMS}{name}>".encode() for name in ("issued", "created")}
_PUBLIC_READERS = ("partners", "public")


@dataclass(frozen=True)
class Batch:
    """All documents that one speaker sends at once, with what the ledger knows around them."""

    speaker: str
    documents: Mapping[str, Document]
    neighbours: Mapping[str, Neighbour]
    visible: frozenset[str]
    """What is there and may be seen by the speaker, documents of the batch included."""
    responses: Sequence[tuple[str, str, str]]
    """(notation, target, response) of the speaker: those of the ledger and those of the batch."""
    today: str
    delegation: str

    @property
    def home(self) -> str:
        """Where the things of this deployment have their addresses."""
        return self.speaker.rpartition("/")[0] + "/"


def batch_of(documents: Sequence[Document], known: Slice, *, today: str, delegation: str) -> Batch:
    """The batch; a response of the ledger that comes in a new version counts as the new one."""
    speaker = documents[0].holder
    here = {document.iri: document for document in documents}
    seen = {n.iri for n in known.neighbours if n.entry is not None and not n.ended and _may_see(n, speaker)}
    old = [response for response in known.own_responses if response[2] not in here]
    new = [(*document.response, document.iri) for document in documents if document.response]
    neighbours = {n.iri: n for n in known.neighbours if n.iri not in here}
    return Batch(speaker, here, neighbours, frozenset(seen | here.keys()), (*old, *new), today, delegation)


class Surroundings:
    """The words of one ontology by term, ready to be laid beside documents."""

    def __init__(self, ontology: Ontology) -> None:
        self._ranks = {concept.rpartition("/")[2]: rank for concept, rank in ontology.ranks.items()}
        self._words = _words(ontology)
        self._always = b"".join(self._words[f"<{concept}>".encode()] for concept in sorted(ontology.ranks))

    def around(self, documents: Sequence[Document], batch: Batch) -> bytes:
        """N-Triples: some documents of a batch, their neighbours in it and in the ledger, the words used, the day."""
        lines: list[str] = [_line(NOW, word.LWS + "today", f'"{batch.today}"^^<{word.XSD}date>')]
        payloads = [document.payload for document in documents]
        used: set[bytes] = set()
        here = {document.iri for document in documents}
        wanted = {r for document in documents for r in (*document.references, *document.ties, document.holder)} - here
        for document in documents:
            lines += self._facts(document, used)
            lines += _marks(document, batch)
        for iri in sorted(wanted):
            if iri in batch.documents:
                # Evidence here; it is judged with its own part of the batch.
                lines += self._facts(batch.documents[iri], used)
                payloads.append(batch.documents[iri].payload)
            elif iri in batch.neighbours:
                lines += self._neighbour(batch.neighbours[iri], batch)
                used.update(f"<{c}>".encode() for c in batch.neighbours[iri].classes)
        targets = {document.response[1] for document in documents if document.response}
        for notation, target, response in batch.responses:
            if target in targets and response not in here:
                lines.append(_line(response, word.HELD_BY, f"<{batch.speaker}>"))
                lines.append(_line(response, word.RESPONSE_TO, f"<{target}>"))
                lines.append(_line(response, word.RESPONSE_KIND, f"<{word.CONCEPT}response/{notation}>"))
        words = [self._words[term] for term in sorted(used) if term in self._words]
        return b"".join([*payloads, "".join(lines).encode(), self._always, *words])

    def _facts(self, document: Document, used: set[bytes]) -> Iterator[str]:
        """The rank and the year of a document; notes in `used` which words occur in it."""
        years: list[int] = []
        for line in document.payload.split(b"\n"):
            if not line:
                continue
            _, predicate, value = line[:-2].split(b" ", 2)
            used.add(predicate)
            if value.startswith(b"<"):
                used.add(value)
            elif predicate in _DATES and value[1:5].isdigit():
                years.append(int(value[1:5]))
        yield _line(document.iri, RANK, _integer(self._ranks[document.audience]))
        if years:
            yield _line(document.iri, YEAR, _integer(min(years)))

    def _neighbour(self, neighbour: Neighbour, batch: Batch) -> Iterator[str]:
        """What is known of a neighbour; what the speaker may not see is as if it were absent."""
        iri = neighbour.iri
        if neighbour.entry is None or not _may_see(neighbour, batch.speaker):
            # Addresses elsewhere on the web are not ours to know.
            if iri.startswith(batch.home):
                yield _line(iri, word.RDF_TYPE, f"<{ABSENT}>")
            return
        if neighbour.ended:
            yield _line(iri, word.RDF_TYPE, f"<{word.TOMBSTONE}>")
            return
        for kind in neighbour.classes:
            yield _line(iri, word.RDF_TYPE, f"<{kind}>")
        if neighbour.holder:
            yield _line(iri, word.HELD_BY, f"<{neighbour.holder}>")
        yield _line(iri, RANK, _integer(self._ranks.get(neighbour.audience or "", 0)))
        for perspective in neighbour.perspectives:
            yield _line(iri, word.PERSPECTIVE, f"<{perspective}>")
        if neighbour.dated and neighbour.dated[:4].isdigit():
            yield _line(iri, YEAR, _integer(int(neighbour.dated[:4])))


def _marks(document: Document, batch: Batch) -> Iterator[str]:
    """What the shapes look for: main subject and parts, whether it hangs on something, points astray, was recorded."""
    marks = [MAIN_SUBJECT]
    if document.ties:
        marks.append(TIED)
    if any(r not in batch.visible and (r in document.ties or r.startswith(batch.home)) for r in document.references):
        marks.append(POINTS_ASTRAY)
    if batch.delegation == "publicSource" and word.SOURCE not in document.classes:
        marks.append(FROM_PUBLIC_SOURCE)
    for mark in marks:
        yield _line(document.iri, word.RDF_TYPE, f"<{mark}>")
    subjects = {line.split(b" ", 1)[0] for line in document.payload.split(b"\n") if line}
    for subject in sorted(subjects - {f"<{document.iri}>".encode()}):
        yield _line(subject.decode()[1:-1], word.RDF_TYPE, f"<{PART}>")


def _may_see(neighbour: Neighbour, speaker: str) -> bool:
    """True when the speaker may know that it exists: its own, at its table, for partners or public."""
    if neighbour.holder == speaker or neighbour.audience in _PUBLIC_READERS:
        return True
    return (neighbour.audience == "table" and speaker in neighbour.table) or (
        neighbour.ended is not None and neighbour.audience is None
    )


def _line(subject: str, predicate: str, value: str) -> str:
    return f"<{subject}> <{predicate}> {value} .\n"


def _integer(number: int) -> str:
    return f'"{number}"^^<{word.XSD}integer>'


def _words(ontology: Ontology) -> Mapping[bytes, bytes]:
    """Term → the triples about it that carry rules; a class brings those of all that it falls under."""
    own: defaultdict[bytes, list[bytes]] = defaultdict(list)
    rules = f"<{word.LW}".encode()
    labels = {f"<{iri}>".encode() for iri in _PLAIN_LABELS}
    for line in ontology.ntriples.split(b"\n"):
        if not line:
            continue
        subject, predicate, _ = line.split(b" ", 2)
        is_rule = predicate.startswith(rules) and predicate not in labels
        if is_rule or predicate in (_TYPE, _SUB_CLASS):
            own[subject].append(line + b"\n")
    for concept, scheme in ontology.concepts.items():
        own[f"<{concept}>".encode()] = [
            line for line in own[f"<{concept}>".encode()] if line.split(b" ", 2)[1].startswith(rules)
        ]
        own[f"<{concept}>".encode()].append(_line(concept, word.IN_SCHEME, f"<{scheme}>").encode())
    for above in ontology.superclasses.values():
        for term in above:
            # That a class is an owl:Class helps no shape.
            own[f"<{term}>".encode()] = [line for line in own[f"<{term}>".encode()] if line.split(b" ", 2)[1] != _TYPE]
    together = {term: b"".join(lines) for term, lines in own.items()}
    for term, above in ontology.superclasses.items():
        together[f"<{term}>".encode()] = b"".join(b"".join(own[f"<{a}>".encode()]) for a in sorted(above))
    return together
