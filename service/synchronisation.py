"""The door where a whole viewpoint is made what somebody sends, or added to, and where it tells how far that is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.admission import Refused, Submission
from kg.ledger.acts import LedgerUnavailable
from kg.ledger.viewpoint import Mark
from kg.objection import Objection, object_to
from kg.sheets import CSV
from kg.synchronising import LARGE_BYTES, Progress, Synchronised, no_progress, synchronise
from service.callers import Calling
from service.contributions import BODY_TYPES, Speaking, slug_of, warnings
from service.negotiation import language
from service.problems import body as problem_body
from service.problems import problem, status_of
from service.progress import Outcome, Running, Synchronisations
from service.reach import view_tag
from service.reception import expected_of, names, refuse_unknown

PARAMETERS = ("dryRun", "allowWithdraw", "onBehalfOf", "lang")
NAMES_MAX = 1000  # Names in a summary; the batch has them all.
WAIT_SECONDS_MAX = 60.0  # How long an answer is waited for when `Prefer: wait` asks it: proxies give up about then.
RETRY_SECONDS = 1  # When to look at the progress again.
WHOLE_TYPES = tuple(media for media in BODY_TYPES if media != CSV)  # A CSV holds one kind: never all of a viewpoint.


def _body(types: Iterable[str]) -> dict[str, Any]:
    """What a body may be, for the description of the doors."""
    return {"required": True, "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in types}}


_SENT: dict[str, Any] = {
    "requestBody": _body(WHOLE_TYPES),
    "parameters": [
        {
            "name": "dryRun",
            "in": "query",
            "schema": {"type": "boolean", "default": False},
            "description": "Make every check and tell what would change; nothing is written. What would withdraw too "
            "much is a warning.",
        },
        {
            "name": "allowWithdraw",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0},
            "description": "So many documents may be withdrawn; needed above 10 and 10 %, and for an empty body.",
        },
        {
            "name": "onBehalfOf",
            "in": "query",
            "schema": {"type": "string"},
            "description": "The holder once more, for a recorder with a delegation that wants to be sure.",
        },
        {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The ETag of the viewpoint as you saw it, in any format; otherwise 412.",
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The same message with the same key gives what came of it the first time.",
        },
        {
            "name": "Prefer",
            "in": "header",
            "schema": {"type": "string"},
            "description": "`respond-async`: 202 and a progress resource; `wait=N`: that only after N seconds.",
        },
        {
            "name": "Content-Encoding",
            "in": "header",
            "schema": {"type": "string", "enum": ["gzip", "identity"]},
        },
    ],
    "security": [{"token": []}],
}
_ADDED = _SENT | {"requestBody": _body(BODY_TYPES)}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Done: what was added, replaced, withdrawn and left alone",
        "headers": {
            "ETag": {
                "schema": {"type": "string"},
                "description": "The viewpoint as this left it, for the next If-Match; not when another wrote since.",
            }
        },
    },
    202: {"description": "Going on; `Location` tells how far it is"},
    400: {"description": "Cannot be read, or torn"},
    403: {"description": "Not yours to speak for"},
    409: {"description": "Another one is running, it moved, or it would withdraw more than is done without a word"},
    412: {"description": "Not the viewpoint of If-Match"},
    413: {"description": "Too large"},
    415: {"description": "A media type that is not read, or one that holds only a part of a viewpoint"},
    422: {"description": "Refused, with every objection; nothing was written"},
}


class Synchronising:
    """What the doors need: who speaks, and what goes on."""

    def __init__(self, speaking: Speaking) -> None:
        self.speaking = speaking
        self.base = speaking.base
        self.running = Synchronisations(speaking.admission.now)

    async def speak(
        self, request: Request, party: str, *, adds_only: bool, empties: bool = False, known: tuple[str, ...] = ()
    ) -> Response:
        """Receives a message, and answers when it is done, or when it goes on by itself.

        `empties`: nothing is to be left, and no body says so. `known` are further parameters that the door obeys.
        """
        asked = self._asked(request, slug_of(self.base, party), adds_only, known)
        if isinstance(asked, Objection):
            return problem(request, self.base, asked)
        holder = asked.who[0]
        if holds_a_part(request) and not (adds_only or empties):
            part = object_to("PartOfViewpoint", focus=f"{self.base}/view/{holder}", value="POST (sync --add)")
            return problem(request, self.base, part)
        busy = self._busy(request, holder)
        if busy is not None:
            return busy
        async with self.running.turn(holder):
            busy = self._busy(request, holder)
            if busy is not None:
                return busy
            bytes_max = self.speaking.admission.settings.view_bytes_max
            submission = (
                self.speaking.unsaid(request, asked.who)
                if empties
                else await self.speaking.sent(request, asked.who, bytes_max)
            )
            if isinstance(submission, Objection):
                return problem(request, self.base, submission)
            only_if = await asyncio.to_thread(self._matched, request, holder, asked.calling)
            if isinstance(only_if, Objection):
                return problem(request, self.base, only_if)
            work = asked.work(self.speaking, submission, only_if)
            prefers = Preference.of(request)
            if prefers.is_async or len(submission.body) > LARGE_BYTES:
                running = self.running.start(asked.who[1], holder, work)
                del submission, work  # The thread has them; they are not to be kept as long as this client waits.
                outcome = await running.wait(prefers.wait_seconds) if prefers.wait_seconds else None
                if outcome is None:
                    return self._going_on(running, prefers)
                return await asyncio.to_thread(self._done, request, outcome, holder, asked.calling)
            try:
                outcome = await asyncio.to_thread(work, no_progress)
                return await asyncio.to_thread(self._done, request, outcome, holder, asked.calling)
            except LedgerUnavailable:
                return problem(request, self.base, object_to("NotReady", limit="1 min"))

    def _asked(self, request: Request, holder: str, adds_only: bool, known: tuple[str, ...]) -> Asked | Objection:
        """What is asked, by whom; before a byte of the body is read."""
        refused = refuse_unknown(names(request), (*PARAMETERS, *known))
        if refused is not None:
            return refused
        dry, allow = request.query_params.get("dryRun", "false"), request.query_params.get("allowWithdraw", "0")
        if dry not in ("true", "false"):
            return object_to("ParameterUnclear", path="dryRun", value=dry[:80], limit="true, false")
        if not re.fullmatch("[0-9]{1,9}", allow):
            return object_to("ParameterUnclear", path="allowWithdraw", value=allow[:80], limit="0, 1, 2, 3 …")
        named = request.query_params.get("onBehalfOf")
        if named is not None and slug_of(self.base, named) != holder:
            return object_to("ParameterUnclear", path="onBehalfOf", value=named[:80], limit=holder)
        calling = self.speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return calling
        who = self.speaking.on_whose_behalf(calling, holder)
        return who if isinstance(who, Objection) else Asked(calling, who, adds_only, int(allow), dry == "true")

    def _busy(self, request: Request, holder: str) -> Response | None:
        """One at a time for each holder; the caller is told where the other one stands, when it started it."""
        other = self.running.running(holder)
        if other is None:
            return None
        why = object_to("SynchronisationRuns", focus=f"{self.base}/view/{holder}", value=other.path)
        return problem(request, self.base, why, headers={"Location": other.path, "Retry-After": str(RETRY_SECONDS)})

    def _matched(self, request: Request, holder: str, calling: Calling) -> Mark | Objection | None:
        """The mark of the viewpoint that the caller saw; None when it does not say which."""
        expected = expected_of(request)
        if not expected:
            return None
        # The mark first: what comes between is then seen by the writer.
        mark = self.speaking.ledger.viewpoint(holder).mark
        if "*" in expected or view_tag(self.speaking.ledger, holder, calling) in expected:
            return mark
        return object_to("Stale", focus=f"{self.base}/view/{holder}")

    def _done(self, request: Request, outcome: Outcome, holder: str, calling: Calling) -> Response:
        """The summary with the ETag for the next If-Match, or every objection."""
        if isinstance(outcome, Refused):
            return problem(request, self.base, *outcome.objections, report=self.speaking.admission.report)
        headers = {"Cache-Control": "private, no-store"}
        tag = self._tag_after(outcome, holder, calling)
        return JSONResponse(self._summary(outcome), headers=headers | ({"ETag": f'"{tag}"'} if tag else {}))

    def _tag_after(self, outcome: Synchronised, holder: str, calling: Calling) -> str | None:
        """The tag of the viewpoint that this left; None when another has written since, whose work it would hide."""
        ledger, receipt = self.speaking.ledger, outcome.receipt
        if outcome.dry_run:
            return None
        tag = view_tag(ledger, holder, calling)
        # The mark last: what was written before the tag was made is then seen.
        mark = ledger.viewpoint(holder).mark
        if receipt is None:
            return tag if mark == outcome.mark else None
        return tag if mark.entry == max(one.number for one in ledger.batch(receipt.batch)) else None

    def _going_on(self, running: Running, prefers: Preference) -> Response:
        headers = {"Location": running.path, "Retry-After": str(RETRY_SECONDS), "Cache-Control": "private, no-store"}
        if prefers.is_async:
            headers["Preference-Applied"] = "respond-async"
        return JSONResponse(self._progress_body(running, "en"), 202, headers)

    def progress(self, request: Request, id: str) -> Response:
        """How far one is, for who started it."""
        calling = self.speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        running = self.running.find(id, calling.party) if calling.is_known else None
        if running is None:
            return problem(request, self.base, object_to("ProgressUnknown"))
        headers = {"Cache-Control": "private, no-store", "Vary": "Authorization"}
        if running.ended is None:
            headers["Retry-After"] = str(RETRY_SECONDS)
        lang = language(request.query_params.get("lang"), request.headers.get("accept-language"))
        return JSONResponse(self._progress_body(running, lang), headers=headers)

    def _progress_body(self, running: Running, lang: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "progress": running.path,
            "view": f"{self.base}/view/{running.holder}",
            "state": "running" if running.ended is None else "done",
            "stage": running.stage if running.ended is None else "done",
            "done": running.done,
            "of": running.of,
            "started": running.started.isoformat(),
        }
        if not running.future.done():
            return found
        outcome = running.future.result()
        if isinstance(outcome, Refused):
            status = status_of(outcome.objections[0])
            return found | {"status": status, "outcome": problem_body(self.base, outcome.objections, lang, status)}
        return found | {"status": 200, "outcome": self._summary(outcome)}

    def _summary(self, outcome: Synchronised) -> dict[str, Any]:
        """What a client keeps of it: how many, and which."""
        receipt, base = outcome.receipt, self.base
        parts = ("added", "replaced", "withdrawn", "returned")
        found: dict[str, Any] = {
            "dryRun": outcome.dry_run,
            "created": receipt is not None and receipt.created,
            "batch": f"{base}/batches/{receipt.batch}" if receipt is not None else None,
            "counts": {**{part: len(getattr(outcome, part)) for part in parts}, "unchanged": outcome.unchanged},
        }
        found |= {part: list(getattr(outcome, part)[:NAMES_MAX]) for part in parts}
        return found | {"namesAtMost": NAMES_MAX, "warnings": warnings(base, outcome.warnings)}


def holds_a_part(request: Request) -> bool:
    """Whether the body can hold one kind of documents only, so that a missing one says nothing."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == CSV


