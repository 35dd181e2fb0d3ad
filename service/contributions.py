"""The door where a party speaks: publish, check without keeping, and read back the receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.accounts import Accounts
from kg.admission import Admission, Admitted, Refused, Sound, Submission
from kg.ledger.acts import Current, LedgerUnavailable, Receipt, Recorded, Taken
from kg.ledger.quads import content
from kg.objection import Objection, object_to
from kg.sheets import MEDIA_TYPES as SHEET_TYPES
from service.addresses import asked_more, document_path, timemap_path
from service.callers import Callers, Calling
from service.ending_words import ENDINGS
from service.forms import FORM, described_table
from service.negotiation import QUADS, TRIPLES, Format, choose, content_type
from service.problems import entry, problem
from service.reach import may_know, may_read
from service.reception import expected_of, media_of, names, read_body, refuse_unknown, signatures_of
from service.rights import Act, Allowed, may, speaks
from service.sending_text import sending

RECEIPT = Format("receipt", "application/json", ".json")
BODY_TYPES = (
    {f.media_type: f.media_type for f in (*TRIPLES, *QUADS)}
    | {"application/json": "application/ld+json"}
    | {media: media for media in SHEET_TYPES}
)
PARAMETERS = ("onBehalfOf", "replace", "lang")


class Speaking:
    """What the doors for contributions need: the way in, who may record for whom, who calls."""

    def __init__(self, admission: Admission, accounts: Accounts, callers: Callers) -> None:
        self.admission = admission
        self.ledger = admission.ledger
        self.accounts = accounts
        self.callers = callers
        self.base = admission.ledger.base

    def on_whose_behalf(self, calling: Calling, holder: str | None) -> tuple[str, str, str] | Objection:
        """(holder, recorder, delegation), or why this caller may not speak for that holder."""
        return _as_speaker(may(calling, Act.SPEAK, holder, self._delegated(calling, holder)))

    def who_ends(self, calling: Calling, current: Current, *, erasing: bool) -> tuple[str, str, str] | Objection:
        """(holder, recorder, delegation) with which this caller may end a document; the steward may erase any."""
        act = Act.ERASE if erasing else Act.WITHDRAW
        return _as_speaker(may(calling, act, current, self._delegated(calling, current.party)))

    def _delegated(self, calling: Calling, holder: str | None) -> str | Objection | None:
        """What the accounts say of the caller's party and this holder."""
        if holder is None or calling.party in (None, holder):
            return None
        return self.accounts.delegated(str(calling.party), holder)

    async def submission(
        self,
        request: Request,
        calling: Calling,
        *,
        known: Sequence[str] = PARAMETERS,
        only: str | None = None,
        form: str = "",
    ) -> Submission | Objection:
        """What a request sends, or why it is not looked at.

        `only` is the IRI that its one document must have; `form` a media type that its sender reads itself.
        """
        refused = refuse_unknown(names(request), known)
        if refused is not None:
            return refused
        replace = request.query_params.get("replace", "false")
        if replace not in ("true", "false"):
            return object_to("ParameterUnclear", path="replace", value=replace, limit="true, false")
        holder = request.query_params.get("onBehalfOf")
        who = self.on_whose_behalf(calling, slug_of(self.base, holder) if holder else None)
        if isinstance(who, Objection):
            return who
        misnamed = self.admission.name_finding(only, who[0]) if only is not None else None
        if misnamed is not None:
            return misnamed
        bytes_max = self.admission.settings.body_bytes_max
        return await self.sent(
            request,
            who,
            bytes_max,
            form,
            replace=replace == "true",
            expected=expected_of(request),
            only=only,
            signatures=signatures_of(request),
        )

    async def sent(
        self, request: Request, who: tuple[str, str, str], bytes_max: int, form: str | None = None, **given: Any
    ) -> Submission | Objection:
        """The body of a request with its media type and key, by who may send it; `given` are further fields."""
        media = media_of(request, (*BODY_TYPES, form) if form else tuple(BODY_TYPES))
        if isinstance(media, Objection):
            return media
        body = await read_body(request, bytes_max, unpack=True)
        if isinstance(body, Objection):
            return body
        return Submission(
            body=body,
            media_type=request.headers["content-type"] if media == form else BODY_TYPES[media],
            holder=who[0],
            recorder=who[1],
            delegation=who[2],
            idempotency_key=request.headers.get("idempotency-key", "").strip() or None,
            **given,
        )

    def unsaid(self, request: Request, who: tuple[str, str, str]) -> Submission:
        """What a request sends that has no body: nothing, by who may send it."""
        key = request.headers.get("idempotency-key", "").strip() or None
        return Submission(b"", "application/n-triples", *who, idempotency_key=key)


