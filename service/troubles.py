"""What answers when no door does: an unknown address or verb, OPTIONS, an outage, a bug. Always in the one shape."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from kg.asking import Unanswered
from kg.objection import object_to
from service.problems import RETRY_SECONDS, problem

log = logging.getLogger(__name__)
ErrorPage = Callable[[Request, int], Awaitable[Response]]


def answer_troubles(app: FastAPI, base: str, routes: Sequence[BaseRoute], page: ErrorPage | None = None) -> None:
    """Has the app answer these; `page` makes them a page for a browser, where there are pages."""

    def for_page(request: Request) -> bool:
        return page is not None and "text/html" in request.headers.get("accept", "")

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            allowed = _allowed(routes, request)
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"Allow": allowed})
            objection = object_to("VerbUnknown", value=request.method, limit=allowed)
            return problem(request, base, objection, headers={"Allow": allowed})
        if error.status_code == 404 and page is not None and for_page(request):
            return await page(request, 404)
        return problem(request, base, object_to("NotThere", focus=request.url.path), status=error.status_code)

    @app.exception_handler(Unanswered)
    async def unanswered(request: Request, error: Unanswered) -> Response:
        if page is not None and for_page(request):
            shown = await page(request, 503)
            shown.headers["Retry-After"] = str(RETRY_SECONDS)
            return shown
        return problem(request, base, error.objection)

    @app.exception_handler(ClientDisconnect)
    async def left(_request: Request, _error: ClientDisconnect) -> Response:
        # Who hung up before the end of its message reads no answer, and that is no trouble of ours.
        return Response(status_code=400)

    @app.exception_handler(500)
    async def broken(request: Request, error: Exception) -> Response:
        log.exception("a bug or an outage at %s", request.url.path)
        return problem(request, base, object_to("CheckFailed"), status=500)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """Every verb that some route has at this address; HEAD wherever GET is, OPTIONS everywhere."""
    verbs: set[str] = {"OPTIONS"}
    for route in routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            verbs |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(verbs | ({"HEAD"} if "GET" in verbs else set())))
