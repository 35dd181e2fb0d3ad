"""What a named question offers: its formats, its entry in the catalogue, and its operation in the OpenAPI text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kg.questions import LANGUAGES, Parameter, Question
from kg.tables import parquet_is_there
from service.negotiation import HTML, PARQUET, RESULTS, TRIPLES, Format
from service.paging import ROWS_PER_PAGE_MAX

TEXT = Format("query", "application/sparql-query", ".rq")
JSON = Format("json", "application/json", ".json")
SPREADSHEETS = "spreadsheets"  # The one value of `for`.
OF_EVERY_QUESTION = ("limit", "after", "for", "lang", "at")
PROBLEM = "application/problem+json"
PROBLEMS: Mapping[int, str] = {
    400: "A parameter is missing, unknown or unclear; each of them is named, with what is expected",
    404: "No such question, a version that is not kept, or a time before the beginning",
    406: "No such format",
    410: "The page is gone; start again",
    413: "The answer is over the size limit",
    503: "The answer is over the time limit, or too many pasts are asked at once",
}
RESPONSES: dict[int | str, dict[str, Any]] = {status: {"description": words} for status, words in PROBLEMS.items()}
TERM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"type": "string", "enum": ["uri", "literal", "bnode"]},
        "value": {"type": "string"},
        "xml:lang": {"type": "string"},
        "datatype": {"type": "string", "format": "uri"},
    },
}
SCHEMAS: Mapping[str, Any] = {
    "SparqlResults": {
        "description": "SPARQL 1.1 Query Results in JSON.",
        "type": "object",
        "required": ["head", "results"],
        "properties": {
            "head": {"type": "object", "properties": {"vars": {"type": "array", "items": {"type": "string"}}}},
            "results": {
                "type": "object",
                "required": ["bindings"],
                "properties": {
                    "bindings": {"type": "array", "items": {"type": "object", "additionalProperties": TERM}}
                },
            },
        },
    },
    "Problem": {
        "description": "Why there is no answer (RFC 9457); `errors` names every reason, in Dutch and English.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "errors"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object"}},
        },
    },
}
_SCHEMAS_OF_TYPES: Mapping[str, Mapping[str, str]] = {
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "iri": {"type": "string", "format": "uri"},
}
_HEADERS = {
    "ETag": "Changes with the answer; send it as If-None-Match",
    "Wijkgraaf-Position": "The state of the data at which this answer holds",
    "Wijkgraaf-Note": "What the answer does not show of itself, such as a place that is not known here",
    "Wijkgraaf-Redactions": "With at: how much that stood there may not be shown any more",
    "Link": "latest-version: the address of this version of the question; next, prev, first: pages",
}


def formats_of(question: Question) -> tuple[Format, ...]:
    """The formats of a question's answers, the usual one first; Parquet where its extra is installed."""
    if question.is_construct:
        return (*TRIPLES, HTML, TEXT)
    return (*RESULTS, *((PARQUET,) if parquet_is_there() else ()), HTML, TEXT)


def addresses_of(question: Question) -> list[tuple[Format, str]]:
    """The address of each format."""
    usual = {RESULTS[0].suffix: JSON.suffix}  # People know `.json`.
    here = f"/queries/{question.name}"
    return [(form, here + usual.get(form.suffix, form.suffix)) for form in formats_of(question)]


def spreadsheet_address(question: Question) -> str | None:
    """The address of its CSV for spreadsheets; a graph has none."""
    return None if question.is_construct else f"/queries/{question.name}.csv?for={SPREADSHEETS}"


def catalogue_entry(question: Question) -> dict[str, Any]:
    """One question in the catalogue: its sentence and meaning, its parameters, its addresses, its version."""
    here = f"/queries/{question.name}"
    return {
        "name": question.name,
        "question": {"nl": question.question_nl, "en": question.question_en},
        "about": {"nl": question.about_nl, "en": question.about_en},
        "parameters": [
            {
                "parameter": p.name,
                "type": p.type,
                "required": p.required,
                "default": p.default,
                "expected": question.expected(p),
            }
            for p in question.parameters
        ],
        "href": here,
        "version": question.version,
        "versionHref": f"{here}/versions/{question.version}",
        "formats": [{"mediaType": form.media_type, "href": address} for form, address in addresses_of(question)],
        "spreadsheetHref": spreadsheet_address(question),
    }


