"""A whole viewpoint at once: what differs is replaced, what is new comes in, what is missing is withdrawn.

One batch, all of it or nothing. A checker tells how the body differs from what is current; only that is validated and
written. Documents may stand in the graphs of their party's own contributions here, as GET of a viewpoint gives them:
which contribution that was says nothing, so that what was fetched can be edited and sent back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from kg.admission import CHECK_SECONDS_MAX, TRIES_MAX, Admission, Refused, Submission
from kg.contribution import Document, Slice
from kg.framing import Frame
from kg.judging import Judged, Judging
from kg.ledger import Act, Batch, Receipt, Taken
from kg.ledger.chain import digest_of
from kg.ledger.viewpoint import Mark, Viewpoint
from kg.naming import renamed
from kg.objection import Objection, object_to
from kg.passing import unpacked
from kg.reading import WHOLE_BYTES_MAX
from kg.sheets import Places, places_from
from kg.workers import Ended

LARGE_BYTES: Final = 4 * 1024 * 1024  # Read in about a second: what is smaller waits its turn as any contribution.
READ_SECONDS_PER_MEGABYTE: Final = 4.0  # Reading and describing takes about one, on a machine that does nothing else.
HANDED_OVER_AT_ONCE: Final = 1000  # Documents in one message: half a megabyte, so that nobody waits for it.
FREELY_WITHDRAWN: Final = 10  # So many documents, or this share, may go without a word of their own:
FREELY_WITHDRAWN_SHARE: Final = 0.1  # more is as likely a broken export as a wish.
SAID_MAX: Final = 100  # Nobody mends more at once; the next try shows the rest.

Stage = Literal["waiting", "reading", "checking", "writing"]
Leave = Callable[[Sequence[Document]], Collection[str]]
"""Told the documents that differ, before they are judged; gives the IRIs of those that are left as they are here."""
Progress = Callable[[Stage, int, int], None]
"""Told the stage, and how many documents of how many are done in it; 0 of 0 where that cannot be told."""


@dataclass(frozen=True)
class Synchronised:
    """What became of a viewpoint, or would become of it when `dry_run`. Names are IRIs, sorted."""

    receipt: Receipt | None
    """None when nothing was written."""
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    withdrawn: tuple[str, ...]
    returned: tuple[str, ...]
    """Those of `added` that had been withdrawn, or whose ground had ended."""
    unchanged: int | None
    """How many documents of the body were current already; None when an earlier receipt is given again."""
    warnings: tuple[Objection, ...] = ()
    dry_run: bool = False
    mark: Mark | None = None
    """That of the viewpoint, when it was as the body says already."""

    @property
    def repeated(self) -> bool:
        """True when the Idempotency-Key was known and this is what came of it then."""
        return self.unchanged is None


@dataclass(frozen=True)
class _Found:
    """How a body differs from the viewpoint of its moment."""

    viewpoint: Viewpoint
    documents: tuple[Document, ...]
    missing: tuple[str, ...]
    unchanged: int


def no_progress(_stage: Stage, _done: int, _of: int) -> None:
    """For whoever does not want to be told."""


def synchronise(
    admission: Admission,
    submission: Submission,
    *,
    adds_only: bool = False,
    withdrawable: Collection[str] | None = None,
    allow_withdraw: int | None = None,
    freely: int | None = None,
    leave: Leave | None = None,
    only_if: Mark | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Synchronised | Refused:
    """Makes the holder's viewpoint what the submission says; returns after the ledger's commit is on disk.

    The body may be in any format that `kg.reading` reads, documents in the default graph, in the graph of the holder's
    viewpoint, or in those of the holder's own contributions, current or earlier (for who records: those it recorded).
    Current documents that are missing are withdrawn, never with `adds_only`, and only those in `withdrawable` (IRIs;
    None is all); who records for another withdraws only what it recorded, because it may not see the rest. Withdrawn
    ones that stand in the body come back; erased ones are refused. More than FREELY_WITHDRAWN documents or that share,
    and all of them by an empty body, are withdrawn only when `allow_withdraw` is as many; `freely` is another number
    for those that need none. What `leave` names neither changes nor comes back. With `only_if` nothing is
    done when the viewpoint has another mark. `dry_run` makes every check and writes nothing; what would be too much to
    withdraw without a word is then a warning.
    """
    limit = min(admission.settings.view_bytes_max, WHOLE_BYTES_MAX)
    if len(submission.body) > limit:
        return Refused((object_to("TooLarge", limit=f"{limit} bytes"),))
    among = None if withdrawable is None else frozenset(withdrawable)
    run = _Run(admission, submission, adds_only, among, allow_withdraw, freely, leave, only_if, dry_run, progress)
    return run.repeated() or run.go()


@dataclass
class _Run:
    """One synchronisation on its way; what it is asked as `synchronise` says."""

    admission: Admission
    submission: Submission
    adds_only: bool
    withdrawable: frozenset[str] | None
    allow_withdraw: int | None
    freely: int | None
    leave: Leave | None
    only_if: Mark | None
    dry_run: bool
    progress: Progress
    places: Places = field(default_factory=Places)
    """Where in a spreadsheet each document stands."""

    def __post_init__(self) -> None:
        submission = self.submission
        self.ledger = self.admission.ledger
        self.large = len(submission.body) > LARGE_BYTES
        self.view = f"{self.ledger.base}/view/{submission.holder}"
        asked = json.dumps([self.view, submission.media_type, submission.base_iri, self.adds_only]).encode()
        self.request = digest_of(asked, submission.body) if submission.idempotency_key else None

    def repeated(self) -> Synchronised | Refused | None:
        """What came of the same message before, when its Idempotency-Key is known."""
        key, holder, recorder = self.submission.idempotency_key, self.submission.holder, self.submission.recorder
        earlier = self.ledger.earlier_request(holder, recorder, key) if key and not self.dry_run else None
        if earlier is None:
            return None
        batch, request = earlier
        if request != self.request:
            return Refused((object_to("KeyReused", value=key),))
        taken = tuple(
            Taken(r.id, r.iri or "", r.kind, r.digest, r.audience, r.position_in_audience, r.salt, r.supersedes, True)
            for r in self.ledger.batch(batch)
        )
        return _outcome(Receipt(batch, taken, created=False), frozenset(), None, ())

    def go(self) -> Synchronised | Refused:
        """Compares, judges and writes; again when something moved meanwhile, but not for ever."""
        moved = Refused((object_to("Moved", focus=self.view),))
        with self._lane():
            for _ in range(TRIES_MAX):
                outcome = self._try()
                if isinstance(outcome, Refused):
                    return Refused(tuple(self.places.placed(o) for o in outcome.objections))
                if outcome is not None:
                    return outcome
        return moved

    @contextmanager
    def _lane(self) -> Iterator[None]:
        """Large ones go one after the other."""
        if not self.large:
            yield
            return
        self.progress("waiting", 0, 0)
        with self.admission.large:
            yield

    def _try(self) -> Synchronised | Refused | None:
        """One round; None when something that was read has moved."""
        self.progress("reading", 0, 0)
        viewpoint = self.ledger.viewpoint(self.submission.holder)
        if self.only_if is not None and viewpoint.mark != self.only_if:
            return Refused((object_to("Stale", focus=self.view),))
        found = self._compared(viewpoint)
        if isinstance(found, Refused):
            return found
        going = self._withdrawn(found)
        if isinstance(going, Refused):
            return going
        withdrawn, much = going
        if self.submission.signatures:
            signed = self.admission.signed(found.documents, self.submission)
            if isinstance(signed, Refused):
                return signed
            found = replace(found, documents=signed)
        judged = self._judged(found.documents, frozenset(withdrawn)) if found.documents else Judged()
        if not isinstance(judged, Judged):
            return Refused(judged)
        returned = self.ledger.ended_among(self.submission.holder, [d.iri for d in found.documents])
        if not found.documents and not withdrawn:
            return Synchronised(None, (), (), (), (), found.unchanged, (), self.dry_run, viewpoint.mark)
        batch = self._batch(found, withdrawn, judged)
        now = self.admission.now()
        if self.dry_run:
            objections = self.ledger.rehearse(batch, now)
            if not objections:
                added = tuple(d.iri for d in found.documents if d.iri not in viewpoint.documents)
                replaced = tuple(d.iri for d in found.documents if d.iri in viewpoint.documents)
                back = tuple(sorted(returned))
                return Synchronised(
                    None, added, replaced, withdrawn, back, found.unchanged, judged.warnings + much, dry_run=True
                )
        else:
            self.progress("writing", 0, len(batch.acts))
            answer = self.ledger.submit(batch, now).result()
            if isinstance(answer, Receipt):
                self.progress("writing", len(batch.acts), len(batch.acts))
                return _outcome(answer, returned, found.unchanged, judged.warnings)
            objections = answer
        return None if any(o.name == "Moved" for o in objections) else Refused(objections)

    def _compared(self, viewpoint: Viewpoint) -> _Found | Refused:
        """How the body differs, found by one checker, which hands over what differs in parts."""
        submission, crew = self.submission, self.admission.crew
        known = "".join(f"{held.iri} {held.digest}\n" for held in viewpoint.documents.values()).encode()
        speaks = self.admission.who_speaks(submission)
        head = {
            "media_type": submission.media_type,
            "speaker": speaks["speaker"],
            "base_iri": submission.base_iri,
        }
        seconds = CHECK_SECONDS_MAX + READ_SECONDS_PER_MEGABYTE * len(submission.body) / 1024**2
        parts: list[Document] = []
        with self._seat():
            worker, fine = crew.take(), False
            try:
                # Apart, because together they would be a second body in memory.
                reply = crew.converse(worker, "know", {}, known, seconds=CHECK_SECONDS_MAX)
                if not isinstance(reply, Ended):
                    reply = crew.converse(worker, "compare", head, submission.body, seconds=seconds)
                if isinstance(reply, Ended) or reply.kind != "compared":
                    return Refused((object_to("CheckFailed"),))
                objections = tuple(Objection(**o) for o in reply.head["objections"])
                if not objections:
                    found, count = json.loads(reply.body), reply.head["documents"]
                    self.places = places_from(found["places"])
                    for start in range(0, count, HANDED_OVER_AT_ONCE):
                        asked = {"start": start, "count": HANDED_OVER_AT_ONCE}
                        part = crew.converse(worker, "hand_over", asked, seconds=CHECK_SECONDS_MAX)
                        if isinstance(part, Ended) or part.kind != "documents":
                            return Refused((object_to("CheckFailed"),))
                        parts += unpacked(part.body)[0]
                # What was made of a large body stays in the process that made it: that one goes.
                fine = not self.large
            finally:
                crew.give_back(worker, dead=not fine)
        if objections:
            return Refused(objections)
        unknown = self._unknown_graphs(found["graphs"], viewpoint)
        return Refused(unknown) if unknown else self._named(parts, found["missing"], viewpoint, speaks["speaker"])

    @contextmanager
    def _seat(self) -> Iterator[None]:
        """A turn among ordinary contributions; a large one has a lane of its own."""
        if self.large:
            yield
        else:
            with self.admission.seats:
                yield

    def _unknown_graphs(self, graphs: Sequence[str], viewpoint: Viewpoint) -> tuple[Objection, ...]:
        """Objections to graphs that are no contributions of the holder, or not known to who records."""
        start, recorder = f"{self.ledger.base}/contributions/", self.submission.recorder
        own = recorder == self.submission.holder
        current = {held.contribution for held in viewpoint.documents.values() if own or held.recorder == recorder}
        others = [graph.removeprefix(start) for graph in graphs if graph.removeprefix(start) not in current]
        known = self.ledger.contributions_among(self.submission.holder, recorder, others) if others else frozenset()
        strange = [id for id in others if id not in known][:SAID_MAX]
        return tuple(object_to("GraphName", value=f"<{start}{id}>", limit=self.view) for id in strange)

    def _named(
        self, documents: Sequence[Document], missing: Sequence[str], viewpoint: Viewpoint, speaker: str
    ) -> _Found | Refused:
        """The difference with the names that texts without one got before; a new text needs a name of its own."""
        held = viewpoint.documents
        names = self.admission.known_again(tuple(documents), speaker)
        self.places.learn((), names)
        differ = [renamed(d, names) for d in documents]
        nameless = [d.iri for d in differ if d.minted_from and d.iri not in held]
        if nameless:
            return Refused(tuple(object_to("NameMissing", focus=iri) for iri in nameless[:SAID_MAX]))
        there = {d.iri for d in differ}
        same = {d.iri for d in differ if names and d.iri in held and held[d.iri].digest == d.digest}
        changed = tuple(d for d in differ if d.iri not in same)
        left = tuple(iri for iri in missing if iri not in there)
        unchanged = len(held) - len(left) - sum(d.iri in held for d in changed)
        if self.leave is not None and changed:
            alone = frozenset(self.leave(changed))
            changed = tuple(d for d in changed if d.iri not in alone)
        return _Found(viewpoint, changed, left, unchanged)

    def _withdrawn(self, found: _Found) -> tuple[tuple[str, ...], tuple[Objection, ...]] | Refused:
        """What is to be withdrawn, unless that is more than is done without a word; who only tries it is warned."""
        if self.adds_only:
            return ((), ()) if found.documents or found.unchanged else Refused((object_to("EmptyBody"),))
        submission, held = self.submission, found.viewpoint.documents
        within = [
            iri
            for iri, one in held.items()
            if (submission.recorder == submission.holder or one.recorder == submission.recorder)
            and (self.withdrawable is None or iri in self.withdrawable)
        ]
        going = tuple(sorted(set(within).intersection(found.missing)))
        freely = max(FREELY_WITHDRAWN, int(len(within) * FREELY_WITHDRAWN_SHARE))
        freely = freely if self.freely is None else self.freely
        if not found.documents and not found.unchanged:
            freely = 0  # An empty body is as likely an export that failed.
        if len(going) > max(freely, self.allow_withdraw or 0):
            many = object_to(
                "WithdrawsMuch", focus=self.view, path="allowWithdraw", value=str(len(going)), of=str(len(within))
            )
            return (going, (replace(many, severity="warning"),)) if self.dry_run else Refused((many,))
        return going, ()

    def _judged(self, documents: tuple[Document, ...], withdrawn: frozenset[str]) -> Judged | tuple[Objection, ...]:
        """Every document held against ownership and shapes; a large one in several checkers at once."""
        admission, submission = self.admission, self.submission

        def look(some: Sequence[Document]) -> tuple[Slice, Slice]:
            read = self.ledger.slice_for(some)
            return read, admission.as_known(read, submission)

        def ask(head: Mapping[str, Any], body: bytes) -> Frame | Ended:
            with self._seat():
                return admission.crew.ask("judge", head, body, seconds=CHECK_SECONDS_MAX)

        head = admission.who_speaks(submission) | {
            "today": admission.now().date().isoformat(),
            "delegation": submission.delegation,
        }
        at_once = admission.settings.checkers_max if self.large else 1
        judging = Judging(documents, withdrawn, head=head, look=look, ask=ask)
        return judging.all(at_once, lambda done, of: self.progress("checking", done, of))

    def _batch(self, found: _Found, withdrawn: Sequence[str], judged: Judged) -> Batch:
        """What is to be written: ends first, so that a name or a response may move to another document."""
        submission = self.submission
        ends = (Act("withdraw", iri) for iri in withdrawn)
        words = (Act("publish", d.iri, d) for d in found.documents)
        return Batch(
            party=submission.holder,
            recorder=submission.recorder,
            delegation=submission.delegation,
            acts=(*ends, *words),
            read=judged.read,
            own_responses=judged.own_responses,
            replace=True,
            idempotency_key=submission.idempotency_key,
            request=self.request,
            viewpoint=found.viewpoint.mark,
        )


def _outcome(
    receipt: Receipt, returned: frozenset[str], unchanged: int | None, warnings: tuple[Objection, ...]
) -> Synchronised:
    """What a receipt says, sorted by what was done."""

    def of(kind: str) -> tuple[str, ...]:
        return tuple(sorted(taken.iri for taken in receipt.contributions if taken.kind == kind))

    return Synchronised(
        receipt, of("publish"), of("replace"), of("withdraw"), tuple(sorted(returned)), unchanged, warnings
    )
