"""`wijkgraaf import`: what a party took away elsewhere is published here, through the ordinary door."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from kg.arriving import Brought, brought_from, documents_of
from service.callers import OPERATOR
from service.cli_options import (
    FINDINGS,
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
from service.cli_sending import converse, told

ROUNDS_MAX = 50  # Each leaves out what was refused: what then still ties to what is left out goes in the next.
NAMES = ("new", "keep")


@dataclass
class _Outcome:
    """What came of it: the receipt's items, and by document why it could not come over."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    left: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def bring(
    file: Annotated[Path, typer.Argument(help="A zip that `wijkgraaf export` made.")],
    party: Annotated[str, typer.Option(help="The party here that speaks.")],
    names: Annotated[str, typer.Option(help="new: things get this service's names; keep: they keep theirs.")] = "new",
    replace: Annotated[bool, typer.Option("--replace", help="Replace what is here under the same name.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only tell what would come over.")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Publish what a party took away elsewhere: its present documents, with the same audiences, in one batch.

    What cannot come over (it ties to what is not here, or is refused) is left out and listed; then the exit code is 1.
    What others said is not published: those words are theirs.
    """
    if names not in NAMES:
        stop(f"--names {names}: choose one of {', '.join(NAMES)}", USAGE)
    brought = brought_from(file)
    if isinstance(brought, str):
        stop(f"{file}: {brought}", USAGE)
    keep, settings = names == "keep", settings_for(data) if url is None else None
    slug = party.rsplit("/", 1)[-1]
    headers = {"Accept-Language": "en", **({OPERATOR: slug} if settings is not None else {})}
    params = {"replace": "true"} if replace else {}
    talk = partial(_brought, brought, slug, keep=keep, check=check, headers=headers, params=params)
    found = converse(talk, settings, url=url, token=token)
    if as_json:
        output.print_json(data={"taken": found.taken, "left": found.left})
    else:
        _print(found, check)
    raise typer.Exit(FINDINGS if found.left else 0)


async def _brought(
    brought: Brought,
    party: str,
    client: httpx.AsyncClient,
    *,
    keep: bool,
    check: bool,
    headers: dict[str, str],
    params: dict[str, str],
) -> _Outcome:
    """Sends all of it, then without what was refused, until the door takes what remains: all of that or nothing."""
    found = _Outcome()
    lines = headers | {"Content-Type": "application/n-triples"}
    head = await client.get("/chain", headers=headers)
    documents = documents_of(brought, str(told(head, False)["base"]), party, keep=keep)
    if isinstance(documents, str):
        stop(documents, USAGE)
    rest = dict(documents)
    for _ in range(ROUNDS_MAX):
        if not rest:
            return found
        path = "/validate" if check else "/contributions"
        answer = await client.post(path, content=b"".join(rest.values()), headers=lines, params=params)
        if answer.is_success:
            found.taken = answer.json()["documents" if check else "contributions"]
            return found
        refused = _refused(answer, rest)
        if not refused:  # Nothing to leave out: it is about the request as a whole.
            told(answer, False)
        for iri, errors in refused.items():
            found.left[iri] += errors
            del rest[iri]
    stop(f"After {ROUNDS_MAX} rounds something is still refused. Nothing was taken over.", FINDINGS)


def _refused(answer: httpx.Response, rest: dict[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    """By document of these what is said against it."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for error in answer.json()["errors"]:
        iri = str(error.get("focus") or "").partition("#")[0]
        if iri in rest and error.get("severity") != "warning":
            found[iri].append(error)
    return found


def _print(found: _Outcome, check: bool) -> None:
    for one in found.taken:
        state = "would come" if check else "unchanged" if one["unchanged"] else one["kind"]
        typer.echo(f"{one['document']}\t{one['audience']}\t{state}")
    for iri, errors in found.left.items():
        typer.echo(f"{iri}\t-\tleft out")
        for error in errors:
            messages.print(f"- {iri}: {error['name']}\n    {error['message']['en']}", markup=False)
