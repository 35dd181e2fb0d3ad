"""What `/sparql` says of itself: the W3C service description, with datasets, formats and limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from kg.asking import Answer, Asking
from kg.objection import Objection, object_to
from service.negotiation import HTML, QUADS, RESULTS, TRIPLES, choose, content_type
from service.problems import problem

SD = "http://www.w3.org/ns/sparql-service-description#"
FORMATS = "http://www.w3.org/ns/formats/"
_FORMAT_NAMES = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
    "trig": "TriG",
    "nquads": "N-Quads",
}


@dataclass(frozen=True)
class Brought:
    """A question and what came of it, for the page; `others` are the parameters it was asked with beside the text."""

    text: str
    outcome: Answer | Objection
    others: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None


class AskPage(Protocol):
    """The page to ask from: empty, or with a query and what came of it."""

    async def __call__(self, request: Request, brought: Brought | None = None) -> Response:
        """The page as an answer."""


Convert = Callable[[bytes, str], bytes]


async def describe(request: Request, asking: Asking, convert: Convert, page: AskPage) -> Response:
    """The page to ask from for browsers, the description as RDF for programs."""
    form = choose(request.headers.get("accept"), (TRIPLES[0], HTML, *TRIPLES[1:]))
    if form is None:
        limit = ", ".join(f.media_type for f in (*TRIPLES, HTML))
        return problem(request, asking.base, object_to("FormatUnknown", limit=limit))
    if form is HTML:
        return await page(request)
    body = await asyncio.to_thread(convert, description(asking), form.name)
    return Response(body, 200, {"Vary": "Accept"}, content_type(form))


def description(asking: Asking) -> bytes:
    """The description as N-Quads."""
    base, limits = asking.base, asking.settings
    me, data, union = f"<{base}/sparql>", f"<{base}/sparql#dataset>", f"<{base}/sparql#union>"
    rdf_type = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    lines = [
        f"{me} {rdf_type} <{SD}Service> .",
        f"{me} <{SD}endpoint> {me} .",
        f"{me} <{SD}supportedLanguage> <{SD}SPARQL11Query> .",
        f"{me} <{SD}feature> <{SD}UnionDefaultGraph> .",
        f"{me} <{SD}defaultDataset> {data} .",
        f"{data} {rdf_type} <{SD}Dataset> .",
        f"{data} <{SD}defaultGraph> {union} .",
        f"{union} {rdf_type} <{SD}Graph> .",
    ]
    lines += [f"{me} <{SD}resultFormat> <{FORMATS}{_FORMAT_NAMES[f.name]}> ." for f in (*RESULTS, *TRIPLES, *QUADS)]
    for name in ("ledger", "register", "vocabulary"):
        graph = f"<{base}/graph/{name}>"
        lines += [f"{data} <{SD}namedGraph> {graph} .", f"{graph} <{SD}name> {graph} ."]
        lines.append(f"{graph} {rdf_type} <{SD}NamedGraph> .")
    words = (
        f"Query only; updates are not offered: parties publish at {base}/contributions. The default graph is the union "
        f"of all graphs. Each contribution is a graph of its own; {base}/view/{{party}} may stand in FROM, FROM NAMED, "
        "default-graph-uri and named-graph-uri and stands for all contributions of that party. "
        f"Limits: query text {limits.query_bytes_max} bytes, nesting {limits.query_nesting_max}, "
        f"{limits.query_operators_max} operators, "
        f"{limits.query_patterns_max} triple patterns in a group, {limits.query_seconds_anonymous_max:g} s without and "
        f"{limits.query_seconds_partner_max:g} s with a token, {limits.worker_headroom_bytes} bytes of memory, "
        f"{limits.answer_bytes_max} bytes of answer, {limits.running_per_client_max} queries running and "
        f"{limits.queued_per_client_max} waiting per client. Over a limit is an error, never a shortened answer."
    )
    lines.append(f'{me} <http://purl.org/dc/terms/description> "{words}"@en .')
    return ("\n".join(lines) + "\n").encode()
