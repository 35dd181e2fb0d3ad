"""A whole viewpoint as it is sent, held against what is current: which documents differ, and which are missing.

Most of a viewpoint is as it was. In N-Triples and N-Quads that is seen without parsing: where the lines of a document
have the digest of its present words, they are those words, because what the ledger keeps is canonical. These lines are
blanked, so that what remains keeps its line numbers, and is read as any other body.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kg.contribution import Document
from kg.encodings import UTF8, charset_of
from kg.objection import Objection
from kg.ontology import Ontology
from kg.reading import Whole, read_whole

LINES: Final = ("application/n-triples", "application/n-quads")


@dataclass(frozen=True)
class Difference:
    """How a body differs from what is current."""

    documents: tuple[Document, ...]
    """Those that are new or say something else, in the order of their IRIs."""
    missing: tuple[str, ...]
    """IRIs of current documents that the body does not have, sorted."""
    graphs: tuple[str, ...]
    """The contributions in whose graphs something stood."""


def compare(
    body: bytes,
    media_type: str,
    known: Mapping[str, str],
    *,
    base: str,
    speaker: str,
    ontology: Ontology,
    base_iri: str | None = None,
    mint: Callable[[], str],
) -> Difference | tuple[Objection, ...]:
    """The difference between a body and what is `known`: the digests of the current documents by IRI.

    A body without any document is a difference too: everything is missing. `base_iri` is the address at which the body
    stood, when it stood somewhere: relative names are names there.
    """

    def whole(text: bytes) -> Whole | tuple[Objection, ...]:
        said = {"base": base, "speaker": speaker}
        found = read_whole(text, media_type, known, ontology=ontology, base_iri=base_iri, mint=mint, **said)
        empty = not isinstance(found, Whole) and [o.name for o in found] == ["EmptyBody"]
        return Whole((), (), ()) if empty else found

    graphs: set[str] = set()
    same: set[str] = set()
    rest = body
    plain = charset_of(media_type) in (None, *UTF8)
    if plain and media_type.partition(";")[0].strip().lower() in LINES:
        view = f"{base}/view/{speaker.rpartition('/')[2]}"
        rest, same, graphs = without_known(body, known, view=view, house=f"{base}/contributions/")
    found = whole(rest)
    if isinstance(found, Whole) and same and same & {*found.unchanged, *(d.iri for d in found.documents)}:
        # A document of which some lines are written otherwise: together they may say more than is known.
        found, same, graphs = whole(body), set(), set()
    if not isinstance(found, Whole):
        return found
    there = {*same, *found.unchanged, *(d.iri for d in found.documents)}
    missing = tuple(sorted(iri for iri in known if iri not in there))
    return Difference(found.documents, missing, tuple(sorted({*graphs, *found.graphs})))


def without_known(body: bytes, known: Mapping[str, str], *, view: str, house: str) -> tuple[bytes, set[str], set[str]]:
    """(the body with the lines of documents that stand there as known left empty, their IRIs, their graphs)."""
    lines = body.split(b"\n")
    of: defaultdict[bytes, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if line.startswith(b"<"):
            of[line[1 : line.find(b">")].partition(b"#")[0]].append(number)
    ends = (f" <{view}> .".encode(), b" <" + house.encode())
    same: set[str] = set()
    graphs: set[str] = set()
    for name, numbers in of.items():
        digest = known.get(name.decode("utf-8", "replace"))
        if digest is None:
            continue
        bare: set[bytes] = set()
        found: set[str] = set()
        for number in numbers:
            statement, graph = _split(lines[number], *ends)
            bare.add(statement)
            if graph:
                found.add(graph)
        if hashlib.sha256(b"".join(sorted(bare))).hexdigest() == digest:
            same.add(name.decode())
            graphs |= found
            for number in numbers:
                lines[number] = b""
    return b"\n".join(lines), same, graphs


def _split(line: bytes, view: bytes, house: bytes) -> tuple[bytes, str | None]:
    """(the line as N-Triples, the contribution in whose graph it stands).

    Where the last term is no graph, what is left is no statement; then it is in no payload either.
    """
    if line.endswith(view):
        return line[: -len(view)] + b" .\n", None
    start = line.rfind(house)
    if start > 0 and line.endswith(b"> .") and b" " not in line[start + 1 : -2]:
        return line[:start] + b" .\n", line[start + 2 : -3].decode("utf-8", "replace")
    return line + b"\n", None
