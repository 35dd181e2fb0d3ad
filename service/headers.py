"""What every answer carries, whatever door gave it; HEAD wherever GET is; and what a browser asks before it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

EXPOSED = (
    "ETag, Link, Location, Content-Location, Content-Profile, Memento-Datetime, Retry-After, Wijkgraaf-Position, "
    "Wijkgraaf-Redactions, Wijkgraaf-Note, Preference-Applied"
)
HEADERS = {
    b"content-security-policy": b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"access-control-allow-origin": b"*",
    b"access-control-expose-headers": EXPOSED.encode(),
}
ASKED_BEFORE = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Datetime, Accept-Language, Accept-Profile, Authorization, Content-Type, If-Match, "
        b"If-None-Match, Idempotency-Key, Wijkgraaf-Signature, Prefer, Content-Encoding",
    ),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def dressed(app: Asgi) -> Asgi:
    """The app, with what every answer carries."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        method = scope["method"]

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = [(name, value) for name, value in HEADERS.items() if name not in given]
                message = {**message, "headers": [*message["headers"], *added]}
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {name for name, _ in scope["headers"]}
        if method == "OPTIONS" and b"access-control-request-method" in asked:
            await send_dressed({"type": "http.response.start", "status": 204, "headers": ASKED_BEFORE})
            await send_dressed({"type": "http.response.body", "body": b""})
        elif method == "HEAD":
            await app({**scope, "method": "GET"}, receive, send_dressed)
        else:
            await app(scope, receive, send_dressed)

    return serve
