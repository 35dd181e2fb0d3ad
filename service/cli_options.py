"""What every command of `wijkgraaf` shares: its options, its exit codes, and how it tells why it stops."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from kg.settings import Settings, read_settings

FINDINGS, USAGE, UNAVAILABLE = 1, 2, 3
NO_LEDGER = "No ledger in {data}. Name its folder with --data, or make a new one: wijkgraaf init --data {data}"

messages = Console(stderr=True, highlight=False)
output = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder (default: data).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Url = Annotated[str | None, typer.Option("--url", help="A service elsewhere, instead of the data folder.")]
Token = Annotated[str | None, typer.Option("--token", envvar="WIJKGRAAF_TOKEN", help="The token for --url.")]


def stop(message: str, code: int) -> NoReturn:
    """Says why on stderr and ends with this code."""
    messages.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(code)


def settings_for(data: Path | None, *, ledger: bool = True, **flags: Any) -> Settings:
    """The settings; with `ledger` a data folder that has none is told, not a stack trace."""
    settings = read_settings(data=data, **flags)
    if ledger and not (settings.data / "ledger.sqlite").exists():
        stop(NO_LEDGER.format(data=settings.data), UNAVAILABLE)
    return settings
