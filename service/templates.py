"""The doors of spreadsheets: empty ones to fill in, with the columns that each kind has."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.admission import Admission
from kg.objection import object_to
from kg.ontology import LANGUAGES
from service.negotiation import SHEETS, content_type, language
from service.problems import problem
from service.reception import names, refuse_unknown

SUFFIXES = {form.suffix: form for form in SHEETS}


def templates_router(admission: Admission) -> APIRouter:
    """The router of `/templates`."""
    router = APIRouter(tags=["Contributions"])
    base = admission.ledger.base

    def chosen(request: Request) -> str:
        return language(request.query_params.get("lang"), request.headers.get("accept-language"))

    def refused(request: Request) -> Response | None:
        unknown = refuse_unknown(names(request), ("lang",))
        lang = request.query_params.get("lang")
        if unknown is None and lang is not None and lang not in LANGUAGES:
            unknown = object_to("ParameterUnclear", path="lang", value=lang[:20], limit=", ".join(LANGUAGES))
        return problem(request, base, unknown) if unknown else None

    @router.get(
        "/templates",
        summary="The columns of spreadsheets",
        description="Every kind of document with the columns that its sheets may have, made from the shapes and the "
        "vocabulary: headings in both languages, what each asks for, what can be chosen, and where the empty sheets "
        "are.",
    )
    async def index(request: Request) -> Response:
        wrong = refused(request)
        if wrong is not None:
            return wrong
        kinds = await asyncio.to_thread(admission.templates, chosen(request))
        for kind in kinds:
            addresses = [f"/templates/{kind['name']}{form.suffix}" for form in SHEETS]
            kind["templates"] = [f"{a}?lang={lang}" for a in addresses for lang in LANGUAGES]
        return JSONResponse(
            {"kinds": kinds}, headers={"Vary": "Accept-Language", "Cache-Control": "public, max-age=300"}
        )

    @router.get(
        "/templates/{name}",
        summary="An empty spreadsheet of one kind",
        description="`Story.csv` or `Story.xlsx`, in Dutch or English (`lang`). Its first row holds the headings, the "
        "second an example that is passed over when it is left in. A workbook explains each column and offers lists.",
        responses={404: {"description": "No such kind, or another suffix"}},
    )
    async def template(request: Request, name: str) -> Response:
        wrong = refused(request)
        if wrong is not None:
            return wrong
        kind, dot, suffix = name.rpartition(".")
        form = SUFFIXES.get(dot + suffix)
        lang = chosen(request)
        made = await asyncio.to_thread(admission.template, kind, form.name, lang) if form and kind else None
        if form is None or made is None:
            return problem(request, base, object_to("NotThere", focus=f"{base}/templates/{name[:100]}"))
        headers = {
            "Content-Disposition": f'attachment; filename="{_file(kind)}-{lang}{form.suffix}"',
            "Vary": "Accept-Language",
            "Cache-Control": "public, max-age=300",
        }
        return Response(made, 200, headers, content_type(form))

    return router


def _file(kind: str) -> str:
    """A kind's name as the name of a file."""
    return "".join(c for c in kind if c.isascii() and c.isalnum()) or "template"
