"""`wijkgraaf export`: a party's things as one zip file, on the command line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer

from service.callers import OPERATOR
from service.cli_options import USAGE, AsJson, Data, Token, Url, messages, output, settings_for, stop
from service.cli_sending import converse, told

Party = Annotated[str, typer.Option(help="Whose things.")]


def export(
    party: Party,
    to: Annotated[Path | None, typer.Option(help="The zip file (default: PARTY-DATE.zip).")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take away all that a party has: its words, versions, replies, receipts and provenance, in one zip file.

    It may hold what is not public: only you can read the file that is made.
    """
    settings = settings_for(data) if url is None else None
    file = to or Path(f"{party.rsplit('/', 1)[-1]}-{datetime.now(UTC):%Y-%m-%d}.zip")
    if file.exists():
        stop(f"{file} is there already: choose another --to", USAGE)
    part = file.with_name(file.name + ".part")
    try:
        slug = party.rsplit("/", 1)[-1]
        headers = {"Accept-Language": "en", **({OPERATOR: slug} if settings is not None else {})}
        size = converse(partial(_fetched, slug, part, headers), settings, url=url, token=token)
        part.replace(file)
    except OSError as error:
        stop(f"{file}: {error.strerror}", USAGE)
    finally:
        part.unlink(missing_ok=True)
    if as_json:
        output.print_json(data={"file": str(file), "bytes": size})
    else:
        typer.echo(f"{file}\t{size} bytes")
        messages.print("It may hold what is not for everybody: keep it accordingly.", markup=False)


async def _fetched(party: str, part: Path, headers: dict[str, str], client: httpx.AsyncClient) -> int:
    """Writes the zip as it comes, into a file that only its owner reads; how many bytes."""
    async with client.stream("GET", f"/export/{party}", headers=headers) as response:
        if not response.is_success:
            told(httpx.Response(response.status_code, content=await response.aread()), False)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            async for chunk in response.aiter_raw():
                out.write(chunk)
            return out.tell()