def _as_speaker(found: Allowed | Objection) -> tuple[str, str, str] | Objection:
    return found if isinstance(found, Objection) else (found.holder, found.recorder, found.delegation)


async def _received(speaking: Speaking, request: Request) -> Submission | Response:
    calling = speaking.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, speaking.base, calling)
    submission = await speaking.submission(request, calling, form=FORM)
    if isinstance(submission, Submission) and submission.media_type.startswith(FORM):
        described = await described_table(submission.media_type, submission.body)
        if isinstance(described, Objection):
            return problem(request, speaking.base, described)
        submission = replace(submission, body=described[0], media_type=described[1])
    return problem(request, speaking.base, submission) if isinstance(submission, Objection) else submission


async def published(speaking: Speaking, request: Request) -> Admitted | Response:
    """What a request sends is taken in; or why not."""
    base, admission = speaking.base, speaking.admission
    submission = await _received(speaking, request)
    if isinstance(submission, Response):
        return submission
    try:
        outcome = await asyncio.to_thread(admission.admit, submission)
    except LedgerUnavailable:
        return problem(request, base, object_to("NotReady", limit="1 min"))
    if isinstance(outcome, Refused):
        return problem(request, base, *outcome.objections, report=admission.report)
    return outcome


def slug_of(base: str, party: str) -> str:
    """A party's slug, from the slug itself or its IRI."""
    return party.removeprefix(f"{base}/id/")


def contributions_router(speaking: Speaking) -> APIRouter:
    """The router of `/contributions`, `/batches` and `/validate`."""
    router = APIRouter(tags=["Contributions"])
    base = speaking.base
    admission = speaking.admission

    @router.post(
        "/contributions",
        summary="Publish one or more documents",
        description="Any RDF format; JSON-LD with the shipped context; a spreadsheet with the columns of /templates, "
        "or (multipart/form-data) a CSV file with the CSVW document that describes it. "
        "One request is one batch: all or nothing. "
        "201 with a receipt; 200 with the earlier receipt when the same content is already current; 422 with every "
        "objection, as problem+json or as a SHACL report.",
        status_code=201,
        openapi_extra=sending((*BODY_TYPES, FORM)),
        responses={200: {"description": "Already current"}, 422: {"description": "Refused"}},
    )
    async def publish(request: Request) -> Response:
        outcome = await published(speaking, request)
        return receipt_response(base, outcome) if isinstance(outcome, Admitted) else outcome

    @router.post(
        "/validate",
        summary="Check without keeping",
        description="The same checks as publishing, nothing kept: 200 with warnings where it would be taken in, else "
        "the status and body that publishing would give.",
        openapi_extra=sending((*BODY_TYPES, FORM)),
        responses={422: {"description": "Would be refused"}},
    )
    async def validate(request: Request) -> Response:
        submission = await _received(speaking, request)
        if isinstance(submission, Response):
            return submission
        outcome = await asyncio.to_thread(admission.validate, submission)
        if isinstance(outcome, Refused):
            return problem(request, base, *outcome.objections, report=admission.report)
        return JSONResponse(sound_body(base, outcome))

    @router.get(
        "/contributions/{id}",
        summary="Read a contribution back",
        description="As RDF the statements as received (lossless); as JSON the receipt, what it supersedes and what "
        "superseded it.",
        responses={404: {"description": "Not there, or not for you"}, 410: {"description": "Ended"}},
    )
    async def contribution(request: Request, id: str) -> Response:
        calling = speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        return await asyncio.to_thread(contribution_response, speaking, request, calling, id)

    @router.get(
        "/batches/{id}",
        summary="Read a batch's receipt back",
        description="The contributions that were taken in together, as far as you may know of them.",
        responses={404: {"description": "Not there, or not for you"}},
    )
    async def batch(request: Request, id: str) -> Response:
        calling = speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        found = await asyncio.to_thread(speaking.ledger.batch, id)
        known = [r for r in found if may_see(speaking, r, calling)]
        if not known:
            return problem(request, base, object_to("NotThere"))
        items = [recorded_body(speaking, r, calling) for r in known]
        return JSONResponse({"batch": f"{base}/batches/{id}", "contributions": items})

    return router


