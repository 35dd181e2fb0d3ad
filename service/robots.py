"""Where search engines stay out: what holds many stories at once, and stories whose name tells nothing.

A single page of a story says `noindex` itself; to see that, a search engine has to be let in there.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

CLOSED = (
    "/contributions",
    "/batches/",
    "/doc/*/v/",
    "/feed",
    "/graphs",
    "/inbox",
    "/queries/",
    "/snapshots/",
    "/sparql",
    "/timemap",
    "/view/",
)
TEXT = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in CLOSED)
HEADERS = {"Cache-Control": "max-age=3600"}


def robots_router() -> APIRouter:
    """The router of `/robots.txt`."""
    router = APIRouter(tags=["Catalogue"])

    @router.get(
        "/robots.txt",
        summary="Where search engines stay out",
        description="Viewpoints, feeds, queries, dumps, and stories with a minted name; the catalogue is open.",
    )
    async def robots() -> Response:
        return Response(TEXT, 200, HEADERS, "text/plain; charset=utf-8")

    return router
