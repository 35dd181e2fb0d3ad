"""The role of a checker process: it parses what a party sends, looks whose it is and holds it against the shapes."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg import framing
from kg.activity import Activity, in_form, read_activity
from kg.answering import RDF_FORMATS
from kg.comparing import Difference, compare
from kg.contribution import Document
from kg.gathering import gather
from kg.naming import mint, renamed
from kg.objection import Objection, object_to
from kg.ontology import Ontology, read_ontology
from kg.ownership import check_ownership
from kg.passing import packed, slice_from, unpacked
from kg.reading import read
from kg.sheets import Filled, Places, Sheets, fields_of_places
from kg.validation import Validator
from kg.vocabulary import PREFIXES


def hold(config: dict[str, Any]) -> Checking:
    """The role of a reader that keeps the words and compiled shapes."""
    ontology = read_ontology([Path(p) for p in config["ontology"]])
    validator = Validator([Path(p) for p in config["shapes"]], ontology, config["engine"])
    sheets = Sheets(ontology, [Path(p) for p in config["shapes"]])
    return Checking(str(config["base"]), ontology, validator, sheets)


class Checking:
    """Words, shapes, and in a worker the documents of the conversation under way."""

    def __init__(self, base: str, ontology: Ontology, validator: Validator, sheets: Sheets) -> None:
        self.base = base
        self.ontology = ontology
        self.validator = validator
        self.sheets = sheets
        self.places = Places()
        self.documents: tuple[Document, ...] = ()
        self.known: dict[str, str] = {}

    def apply(self, frame: framing.Frame) -> None:
        """Words and shapes do not change while we run."""
        raise ValueError(f"a checker takes no changes, not {frame.head}")

    def answer(self, frame: framing.Frame, sock: socket.socket) -> None:
        """A step: `read`, `check`; `know`, `compare`, `hand_over`; `join`, `judge`, `convert`, `notify`, `report`."""
        match frame.kind:
            case "read":
                self.read(frame, sock)
            case "check":
                self.check(frame, sock)
            case "know":
                self.known = dict(line.split(" ") for line in frame.body.decode().splitlines())
                framing.send(sock, "known")
            case "compare":
                self.compare(frame, sock)
            case "hand_over":
                start, count = int(frame.head["start"]), int(frame.head["count"])
                framing.send(sock, "documents", body=packed(self.documents[start : start + count]))
            case "judge":
                self.judge(frame, sock)
            case "join":
                self.join(frame, sock)
            case "convert":
                given = str(frame.head.get("from", "nquads"))
                framing.send(sock, "converted", body=convert(frame.body, str(frame.head["format"]), given))
            case "notify":
                self.notify(frame, sock)
            case "notified":
                head = frame.head
                body = in_form(frame.body, address=str(head["address"]), form=RDF_FORMATS[str(head["format"])])
                framing.send(sock, "converted", body=body)
            case "gather":
                found = gather(str(frame.head["what"]), frame.head, frame.body)
                fields, body = ({"objection": asdict(found)}, b"") if isinstance(found, Objection) else found
                text = json.dumps(fields).encode()
                framing.send(sock, "gathered", {"fields": len(text)}, text + body)
            case "sheet":
                self.sheet(frame, sock)
            case "templates":
                body = json.dumps(self.sheets.templates.described(str(frame.head["lang"]))).encode()
                framing.send(sock, "converted", body=body)
            case "template":
                kind = self.sheets.templates.kind(str(frame.head["of"]))
                form, lang = str(frame.head["format"]), str(frame.head["lang"])
                made = self.sheets.templates.template(kind, form, lang) if kind else b""
                framing.send(sock, "converted", body=made)
            case "report":
                objections = [Objection(**o) for o in json.loads(frame.body)]
                body = self.validator.report(objections)
                framing.send(sock, "converted", body=convert(body, str(frame.head["format"])))

    def read(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Bytes → documents (kept for `check`) or objections; looks whose they are at once."""
        head = frame.head
        speaker = str(head["speaker"])
        found = self.opened(frame.body, str(head["media_type"]), speaker, head.get("base_iri"))
        documents = tuple(d for d in found if isinstance(d, Document))
        objections = [o for o in found if isinstance(o, Objection)]
        if not objections and head.get("only"):
            objections += others_than(str(head["only"]), documents)
        if not objections:
            objections += check_ownership(
                documents,
                speaker=speaker,
                namespaces=tuple(head["namespaces"]),
                other_namespaces=tuple(head["other_namespaces"]),
                base=self.base,
                ontology=self.ontology,
            )
        self.documents = documents
        self.places.learn(documents)
        framing.send(sock, "read", {"objections": self.told(objections)}, packed(documents))

    def opened(
        self, body: bytes, media_type: str, speaker: str, base_iri: str | None
    ) -> Sequence[Document | Objection]:
        """What is in a body, sheets opened first; where it stands there is kept in `places`."""
        opened = self.sheets.opened(body, media_type, base=self.base, speaker=speaker, base_iri=base_iri)
        if not isinstance(opened, Filled):
            self.places = Places()
            return opened
        self.places = opened.places
        return read(
            opened.body,
            opened.media_type,
            base=self.base,
            speaker=speaker,
            ontology=self.ontology,
            base_iri=base_iri,
            mint=mint,
        )

    def compare(self, frame: framing.Frame, sock: socket.socket) -> None:
        """A whole viewpoint against what is known to be current; what differs is kept for `hand_over`."""
        head, speaker = frame.head, str(frame.head["speaker"])
        found: Difference | tuple[Objection, ...]
        opened = self.sheets.opened(frame.body, str(head["media_type"]), base=self.base, speaker=speaker)
        if isinstance(opened, Filled):
            found = compare(
                opened.body,
                opened.media_type,
                self.known,
                base=self.base,
                speaker=speaker,
                ontology=self.ontology,
                base_iri=head["base_iri"],
                mint=mint,
            )
            self.places = opened.places
        else:
            found, self.places = opened, Places()
        if not isinstance(found, Difference):
            framing.send(sock, "compared", {"objections": self.told(found)})
            return
        self.documents = found.documents
        self.places.learn(found.documents)
        beside = {"missing": found.missing, "graphs": found.graphs, "places": fields_of_places(self.places)}
        body = json.dumps(beside).encode()
        framing.send(sock, "compared", {"objections": (), "documents": len(found.documents)}, body)

    def judge(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Some documents of a batch: whose they are, and the shapes; the others that they need are their evidence."""
        head = frame.head
        documents, beside = unpacked(frame.body)
        judged, evidence = documents[: head["judged"]], documents[head["judged"] :]
        owned = check_ownership(
            judged,
            speaker=str(head["speaker"]),
            namespaces=tuple(head["namespaces"]),
            other_namespaces=tuple(head["other_namespaces"]),
            base=self.base,
            ontology=self.ontology,
        )
        shaped: tuple[Objection, ...] = ()
        if not owned:
            known = slice_from(beside["slice"])
            today, delegation = str(head["today"]), str(head["delegation"])
            shaped = self.validator.validate(judged, known, today=today, delegation=delegation, evidence=evidence)
        found = {"owned": [asdict(o) for o in owned], "shaped": [asdict(o) for o in shaped]}
        framing.send(sock, "judged", body=json.dumps(found).encode())

    def notify(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Looks at a notification that a party sends to another."""
        address, sender = str(frame.head["address"]), str(frame.head["sender"])
        found = read_activity(frame.body, address=address, sender=sender, ontology=self.ontology)
        if isinstance(found, Activity):
            framing.send(sock, "notified", {"names": list(found.names)}, found.body)
        else:
            framing.send(sock, "refused", {"objections": [asdict(o) for o in found]})

    def join(self, frame: framing.Frame, sock: socket.socket) -> None:
        """What several bodies say about one document, as N-Triples; or what is wrong with the first that is."""
        head, at = frame.head, 0
        only, lines = str(head["only"]), set[bytes]()
        objections: list[Objection] = []
        for name, media, length in head["parts"]:
            body, at = frame.body[at : at + length], at + length
            found = self.opened(body, media, str(head["speaker"]), only)
            documents = [d for d in found if isinstance(d, Document)]
            objections = [o for o in found if isinstance(o, Objection)] or others_than(only, documents)
            if objections:
                # In which of the bodies: a line and a column alone would not tell.
                objections = [self.places.placed(replace(o, focus=o.focus or name or None)) for o in objections]
                break
            lines |= {line for d in documents for line in d.payload.splitlines(keepends=True)}
        framing.send(sock, "joined", {"objections": [asdict(o) for o in objections]}, b"".join(sorted(lines)))

    def sheet(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Our own N-Quads of one holder as a spreadsheet."""
        head = frame.head
        made = self.sheets.exported(
            frame.body,
            str(head["format"]),
            base=self.base,
            speaker=str(head["speaker"]),
            lang=str(head["lang"]),
            kind=head.get("of"),
        )
        if isinstance(made, Objection):
            framing.send(sock, "refused", {"objections": [asdict(made)]})
        else:
            framing.send(sock, "converted", body=made)

    def check(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Holds the documents just read against the shapes, with what the ledger knows of their neighbours."""
        head = frame.head
        documents = tuple(renamed(d, head["names"]) for d in self.documents)
        objections = self.validator.validate(
            documents, slice_from(json.loads(frame.body)), today=str(head["today"]), delegation=str(head["delegation"])
        )
        self.places.learn((), head["names"])
        framing.send(sock, "checked", {"objections": self.told(objections)})

    def told(self, objections: Sequence[Objection]) -> list[dict[str, Any]]:
        """Objections with the cells that they are about, as they cross to the asker."""
        return [asdict(self.places.placed(o)) for o in objections]

    def state(self) -> dict[str, Any]:
        """How many shapes and words are held."""
        return {"predicates": len(self.ontology.predicates), "classes": len(self.ontology.classes)}


def others_than(only: str, documents: Sequence[Document]) -> list[Objection]:
    """Objections to every document but the one that belongs at the address."""
    return [object_to("OtherDocument", focus=only, value=d.iri) for d in documents if d.iri != only]


def convert(quads: bytes, form: str, given: str = "nquads") -> bytes:
    """Quads of ours in another format, vocabulary prefixes used, in the order given."""
    wanted = RDF_FORMATS[form]
    parsed = ox.parse(quads, format=RDF_FORMATS[given])
    if wanted.supports_datasets:
        return ox.serialize(parsed, format=wanted, prefixes=PREFIXES) or b""
    return ox.serialize((q.triple for q in parsed), format=wanted, prefixes=PREFIXES) or b""
