"""`wijkgraaf snapshot`: names for moments, their files and citations, and what changed between two times."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from service.cli_options import (
    FINDINGS,
    UNAVAILABLE,
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
from service.cli_sending import converse

FORMS = ("json", "ttl", "jsonld", "bib", "cff")
DUMPS = ("nq", "trig")
CHANGES = {"table": "application/json", "json": "application/json", "csv": "text/csv"}
CHUNK_BYTES = 1024 * 1024  # Of a dump, at once on its way to a file.

snapshot_app = typer.Typer(help="Names for moments, to ask, fetch and cite.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The snapshot's name.")]


def _send(
    method: str,
    path: str,
    data: Path | None,
    url: str | None = None,
    token: str | None = None,
    *,
    into: Path | None = None,
    **request: Any,
) -> httpx.Response:
    """One request to the service meant; a refusal or an outage is told. `into` takes the body of a success."""
    settings = settings_for(data, ledger=url is None)

    async def send(client: httpx.AsyncClient) -> httpx.Response:
        async with client.stream(method, path, **request) as response:
            if into is None or not response.is_success:
                await response.aread()
                return response
            with into.open("wb") as file:
                async for chunk in response.aiter_raw(CHUNK_BYTES):
                    file.write(chunk)
            return response

    try:
        response = converse(send, settings, url=url, token=token)
    except OSError as error:
        stop(f"{into}: {error.strerror}", USAGE)
    if response.is_success:
        return response
    for told in response.json()["errors"]:
        messages.print(f"{told['name']}: {told['message']['en']}", markup=False)
    raise typer.Exit(UNAVAILABLE if response.status_code in (429, 503) else FINDINGS)


@snapshot_app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="A letter, then a-z, 0-9 and -.")],
    title: Annotated[str, typer.Option(help="What it is, in a line.")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Name this moment, for good."""
    found = _send("POST", "/snapshots", data, url, token, json={"name": name, "title": title}).json()
    if as_json:
        output.print_json(data=found)
    else:
        typer.echo(f"{found['name']}\t{found['time']}\tposition {found['positions']['public']}")


@snapshot_app.command("list")
def list_snapshots(data: Data = None, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """The snapshots there are, the oldest first."""
    found = _send("GET", "/snapshots", data, url, token, headers={"Accept": "application/json"}).json()["snapshots"]
    if as_json:
        output.print_json(data=found)
        return
    for one in found:
        typer.echo(f"{one['name']}\t{one['time']}\t{one['title']}")


@snapshot_app.command("show")
def show(
    name: Name,
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMS)}.")] = "json",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Describe one, or print how to cite it (bib, cff, jsonld)."""
    if form not in FORMS:
        stop(f"--format {form}: choose one of {', '.join(FORMS)}", USAGE)
    sys.stdout.write(_send("GET", f"/snapshots/{name}.{form}", data, url, token).text.rstrip("\n") + "\n")


@snapshot_app.command("dump")
def dump(
    name: Name,
    form: Annotated[str, typer.Option("--format", help="nq or trig.")] = "nq",
    into: Annotated[Path | None, typer.Option("--output", help="The file to write (default: NAME.FORMAT.gz).")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Fetch one as a gzipped file and print its SHA-256."""
    if form not in DUMPS:
        stop(f"--format {form}: choose one of {', '.join(DUMPS)}", USAGE)
    file = into or Path(f"{name}.{form}.gz")
    unfinished = file.with_name(file.name + ".part")
    response = _send("GET", f"/snapshots/{name}.{form}.gz", data, url, token, into=unfinished)
    unfinished.rename(file)
    typer.echo(f"{response.headers['etag'].strip(chr(34))}  {file}")


@snapshot_app.command("diff")
def diff(
    since: Annotated[str, typer.Argument(metavar="FROM", help="A time, a date or a snapshot's name.")],
    until: Annotated[str, typer.Argument(metavar="[TO]", help="The same (default: now).")] = "",
    audience: Annotated[str, typer.Option(help="Whose data: public, or partners as well.")] = "public",
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """What was added, replaced, withdrawn and erased between two times, party by party.

    Of what is public; with --audience partners of what partners read too.
    """
    if form not in CHANGES:
        stop(f"--format {form}: choose one of {', '.join(CHANGES)}", USAGE)
    asked = {"from": since, "audience": audience} | ({"to": until} if until else {})
    response = _send("GET", "/snapshots/diff", data, url, token, params=asked, headers={"Accept": CHANGES[form]})
    if form == "csv":
        sys.stdout.write(response.text)
    elif form == "json":
        output.print_json(data=response.json())
    else:
        parties = response.json()["parties"]
        if not parties:
            messages.print(f"Nothing changed between these two moments ({audience}).")
        for party in parties:
            counts = ", ".join(f"{count} {kind}" for kind, count in party["counts"].items())
            typer.echo(f"{party['party']}: {counts}")
            for row in party["changes"]:
                typer.echo(f"  {row['kind']}\t{row['document'] or '-'}\t{row['time'][:10]}")
