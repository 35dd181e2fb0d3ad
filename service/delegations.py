"""The door of delegations: who may record for whom, told to those whom it concerns; a holder ends its own."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.accounts import Delegation, utc_now
from kg.objection import Objection, object_to
from kg.party import Right
from kg.processing import Processing
from kg.stewarding import KINDS, end_delegation
from service.contributions import Speaking, slug_of
from service.problems import problem
from service.reception import names, refuse_unknown
from service.rights import Calling, lacks

RECORDED_MAX = 1000  # Documents in one answer; the counts beside them are of all.
PRIVATE = {"Cache-Control": "private, no-store"}
_ENDING: dict[str, Any] = {
    "parameters": [
        {
            "name": "recorder",
            "in": "query",
            "required": True,
            "schema": {"type": "string"},
            "description": "Who may no longer record: a party's slug or IRI.",
        },
        {
            "name": "kind",
            "in": "query",
            "schema": {"type": "string", "enum": list(KINDS), "default": "namens"},
            "description": "The kind of the delegation.",
        },
    ],
    "security": [{"token": []}],
}


def delegations_router(speaking: Speaking, processing: Processing) -> APIRouter:
    """The router of `/delegations`."""
    router = APIRouter(tags=["Delegations"])
    base = speaking.base

    @router.get(
        "/delegations",
        summary="Who may record for you, and for whom you may record",
        description="To a party with a token: the delegations from and to it, also those that ended; and, to a holder "
        f"with a token that contributes, what others recorded for it (the first {RECORDED_MAX}; counts of all).",
        responses={401: {"description": "No token"}},
        openapi_extra={"security": [{"token": []}]},
    )
    async def told(request: Request) -> Response:
        calling = _known(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        body = await asyncio.to_thread(_body, calling)
        return JSONResponse(body, headers=PRIVATE)

    @router.delete(
        "/delegations",
        summary="End a delegation that you gave",
        description="By the holder, with a token that contributes. What was recorded stays and shows who recorded it; "
        "that recorder can no longer change it.",
        responses={
            401: {"description": "No token"},
            403: {"description": "Another right"},
            422: {"description": "None"},
        },
        openapi_extra=_ENDING,
    )
    async def end(request: Request) -> Response:
        refused = refuse_unknown(names(request), ("recorder", "kind", "lang"))
        calling = refused or _known(request, ended=True)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        recorder, kind = request.query_params.get("recorder"), request.query_params.get("kind", "namens")
        if not recorder:
            return problem(request, base, object_to("ParameterMissing", path="recorder"))
        if kind not in KINDS:
            return problem(
                request, base, object_to("ParameterUnclear", path="kind", value=kind, limit=", ".join(KINDS))
            )
        party, slug = str(calling.party), slug_of(base, recorder)
        by = f"{party} {calling.caller.token_id or ''}".strip()
        gone = await asyncio.to_thread(end_delegation, speaking.accounts, slug, party, kind, utc_now(), by)
        if gone is not None:
            return problem(request, base, gone)
        return JSONResponse(await asyncio.to_thread(_body, calling), headers=PRIVATE)

    def _known(request: Request, *, ended: bool = False) -> Calling | Objection:
        if not ended:
            refused = refuse_unknown(names(request), ("lang",))
            if refused is not None:
                return refused
        calling = speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return calling
        if calling.party is None:
            return object_to("TokenMissing")
        return lacks(calling, Right.CONTRIBUTE) if ended and not calling.may_contribute else calling

    def _body(calling: Calling) -> dict[str, Any]:
        party, accounts = str(calling.party), speaking.accounts
        every = [*accounts.delegations(), *accounts.delegations(ended=True)]
        found: dict[str, Any] = {
            "party": f"{base}/id/{party}",
            "given": [_told(base, one) for one in every if one.holder == party],
            "received": [_told(base, one) for one in every if one.recorder == party],
        }
        if calling.may_contribute:
            found["recordedFor"] = {
                "counts": {f"{base}/id/{slug}": n for slug, n in processing.recorders_of(party).items()},
                "documents": [
                    {
                        "document": iri,
                        "recordedBy": f"{base}/id/{recorder}",
                        "delegation": delegation,
                        "audience": audience,
                        "time": time,
                    }
                    for iri, recorder, delegation, audience, time in processing.recorded_for(party, RECORDED_MAX)
                ],
            }
        return found

    return router


def _told(base: str, one: Delegation) -> dict[str, Any]:
    over = one.over(utc_now())
    return {
        "recorder": f"{base}/id/{one.recorder}",
        "holder": f"{base}/id/{one.holder}" if one.holder != "*" else None,
        "kind": one.kind,
        "since": one.since,
        "until": one.until,
        "holds": over is None,
        "ended": over,
    }