def operations_of(questions: Iterable[Question], served: Mapping[str, str]) -> dict[str, Any]:
    """The part `paths` of an OpenAPI text: each question at its own address; `served` has examples from the data."""
    return {f"/queries/{question.name}": {"get": _operation(question, served)} for question in questions}


def _operation(question: Question, served: Mapping[str, str]) -> dict[str, Any]:
    media: dict[str, Any] = {form.media_type: {"schema": {"type": "string"}} for form in formats_of(question)}
    if not question.is_construct:
        media[RESULTS[0].media_type] = media[JSON.media_type] = {
            "schema": {"$ref": "#/components/schemas/SparqlResults"}
        }
        media |= {PARQUET.media_type: {"schema": {}}} if PARQUET.media_type in media else {}
    refused = {"schema": {"$ref": "#/components/schemas/Problem"}}
    own = [_parameter(question, parameter, served) for parameter in question.parameters if parameter.name != "lang"]
    return {
        "tags": ["Questions"],
        "operationId": "ask_" + question.name.replace("-", "_"),
        "summary": question.question_en,
        "description": f"{question.about_en}\n\n*{question.question_nl}* {question.about_nl}",
        "externalDocs": {"url": f"{question.base}/queries/{question.name}", "description": "Its page and its text"},
        "parameters": [*own, *_shared(question)],
        "responses": {
            "200": {
                "description": "The answer, complete or as the page that was asked",
                "headers": {n: {"description": w, "schema": {"type": "string"}} for n, w in _HEADERS.items()},
                "content": media,
            },
            **{str(s): {"description": w, "content": {PROBLEM: refused}} for s, w in PROBLEMS.items()},
        },
    }


def _parameter(question: Question, parameter: Parameter, served: Mapping[str, str]) -> dict[str, Any]:
    choices = question.choices(parameter)
    if choices:  # A concept may be given by its IRI too.
        schema: dict[str, Any] = {
            "anyOf": [{"type": "string", "enum": [*choices]}, {"type": "string", "format": "uri"}],
        }
    else:
        schema = dict(_SCHEMAS_OF_TYPES.get(parameter.type, {"type": "string"}))
    if parameter.default is not None:
        schema["default"] = parameter.default
    example = question.example(parameter, served)
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": f"{parameter.type}; expected: {question.expected(parameter)}",
        "schema": schema,
        **({} if example is None else {"example": _typed(example, schema.get("type"))}),
    }


def _typed(example: str, kind: str | None) -> str | int | bool:
    """The example as JSON has it."""
    return int(example) if kind == "integer" else example == "true" if kind == "boolean" else example


def _shared(question: Question) -> list[dict[str, Any]]:
    """What every question takes; pages and spreadsheets are for rows."""

    def one(name: str, words: str, schema: dict[str, Any], **more: object) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "description": words, "schema": schema, **more}

    words = "Language of names and texts where both are there; without it, what Accept-Language says, else Dutch."
    found = [one("lang", words, {"type": "string", "enum": [*LANGUAGES]}, example=LANGUAGES[0])]
    words = "The past that is asked: a date, a time with its zone, or the name of a snapshot."
    found.append(one("at", words, {"type": "string"}))
    if not question.is_construct:
        whole = {"type": "integer", "minimum": 1, "maximum": ROWS_PER_PAGE_MAX}
        found.append(one("limit", "Rows a page; without it, all rows.", whole, example=10))
        found.append(one("after", "Where a page begins: taken from `Link`, with `limit`.", {"type": "string"}))
        words = "With CSV: the kind that a Dutch spreadsheet opens rightly, cells that look like formulas made text."
        found.append(one("for", words, {"type": "string", "enum": [SPREADSHEETS]}))
    return found
