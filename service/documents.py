"""Writing one document at its own address: publish, replace, add to, withdraw, erase. What is there is never lost.

Who replaces says with `If-Match` what it saw, so that of two who write at once one hears of the other. Conditions are
decided by the ledger's one writer, in the moment before the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.admission import TRIES_MAX, Admitted, Refused, Submission
from kg.ledger.acts import Current, LedgerUnavailable
from kg.objection import Objection, object_to
from service.addresses import SUFFIXES, document_path, split_suffix
from service.callers import Calling
from service.contributions import BODY_TYPES, PARAMETERS, Speaking, receipt_body, warnings
from service.forms import FORM, parts_of
from service.problems import problem
from service.reach import may_read
from service.reception import expected_of, names, refuse_unknown

LINES = "application/n-triples"
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The same key gives the earlier receipt again; with another body it is 422.",
}
_FOR: dict[str, Any] = {
    "name": "onBehalfOf",
    "in": "query",
    "schema": {"type": "string"},
    "description": "The holder, for a recorder with a delegation: a party's slug or IRI.",
}
_BACK: dict[str, Any] = {
    "name": "replace",
    "in": "query",
    "schema": {"type": "boolean", "default": False},
    "description": "Bring back what was withdrawn. It does not take the place of If-Match.",
}
_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of the receipt or of the document as you saw it, or `*`; otherwise 412.",
}
_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string", "enum": ["*"]},
    "description": "`*`: only when nothing is there yet; otherwise 412.",
}
_ERASE: dict[str, Any] = {
    "name": "erase",
    "in": "query",
    "schema": {"type": "boolean", "default": False},
    "description": "Erase: the words go from the past, the snapshots and the files too.",
}
_IRI: dict[str, Any] = {
    "name": "iri",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "format": "iri"},
    "description": "The thing's IRI, in a namespace of your own.",
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body or a parameter cannot be read"},
    401: {"description": "No token"},
    403: {"description": "The address is another's, or you may not record for this holder"},
    409: {"description": "It was withdrawn (`replace=true` brings it back) or erased"},
    412: {"description": "Not the version of If-Match, or there already with If-None-Match: *"},
    413: {"description": "Too large"},
    415: {"description": "A format that is not read here"},
    422: {"description": "Refused, with every objection; or another document than that of the address"},
}


def _body(*parameters: dict[str, Any], form: bool = False) -> dict[str, Any]:
    media = [*BODY_TYPES, *([FORM] if form else [])]
    content = {name: {"schema": {"type": "string", "format": "binary"}} for name in media}
    return {
        "requestBody": {"required": True, "content": content},
        "parameters": list(parameters),
        "security": [{"token": []}],
    }


@dataclass(frozen=True)
class Conditions:
    """Under which conditions a write counts: what the request says, before it is known what is there."""

    expected: tuple[str, ...]
    """Of If-Match."""
    absent: bool
    """If-None-Match: *."""
    back: bool
    """`replace=true`: bring back what was withdrawn."""

    @property
    def unsaid(self) -> bool:
        """Whether the request leaves open what it expects to be there."""
        return not self.expected and not self.absent


def _conditions(request: Request, submission: Submission) -> Conditions | Objection:
    none_match = request.headers.get("if-none-match", "").strip()
    if none_match not in ("", "*"):
        return object_to("ParameterUnclear", path="If-None-Match", value=none_match[:80], limit="*")
    return Conditions(submission.expected, none_match == "*", submission.replace)


class Writing(Protocol):
    """One way of writing a document: its request, its IRI, the parameters that are known there."""

    async def __call__(self, request: Request, iri: str, *, known: tuple[str, ...]) -> Response:
        """What came of it."""


def _is_there(current: Current | None) -> bool:
    return current is not None and current.ended is None


class Documents:
    """Writes one document, under the IRI that its address gives it."""

    def __init__(self, speaking: Speaking) -> None:
        self.speaking = speaking
        self.base = speaking.base

    async def put(
        self, request: Request, iri: str, *, known: tuple[str, ...] = PARAMETERS, free: bool = False
    ) -> Response:
        """Publishes or replaces; `free`: the verb alone says that whatever is there is replaced."""
        received = await self._received(request, iri, known)
        if isinstance(received, Response):
            return received
        _, submission, conditions = received

        def made(current: Current | None) -> Submission:
            there = _is_there(current)
            matched = conditions.expected or (("*",) if free and there and not conditions.absent else ())
            back = conditions.back and not there and not matched
            return replace(submission, replace=back, expected=matched, absent=conditions.absent or back)

        return await self._written(request, iri, made, again=conditions.unsaid and (free or conditions.back))

    async def post(self, request: Request, iri: str, *, known: tuple[str, ...] = PARAMETERS) -> Response:
        """Adds to what is there, as the Graph Store Protocol says: the document becomes the union of both."""
        received = await self._received(request, iri, known, FORM)
        if isinstance(received, Response):
            return received
        calling, submission, conditions = received
        parts = [("", submission.media_type, submission.body)]
        if submission.media_type not in BODY_TYPES.values():
            found = await parts_of(submission.media_type, submission.body, SUFFIXES)
            if isinstance(found, Objection):
                return problem(request, self.base, found)
            parts = list(found)
        lines = await asyncio.to_thread(self.speaking.admission.joined, parts, submission.holder, iri)
        if isinstance(lines, Refused):
            return problem(request, self.base, *lines.objections, report=self.speaking.admission.report)

        def made(current: Current | None) -> Submission:
            # What the caller may not read, it can't add to: it is as if nothing were there, and the ledger says no.
            before = current if current is not None and may_read(current, calling) else None
            added = replace(submission, media_type=LINES, body=lines + ((before and before.payload) or b""))
            matched = conditions.expected or ((before.contribution,) if before and not conditions.absent else ())
            back = conditions.back and not _is_there(current) and not matched
            return replace(added, replace=back, expected=matched, absent=conditions.absent or back)

        return await self._written(request, iri, made, again=conditions.unsaid)

    async def end(self, request: Request, iri: str, *, known: tuple[str, ...] = ("erase", "lang")) -> Response:
        """Withdraws it, or erases it; no reason is asked."""
        asked = request.query_params.get("erase", "false")
        refused = refuse_unknown(names(request), known)
        if refused is None and asked not in ("true", "false"):
            refused = object_to("ParameterUnclear", path="erase", value=asked[:80], limit="true, false")
        calling = self.speaking.callers.calling(request) if refused is None else refused
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        if not calling.is_known:
            return problem(request, self.base, object_to("TokenMissing"))
        kind: Literal["withdraw", "erase"] = "erase" if asked == "true" else "withdraw"
        current = await asyncio.to_thread(self.speaking.ledger.document, iri)
        if current is None:
            return problem(request, self.base, object_to("NotThere", focus=iri))
        who = self.speaking.who_ends(calling, current, erasing=kind == "erase")
        if isinstance(who, Objection):
            return problem(request, self.base, who)
        end, expected = self.speaking.admission.end, expected_of(request)
        try:
            outcome = await asyncio.to_thread(
                end, kind, iri, party=who[0], recorder=who[1], delegation=who[2], expected=expected
            )
        except LedgerUnavailable:
            return problem(request, self.base, object_to("NotReady", limit="1 min"))
        if isinstance(outcome, Refused):
            return problem(request, self.base, *outcome.objections)
        return JSONResponse(receipt_body(self.base, outcome), headers={"Cache-Control": "private, no-store"})

    async def _received(
        self, request: Request, iri: str, known: tuple[str, ...], form: str = ""
    ) -> tuple[Calling, Submission, Conditions] | Response:
        """Who sends what under which conditions, or why it is not looked at."""
        calling = self.speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        submission = await self.speaking.submission(request, calling, known=known, only=iri, form=form)
        found = submission if isinstance(submission, Objection) else _conditions(request, submission)
        if isinstance(submission, Objection) or isinstance(found, Objection):
            assert isinstance(found, Objection), "conditions are looked at only when there is a submission"
            # Here the address itself is another's: that is not to be mended in the body.
            return problem(request, self.base, found, status=403 if found.name == "ForeignSubject" else None)
        return calling, submission, found

    async def _written(
        self, request: Request, iri: str, made: Callable[[Current | None], Submission], *, again: bool
    ) -> Response:
        """Made for what is there now, and `again` when that moved meanwhile and nobody said what was to be there."""
        admission = self.speaking.admission
        objections: tuple[Objection, ...] = ()
        looked_at: tuple[str, str | None] | None = None
        for _ in range(TRIES_MAX if again else 1):
            current = await asyncio.to_thread(self.speaking.ledger.document, iri)
            stands = (current.contribution, current.ended) if current is not None else None
            if objections and stands == looked_at:
                break  # Nothing moved: that is how it is.
            looked_at = stands
            try:
                outcome = await asyncio.to_thread(admission.admit, made(current))
            except LedgerUnavailable:
                return problem(request, self.base, object_to("NotReady", limit="1 min"))
            if isinstance(outcome, Admitted):
                return written(self.base, iri, outcome)
            objections = outcome.objections
            if not {"Stale", "ExistsDifferently", "ExistsAlready"} & {o.name for o in objections}:
                break
        else:
            if again:  # Nobody said what was to be there: it moves faster than we look.
                objections = (object_to("Moved", focus=iri),)
        return problem(request, self.base, *map(_to_match, objections), report=admission.report)


def _to_match(objection: Objection) -> Objection:
    """At its own address a document is replaced by who says which version it saw."""
    name = objection.name
    return object_to("MatchRequired", focus=objection.focus) if name == "ExistsDifferently" else objection


def written(base: str, iri: str, admitted: Admitted) -> Response:
    """201 with the address where nothing stood, else 200; the receipt, and an ETag for the next If-Match."""
    (taken,) = admitted.receipt.contributions
    new = admitted.receipt.created and taken.kind == "publish"
    headers = {"ETag": f'"{taken.id}"', "Cache-Control": "private, no-store"}
    if new:
        headers["Location"] = document_path(base, iri)
    body = receipt_body(base, admitted.receipt) | {"warnings": warnings(base, admitted.warnings)}
    return JSONResponse(body, 201 if new else 200, headers)


def documents_router(documents: Documents) -> APIRouter:
    """The router of writing at `/doc`."""
    router = APIRouter(tags=["Documents"])
    base = documents.base

    def named(path: str) -> str:
        """The IRI of the document that a GET of this path shows."""
        return f"{base}/id/{split_suffix(path)[0]}"

    async def at(request: Request, write: Writing, *known: str) -> Response:
        iri = request.query_params.get("iri")
        refused = None if iri else object_to("ParameterMissing", path="iri")
        if refused is not None:
            return problem(request, base, refused)
        return await write(request, str(iri), known=("iri", *known))

    putting: dict[str, Any] = {
        "summary": "Publish or replace one document",
        "description": "The body, in any format of `/contributions`, holds exactly the document of this address; "
        "relative IRIs in it resolve against the thing's IRI, so `<>` is the thing. To replace, send If-Match with the "
        "ETag that you saw. 201 when nothing stood here, 200 when it was replaced or says the same.",
        "status_code": 201,
        "responses": _REFUSALS
        | {200: {"description": "Replaced, or unchanged"}, 428: {"description": "It is there: say If-Match"}},
    }
    adding: dict[str, Any] = {
        "summary": "Add to one document",
        "description": "The document becomes the union of what is there and what the body says, checked as a whole "
        "(Graph Store Protocol). Several files go in one form.",
        "responses": _REFUSALS | {201: {"description": "Nothing stood here"}},
    }
    ending: dict[str, Any] = {
        "summary": "Withdraw a document, or erase it",
        "description": "By its holder, or by who records for it. No reason is asked. What others tied to it stays, and "
        "says that this was withdrawn. Withdrawn words stay readable as they were before, with `at`, as versions and "
        "in snapshots. With `erase=true` they go from there too, for good; that works for what is withdrawn already, "
        "and for the steward. Copies that others fetched cannot be called back.",
        "responses": {
            200: {"description": "The receipt, with what is gone and what remains"},
            400: {"description": "A parameter that is unknown or unclear"},
            401: {"description": "No token"},
            403: {"description": "Held by another"},
            404: {"description": "Not there, or not for you"},
            412: {"description": "Not the version of If-Match"},
        },
    }
    writing = (_MATCH, _NONE_MATCH, _KEY, _FOR, _BACK)
    away = {"parameters": [_ERASE, _MATCH], "security": [{"token": []}]}

    @router.put("/doc", openapi_extra=_body(_IRI, *writing), **putting)
    async def put_by_iri(request: Request) -> Response:
        return await at(request, documents.put, *PARAMETERS)

    @router.put("/doc/{path:path}", openapi_extra=_body(*writing), **putting)
    async def put(request: Request, path: str) -> Response:
        return await documents.put(request, named(path))

    @router.post("/doc", openapi_extra=_body(_IRI, *writing, form=True), **adding)
    async def post_by_iri(request: Request) -> Response:
        return await at(request, documents.post, *PARAMETERS)

    @router.post("/doc/{path:path}", openapi_extra=_body(*writing, form=True), **adding)
    async def post(request: Request, path: str) -> Response:
        return await documents.post(request, named(path))

    @router.delete("/doc", openapi_extra=away | {"parameters": [_IRI, _ERASE, _MATCH]}, **ending)
    async def end_by_iri(request: Request) -> Response:
        return await at(request, documents.end, "erase", "lang")

    @router.delete("/doc/{path:path}", openapi_extra=away, **ending)
    async def end(request: Request, path: str) -> Response:
        return await documents.end(request, named(path))

    return router
