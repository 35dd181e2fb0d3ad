"""Documents and slices on their way between the web process and a checker: fields for JSON, payloads as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from kg.contribution import Document, Neighbour, Slice


def fields_of(documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Documents without their payloads, whose lengths stand in their place."""
    return [{**asdict(replace(d, payload=b"")), "payload": len(d.payload)} for d in documents]


def slice_from(fields: Mapping[str, Any]) -> Slice:
    """A slice as it came over the socket."""
    neighbours = tuple(
        Neighbour(**{**n, "classes": tuple(n["classes"]), "perspectives": tuple(n["perspectives"])})
        for n in fields["neighbours"]
    )
    return Slice(neighbours, tuple((a, b, c) for a, b, c in fields["own_responses"]))


def documents_from(fields: Sequence[Mapping[str, Any]], payloads: bytes) -> tuple[Document, ...]:
    """Documents as they came over the socket."""
    documents: list[Document] = []
    start = 0
    for field in fields:
        end = start + int(field["payload"])
        tuples = {k: tuple(field[k]) for k in ("classes", "table", "ties", "references")}
        response = tuple(field["response"]) if field["response"] else None
        documents.append(Document(**{**field, **tuples, "response": response, "payload": payloads[start:end]}))
        start = end
    return tuple(documents)
