"""The role of a checker process: it parses what a party sends, looks whose it is and holds it against the shapes."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg import framing
from kg.answering import RDF_FORMATS
from kg.contribution import Document
from kg.naming import mint, renamed
from kg.objection import Objection
from kg.ontology import Ontology, read_ontology
from kg.ownership import check_ownership
from kg.passing import fields_of, slice_from
from kg.reading import read
from kg.validation import Validator
from kg.vocabulary import PREFIXES


def hold(config: dict[str, Any]) -> Checking:
    """The role of a reader that keeps the words and compiled shapes."""
    ontology = read_ontology([Path(p) for p in config["ontology"]])
    validator = Validator([Path(p) for p in config["shapes"]], ontology, config["engine"])
    return Checking(str(config["base"]), ontology, validator)


class Checking:
    """Words, shapes, and in a worker the documents of the conversation under way."""

    def __init__(self, base: str, ontology: Ontology, validator: Validator) -> None:
        self.base = base
        self.ontology = ontology
        self.validator = validator
        self.documents: tuple[Document, ...] = ()

    def apply(self, frame: framing.Frame) -> None:
        """Words and shapes do not change while we run."""
        raise ValueError(f"a checker takes no changes, not {frame.head}")

    def answer(self, frame: framing.Frame, sock: socket.socket) -> None:
        """A step of a conversation: `read`, `check`, `convert` or `report`."""
        match frame.kind:
            case "read":
                self.read(frame, sock)
            case "check":
                self.check(frame, sock)
            case "convert":
                given = str(frame.head.get("from", "nquads"))
                framing.send(sock, "converted", body=convert(frame.body, str(frame.head["format"]), given))
            case "report":
                objections = [Objection(**o) for o in json.loads(frame.body)]
                body = self.validator.report(objections)
                framing.send(sock, "converted", body=convert(body, str(frame.head["format"])))

    def read(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Bytes → documents (kept for `check`) or objections; looks whose they are at once."""
        head = frame.head
        found = read(
            frame.body,
            str(head["media_type"]),
            base=self.base,
            speaker=str(head["speaker"]),
            ontology=self.ontology,
            base_iri=head.get("base_iri"),
            mint=mint,
        )
        documents = tuple(d for d in found if isinstance(d, Document))
        objections = [o for o in found if isinstance(o, Objection)]
        if not objections:
            objections += check_ownership(
                documents,
                speaker=str(head["speaker"]),
                namespaces=tuple(head["namespaces"]),
                other_namespaces=tuple(head["other_namespaces"]),
                base=self.base,
                ontology=self.ontology,
            )
        self.documents = documents
        head = {"documents": fields_of(documents), "objections": [asdict(o) for o in objections]}
        framing.send(sock, "read", head, b"".join(d.payload for d in documents))

    def check(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Holds the documents just read against the shapes, with what the ledger knows of their neighbours."""
        head = frame.head
        documents = tuple(renamed(d, head["names"]) for d in self.documents)
        objections = self.validator.validate(
            documents, slice_from(head["slice"]), today=str(head["today"]), delegation=str(head["delegation"])
        )
        framing.send(sock, "checked", {"objections": [asdict(o) for o in objections]})

    def state(self) -> dict[str, Any]:
        """How many shapes and words are held."""
        return {"predicates": len(self.ontology.predicates), "classes": len(self.ontology.classes)}


def convert(quads: bytes, form: str, given: str = "nquads") -> bytes:
    """Quads of ours in another format, vocabulary prefixes used, in the order given."""
    wanted = RDF_FORMATS[form]
    parsed = ox.parse(quads, format=RDF_FORMATS[given])
    if wanted.supports_datasets:
        return ox.serialize(parsed, format=wanted, prefixes=PREFIXES) or b""
    return ox.serialize((q.triple for q in parsed), format=wanted, prefixes=PREFIXES) or b""
