"""`wijkgraaf withdraw` and `wijkgraaf erase`: taking back what was said, from now on or from the past too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kg.ledger.acts import LedgerUnavailable
from kg.ledger.lookups import Lookups
from kg.party import STEWARD
from kg.settings import Settings
from service.callers import OPERATOR
from service.cli_options import UNAVAILABLE, USAGE, AsJson, Data, Token, Url, messages, output, settings_for, stop
from service.cli_sending import send, told

Iri = Annotated[str, typer.Argument(help="The document's IRI.")]
Party = Annotated[str | None, typer.Option(help="Its holder; found when it is not given.")]
SURE = "Erase {iri} for good, from the past and the snapshots too?"


def withdraw(
    iri: Iri,
    party: Party = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a document. No reason is needed; what others tied to it stays and says that it was withdrawn.

    Who asks how it was before still reads it; `wijkgraaf erase` takes it from there too.
    """
    _look(iri)
    _end(iri, party, data, url, token, as_json, {})


def erase(
    iri: Iri,
    party: Party = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Erase a document for good: its words go from the past, the snapshots and the files too. No reason is needed.

    It works for what is withdrawn already. Copies that others fetched cannot be called back.
    """
    _look(iri)
    if not yes:
        if not sys.stdin.isatty():
            stop("Erasing is for good. Add --yes when you are sure.", USAGE)
        if not typer.confirm(SURE.format(iri=iri), err=True):
            stop("Nothing was erased.", USAGE)
    _end(iri, party, data, url, token, as_json, {"erase": "true"})


def _look(iri: str) -> None:
    if "://" not in iri:
        stop(f"{iri}: not the IRI of a document", USAGE)


def _holder(settings: Settings, iri: str) -> str:
    """Whose document it is, as the ledger in the folder has it."""
    with Lookups(settings.ledger_url) as ledger:
        found = ledger.document(iri)
    return found.party if found is not None else STEWARD


def _end(
    iri: str,
    party: str | None,
    data: Path | None,
    url: str | None,
    token: str | None,
    as_json: bool,
    asked: dict[str, str],
) -> None:
    """Sends it and tells what became of it; what it means goes to stderr."""
    settings = settings_for(data) if url is None else None
    try:
        headers = {OPERATOR: party or _holder(settings, iri)} if settings is not None else {}
    except LedgerUnavailable as error:
        stop(str(error), UNAVAILABLE)
    params = {"iri": iri, **asked}
    answer = send("DELETE", "/doc", settings, url=url, token=token, headers=headers, params=params)
    found: Any = told(answer, as_json)
    if as_json:
        output.print_json(data=found)
        return
    ended = found["contributions"][0]
    typer.echo(f"{ended['document']}\t{'erased' if asked else 'withdrawn'}")
    for part in ("means", "gone", "remains", "cannotBeUndone"):
        if part in ended:
            messages.print(ended[part]["en"], markup=False)
