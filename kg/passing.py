"""Documents and slices on their way between the web process and a checker: fields for JSON, payloads as bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from kg.contribution import Document, Neighbour, Slice

_LENGTH = struct.Struct("!Q")


def fields_of(documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Documents without their payloads, whose lengths stand in their place."""
    return [{**vars(d), "payload": len(d.payload)} for d in documents]


def packed(documents: Sequence[Document], **beside: Any) -> bytes:
    """Documents, and values beside them that JSON can carry, as the body of one message."""
    text = json.dumps({**beside, "documents": fields_of(documents)}, separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(text)), text, *(d.payload for d in documents)))


def unpacked(body: bytes) -> tuple[tuple[Document, ...], dict[str, Any]]:
    """The documents in a message, and what is beside them."""
    (length,) = _LENGTH.unpack_from(body)
    border = _LENGTH.size + length
    beside = json.loads(body[_LENGTH.size : border])
    return documents_from(beside.pop("documents"), body[border:]), beside


def fields_of_slice(known: Slice) -> dict[str, Any]:
    """A slice as JSON can carry it."""
    return {"neighbours": [vars(n) for n in known.neighbours], "own_responses": known.own_responses}


def slice_from(fields: Mapping[str, Any]) -> Slice:
    """A slice as it came over the socket."""
    neighbours = tuple(
        Neighbour(**{**n, **{k: tuple(n[k]) for k in ("classes", "perspectives", "table")}})
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