def speaks_for(recorded: Recorded, calling: Calling) -> bool:
    """Whether the caller is its holder, or recorded it, and has a token to speak with."""
    return speaks(calling, recorded.party, recorded.recorder)


def may_see(speaking: Speaking, recorded: Recorded, calling: Calling) -> bool:
    """Whether the caller may know of this contribution: of what is current as of the document, of the past its own."""
    if speaks_for(recorded, calling) or calling.is_steward:
        return True
    current = speaking.ledger.document(recorded.iri) if recorded.iri else None
    if current is None or not may_know(current, calling):
        return False
    return current.contribution == recorded.id or recorded.audience in ("public", calling.audience)


def contribution_response(
    speaking: Speaking, request: Request, calling: Calling, id: str, form: Format | None = None
) -> Response:
    """A contribution as it was received, or its receipt; in the format given, else as `Accept` says."""
    base = speaking.base
    recorded = speaking.ledger.contribution(id)
    if recorded is None or not may_see(speaking, recorded, calling):
        return problem(request, base, object_to("NotThere"))
    form = form or choose(request.headers.get("accept"), (RECEIPT, *QUADS, *TRIPLES))
    if form is None:
        limit = ", ".join(f.media_type for f in (RECEIPT, *QUADS, *TRIPLES))
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    if form is RECEIPT:
        return JSONResponse(recorded_body(speaking, recorded, calling))
    own = speaks_for(recorded, calling)
    current = speaking.ledger.document(recorded.iri) if recorded.iri else None
    shown = own or (current is not None and current.contribution == id and may_read(current, calling))
    if recorded.payload is None or not shown:
        if recorded.iri and current is not None and current.ended is None and recorded.superseded_by:
            by = f"{base}/contributions/{recorded.superseded_by}"
            told = object_to("Replaced", focus=recorded.iri, value=by, limit=timemap_path(base, recorded.iri))
            return problem(request, base, told)
        gone = recorded.payload is None or recorded.ended or recorded.superseded_by
        return problem(
            request, base, object_to("Gone" if gone else "NotThere", focus=recorded.iri), status=410 if gone else 404
        )
    if current is not None:
        speaking.callers.note_read(calling, [current], "contributions")
    body = speaking.admission.convert(content(base, id, recorded.payload), form.name)
    return Response(body, 200, {"Vary": "Accept, Authorization"}, content_type(form))


