"""`wijkgraaf sync`: a file becomes the whole viewpoint of a party, and how far that is."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.callers import OPERATOR
from service.cli_options import (
    USAGE,
    AsJson,
    Data,
    Token,
    Url,
    messages,
    output,
    settings_for,
    stop,
)
from service.cli_sending import File, body_of, converse, object_aloud

LOOK_SECONDS = 0.3  # How often the progress is looked at: often enough to see it move.
PACKED_BYTES_MIN = 64 * 1024  # Above it packing takes less time than sending over a network.
STAGES = {
    "waiting": "waiting for another",
    "reading": "reading and comparing",
    "checking": "checking what differs",
    "writing": "writing",
    "done": "done",
}


def sync(
    file: File,
    party: Annotated[str | None, typer.Option(help="Whose viewpoint it is.")] = None,
    recorder: Annotated[str | None, typer.Option(help="Who records it, when that is another party.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Add and replace only: what is missing stays.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change; nothing is written.")] = False,
    allow_withdraw: Annotated[int, typer.Option(min=0, help="So many documents may be withdrawn.")] = 0,
    key: Annotated[str | None, typer.Option(help="An Idempotency-Key: the same again gives the first outcome.")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Make a party's whole viewpoint what a file says: all of it or nothing, and only what differs is written.

    What is missing in the file is withdrawn. More than 10 documents and 10 % only with --allow-withdraw.
    """
    if party is None:
        stop("Say whose viewpoint it is: --party", USAGE)
    settings = settings_for(data) if url is None else None
    body, media = body_of(file)
    headers = {"Content-Type": media, "Prefer": "respond-async", **({"Idempotency-Key": key} if key else {})}
    if url is None:
        headers[OPERATOR] = recorder or party
    elif len(body) > PACKED_BYTES_MIN:
        body = gzip.compress(body, compresslevel=1)
        headers["Content-Encoding"] = "gzip"
    asked = {"dryRun": str(dry_run).lower(), "allowWithdraw": str(allow_withdraw)}
    request = {"params": asked, "content": body, "headers": {"Accept-Language": "en", **headers}}
    verb = "POST" if add else "PUT"
    talk = partial(_synchronised, verb, f"/view/{party}", request)
    status, found = converse(talk, settings, url=url, token=token)
    if status != 200:
        _in_words_of_the_command(found.get("errors", ()))
        object_aloud(found, status, as_json)
    if as_json:
        output.print_json(data=found)
        return
    _in_words_of_the_command(found["warnings"])
    _tell(found)


def _in_words_of_the_command(told: Iterable[dict[str, Any]]) -> None:
    """The service speaks of its parameter; who works with this command has an option."""
    for one in told:
        for lang, text in one["message"].items():
            one["message"][lang] = text.replace("?allowWithdraw=", "--allow-withdraw ")


async def _synchronised(verb: str, path: str, request: dict[str, Any], client: httpx.AsyncClient) -> tuple[int, Any]:
    """Sends it and follows its progress to the end: (status, summary or problem)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        line = shown.add_task("sending", total=None)
        answer = await client.request(verb, path, **request)
        mine = {name: value for name, value in request["headers"].items() if name in (OPERATOR, "Accept-Language")}
        while answer.status_code == 202 or (answer.is_success and "state" in answer.json()):
            found = answer.json()
            if found["state"] == "done":
                return found["status"], found["outcome"]
            stage = STAGES[found["stage"]]
            shown.update(line, description=stage, completed=found["done"], total=found["of"] or None)
            await asyncio.sleep(LOOK_SECONDS)
            answer = await client.get(found["progress"], headers=mine)
        return answer.status_code, answer.json()


def _tell(found: dict[str, Any]) -> None:
    """One line a document that changed, and the counts on stderr."""
    for part in ("added", "replaced", "withdrawn"):
        for iri in found[part]:
            typer.echo(f"{part}\t{iri}")
        more = found["counts"][part] - len(found[part])
        if more > 0:
            messages.print(f"{part}: and {more} more", markup=False)
    counts = ", ".join(f"{count} {part}" for part, count in found["counts"].items() if count is not None)
    would = "would be: " if found["dryRun"] else ""
    messages.print(f"{would}{counts}", markup=False)
    for warning in found["warnings"]:
        messages.print(f"! {warning['message']['en']}", markup=False)
