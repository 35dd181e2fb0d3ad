"""Answers made from a projection, on their way out: what they say of themselves, and their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kg.asking import Answer
from kg.remembering import redactions_in
from service.reception import unchanged

CHUNK_BYTES = 256 * 1024  # Large enough to be one system call, small enough to keep other answers moving.


STATE_CHARACTERS = 12  # Of a digest's 64: enough that two states of stores never look alike to a client.


def position_headers(answer: Answer, audience: str, tag: str) -> dict[str, str]:
    """What every answer made from a projection says of itself."""
    private = audience != "public"
    redactions = redactions_in(answer.state)
    return {
        **({} if redactions is None else {"Wijkgraaf-Redactions": str(redactions)}),
        "Wijkgraaf-Position": str(answer.position),
        "ETag": f'W/"{audience[:2]}{answer.position}-{answer.state[:STATE_CHARACTERS]}-{tag}"',
        "Vary": "Accept, Accept-Language, Authorization",
        "Cache-Control": "private, no-store" if private else "no-cache",
    }


def noted(notes: Sequence[str]) -> dict[str, str]:
    """The header that tells these notes; letters beyond ASCII, and what ends a line, as an address writes them."""
    if not notes:
        return {}
    written = ("".join(c if " " <= c <= "~" else quote(c) for c in note) for note in notes)
    return {"Wijkgraaf-Note": "; ".join(written)[:2000]}


def tagged(request: Request, response: Response) -> Response:
    """The answer with an ETag of its bytes, and 304 to who has these already."""
    if response.status_code != 200:
        return response
    response.headers["ETag"] = f'W/"{sha256(response.body).hexdigest()[:32]}"'
    if not unchanged(request, response.headers["ETag"]):
        return response
    kept = ("ETag", "Vary", "Cache-Control", "Wijkgraaf-Position", "Content-Language")
    return Response(
        status_code=304, headers={name: response.headers[name] for name in kept if name in response.headers}
    )


def answer_response(request: Request, answer: Answer, media_type: str, headers: Mapping[str, str]) -> Response:
    """The answer from its file; small ones at once, large ones in chunks; 304 where the client has it."""
    if "ETag" in headers and unchanged(request, headers["ETag"]):
        answer.read()
        return Response(status_code=304, headers=dict(headers))
    if answer.size_bytes <= CHUNK_BYTES:
        return Response(answer.read(), 200, dict(headers), media_type)
    sent = {**headers, "Content-Length": str(answer.size_bytes)}
    return StreamingResponse(_chunks(answer), 200, sent, media_type)


def _chunks(answer: Answer) -> Iterator[bytes]:
    try:
        offset = 0
        while chunk := os.pread(answer.file, CHUNK_BYTES, offset):
            offset += len(chunk)
            yield chunk
    finally:
        os.close(answer.file)