@dataclass(frozen=True)
class Asked:
    """What a request asks beside its body. `who` is (holder, recorder, delegation)."""

    calling: Calling
    who: tuple[str, str, str]
    adds_only: bool
    allow_withdraw: int
    dry_run: bool

    def work(self, speaking: Speaking, submission: Submission, only_if: Mark | None) -> Callable[[Progress], Outcome]:
        """What is to be done, for whichever thread does it."""

        def done(progress: Progress) -> Outcome:
            return synchronise(
                speaking.admission,
                submission,
                adds_only=self.adds_only,
                allow_withdraw=self.allow_withdraw,
                only_if=only_if,
                dry_run=self.dry_run,
                progress=progress,
            )

        return done


@dataclass(frozen=True)
class Preference:
    """What `Prefer` (RFC 7240) asks: to be answered before it is done, and after how many seconds at most."""

    is_async: bool
    wait_seconds: float

    @classmethod
    def of(cls, request: Request) -> Preference:
        """The preferences that are known here; others are nobody's fault."""
        given = ",".join(request.headers.getlist("prefer")).lower()
        wait = re.search(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,6})", given)
        is_async = re.search(r"(?:^|[,;])\s*respond-async\s*(?:[,;]|$)", given) is not None
        return cls(is_async, min(float(wait[1]), WAIT_SECONDS_MAX) if wait else 0.0)


