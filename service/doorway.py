"""How the command line reaches a service: one that runs on the same folder, one elsewhere, or one opened for it.

Always through the same doors, by HTTP: over the network, the socket in the data folder, or inside the process.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx

from kg.settings import Settings

if TYPE_CHECKING:
    from service.headers import Asgi, Receive, Scope, Send

PATIENCE_SECONDS = 600.0  # Loading a large file takes minutes; a person watches and can stop it.
INSIDE = "http://wijkgraaf"


@contextlib.asynccontextmanager
async def door(
    settings: Settings, *, url: str | None = None, token: str | None = None, answering: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the service meant: at `url` with `token`, else of the data folder."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if url is not None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE_SECONDS) as client:
            yield client
        return
    if running(settings):
        transport = httpx.AsyncHTTPTransport(uds=str(settings.socket))
        async with httpx.AsyncClient(transport=transport, base_url=INSIDE, timeout=PATIENCE_SECONDS) as client:
            yield client
        return
    # Only here: a command that talks to a running service need not load the whole house, which takes a second.
    from service.app import make_app, open_house

    house = open_house(settings, answering=answering)
    try:
        inside = httpx.ASGITransport(app=as_operator(make_app(house)))
        async with httpx.AsyncClient(transport=inside, base_url=INSIDE, timeout=PATIENCE_SECONDS) as client:
            yield client
    finally:
        house.close()


def running(settings: Settings) -> bool:
    """Whether a service runs on this data folder: its socket takes a connection."""
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(settings.socket))
        except OSError:
            return False
    return True


def as_operator(app: Asgi) -> Asgi:
    """The same doors, entered by who owns the data folder."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": ("folder", None)}, receive, send)

    return enter
