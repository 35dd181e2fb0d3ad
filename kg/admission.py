"""The one way in: own resources, shapes, ledger, and from there every projection."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from kg.accounts import Accounts
from kg.contribution import Document, Neighbour, Slice
from kg.framing import Frame
from kg.keeping import utc_now
from kg.keys import Keys
from kg.ledger import Act, Batch, Ledger, Receipt
from kg.naming import renamed
from kg.objection import Objection, object_to
from kg.ownership import check_name
from kg.party import AUDIENCES
from kg.passing import fields_of_slice, unpacked
from kg.settings import Settings
from kg.workers import Crew, Ended, Worker

CHECK_SECONDS_MAX = 60.0  # 64 MB parse in about 20 s; what takes longer was made to take longer.
TRIES_MAX = 3  # A target that moves under us three times in a row is contended: 409 is honest then.
LARGE_AT_ONCE = 1  # Whole viewpoints that are worked on beside ordinary contributions: each may use every core.
CHECKER_HEADROOM_BYTES = 2 * 1024 * 1024 * 1024  # 64 MB of Turtle becomes about 1 GB of documents on its way.


@dataclass(frozen=True)
class Submission:
    """What somebody sends: bytes, and on whose behalf. `holder` and `recorder` are slugs."""

    body: bytes
    media_type: str
    holder: str
    recorder: str
    delegation: str = "byHolder"
    base_iri: str | None = None
    replace: bool = False
    expected: tuple[str, ...] = ()
    """Ids of contributions of which one must be current, or "*" for whatever is (If-Match)."""
    idempotency_key: str | None = None
    only: str | None = None
    """IRI of the one document that the body may hold; relative IRIs in the body resolve against it."""
    absent: bool = False
    """Whether nothing may be current under this name (If-None-Match: *)."""
    signatures: tuple[str, ...] = ()
    """Detached signatures of the documents, as `kg.signing` makes them."""


@dataclass(frozen=True)
class Admitted:
    """Taken in: the receipt, and warnings that travel with it."""

    receipt: Receipt
    documents: tuple[Document, ...]
    warnings: tuple[Objection, ...]


@dataclass(frozen=True)
class Sound:
    """Would be taken in, as far as the shapes say."""

    documents: tuple[Document, ...]
    warnings: tuple[Objection, ...]


@dataclass(frozen=True)
class Refused:
    """Not taken in; nothing was kept."""

    objections: tuple[Objection, ...]


class Admission:
    """Takes contributions in: a crew of checkers parses and validates, the ledger decides."""

    def __init__(
        self, ledger: Ledger, accounts: Accounts, settings: Settings, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.ledger = ledger
        self.accounts = accounts
        self.keys = Keys(ledger.url)
        self.settings = settings
        self.now = now
        self.seats = threading.BoundedSemaphore(settings.checkers_max)
        # A large one takes no seat: it would keep it for minutes, and small ones would wait for it.
        self.large = threading.BoundedSemaphore(LARGE_AT_ONCE)
        self.crew = self._new_crew()

    def _new_crew(self) -> Crew:
        config = {
            "base": self.ledger.base,
            "ontology": [str(f) for f in self.settings.folders("ontology")],
            "shapes": [str(f) for f in self.settings.folders("shapes")],
            "engine": self.settings.shacl_engine,
        }
        return Crew("kg.checking", config, headroom_bytes=CHECKER_HEADROOM_BYTES)

    def start(self) -> None:
        """Starts the checkers. Call it from a thread that stays."""
        self.crew.start()
        self.crew.warm(self.settings.checkers_max)

    def close(self) -> None:
        """Ends the checkers."""
        self.crew.close()
        self.keys.close()

    def admit(self, submission: Submission) -> Admitted | Refused:
        """Takes a submission in, all of it or nothing; returns only after the ledger's commit is on disk."""
        refused = Refused((object_to("Moved"),))
        for _ in range(TRIES_MAX):
            checked = self._check(submission)
            if isinstance(checked, Refused):
                return checked
            sound, slice_read = checked
            nameless = [d.iri for d in sound.documents if d.minted_from and self.ledger.document(d.iri) is None]
            if nameless and (submission.replace or submission.expected):
                return Refused(tuple(object_to("NameMissing", focus=iri) for iri in nameless))
            batch = Batch(
                party=submission.holder,
                recorder=submission.recorder,
                delegation=submission.delegation,
                acts=tuple(
                    Act("publish", d.iri, d, self._expected(d.iri, submission.expected), submission.absent)
                    for d in sound.documents
                ),
                read=tuple((n.iri, n.entry) for n in slice_read.neighbours),
                own_responses=slice_read.own_responses,
                replace=submission.replace,
                idempotency_key=submission.idempotency_key,
            )
            outcome = self.ledger.submit(batch, self.now()).result()
            if isinstance(outcome, Receipt):
                return Admitted(outcome, sound.documents, sound.warnings)
            refused = Refused(outcome)
            if not any(o.name == "Moved" for o in outcome):
                break
        return refused

    def _expected(self, iri: str, expected: Sequence[str]) -> str | None:
        """The expected contribution that is current, else the first: the ledger then says that it is not."""
        if not expected:
            return None
        current = self.ledger.document(iri)
        there = current.contribution if current is not None and current.ended is None else None
        if there is not None and (there in expected or "*" in expected):
            return there
        return expected[0]

    def validate(self, submission: Submission) -> Sound | Refused:
        """The same checks, nothing kept."""
        checked = self._check(submission)
        return checked if isinstance(checked, Refused) else checked[0]

    def name_finding(self, iri: str, holder: str) -> Objection | None:
        """Why a document of this holder (a slug) can't have this IRI as its name; None when it can."""
        base = self.ledger.base
        return check_name(
            iri, speaker=f"{base}/id/{holder}", namespaces=self.accounts.namespaces(holder, base), base=base
        )

    def joined(self, parts: Sequence[tuple[str, str, bytes]], holder: str, iri: str) -> bytes | Refused:
        """All that several bodies (name, media type, bytes) say about one document, as one body of N-Triples."""
        head = {
            "parts": [(name, media, len(body)) for name, media, body in parts],
            "speaker": f"{self.ledger.base}/id/{holder}",
            "only": iri,
        }
        reply = self.ask("join", head, b"".join(body for _, _, body in parts))
        if not isinstance(reply, Frame):
            return Refused((object_to("CheckFailed"),))
        objections = tuple(Objection(**o) for o in reply.head["objections"])
        return Refused(objections) if objections else reply.body

    def end(
        self,
        kind: Literal["withdraw", "erase"],
        iri: str,
        *,
        party: str,
        recorder: str,
        delegation: str,
        expected: Sequence[str] = (),
    ) -> Receipt | Refused:
        """Withdraws a document, or erases it (withdrawn already or not); no reason is asked."""
        act = Act(kind, iri, None, self._expected(iri, expected))
        batch = Batch(party=party, recorder=recorder, delegation=delegation, acts=(act,), read=())
        outcome = self.ledger.submit(batch, self.now()).result()
        return outcome if isinstance(outcome, Receipt) else Refused(outcome)

    def convert(self, quads: bytes, form: str) -> bytes:
        """Our own N-Quads in another format (names as in kg.checking.convert)."""
        reply = self.ask("convert", {"format": form}, quads)
        if not isinstance(reply, Frame):
            raise ValueError(f"no {form} could be made of {len(quads)} bytes: {reply.by}")
        return reply.body

    def convert_turtle(self, turtle: bytes, form: str) -> bytes:
        """Our own Turtle files, joined, in another format."""
        reply = self.ask("convert", {"format": form, "from": "turtle"}, turtle)
        if not isinstance(reply, Frame):
            raise ValueError(f"no {form} could be made of {len(turtle)} bytes: {reply.by}")
        return reply.body

    def sheet(self, quads: bytes, form: str, *, holder: str, lang: str, kind: str | None) -> bytes | Objection:
        """The documents of one holder (a slug), our own N-Quads, as `csv` (of one kind) or `xlsx`."""
        head = {"format": form, "speaker": f"{self.ledger.base}/id/{holder}", "lang": lang, "of": kind}
        reply = self.ask("sheet", head, quads)
        if not isinstance(reply, Frame):
            return object_to("SheetTooLong", limit="text/turtle")
        return Objection(**reply.head["objections"][0]) if reply.kind == "refused" else reply.body

    def template(self, kind: str, form: str, lang: str) -> bytes | None:
        """An empty sheet (`csv`, `xlsx`) of the kind that is called so; None where no kind is."""
        reply = self.ask("template", {"of": kind, "format": form, "lang": lang}, b"")
        if not isinstance(reply, Frame):
            raise ValueError(f"no template of {kind}: {reply.by}")
        return reply.body or None

    def templates(self, lang: str) -> Any:
        """Every kind with the columns of its sheets, as JSON; choices in `lang`."""
        reply = self.ask("templates", {"lang": lang}, b"")
        if not isinstance(reply, Frame):
            raise ValueError(f"no templates could be listed: {reply.by}")
        return json.loads(reply.body)

    def report(self, objections: Sequence[Objection], form: str) -> bytes:
        """The objections as a SHACL validation report."""
        body = json.dumps([asdict(o) for o in objections]).encode()
        reply = self.ask("report", {"format": form}, body)
        if not isinstance(reply, Frame):
            raise ValueError(f"no report could be made of {len(objections)} objections: {reply.by}")
        return reply.body

    def notice(self, body: bytes, *, address: str, sender: str) -> tuple[bytes, tuple[str, ...]] | Refused:
        """A notification of a sender (IRI), checked: its JSON with its `address`, and every address that it names."""
        reply = self.ask("notify", {"address": address, "sender": sender}, body)
        if not isinstance(reply, Frame) or reply.kind not in ("notified", "refused"):
            return Refused((object_to("CheckFailed"),))
        if reply.kind == "refused":
            return Refused(tuple(Objection(**o) for o in reply.head["objections"]))
        return reply.body, tuple(reply.head["names"])

    def convert_notice(self, body: bytes, address: str, form: str) -> bytes:
        """A notification in another RDF format."""
        reply = self.ask("notified", {"address": address, "format": form}, body)
        if not isinstance(reply, Frame):
            raise ValueError(f"no {form} could be made of {len(body)} bytes: {reply.by}")
        return reply.body

    def ask(self, kind: str, head: Mapping[str, Any], body: bytes) -> Frame | Ended:
        """One question to any checker, when one is free."""
        with self.seats:
            return self.crew.ask(kind, head, body, seconds=CHECK_SECONDS_MAX)

    def _check(self, submission: Submission) -> tuple[Sound, Slice] | Refused:
        """Read → own resources → slice → shapes, in one conversation with one checker."""
        if len(submission.body) > self.settings.body_bytes_max:
            return Refused((object_to("TooLarge", limit=f"{self.settings.body_bytes_max} bytes"),))
        with self.seats:
            worker = self.crew.take()
            fine = False
            try:
                outcome = self._converse(worker, submission)
                fine = not isinstance(outcome, Ended)
            finally:
                self.crew.give_back(worker, dead=not fine)
        if isinstance(outcome, Ended):
            return Refused((object_to("CheckFailed"),))
        if isinstance(outcome, Refused) or not submission.signatures:
            return outcome
        signed = self.signed(outcome[0].documents, submission)
        return signed if isinstance(signed, Refused) else (replace(outcome[0], documents=signed), outcome[1])

    def signed(self, documents: Sequence[Document], submission: Submission) -> tuple[Document, ...] | Refused:
        """The documents with the signatures that came with them, each checked."""
        found = self.keys.signed(documents, submission.signatures, submission.holder)
        objections = tuple(o for o in found if isinstance(o, Objection))
        return Refused(objections) if objections else tuple(d for d in found if isinstance(d, Document))

    def _converse(self, worker: Worker, submission: Submission) -> tuple[Sound, Slice] | Refused | Ended:
        base_iri = submission.only or submission.base_iri
        what = {"media_type": submission.media_type, "base_iri": base_iri, "only": submission.only}
        head = self.who_speaks(submission) | what
        first = self.crew.converse(worker, "read", head, submission.body, seconds=CHECK_SECONDS_MAX)
        if isinstance(first, Ended):
            return first
        objections = tuple(Objection(**o) for o in first.head.get("objections", ()))
        if first.kind != "read":
            return Ended("memory")
        if objections:
            return Refused(objections)
        documents, _ = unpacked(first.body)
        names = self.known_again(documents, head["speaker"])
        documents = tuple(renamed(d, names) for d in documents)
        slice_read = self.ledger.slice_for(documents)
        second = self.crew.converse(
            worker,
            "check",
            {"names": names, "today": self.now().date().isoformat(), "delegation": submission.delegation},
            json.dumps(fields_of_slice(self.as_known(slice_read, submission))).encode(),
            seconds=CHECK_SECONDS_MAX,
        )
        if isinstance(second, Ended):
            return second
        found = tuple(Objection(**o) for o in second.head["objections"])
        if any(o.is_violation for o in found):
            return Refused(found)
        return Sound(documents, found), slice_read

    def who_speaks(self, submission: Submission) -> dict[str, Any]:
        """What a checker needs to tell whose a document is."""
        return {
            "speaker": f"{self.ledger.base}/id/{submission.holder}",
            "namespaces": list(self.accounts.namespaces(submission.holder, self.ledger.base)),
            "other_namespaces": list(self.accounts.others_namespaces(submission.holder)),
        }

    def as_known(self, slice_read: Slice, submission: Submission) -> Slice:
        """The slice as the speaker may know it: what is hidden from it looks like what is not there.

        Otherwise a tie to a guessed name would tell whether somebody keeps a document of that name to itself.
        """
        neighbours = tuple(
            n if self._may_know(n, submission) else Neighbour(n.iri, None, (), None, None, None)
            for n in slice_read.neighbours
        )
        return Slice(neighbours, slice_read.own_responses)

    def _may_know(self, neighbour: Neighbour, submission: Submission) -> bool:
        if neighbour.entry is None or (neighbour.audience in AUDIENCES and neighbour.ended is None):
            return True
        current = self.ledger.document(neighbour.iri)
        if current is None:
            return False
        if submission.holder == current.party:
            return submission.recorder in (current.party, current.recorder)
        if current.ended is not None:
            return bool(current.seen)
        return f"{self.ledger.base}/id/{submission.recorder}" in current.table

    def known_again(self, documents: tuple[Document, ...], speaker: str) -> dict[str, str]:
        """New names to the ones that the same texts got when this party published them before."""
        names: dict[str, str] = {}
        for document in documents:
            known = self.ledger.minted_before(speaker, document.minted_from) if document.minted_from else None
            if known is not None:
                names[document.iri] = known
        return names
