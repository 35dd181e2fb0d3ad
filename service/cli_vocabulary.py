"""Words and shapes of a steward's own, beside ours, on the command line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from kg.extending import PARTS, faults
from kg.settings import Settings
from service.cli_options import FINDINGS, USAGE, Data, messages, settings_for, stop
from service.doorway import running

vocabulary_app = typer.Typer(help="Words and shapes of your own, beside ours.", no_args_is_help=True)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
Folder = Annotated[Path, typer.Argument(help="A folder with an ontology/, a shapes/ or a queries/ in it.")]


@vocabulary_app.command("check")
def check(folder: Folder, data: Data = None) -> None:
    """See whether words and shapes may count: none of ours is changed, each is named in Dutch and English."""
    _check(folder, settings_for(data, ledger=False))
    typer.echo(f"{folder}: fine")


@vocabulary_app.command("add")
def add(
    folder: Folder,
    name: Annotated[str | None, typer.Option(help="What it is called here; the folder's name when left out.")] = None,
    data: Data = None,
) -> None:
    """Check words and shapes and copy them into the data folder. They count when the service starts again."""
    settings = settings_for(data)
    called = name or folder.resolve().name.lower()
    if not NAME.fullmatch(called):
        stop(f"--name {called}: a name is a-z, 0-9 and -", USAGE)
    target = settings.vocabularies / called
    if target.exists():
        stop(f"{called} is here already. Remove it first: wijkgraaf vocabulary remove {called}", FINDINGS)
    _check(folder, settings)
    target.mkdir(parents=True)
    for part in PARTS:
        if (folder / part).is_dir():
            shutil.copytree(folder / part, target / part)
    typer.echo(str(target))
    _again(settings)


@vocabulary_app.command("list")
def list_vocabularies(data: Data = None) -> None:
    """The folders with words and shapes beside ours."""
    settings = settings_for(data)
    for one in (*settings.extra, *settings.added):
        typer.echo(f"{one.name}\t{one}")


@vocabulary_app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="As `vocabulary list` gives it.")], data: Data = None) -> None:
    """Take words and shapes out again. What was said in them stays; nothing new is said in them."""
    settings = settings_for(data)
    if settings.vocabularies / name not in settings.added:
        stop(f"{name}: nothing of this name was added. See: wijkgraaf vocabulary list", USAGE)
    shutil.rmtree(settings.vocabularies / name)
    _again(settings)


def _check(folder: Path, settings: Settings) -> None:
    found = faults(folder, settings.folders("ontology"), settings.folders("shapes"))
    for fault in found:
        messages.print(fault, markup=False)
    if found:
        raise typer.Exit(FINDINGS)


def _again(settings: Settings) -> None:
    if running(settings):
        messages.print("Start the service again for this to count.", markup=False)