def recorded_body(speaking: Speaking, recorded: Recorded, calling: Calling) -> dict[str, Any]:
    """A contribution as JSON; salt and its place in the chains are for the holder and who recorded it.

    Of those before and after it only what the caller may know of: the rest looks like what never was.
    """
    base, own = speaking.base, speaks_for(recorded, calling)
    knows_all = calling.is_steward or (calling.may_contribute and calling.party == recorded.party)

    def graph(id: str | None) -> str | None:
        if id is None or knows_all or id == recorded.id:
            return id and f"{base}/contributions/{id}"
        other = speaking.ledger.contribution(id)
        return f"{base}/contributions/{id}" if other is not None and may_see(speaking, other, calling) else None

    body: dict[str, Any] = {
        "contribution": graph(recorded.id),
        "document": recorded.iri,
        "kind": recorded.kind,
        "created": recorded.time,
        "heldBy": f"{base}/id/{recorded.party}",
        "recordedBy": f"{base}/id/{recorded.recorder}",
        "delegation": recorded.delegation,
        "audience": recorded.audience,
        "digest": recorded.digest,
        "batch": f"{base}/batches/{recorded.batch}",
        "supersedes": graph(recorded.supersedes),
        "supersededBy": graph(recorded.superseded_by),
        "signature": recorded.signature,
        "ended": recorded.ended,
    }
    if own:
        body |= {"salt": recorded.salt, "positionInAudience": dict(recorded.position_in_audience)}
    return body


def receipt_response(base: str, admitted: Admitted) -> Response:
    """201 with a receipt, or 200 with the earlier one; `Location` is the contribution, or the batch of several."""
    receipt = admitted.receipt
    one = receipt.contributions[0]
    place = f"contributions/{one.id}" if len(receipt.contributions) == 1 else f"batches/{receipt.batch}"
    headers = {"Location": f"/{place}", "Cache-Control": "private, no-store"}
    if len(receipt.contributions) == 1:
        headers["ETag"] = f'"{one.id}"'
    body = receipt_body(base, receipt) | {"warnings": warnings(base, admitted.warnings)}
    return JSONResponse(body, 201 if receipt.created else 200, headers)


def receipt_body(base: str, receipt: Receipt) -> dict[str, Any]:
    """What the holder keeps: names, digests, audience, and how to change or withdraw."""
    items = [_item(base, taken) for taken in receipt.contributions]
    return {"batch": f"{base}/batches/{receipt.batch}", "created": receipt.created, "contributions": items}


def _item(base: str, taken: Taken) -> dict[str, Any]:
    item: dict[str, Any] = {
        "contribution": f"{base}/contributions/{taken.id}",
        "document": taken.iri,
        "kind": taken.kind,
        "digest": taken.digest,
        "salt": taken.salt,
        "audience": taken.audience,
        "positionInAudience": dict(taken.position_in_audience),
        "supersedes": f"{base}/contributions/{taken.supersedes}" if taken.supersedes else None,
        "unchanged": taken.unchanged,
    }
    if taken.digest is None:  # An end: there is nothing left to change or withdraw.
        return item | dict(ENDINGS.get(taken.kind, {}))
    if taken.audience == "own":
        item["note"] = {
            "nl": "Alleen u kunt dit lezen. Geef lw:audience als anderen het mogen lezen.",
            "en": "Only you can read this. Give lw:audience when others may read it.",
        }
    path = document_path(base, taken.iri)
    erasing = asked_more(path, "erase=true")
    item["change"] = {
        "nl": f"Verander dit met PUT {path} en If-Match, of met POST /contributions?replace=true, met <{taken.iri}> "
        "als naam in plaats van <>.",
        "en": f"Change this with PUT {path} and If-Match, or with POST /contributions?replace=true, with <{taken.iri}> "
        "as its name in place of <>.",
    }
    item["withdraw"] = {
        "nl": f"Trek dit in met DELETE {path}. Een reden is niet nodig. Met DELETE {erasing} wist u het, ook uit het "
        "verleden.",
        "en": f"Withdraw this with DELETE {path}. No reason is needed. With DELETE {erasing} you erase it, from the "
        "past too.",
    }
    return item


def warnings(base: str, objections: Sequence[Objection]) -> list[dict[str, Any]]:
    """Objections that did not refuse, as items."""
    return [entry(base, o) for o in objections]


def sound_body(base: str, sound: Sound) -> dict[str, Any]:
    """What would be taken in."""
    return {
        "wouldBeTakenIn": True,
        "documents": [
            {"document": d.iri, "audience": d.audience, "digest": d.digest, "classes": list(d.classes)}
            for d in sound.documents
        ],
        "warnings": warnings(base, sound.warnings),
    }
