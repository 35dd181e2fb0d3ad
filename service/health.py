"""Whether the service lives, and whether its stores are what they should be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.objection import Objection
from service.callers import Callers
from service.problems import problem

States = Callable[[], Mapping[str, Mapping[str, Any]]]
"""Audience → what its reader says of itself, with `in_step` and `caged`."""


def health_router(base: str, states: States, callers: Callers, *, shapes: str | None = None) -> APIRouter:
    """The router of `/healthz` and `/readyz`."""
    router = APIRouter(tags=["Health"])

    @router.get("/healthz", summary="Whether the service is alive", description="200 while it answers.")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    @router.get(
        "/readyz",
        summary="Whether every projection stands at the ledger",
        description="200 when all do, else 503; what each stands at is for the steward.",
        responses={503: {"description": "A projection lags behind the ledger"}},
    )
    async def readyz(request: Request) -> Response:
        calling = callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        found = await asyncio.to_thread(states)
        ready = all(state["in_step"] for state in found.values())
        body: dict[str, Any] = {
            "ready": ready,
            "network": "closed to workers" if all(s["caged"] for s in found.values()) else "open to workers",
        }
        if shapes is not None:
            body["shapes"] = shapes
        if calling.is_steward:
            body["projections"] = found
        return JSONResponse(body, 200 if ready else 503, headers={"Cache-Control": "no-store"})

    return router
