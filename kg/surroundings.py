"""What the shapes get to see beside a document: what the ledger knows of its neighbours, and the words that it uses.

SHACL only sees one graph, so everything a shape asks about (is that a story, who holds it, who may read it, is this a
concept of that list) is put beside the document as triples, and no more than that: the graph stays small.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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


class Surroundings:
    """The words of one ontology by term, ready to be laid beside documents."""

    def __init__(self, ontology: Ontology) -> None:
        self._ranks = {concept.rpartition("/")[2]: rank for concept, rank in ontology.ranks.items()}
        self._words = _words(ontology)
        self._always = b"".join(self._words[f"<{concept}>".encode()] for concept in sorted(ontology.ranks))

    def around(self, documents: Sequence[Document], known: Slice, *, today: str, delegation: str) -> bytes:
        """N-Triples: the documents, their neighbours, the words used, the day and the kind of delegation.

        All documents of a batch have one speaker and count as each other's neighbours.
        """
        here = {document.iri for document in documents}
        speaker = documents[0].holder
        lines: list[str] = [_line(NOW, word.LWS + "today", f'"{today}"^^<{word.XSD}date>')]
        found = {n.iri for n in known.neighbours if n.entry is not None and not n.ended and _may_see(n, speaker)} | here
        home = speaker.rpartition("/")[0] + "/"
        used: set[bytes] = set()
        for document in documents:
            lines += self._marks(document, used)
            if document.ties:
                lines.append(_line(document.iri, word.RDF_TYPE, f"<{TIED}>"))
            if any(r not in found for r in document.references if r in document.ties or r.startswith(home)):
                lines.append(_line(document.iri, word.RDF_TYPE, f"<{POINTS_ASTRAY}>"))
            if delegation == "publicSource" and word.SOURCE not in document.classes:
                lines.append(_line(document.iri, word.RDF_TYPE, f"<{FROM_PUBLIC_SOURCE}>"))
        for neighbour in known.neighbours:
            if neighbour.iri not in here:
                lines += self._neighbour(neighbour, speaker)
                used.update(f"<{c}>".encode() for c in neighbour.classes)
        for notation, target, response in known.own_responses:
            if response not in here:
                lines.append(_line(response, word.HELD_BY, f"<{speaker}>"))
                lines.append(_line(response, word.RESPONSE_TO, f"<{target}>"))
                lines.append(_line(response, word.RESPONSE_KIND, f"<{word.CONCEPT}response/{notation}>"))
        words = [self._words[term] for term in used if term in self._words]
        return b"".join([*(d.payload for d in documents), "".join(lines).encode(), self._always, *words])

    def _marks(self, document: Document, used: set[bytes]) -> Iterator[str]:
        """What is main subject and what part, the rank and the year; notes in `used` which words occur."""
        subjects: set[bytes] = set()
        years: list[int] = []
        for line in document.payload.split(b"\n"):
            if not line:
                continue
            subject, predicate, value = line[:-2].split(b" ", 2)
            subjects.add(subject)
            used.add(predicate)
            if value.startswith(b"<"):
                used.add(value)
            elif predicate in _DATES and value[1:5].isdigit():
                years.append(int(value[1:5]))
        yield _line(document.iri, word.RDF_TYPE, f"<{MAIN_SUBJECT}>")
        yield _line(document.iri, RANK, _integer(self._ranks[document.audience]))
        if years:
            yield _line(document.iri, YEAR, _integer(min(years)))
        main = f"<{document.iri}>".encode()
        for subject in sorted(subjects - {main}):
            yield _line(subject.decode()[1:-1], word.RDF_TYPE, f"<{PART}>")

    def _neighbour(self, neighbour: Neighbour, speaker: str) -> Iterator[str]:
        """What is known of a neighbour; what the speaker may not see is as if it were absent."""
        iri = neighbour.iri
        seen = neighbour.entry is not None and _may_see(neighbour, speaker)
        if not seen:
            # Addresses elsewhere on the web are not ours to know.
            if iri.startswith(speaker.rpartition("/")[0] + "/"):
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
