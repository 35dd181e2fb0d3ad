"""The door of the feed: what came and went in the caller's audience, as pages of a Linked Data Event Stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.feed import ROOT, Feed, Node, nquads, trig
from kg.objection import Objection, object_to
from service.answers import tagged
from service.callers import Callers
from service.negotiation import QUADS, TRIPLES, TURTLE, Format, choose, content_type, prefers_page
from service.problems import problem
from service.reception import names, refuse_unknown

JSON_LD = next(form for form in TRIPLES if form.name == "jsonld")
PAGE_FORMATS = (*QUADS, JSON_LD)
# The nodes without members hold no graphs, so they can be said in Turtle too.
NODE_FORMATS = (*PAGE_FORMATS, TURTLE)
# Revalidated after five minutes: long enough for caches to help, short enough for what was erased meanwhile.
CLOSED = "max-age=300, must-revalidate"
Convert = Callable[[bytes, str], bytes]


class FeedDoor:
    """Answers for the feed. `describe` gives the shape of the members and what is kept, as N-Triples."""

    def __init__(
        self,
        feed: Feed,
        callers: Callers,
        convert: Convert,
        describe: Callable[[], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self.feed = feed
        self.callers = callers
        self.convert = convert
        self.describe = describe
        self.now = now
        self._description: bytes | None = None

    async def answer(self, request: Request, name: str | None) -> Response:
        """The root, or the node of this name."""
        base = self.feed.base
        calling = self.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        refused = refuse_unknown(names(request), ("lang",))
        if refused is not None:
            return problem(request, base, refused)
        node = await asyncio.to_thread(self._node, calling.audience, name)
        if node is None:
            return problem(request, base, object_to("NotThere", focus=request.url.path))
        offered = PAGE_FORMATS if node.events else NODE_FORMATS
        form = choose(request.headers.get("accept"), offered)
        if form is None:
            return problem(request, base, object_to("FormatUnknown", limit=", ".join(f.media_type for f in offered)))
        body = await asyncio.to_thread(self._body, node, form)
        # A browser shows it as text, where it would only save TriG.
        shown = prefers_page(request.headers.get("accept"))
        media = "text/plain; charset=utf-8" if shown else content_type(form)
        return tagged(request, Response(body, 200, _headers(node), media))

    def _node(self, audience: str, name: str | None) -> Node | None:
        return self.feed.root(audience) if name is None else self.feed.node(audience, name, self.now())

    def _body(self, node: Node, form: Format) -> bytes:
        description = b""
        if node.path == ROOT:
            if self._description is None:
                self._description = self.describe()
            description = self._description
        if form in (QUADS[0], TURTLE):
            return trig(self.feed.base, node, description)
        quads = nquads(self.feed.base, node, description)
        return quads if form is QUADS[1] else self.convert(quads, form.name)


def _headers(node: Node) -> dict[str, str]:
    """What a node says of itself."""
    public = node.audience == "public"
    links = {"first": f"{ROOT}/1" if node.position else None, "prev": node.previous, "next": node.next}
    told = [f'<{path}>; rel="{relation}"' for relation, path in links.items() if path]
    told += [f'<{ROOT}>; rel="collection"'] if node.path != ROOT else []
    return {
        "Wijkgraaf-Position": str(node.position),
        "Vary": "Accept, Authorization",
        "Cache-Control": "private, no-store" if not public else CLOSED if node.closed else "no-cache",
        **({"Link": ", ".join(told)} if told else {}),
    }


def feed_router(door: FeedDoor) -> APIRouter:
    """The router of `/feed`."""
    router = APIRouter(tags=["Feed"])

    @router.get(
        ROOT,
        summary="The feed",
        description="A Linked Data Event Stream (LDES, TREE) of what came and went in your audience: the stream, its "
        "shape, what is kept, and relations to the pages. TriG, N-Quads, JSON-LD, Turtle.",
    )
    async def root(request: Request) -> Response:
        return await door.answer(request, None)

    @router.get(
        ROOT + "/{page}",
        summary="A page of the feed",
        description="A number is a page with members, oldest first; two numbers are the relations to the pages "
        "between. A member is a contribution (its words in the graph of its name) or an end. Full pages may be kept "
        "five minutes and are rewritten when something on them is redacted; the last page is never kept.",
        responses={404: {"description": "No such page"}},
    )
    async def page(request: Request, page: str) -> Response:
        return await door.answer(request, page)

    return router
