"""What the OpenAPI text says of sending a contribution."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def sending(media_types: Iterable[str]) -> dict[str, Any]:
    """The body, in these media types, with the parameters and headers that go with it."""
    return {
        "requestBody": {
            "required": True,
            "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in media_types},
        },
        "parameters": [
            {
                "name": "onBehalfOf",
                "in": "query",
                "schema": {"type": "string"},
                "description": "The holder, for a recorder with a delegation: a party's slug or IRI.",
            },
            {
                "name": "replace",
                "in": "query",
                "schema": {"type": "boolean", "default": False},
                "description": "Replace what is current under the same name; bring back what was withdrawn.",
            },
            {
                "name": "If-Match",
                "in": "header",
                "schema": {"type": "string"},
                "description": "The ETag of the receipt or of the document that is replaced; otherwise 412.",
            },
            {
                "name": "Wijkgraaf-Signature",
                "in": "header",
                "schema": {"type": "string"},
                "description": "A detached signature (JWS) of a document by a key of its holder; several with commas.",
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string"},
                "description": "The same key gives the earlier receipt again.",
            },
        ],
        "security": [{"token": []}],
    }
