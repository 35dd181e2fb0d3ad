"""The words themselves, at their addresses: ontology, shapes, JSON-LD context, and what each objection means."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.admission import Admission
from kg.context import context_text
from kg.explaining import Explained, explained
from kg.objection import object_to
from kg.ontology import LANGUAGES, Ontology, local_name
from kg.vocabulary import PREFIXES
from service.negotiation import HTML, TRIPLES, Format, choose, content_type
from service.problems import catalogue, catalogued, problem
from service.reception import names, refuse_unknown

COMPLETION = "/def/completion.json"
CONCEPTS = "https://w3id.org/lerende-wijk/id/concept/"
WORD_FORMATS = (HTML, *TRIPLES)
JSON = Format("json", "application/json", ".json")
OBJECTION_FORMATS = (HTML, JSON)
SIMPLE = re.compile(r"[A-Za-z][\w-]*")  # Local names that stand after a prefix as they are.
WordsPage = Callable[[Request, str | Explained], Awaitable[Response]]


def completions(ontology: Ontology) -> Mapping[str, Any]:
    """Prefixes and words for who writes a question: `name` as it is written, `iri`, `kind`, labels, what it means."""
    lists = {iri.removeprefix(CONCEPTS).rpartition("/")[0] for iri in ontology.concepts if iri.startswith(CONCEPTS)}
    own = {name: f"{CONCEPTS}{name}/" for name in lists if name and "/" not in name and name not in PREFIXES}
    prefixes = {**PREFIXES, **own}
    kinds = (
        ("class", ontology.classes),
        ("property", ontology.predicates),
        ("concept", frozenset(ontology.concepts)),
        ("class", frozenset(term for term in ontology.service_words if local_name(term)[:1].isupper())),
        ("property", frozenset(term for term in ontology.service_words if not local_name(term)[:1].isupper())),
    )
    by_length = sorted(prefixes, key=lambda prefix: len(prefixes[prefix]), reverse=True)
    words: list[Mapping[str, str]] = []
    for kind, terms in kinds:
        for iri in sorted(terms):
            prefix = next((p for p in by_length if iri.startswith(prefixes[p])), None)
            local = iri.removeprefix(prefixes[prefix]) if prefix else ""
            if prefix and SIMPLE.fullmatch(local):
                labels = {lang: ontology.labels(iri, lang) for lang in LANGUAGES}
                about = {f"about_{lang}": ontology.definition(iri, lang) for lang in LANGUAGES}
                words.append({"name": f"{prefix}:{local}", "iri": iri, "kind": kind, **labels, **about})
    return {"prefixes": prefixes, "words": words}


def completion_router(ontology: Ontology) -> APIRouter:
    """The router of `/def/completion.json`."""
    router = APIRouter(tags=["Vocabulary"])
    offered = json.dumps(completions(ontology), ensure_ascii=False, separators=(",", ":")).encode()

    @router.get(
        COMPLETION,
        summary="The words of the vocabulary, for writing questions",
        description="Prefixes, and classes, properties and concepts with their prefixed name, labels and definitions.",
    )
    async def completion() -> Response:
        return Response(offered, 200, {"Cache-Control": "max-age=3600"}, "application/json")

    return router


def objections_told(request: Request, base: str) -> Response | None:
    """What each objection means as JSON, or why not in the form that is asked; None where that is a page."""
    form = choose(request.headers.get("accept"), OBJECTION_FORMATS)
    if form is HTML:
        return None
    if form is None:
        limit = ", ".join(f.media_type for f in OBJECTION_FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    body = json.dumps({"objections": catalogue(base)}, ensure_ascii=False)
    return Response(body, 200, {"Vary": "Accept", "Cache-Control": "max-age=3600"}, JSON.media_type)


def objection_told(request: Request, base: str, name: str) -> Explained | Response:
    """One objection as JSON, or what its page is made of where that is asked."""
    told, form = explained().get(name), choose(request.headers.get("accept"), OBJECTION_FORMATS)
    refused = refuse_unknown(names(request), ("lang",))
    if refused is not None or told is None:
        return problem(request, base, refused or object_to("NotThere"))
    if form is HTML:
        return told
    if form is None:
        limit = ", ".join(f.media_type for f in OBJECTION_FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    body = catalogued(base, told.kind) | {
        "why": told.why and dict(zip(("nl", "en"), told.why, strict=True)),
        "examples": [asdict(one) for one in told.examples],
    }
    headers = {"Vary": "Accept", "Cache-Control": "max-age=3600"}
    return Response(json.dumps(body, ensure_ascii=False), 200, headers, JSON.media_type)


def words_router(admission: Admission, ontology: Ontology, shapes: Sequence[Path], page: WordsPage) -> APIRouter:
    """The router of `/def`, `/shapes`, `/concepts` and `/context.jsonld`."""
    router = APIRouter(tags=["Vocabulary"])
    base = admission.ledger.base
    shape_files = sorted(file for folder in shapes for file in folder.rglob("*.ttl"))
    shape_quads = b"".join(file.read_bytes() for file in shape_files)
    shipped = context_text(ontology).encode()
    headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "max-age=3600"}

    async def words(request: Request, what: str) -> Response:
        refused = refuse_unknown(names(request), ("lang",))
        if refused is not None:
            return problem(request, base, refused)
        form = choose(request.headers.get("accept"), WORD_FORMATS)
        if form is None:
            limit = ", ".join(f.media_type for f in WORD_FORMATS)
            return problem(request, base, object_to("FormatUnknown", limit=limit))
        if form is HTML:
            return await page(request, what)
        if what == "shapes":
            body = await asyncio.to_thread(admission.convert_turtle, shape_quads, form.name)
        else:
            body = await asyncio.to_thread(admission.convert, ontology.ntriples, form.name)
        return Response(body, 200, headers, content_type(form))

    @router.get(
        "/def",
        summary="The ontology",
        description="Classes, properties and concept schemes, with labels and definitions in Dutch and English.",
    )
    async def definitions(request: Request) -> Response:
        return await words(request, "def")

    @router.get(
        "/shapes",
        summary="The shapes",
        description="The SHACL shapes that every contribution is held against, with messages in Dutch and English.",
    )
    async def all_shapes(request: Request) -> Response:
        return await words(request, "shapes")

    @router.get(
        "/def/objections",
        summary="What each objection means",
        description="Every reason for which something is not taken in or not answered, and what to do: a page, or JSON "
        "with name, words and status.",
    )
    async def objections(request: Request) -> Response:
        told = objections_told(request, base)
        return await page(request, "objections") if told is None else told

    @router.get(
        "/def/objections/{name}",
        summary="What one objection means",
        description="The `type` of a problem: what it means, what to do, why there is such a rule, and where it is "
        "about what was sent examples that are refused, each with the same mended: a page, or JSON.",
        responses={404: {"description": "No objection has this name"}},
    )
    async def objection(request: Request, name: str) -> Response:
        told = objection_told(request, base, name)
        return told if isinstance(told, Response) else await page(request, told)

    @router.get(
        "/context.jsonld",
        summary="The JSON-LD context",
        description="With it plain JSON is enough to publish. Made from the ontology.",
    )
    async def shipped_context() -> Response:
        return Response(shipped, 200, {"Cache-Control": "max-age=3600"}, "application/ld+json")

    router.include_router(completion_router(ontology))
    return router
