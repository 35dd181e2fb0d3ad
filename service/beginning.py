"""A new ledger: its folder, its steward, and an example loaded through the same door as everything else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from kg.accounts import Accounts
from kg.first_places import COUNTRY, DISTRICT, MUNICIPALITY, Place, places_document, slug_of
from kg.keeping import utc_now
from kg.ledger import Ledger
from kg.party import STEWARD
from kg.settings import Settings, folder
from service.callers import OPERATOR
from service.doorway import door

SETTINGS = "wijkgraaf.toml"  # What an operator chose; an example brings its own when there is none.
NAME_CHARACTERS_MAX = 60  # What pages call the neighbourhood, as the setting says.
NO_EXAMPLE = "beginning"  # What every ledger begins with: the register itself.


class CannotBegin(Exception):
    """The folder is taken, the base is no base, or an example was refused; the message says what to do."""


def check_base(base: str) -> str:
    """The base without a slash at its end; names are made by adding paths to it."""
    url = httpx.URL(base)
    if url.scheme not in ("http", "https") or not url.host or url.path not in ("", "/") or url.query or url.fragment:
        raise CannotBegin(f"{base}: a base is http(s)://host[:port] without a path")
    return base.rstrip("/")


def first_places(
    wijk: str, municipality: str | None, wijk_addresses: Sequence[str], municipality_addresses: Sequence[str]
) -> tuple[Place, ...]:
    """What the register of a new neighbourhood begins with: the country, its municipality where told, and itself."""
    country = Place((("Nederland", "nl"), ("the Netherlands", "en")), COUNTRY)
    places = [country]
    if municipality is not None:
        addresses = tuple(municipality_addresses)
        places.append(Place(((municipality, "nl"),), MUNICIPALITY, country.slug, addresses))
    places.append(Place(((wijk, "nl"),), DISTRICT, places[-1].slug, tuple(wijk_addresses)))
    for name in filter(None, (municipality, wijk)):
        if not slug_of(name) or not name.isprintable() or len(name) > NAME_CHARACTERS_MAX:
            raise CannotBegin(f"{name!r}: a name has letters, and at most {NAME_CHARACTERS_MAX} characters")
    if len({place.slug for place in places}) < len(places):
        raise CannotBegin(f"{wijk} and {municipality}: the neighbourhood needs a name of its own")
    return tuple(places)


def begin(settings: Settings, base: str, example: str | None, console: Console, places: Sequence[Place] = ()) -> None:
    """Makes the ledger in a folder beside, and moves it into place once it is complete.

    `places` are what the register begins with; the last is the neighbourhood, after which the pages are named.
    """
    base = check_base(base)
    if example is not None and not (folder("examples") / example / "manifest.json").is_file():
        known = sorted(p.parent.name for p in folder("examples").glob("*/manifest.json") if p.parent.name != NO_EXAMPLE)
        raise CannotBegin(f"{example}: no such example. There is: {', '.join(known)}")
    if settings.data.exists() and any(p.name != SETTINGS for p in settings.data.iterdir()):
        raise CannotBegin(f"{settings.data} is not empty. A ledger begins in an empty folder.")
    settings.data.mkdir(parents=True, exist_ok=True)
    settings.data.chmod(0o700)
    unfinished = settings.data / "unfinished"
    unfinished.mkdir()
    try:
        inside = settings.model_copy(update={"data": unfinished})
        Ledger.create(inside.ledger_url, base).close()
        chosen = folder("examples") / (example or NO_EXAMPLE)
        asyncio.run(_load(inside, base, chosen, console, places))
        if (chosen / SETTINGS).is_file() and not (settings.data / SETTINGS).exists():
            shutil.copy(chosen / SETTINGS, unfinished)
        if places and not (settings.data / SETTINGS).exists():
            # JSON's texts are TOML's.
            (unfinished / SETTINGS).write_text(f"neighbourhood = {json.dumps(places[-1].names[0][0])}\n")
        for file in unfinished.iterdir():
            file.rename(settings.data / file.name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    console.print(f"A new ledger in {settings.data}; names begin with {base}", markup=False, highlight=False)


async def _load(settings: Settings, base: str, example: Path, console: Console, places: Sequence[Place] = ()) -> None:
    """Publishes the batches of an example in their order, then the first places of a neighbourhood of one's own."""
    manifest = json.loads((example / "manifest.json").read_text())
    accounts = Accounts(settings.ledger_url)
    recorded = {(b["recorder"], b["holder"], b["delegation"]) for b in manifest if b["recorder"] != b["holder"]}
    for recorder, holder, kind in sorted(recorded):
        accounts.delegate(recorder, holder, kind, utc_now())
    async with door(settings, answering=False) as client:
        with progress(console, f"loading {example.name}") as step:
            for number, batch in enumerate(manifest, 1):
                await _publish(client, base, example, batch)
                step(number, len(manifest))
        if places:
            headers = {"Content-Type": "application/n-triples", OPERATOR: STEWARD}
            response = await client.post("/contributions", content=places_document(base, places), headers=headers)
            _taken_in("the first places", response)


async def _publish(client: httpx.AsyncClient, base: str, example: Path, batch: dict[str, Any]) -> None:
    # The files name things relative to the base, so that they fit every deployment.
    body = f"@base <{base}/> .\n".encode() + (example / batch["file"]).read_bytes()
    parameters = {"replace": str(batch.get("replace", False)).lower()}
    if batch["holder"] != batch["recorder"]:
        parameters["onBehalfOf"] = batch["holder"]
    headers = {"Content-Type": "text/turtle", OPERATOR: batch["recorder"]}
    response = await client.post("/contributions", content=body, headers=headers, params=parameters)
    _taken_in(batch["file"], response)


def _taken_in(what: str, response: httpx.Response) -> None:
    if not response.is_success:
        errors = response.json()["errors"]
        told = "\n".join(f"  {e['name']} {e['focus']} {e['path']}: {e['message']['en']}" for e in errors[:10])
        raise CannotBegin(f"{what} was refused:\n{told}")


@contextlib.contextmanager
def progress(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; silent elsewhere. Gives a function (done, of) to call."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def step(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield step


def as_table(results: dict[str, Any]) -> Table | str:
    """SPARQL results in JSON as a table for a terminal."""
    if "boolean" in results:
        return str(results["boolean"]).lower()
    table = Table(*results["head"]["vars"])
    for row in results["results"]["bindings"]:
        table.add_row(*(row[name]["value"] if name in row else "" for name in results["head"]["vars"]))
    return table
