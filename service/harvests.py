"""The door of what is fetched from partners: the sources with how they stand, their reports, and a run by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.harvesting.running import Harvester
from kg.harvesting.sources import Run, Standing
from kg.objection import Objection, object_to
from kg.party import STEWARD
from service.callers import Callers
from service.problems import problem
from service.reception import names, refuse_unknown
from service.rights import Act, Allowed, Calling, may, speaks

PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization"}
WITHDRAW_MAX = 1_000_000  # More documents than any party holds.


class HarvestDoor:
    """Answers about sources: to the steward about all, to a party about its own."""

    def __init__(self, harvester: Harvester, callers: Callers) -> None:
        self.harvester = harvester
        self.sources = harvester.sources
        self.callers = callers
        self.base = harvester.admission.ledger.base

    async def list(self, request: Request) -> Response:
        """All sources that the caller may know of."""
        calling = self._calling(request, ("lang",))
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        found = await asyncio.to_thread(self.sources.all)
        shown = [standing_as_json(self.base, one) for one in found if _may_see(one, calling)]
        return JSONResponse({"sources": shown}, headers=PRIVATE)

    async def one(self, request: Request, name: str) -> Response:
        """One source, with the reports of its runs."""
        calling = self._calling(request, ("lang",))
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        standing = await asyncio.to_thread(self.sources.find, name)
        if standing is None or not _may_see(standing, calling):
            return problem(request, self.base, object_to("NotThere", focus=request.url.path))
        runs = await asyncio.to_thread(self.sources.runs, name)
        brought = await asyncio.to_thread(self.sources.brought, name)
        body = standing_as_json(self.base, standing)
        body |= {"documents": len(brought), "runs": [run_as_json(self.base, run) for run in runs]}
        return JSONResponse(body, headers=PRIVATE)

    async def run(self, request: Request, name: str) -> Response:
        """Fetches a source now; for the steward. The answer is the report, whatever came of it."""
        calling = self._calling(request, ("lang", "anew", "allowWithdraw"))
        asked = calling if isinstance(calling, Objection) else _asked(request, calling)
        if isinstance(asked, Objection):
            return problem(request, self.base, asked)
        anew, allow_withdraw = asked
        found = await self.harvester.run(name, anew=anew, allow_withdraw=allow_withdraw)
        if isinstance(found, Objection):
            return problem(request, self.base, object_to("NotThere", focus=request.url.path))
        return JSONResponse(run_as_json(self.base, found), headers=PRIVATE)

    def _calling(self, request: Request, known: Sequence[str]) -> Calling | Objection:
        calling = self.callers.calling(request)
        if isinstance(calling, Objection):
            return calling
        if not calling.is_known:
            return object_to("TokenMissing")
        return refuse_unknown(names(request), known) or calling


def harvests_router(door: HarvestDoor) -> APIRouter:
    """The router of `/harvests`."""
    router = APIRouter(tags=["Harvests"])
    secured: dict[str, Any] = {"security": [{"token": []}]}

    @router.get(
        "/harvests",
        summary="The addresses from which partners let us fetch",
        description="For the steward all of them, for a party its own, each with how it stands: when we last held all "
        "that it gives (`good`), when it was last tried, how often it failed since, and when it is next due. JSON.",
        openapi_extra=secured,
    )
    async def every(request: Request) -> Response:
        return await door.list(request)

    @router.get(
        "/harvests/{name}",
        summary="One source with its reports",
        description="For the steward and for the party whose source it is. The reports, the latest first: what came, "
        "what was added, replaced and withdrawn, or why nothing was. Objections stand in full with the latest one.",
        openapi_extra=secured,
        responses={404: {"description": "No such source, or not yours"}},
    )
    async def one(request: Request, name: str) -> Response:
        return await door.one(request, name)

    @router.post(
        "/harvests/{name}/runs",
        summary="Fetch a source now",
        description="For the steward. Answers with the report, also when nothing was taken in. `anew=true` fetches and "
        "checks what is unchanged too; `allowWithdraw=N` lets this run withdraw so many documents.",
        openapi_extra=secured,
        responses={403: {"description": "Not the steward"}, 404: {"description": "No such source"}},
    )
    async def run(request: Request, name: str) -> Response:
        return await door.run(request, name)

    return router


def _may_see(standing: Standing, calling: Calling) -> bool:
    """The steward sees every source; a party that may publish for itself sees its own."""
    keeps = isinstance(may(calling, Act.KEEP), Allowed)
    return keeps or speaks(calling, standing.source.party, STEWARD)


def _asked(request: Request, calling: Calling) -> tuple[bool, int | None] | Objection:
    """(anew, how many may be withdrawn), when it is the steward who asks."""
    allowed = may(calling, Act.KEEP)
    if isinstance(allowed, Objection):
        return allowed
    anew = request.query_params.get("anew", "false")
    if anew not in ("true", "false"):
        return object_to("ParameterUnclear", path="anew", value=anew[:80], limit="true, false")
    text = request.query_params.get("allowWithdraw")
    if text is not None and not (text.isascii() and text.isdigit() and int(text) <= WITHDRAW_MAX):
        return object_to("ParameterUnclear", path="allowWithdraw", value=text[:80], limit=f"0 … {WITHDRAW_MAX}")
    return anew == "true", int(text) if text is not None else None


def standing_as_json(base: str, standing: Standing) -> dict[str, Any]:
    """A source and how it stands, as others read it."""
    source = standing.source
    return {
        "name": source.name,
        "href": f"/harvests/{source.name}",
        "party": f"{base}/id/{source.party}",
        "recordedBy": f"{base}/id/{STEWARD}",
        "kind": source.kind,
        "address": source.address,
        "everySeconds": source.every_seconds,
        "mediaType": source.media_type,
        "dataset": source.dataset,
        "allows": [
            word
            for word, allowed in (
                ("private", source.leave.private),
                ("redirects", source.leave.elsewhere),
                ("http", source.leave.plain),
            )
            if allowed
        ],
        "added": standing.added,
        "good": standing.good,
        "tried": standing.tried,
        "failures": standing.failures,
        "due": standing.due,
    }


def run_as_json(base: str, run: Run) -> dict[str, Any]:
    """A report as others read it."""
    return {
        "run": run.id,
        "source": run.source,
        "started": run.started,
        "ended": run.ended,
        "status": run.status,
        "httpStatus": run.http_status,
        "bytes": run.size_bytes,
        "counts": dict(run.counts),
        "batch": f"{base}/batches/{run.batch}" if run.batch else None,
        "objections": [_objection(one) for one in run.objections],
    }


def _objection(kept: Any) -> dict[str, Any]:
    """An objection with its words together, as in every other answer; of older runs the name alone."""
    found = {name: value for name, value in kept.items() if not name.startswith("message_")}
    if "message_nl" in kept:
        found["message"] = {"nl": kept["message_nl"], "en": kept["message_en"]}
    return found
