"""The door of the chain: each audience's head and positions, so that anybody can check that nothing was altered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.ledger.acts import Told
from kg.ledger.chain import audience_genesis
from kg.ledger.lookups import Lookups
from kg.objection import Objection, object_to
from service.callers import Callers
from service.problems import problem
from service.reach import audience_asked
from service.reception import names, refuse_unknown, unchanged
from service.rights import Calling, speaks

PAGE_POSITIONS = 1000  # Envelopes of some 500 bytes: half a megabyte.
CLOSED = "max-age=300, must-revalidate"
_NUMBER = re.compile(r"[1-9]\d{0,9}")


class ChainDoor:
    """Answers for the chains."""

    def __init__(self, ledger: Lookups, callers: Callers) -> None:
        self.ledger = ledger
        self.callers = callers
        self.base = ledger.base

    async def answer(self, request: Request, page: str | None) -> Response:
        """The head, or a page of positions."""
        calling = self.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        audience = refuse_unknown(names(request), ("audience", "lang")) or audience_asked(request, calling)
        if isinstance(audience, Objection):
            return problem(request, self.base, audience)
        found = await asyncio.to_thread(self._found, calling, audience, page)
        if found is None:
            return problem(request, self.base, object_to("NotThere", focus=request.url.path))
        body, position, digest, closed = found
        kept = CLOSED if closed else "no-cache"
        headers = {
            "Wijkgraaf-Position": str(position),
            "ETag": f'"{digest}"',
            "Vary": "Authorization",
            "Cache-Control": "private, no-store" if calling.is_known else kept,
        }
        if unchanged(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return JSONResponse(body, headers=headers)

    def _found(self, calling: Calling, audience: str, page: str | None) -> tuple[Any, int, str, bool] | None:
        position, digest = self.ledger.heads()[audience]
        if page is None:
            return self._head(audience, position, digest), position, digest, False
        number = int(page) if _NUMBER.fullmatch(page) else 0
        after = (number - 1) * PAGE_POSITIONS
        if not 0 <= after < position:
            return None
        told = self.ledger.told(audience, after, PAGE_POSITIONS)
        body: dict[str, Any] = {"audience": audience, "page": number, "positions": [_as_json(one) for one in told]}
        if len(told) == PAGE_POSITIONS < position - after:
            body["next"] = f"/chain/{number + 1}"
        if calling.is_known:
            body["yours"] = self._salts(calling, told)
        return body, position, told[-1].digest, len(told) == PAGE_POSITIONS

    def _head(self, audience: str, position: int, digest: str) -> Mapping[str, Any]:
        return {
            "base": self.base,
            "audience": audience,
            "genesis": audience_genesis(self.base, audience),
            "position": position,
            "digest": digest,
            "positionsPerPage": PAGE_POSITIONS,
            "pages": -(-position // PAGE_POSITIONS),
        }

    def _salts(self, calling: Calling, told: tuple[Told, ...]) -> Mapping[str, Any]:
        """What the caller may know beside the envelopes, of contributions that it holds or recorded."""
        found: dict[str, Any] = {}
        for envelope in (envelope for one in told for envelope in one.entered):
            if speaks(calling, envelope["party"], envelope["recorder"]):
                recorded = self.ledger.contribution(envelope["id"])
                if recorded is not None and recorded.salt is not None:
                    found[recorded.id] = {"document": recorded.iri, "salt": recorded.salt, "digest": recorded.digest}
        return found


def _as_json(one: Told) -> Mapping[str, Any]:
    return {
        "position": one.position,
        "previous": one.previous,
        "entered": one.entered,
        "left": one.left,
        "ended": one.ended,
        "digest": one.digest,
    }


def chain_router(door: ChainDoor) -> APIRouter:
    """The router of `/chain`."""
    router = APIRouter(tags=["Trust"])

    @router.get(
        "/chain",
        summary="The head of the chain",
        description="Where the chain of your audience (or of `audience`) stands, and the digest there. Whoever "
        "remembers it can prove later that nothing before it was rewritten.",
    )
    async def head(request: Request) -> Response:
        return await door.answer(request, None)

    @router.get(
        "/chain/{page}",
        summary="A page of the chain",
        description="A thousand positions: the envelopes of what came in (with salted digests of names and words), "
        "what went, what ended, and each position's digest. With a token also, under `yours`, the salts of what you "
        "hold or recorded.",
        responses={404: {"description": "No such page"}},
    )
    async def positions(request: Request, page: str) -> Response:
        return await door.answer(request, page)

    return router