def synchronisation_router(door: Synchronising) -> APIRouter:
    """The router of `PUT` and `POST` on `/view`, and of `/progress`."""
    router = APIRouter(tags=["Viewpoints"])
    base = door.base

    @router.put(
        "/view/{party}",
        summary="Make a viewpoint what you send",
        description="Documents that differ are replaced, new ones added, missing ones withdrawn, the rest left alone: "
        "one batch, all or nothing. Withdrawn documents that you send come back. In TriG and N-Quads they may stand in "
        "the default graph, in the viewpoint's own, or in those of your contributions, as GET gives them. Who records "
        "for another withdraws only what it recorded. A large body is answered with 202. CSV holds one kind: POST it.",
        openapi_extra=_SENT,
        responses=_ANSWERS,
    )
    async def make(request: Request, party: str) -> Response:
        return await door.speak(request, party, adds_only=False)

    @router.post(
        "/view/{party}",
        summary="Add to a viewpoint",
        description="As PUT, and what is missing stays: documents that differ are replaced, new ones added.",
        openapi_extra=_ADDED,
        responses=_ANSWERS,
    )
    async def add(request: Request, party: str) -> Response:
        return await door.speak(request, party, adds_only=True)

    @router.get(
        "/progress/{id}",
        summary="How far a synchronisation is",
        description="For who started it: its `stage`, `done` documents of `of`, "
        "and at the end `status` and `outcome`: the answer that it would have been. Kept for an hour, not over a "
        "restart: then the same message with the same Idempotency-Key tells.",
        responses={404: {"description": "Not there, or not yours"}},
        openapi_extra={"security": [{"token": []}]},
    )
    async def progress(request: Request, id: str) -> Response:
        refused = refuse_unknown(names(request), ("lang",))
        if refused is not None:
            return problem(request, base, refused)
        return door.progress(request, id)

    return router
