"""The door of public keys: with which a party signs, for whoever checks a signature."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.keys import Key, Keys
from kg.ledger import Ledger
from kg.objection import object_to
from kg.signing import ALGORITHM, as_jwk
from service.problems import problem
from service.reception import names, refuse_unknown

JWK_SET = "application/jwk-set+json"


def keys_router(ledger: Ledger, keys: Keys) -> APIRouter:
    """The router of `/keys`."""
    router = APIRouter(tags=["Contributions"])
    base = ledger.base

    @router.get(
        "/keys/{party}",
        summary="The public keys of a party",
        description="A JSON Web Key Set (RFC 7517) of Ed25519 keys: `kid` is the thumbprint, `nbf` since when it "
        "counts, `exp` when it ended (seconds). What was signed before a key ended stays signed.",
        responses={404: {"description": "No such party"}},
    )
    async def of_party(request: Request, party: str) -> Response:
        refused = refuse_unknown(names(request), ("lang",))
        if refused is not None:
            return problem(request, base, refused)
        iri = f"{base}/id/{party}"
        registered = await asyncio.to_thread(ledger.document, iri)
        if registered is None or registered.ended is not None or "public" not in registered.visible:
            return problem(request, base, object_to("NotThere", focus=iri))
        found = await asyncio.to_thread(keys.of, party)
        body = {"party": iri, "keys": [_jwk(key) for key in found]}
        return JSONResponse(body, headers={"Cache-Control": "no-cache"}, media_type=JWK_SET)

    return router


def _jwk(key: Key) -> dict[str, Any]:
    ended = {"exp": _seconds(key.ended)} if key.ended else {}
    return {**as_jwk(key.public), "kid": key.id, "alg": ALGORITHM, "use": "sig", "nbf": _seconds(key.since), **ended}


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())
