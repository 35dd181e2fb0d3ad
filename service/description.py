"""What `/sparql` says of itself: the W3C service description, with datasets, formats and limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from kg.asking import Answer, Asking
from kg.engines.spatial import GEOF, SPATIAL_FUNCTIONS
from kg.objection import Objection, object_to
from kg.settings import Settings
from kg.vocabulary import PREFIXES
from service.answers import tagged
from service.negotiation import HTML, QUADS, RESULTS, TRIPLES, choose, content_type
from service.problems import problem

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
SCHEMA = "https://schema.org/"
DCAT_DATASET = PREFIXES["dcat"] + "dataset"
DESCRIPTION = "http://purl.org/dc/terms/description"
XSD_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
FORMATS = "http://www.w3.org/ns/formats/"
PAGE_ROWS_MAX = 200  # A page is for reading; all rows are one click away as CSV or JSON.
PAGE_LINES_MAX = 430  # Of a graph: as much as ten screens, and the prefixes, of which a page shows those it uses.
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

REWRITING = (
    "EXISTS and NOT EXISTS with several triple patterns are asked in a faster form with the same answer: the header "
    "Wijkgraaf-Note says so, and the parameter rewrite=off asks them as written."
)
PAST = (
    "The parameter at asks the data as they stood then: a moment with its zone (2026-11-24T12:00:00Z), a date (the end "
    "of that day in UTC) or the name of a snapshot, as listed at"
)


@dataclass(frozen=True)
class Brought:
    """A question and what came of it, for the page; `others` are the parameters it was asked with beside the text."""

    text: str
    outcome: Answer | Objection
    others: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class Dataset:
    """What stands behind an endpoint: in words, its named graphs, and IRIs that may stand in FROM for several."""

    endpoint: str
    words: str
    named_graphs: tuple[str, ...]
    views: tuple[str, ...] = ()
    triples: int | None = None


class AskPage(Protocol):
    """The page to ask from: empty, or with a query and what came of it."""

    async def __call__(self, request: Request, brought: Brought | None = None) -> Response:
        """The page as an answer."""


Convert = Callable[[bytes, str], bytes]
AskDataset = Callable[[str], Awaitable[Dataset]]
"""Audience → what stands behind the endpoint for it."""


async def neighbourhood(asking: Asking, audience: str) -> Dataset:
    """The projection of a ledger for an audience: side graphs, and the viewpoint of each party."""
    base = asking.base
    parties = await asking.rows(audience, "pages/parties", {})
    slugs = sorted({row["party"].value.removeprefix(f"{base}/id/") for row in parties.rows})
    words = (
        f"Query only; updates are not offered: parties publish at {base}/contributions. The default graph is the union "
        f"of all graphs. Each contribution is a graph of its own; {base}/view/{{party}} may stand in FROM, FROM NAMED, "
        "default-graph-uri and named-graph-uri and stands for all contributions of that party. "
        f"{PAST} {base}/snapshots."
    )
    graphs = tuple(f"{base}/graph/{name}" for name in ("ledger", "register", "vocabulary"))
    return Dataset(f"{base}/sparql", words, graphs, tuple(f"{base}/view/{slug}" for slug in slugs))


async def describe(request: Request, asking: Asking, dataset: Dataset, convert: Convert, page: AskPage) -> Response:
    """The page to ask from for browsers, the description as RDF for programs."""
    form = choose(request.headers.get("accept"), (TRIPLES[0], HTML, *TRIPLES[1:]))
    if form is None:
        limit = ", ".join(f.media_type for f in (*TRIPLES, HTML))
        return problem(request, asking.base, object_to("FormatUnknown", limit=limit))
    if form is HTML:
        return await page(request)
    body = await asyncio.to_thread(convert, description(asking, dataset), form.name)
    return tagged(request, Response(body, 200, {"Vary": "Accept, Authorization"}, content_type(form)))


def description(asking: Asking, dataset: Dataset) -> bytes:
    """The description as N-Quads."""
    me = dataset.endpoint
    whole, default = f"{me}#dataset", f"{me}#{'union' if asking.stores.union else 'default'}"
    lines = [
        _tie(me, RDF_TYPE, f"{SD}Service"),
        _tie(me, f"{SD}endpoint", me),
        _tie(me, f"{SD}supportedLanguage", f"{SD}SPARQL11Query"),
        _tie(me, f"{SD}defaultDataset", whole),
        _tie(whole, RDF_TYPE, f"{SD}Dataset"),
        _tie(whole, f"{SD}defaultGraph", default),
        _tie(default, RDF_TYPE, f"{SD}Graph"),
        _say(me, DESCRIPTION, f"{dataset.words} {REWRITING} {_limit_words(asking.settings)}", language="en"),
    ]
    if asking.stores.union:
        lines.append(_tie(me, f"{SD}feature", f"{SD}UnionDefaultGraph"))
    lines += [_tie(me, f"{SD}resultFormat", f"{FORMATS}{_FORMAT_NAMES[f.name]}") for f in (*RESULTS, *TRIPLES, *QUADS)]
    for function in (f"{GEOF}{name}" for name in SPATIAL_FUNCTIONS):
        lines += [_tie(me, f"{SD}extensionFunction", function), _tie(function, RDF_TYPE, f"{SD}Function")]
    lines += _graphs(whole, dataset.named_graphs)
    if dataset.views:
        views = f"{me}#views"
        lines += [_tie(me, f"{SD}availableGraphs", views), _tie(views, RDF_TYPE, f"{SD}GraphCollection")]
        lines += _graphs(views, dataset.views)
    if dataset.triples is not None:
        lines += [
            _tie(whole, RDF_TYPE, f"{VOID}Dataset"),
            _tie(whole, f"{VOID}sparqlEndpoint", me),
            _say(whole, f"{VOID}triples", str(dataset.triples), datatype=XSD_INTEGER),
        ]
    lines += _limits(me, asking.settings)
    return ("\n".join(lines) + "\n").encode()


def void_document(me: str, counts: Mapping[str, int], catalogue: str | None = None) -> bytes:
    """The dataset behind an endpoint in VoID as N-Quads; `counts` by the names of the question that counted.

    With a `catalogue` (its IRI) it says where that tells more of the same dataset.
    """
    whole = f"{me}#dataset"
    words = {
        "triples": "triples",
        "subjects": "distinctSubjects",
        "properties": "properties",
        "classes": "classes",
    }
    lines = [_tie(whole, RDF_TYPE, f"{VOID}Dataset"), _tie(whole, f"{VOID}sparqlEndpoint", me)]
    if catalogue is not None:
        lines += [
            _tie(catalogue, DCAT_DATASET, whole),
            _tie(whole, f"{PREFIXES['rdfs']}seeAlso", catalogue),
        ]
    lines += [_say(whole, f"{VOID}{words[n]}", str(count), datatype=XSD_INTEGER) for n, count in counts.items()]
    return ("\n".join(lines) + "\n").encode()


def _graphs(of: str, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield _tie(of, f"{SD}namedGraph", name)
        yield _tie(name, RDF_TYPE, f"{SD}NamedGraph")
        yield _tie(name, f"{SD}name", name)


def _limits(me: str, limits: Settings) -> Iterator[str]:
    """Each limit as a name, a number and its unit, for programs."""
    for name, value in published(limits).items():
        node = f"{me}#{name}"
        yield _tie(me, f"{SCHEMA}additionalProperty", node)
        yield _tie(node, RDF_TYPE, f"{SCHEMA}PropertyValue")
        yield _say(node, f"{SCHEMA}name", name)
        yield _say(node, f"{SCHEMA}value", f"{value:g}" if isinstance(value, float) else str(value))
        yield _say(node, DESCRIPTION, type(limits).model_fields[name].description or name, language="en")


def published(limits: Settings) -> dict[str, int | float]:
    """The limits that hold for who asks, by the names of the settings."""
    names = (
        "query_bytes_max",
        "query_nesting_max",
        "query_operators_max",
        "query_patterns_max",
        "query_seconds_anonymous_max",
        "query_seconds_partner_max",
        "worker_headroom_bytes",
        "answer_bytes_max",
        "running_per_client_max",
        "queued_per_client_max",
        "queued_max",
    )
    return {name: getattr(limits, name) for name in names}


def _limit_words(limits: Settings) -> str:
    return (
        f"Limits: query text {limits.query_bytes_max} bytes, nesting {limits.query_nesting_max}, "
        f"{limits.query_operators_max} operators, "
        f"{limits.query_patterns_max} triple patterns in a group, {limits.query_seconds_anonymous_max:g} s without and "
        f"{limits.query_seconds_partner_max:g} s with a token, {limits.worker_headroom_bytes} bytes of memory, "
        f"{limits.answer_bytes_max} bytes of answer, {limits.running_per_client_max} queries running and "
        f"{limits.queued_per_client_max} waiting per client. Over a limit is an error, never a shortened answer."
    )


def _tie(subject: str, predicate: str, target: str) -> str:
    return f"<{subject}> <{predicate}> <{target}> ."


def _say(subject: str, predicate: str, text: str, *, language: str = "", datatype: str = "") -> str:
    """A literal; JSON's escapes are those of N-Quads."""
    end = f"@{language}" if language else f"^^<{datatype}>" if datatype else ""
    return f"<{subject}> <{predicate}> {json.dumps(text, ensure_ascii=False)}{end} ."
