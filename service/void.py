"""The dataset behind the endpoint in VoID, and the well-known address that leads to it."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kg.asking import Asking, rows_of
from kg.objection import Objection, object_to
from service.answers import position_headers
from service.callers import Callers
from service.description import Convert, void_document
from service.negotiation import TRIPLES, choose, content_type
from service.problems import problem
from service.reception import names, refuse_unknown, unchanged

SIZE = "explored/size"


def void_router(
    asking: Asking, callers: Callers, endpoint: str, convert: Convert, catalogue: str | None = None
) -> APIRouter:
    """The router of `/void` and `/.well-known/void`; `endpoint` is the address of `/sparql`, `catalogue` of one."""
    router = APIRouter(tags=["Catalogue"])

    @router.get(
        "/.well-known/void",
        summary="The way to the description of this dataset",
        description="302 to `/void`.",
        status_code=302,
    )
    async def well_known() -> Response:
        return RedirectResponse("/void", 302)

    @router.get(
        "/void",
        summary="The dataset in VoID",
        description="Triples, subjects, properties and classes of the default graph, and where to ask.",
    )
    async def void(request: Request) -> Response:
        calling = callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, asking.base, calling)
        refused = refuse_unknown(names(request), ())
        if refused is not None:
            return problem(request, asking.base, refused)
        form = choose(request.headers.get("accept"), TRIPLES)
        if form is None:
            limit = ", ".join(f.media_type for f in TRIPLES)
            return problem(request, asking.base, object_to("FormatUnknown", limit=limit))
        answer = await asking.ask(calling.audience, asking.questions[SIZE].text, answer_format="json")
        if isinstance(answer, Objection):
            return problem(request, asking.base, answer)
        headers = position_headers(answer, calling.audience, form.name)
        if catalogue is not None:
            headers["Link"] = f'<{catalogue}>; rel="describedby"'
        counts = {name: int(cell.value) for name, cell in rows_of(answer.read(), answer.position).rows[0].items()}
        if unchanged(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        body = await asyncio.to_thread(convert, void_document(endpoint, counts, catalogue), form.name)
        return Response(body, 200, headers, content_type(form))

    return router
