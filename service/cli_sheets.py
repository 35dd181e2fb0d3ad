"""`wijkgraaf template` and `wijkgraaf export-sheet`: an empty spreadsheet to fill in, and a filled one to edit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from kg.sheets import MAPPING
from service.callers import OPERATOR
from service.cli_options import USAGE, Data, Token, Url, messages, settings_for, stop
from service.cli_sending import send, told
from service.negotiation import SHEETS

SUFFIXES = tuple(form.suffix for form in SHEETS)
Language = Annotated[Literal["nl", "en"], typer.Option(help="The language of the headings.")]
Into = Annotated[Path | None, typer.Option("--output", "-o", help="The file, .csv or .xlsx; else CSV on the screen.")]


MappingFile = Annotated[Path | None, typer.Option("--mapping", help="A CSVW document that says what a CSV means.")]


def sent_as(body: bytes, media: str, mapping: Path | None) -> dict[str, Any]:
    """How a file is sent: as it is, or a CSV file together with its mapping."""
    if mapping is None:
        return {"content": body, "headers": {"Content-Type": media}}
    if media != SHEETS[0].media_type:
        stop(f"--mapping goes with a CSV file, not {media}", USAGE)
    try:
        described = mapping.read_bytes()
    except OSError as error:
        stop(f"{mapping}: {error.strerror}", USAGE)
    return {"files": {"table": ("table.csv", body, media), "mapping": ("mapping.json", described, MAPPING)}}


def template(
    kind: Annotated[str, typer.Argument(help="The kind of document: Story, verhaal, Facility …")],
    lang: Language = "nl",
    into: Into = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write an empty spreadsheet of one kind: its columns, an example, and in .xlsx what each column asks."""
    settings = settings_for(data) if url is None else None
    path = f"/templates/{kind}{_suffix(into)}"
    answer = send("GET", path, settings, url=url, token=token, params={"lang": lang})
    _keep(answer.content if answer.is_success else told(answer, False), into)


def export_sheet(
    party: Annotated[str, typer.Argument(help="The party whose viewpoint it is.")],
    kind: Annotated[str | None, typer.Option(help="One kind of document; CSV needs it.")] = None,
    lang: Language = "nl",
    into: Into = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write a party's viewpoint as a spreadsheet that can be edited and published again with --replace."""
    settings = settings_for(data) if url is None else None
    parameters = {"lang": lang, **({"kind": kind} if kind else {})}
    path = f"/view/{party}{_suffix(into)}"
    headers = {OPERATOR: party} if url is None else {}
    answer = send("GET", path, settings, url=url, token=token, params=parameters, headers=headers)
    _keep(answer.content if answer.is_success else told(answer, False), into)


def _suffix(into: Path | None) -> str:
    suffix = into.suffix.lower() if into else SUFFIXES[0]
    if suffix not in SUFFIXES:
        stop(f"{into}: unknown ending. Known: {', '.join(SUFFIXES)}", USAGE)
    return suffix


def _keep(body: bytes, into: Path | None) -> None:
    if into is None:
        sys.stdout.buffer.write(body)
        return
    try:
        into.write_bytes(body)
    except OSError as error:
        stop(f"{into}: {error.strerror}", USAGE)
    messages.print(f"{into}: {len(body)} bytes", markup=False)
