"""The documents of one large batch, judged in parts that may be in several checkers at once, as if it were one.

A part travels with its evidence: the other documents of the batch that its own refer to or respond beside, and what the
ledger knows of all others. So the outcome is that of a batch that is checked whole.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

from kg.contribution import Document, Slice
from kg.framing import Frame
from kg.objection import Objection, object_to
from kg.passing import fields_of_slice, packed
from kg.workers import Ended

JUDGED_AT_ONCE: Final = 512  # Documents one checker judges before it may turn to others: about half a second.
OWNED_MAX: Final = 100  # As many objections as kg.ownership, and
SHAPED_MAX: Final = 500  # as kg.validation give of a batch that is checked whole.

Look = Callable[[Sequence[Document]], tuple[Slice, Slice]]
"""What the ledger knows around some documents: all of it, and as far as the speaker may know."""
Ask = Callable[[Mapping[str, Any], bytes], Frame | Ended]
"""One `judge` message to a checker."""


@dataclass(frozen=True)
class Judged:
    """Documents that may come: what was read to tell that, and what is to be said of them all the same."""

    read: tuple[tuple[str, int | None], ...] = ()
    own_responses: tuple[tuple[str, str, str], ...] = ()
    warnings: tuple[Objection, ...] = ()


class Judging:
    """One batch on its way. `head` says who speaks, the day and the delegation; `withdrawn` ends in the same batch."""

    def __init__(
        self, documents: Sequence[Document], withdrawn: frozenset[str], *, head: Mapping[str, Any], look: Look, ask: Ask
    ) -> None:
        self._documents = documents
        self._withdrawn = withdrawn
        self._head = head
        self._look = look
        self._ask = ask
        self._by_iri = {document.iri: document for document in documents}
        self._responses: defaultdict[str, list[str]] = defaultdict(list)
        for document in documents:
            if document.response:
                self._responses[document.response[1]].append(document.iri)
        self._lock = threading.Lock()
        self._read: set[tuple[str, int | None]] = set()
        self._own_responses: set[tuple[str, str, str]] = set()
        self._owned: list[Objection] = []
        self._shaped: list[Objection] = []
        self._failed = False

    def all(self, at_once: int, progress: Callable[[int, int], None]) -> Judged | tuple[Objection, ...]:
        """Judges every document, so many parts at once, and tells how many are done of how many."""
        starts = range(0, len(self._documents), JUDGED_AT_ONCE)
        parts = [self._documents[start : start + JUDGED_AT_ONCE] for start in starts]
        done = 0
        progress(done, len(self._documents))
        with ThreadPoolExecutor(min(at_once, len(parts)) or 1, "judging") as pool:
            for count in pool.map(self._judge, parts):
                done += count
                progress(done, len(self._documents))
        return self._outcome()

    def _judge(self, part: Sequence[Document]) -> int:
        """Judges a part; nothing when so much is found already that the rest tells nothing new."""
        with self._lock:
            if self._failed or len(self._owned) > OWNED_MAX or len(self._shaped) > SHAPED_MAX:
                return 0
        read, may_know = self._look(part)
        known = fields_of_slice(self._meanwhile(may_know))
        body = packed((*part, *self._evidence(part)), slice=known)
        reply = self._ask({**self._head, "judged": len(part)}, body)
        with self._lock:
            if not isinstance(reply, Frame) or reply.kind != "judged":
                self._failed = True
                return 0
            found = json.loads(reply.body)
            self._owned += [Objection(**o) for o in found["owned"]]
            self._shaped += [Objection(**o) for o in found["shaped"]]
            self._read.update((n.iri, n.entry) for n in read.neighbours)
            self._own_responses.update(read.own_responses)
        return len(part)

    def _evidence(self, part: Sequence[Document]) -> tuple[Document, ...]:
        """The other documents of the batch that the shapes need: what is referred to, and responses to the same."""
        judged = {document.iri for document in part}
        wanted: set[str] = set()
        for document in part:
            wanted.update((*document.references, *document.ties, document.holder))
            if document.response:
                wanted.update(self._responses[document.response[1]])
        return tuple(self._by_iri[iri] for iri in sorted(wanted - judged) if iri in self._by_iri)

    def _meanwhile(self, known: Slice) -> Slice:
        """What the ledger knows, as it is once this batch is in it: what it withdraws has ended."""
        return Slice(
            tuple(replace(n, ended="withdrawn") if n.iri in self._withdrawn else n for n in known.neighbours),
            tuple(r for r in known.own_responses if r[2] not in self._by_iri and r[2] not in self._withdrawn),
        )

    def _outcome(self) -> Judged | tuple[Objection, ...]:
        """All that was found; whose things they are comes before what they look like."""
        if self._failed:
            return (object_to("CheckFailed"),)
        if self._owned:
            # A word that is unknown is said once, and first, however many documents use it.
            unknown = {o.value: o for o in sorted(self._owned, key=_place, reverse=True) if o.name == "UnknownWord"}
            others = dict.fromkeys(sorted((o for o in self._owned if o.name != "UnknownWord"), key=_place))
            return (*reversed(unknown.values()), *others)[:OWNED_MAX]
        shaped = tuple(sorted(self._shaped, key=_place))[:SHAPED_MAX]
        if any(o.is_violation for o in self._shaped):
            return shaped
        return Judged(tuple(sorted(self._read, key=str)), tuple(sorted(self._own_responses)), shaped)


def _place(objection: Objection) -> tuple[str, str, str, str]:
    return objection.focus or "", objection.path or "", objection.value or "", objection.shape or ""
