"""How a command sends one request to the service meant, and tells what came of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import httpx
import typer

from kg.ledger.acts import LedgerUnavailable
from kg.questions import UnclearQuestion
from kg.settings import Settings, read_settings
from service.cli_options import FINDINGS, UNAVAILABLE, USAGE, messages, output, stop
from service.doorway import door
from service.negotiation import SHEETS

MEDIA_TYPES = {
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".xml": "application/rdf+xml",
    **{form.suffix: form.media_type for form in SHEETS},
}
R = TypeVar("R")
File = Annotated[str, typer.Argument(help="A file, or - for standard input.")]


def converse(
    talk: Callable[[httpx.AsyncClient], Awaitable[R]],
    settings: Settings | None,
    *,
    url: str | None,
    token: str | None,
    answering: bool = False,
) -> R:
    """What comes of a conversation with the service meant, which is opened once; an outage is told."""

    async def talked() -> R:
        async with door(settings or read_settings(), url=url, token=token, answering=answering) as client:
            return await talk(client)

    try:
        return asyncio.run(talked())
    except httpx.TransportError as error:
        stop(f"No answer from {url or (settings and settings.data)}: {error}", UNAVAILABLE)
    except (LedgerUnavailable, UnclearQuestion) as error:
        stop(str(error), UNAVAILABLE)


def send(
    method: str, path: str, settings: Settings | None, *, url: str | None, token: str | None, **request: Any
) -> httpx.Response:
    """One request to the service meant, in the language of the command; an outage is told."""
    request["headers"] = {"Accept-Language": "en", **request.get("headers", {})}

    async def sent(client: httpx.AsyncClient) -> httpx.Response:
        return await client.request(method, path, **request)

    return converse(sent, settings, url=url, token=token, answering=path == "/sparql")


def told(response: httpx.Response, as_json: bool) -> Any:
    """The answer's JSON; an objection is printed with what to do and ends with 1 (3 when the service can't now)."""
    found = response.json()
    return found if response.is_success else object_aloud(found, response.status_code, as_json)


def object_aloud(found: Any, status: int, as_json: bool) -> NoReturn:
    """Prints a problem with what to do, and ends."""
    if as_json:
        output.print_json(data=found)
    else:
        messages.print(f"{found['title']} ({status})", markup=False)
        for error in found["errors"]:
            place = " ".join(str(error[k]) for k in ("focus", "path") if error.get(k))
            messages.print(f"- {error['name']} {place}", markup=False)
            messages.print(f"    nl: {error['message']['nl']}\n    en: {error['message']['en']}", markup=False)
    raise typer.Exit(UNAVAILABLE if status in (429, 503) else FINDINGS)


def body_of(file: str) -> tuple[bytes, str]:
    """A file's bytes and media type; standard input is read as Turtle."""
    if file == "-":
        return sys.stdin.buffer.read(), MEDIA_TYPES[".ttl"]
    path = Path(file)
    media = MEDIA_TYPES.get(path.suffix.lower())
    if media is None:
        stop(f"{file}: unknown ending. Known: {', '.join(MEDIA_TYPES)}", USAGE)
    try:
        return path.read_bytes(), media
    except OSError as error:
        stop(f"{file}: {error.strerror}", USAGE)
