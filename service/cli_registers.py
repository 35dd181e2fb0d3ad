"""`wijkgraaf party`: who takes part, where each speaks, and who may record for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from kg.accounts import Accounts
from kg.keeping import utc_now
from kg.ledger import Ledger
from kg.objection import Objection
from kg.ontology import read_ontology
from kg.party import STEWARD
from kg.processing import FEW, Processing
from kg.register import names_of_party
from kg.stewarding import (
    add_namespace,
    end_delegation,
    give_delegation,
    new_party,
    party_of,
    perspectives_of,
    read_day,
)
from service.callers import OPERATOR
from service.cli_options import FINDINGS, UNAVAILABLE, USAGE, AsJson, Data, messages, output, settings_for, stop
from service.doorway import door

party_app = typer.Typer(help="Who takes part.", no_args_is_help=True)
namespace_app = typer.Typer(help="Where a party speaks in domains of its own.", no_args_is_help=True)
party_app.add_typer(namespace_app, name="namespace")

Slug = Annotated[str, typer.Argument(help="The party's name in addresses.")]
Kind = Annotated[str, typer.Option(help="namens (at its wish) or publicSource (from public sources).")]


def refuse(found: Sequence[Objection]) -> None:
    """Tells each objection and ends with exit code 2, when there is any."""
    for objection in found:
        place = f"{objection.path}: " if objection.path else ""
        messages.print(f"{place}{objection.message_en}", markup=False, soft_wrap=True)
    if found:
        raise typer.Exit(USAGE)


@party_app.command("list")
def list_parties(data: Data = None, as_json: AsJson = False) -> None:
    """The parties in the register."""
    ledger = Ledger.open(settings_for(data).ledger_url, read_only=True)
    parties = sorted(p.iri.rsplit("/", 1)[-1] for p in ledger.parties())
    if as_json:
        output.print_json(data=parties)
    else:
        for slug in parties:
            typer.echo(slug)


@party_app.command("show")
def show_party(slug: Slug, data: Data = None, as_json: AsJson = False) -> None:
    """What the register and the accounts say of one party: names, namespaces, tokens, delegations."""
    settings, now = settings_for(data), utc_now()
    ledger, accounts = Ledger.open(settings.ledger_url, read_only=True), Accounts(settings.ledger_url)
    current = party_of(ledger, slug)
    if current is None:
        stop(f"{slug}: no such party. See: wijkgraaf party list", USAGE)
    found: dict[str, Any] = {
        "party": current.iri,
        "names": names_of_party(ledger.base, slug, current.payload or b""),
        "perspectives": [iri.rsplit("/", 1)[-1] for iri in current.perspectives],
        "namespaces": list(accounts.namespaces(slug, ledger.base)),
        "tokens": [
            {"id": t.id, "rights": sorted(r.value for r in t.rights), "expires": t.expires, "used": t.used}
            for t in accounts.tokens()
            if t.party == slug and t.ends(now) is None
        ],
        "delegations": [
            {"recorder": d.recorder, "holder": d.holder, "kind": d.kind, "since": d.since, "until": d.until}
            for d in accounts.delegations()
            if slug in (d.recorder, d.holder) and d.over(now) is None
        ],
    }
    if as_json:
        output.print_json(data=found)
        return
    typer.echo(found["party"])
    for lang, name in names_of_party(ledger.base, slug, current.payload or b"").items():
        typer.echo(f"name ({lang})\t{name}")
    for name in ("perspectives", "namespaces", "tokens", "delegations"):
        for one in found[name]:
            words = one if isinstance(one, str) else "\t".join(_cell(value) for value in one.values())
            typer.echo(f"{name.removesuffix('s')}\t{words}")


def _cell(value: object) -> str:
    return (" ".join(value) if isinstance(value, list) else str(value or "")) or "-"


@party_app.command("add")
def add_party(
    slug: Annotated[str, typer.Argument(help="Its name in addresses: a-z, 0-9 and -.")],
    name: Annotated[str, typer.Option(help="Its name as people know it, in Dutch.")],
    name_en: Annotated[str | None, typer.Option(help="Its name in English, where it has one.")] = None,
    perspective: Annotated[list[str] | None, typer.Option(help="residents, professionals, policyMakers, …")] = None,
    namespace: Annotated[
        list[str] | None, typer.Option(help="An address of its own that its names begin with.")
    ] = None,
    data: Data = None,
) -> None:
    """Enter a party in the register: a contribution of the steward, through the same door."""
    settings = settings_for(data)
    ontology = read_ontology(settings.folders("ontology"))
    ledger, accounts = Ledger.open(settings.ledger_url, read_only=True), Accounts(settings.ledger_url)
    wrong = [p for p in perspective or () if p not in perspectives_of(ontology)]
    if wrong:
        stop(f"--perspective {wrong[0]}: choose from {', '.join(perspectives_of(ontology))}", USAGE)
    names = [(name, "nl"), (name_en or "", "en")]
    body = new_party(ledger, ontology, slug, names, perspective or ())
    if isinstance(body, tuple):
        refuse(body)
        return
    unclear = [one for address in namespace or () if (one := accounts.unclear(slug, address)) is not None]
    refuse(unclear)

    async def send() -> int:
        async with door(settings, answering=False) as client:
            headers = {"Content-Type": "application/n-triples", OPERATOR: STEWARD}
            response = await client.post("/contributions", content=body, headers=headers)
        if not response.is_success:
            for error in response.json()["errors"]:
                messages.print(f"{error['name']}: {error['message']['en']}", markup=False)
        return response.status_code

    status = asyncio.run(send())
    if status >= 400:
        raise typer.Exit(UNAVAILABLE if status in (429, 503) else FINDINGS)
    for address in namespace or ():
        refused = accounts.add_namespace(slug, address, utc_now())
        refuse([refused] if refused else [])
    typer.echo(f"{ledger.base}/id/{slug}")


@namespace_app.command("list")
def list_namespaces(
    party: Annotated[str | None, typer.Argument(help="Of this party only.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The namespaces of their own domains in which parties speak."""
    spaces = Accounts(settings_for(data).ledger_url).all_namespaces()
    found = [{"namespace": prefix, "party": holder} for prefix, holder in spaces if party in (None, holder)]
    if as_json:
        output.print_json(data=found)
        return
    for one in found:
        typer.echo(f"{one['namespace']}\t{one['party']}")


@namespace_app.command("add")
def give_namespace(
    party: Slug, namespace: Annotated[str, typer.Argument(help="http(s)://…/ or …#")], data: Data = None
) -> None:
    """Let a party speak in a namespace of a domain of its own; it counts at once in a running service."""
    settings = settings_for(data)
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    refused = add_namespace(ledger, Accounts(settings.ledger_url), party, namespace, utc_now())
    refuse([refused] if refused else [])


@namespace_app.command("remove")
def remove_namespace(
    party: Slug,
    namespace: Annotated[str, typer.Argument(help="As `party namespace list` gives it.")],
    data: Data = None,
) -> None:
    """Take a namespace back. What stands there stays; its party can add or change nothing there any more."""
    refused = Accounts(settings_for(data).ledger_url).remove_namespace(party, namespace)
    refuse([refused] if refused else [])


@party_app.command("delegate")
def delegate(
    recorder: Annotated[str, typer.Argument(help="The party that records.")],
    holder: Annotated[str, typer.Argument(help="The party for which it records; * for any (publicSource).")],
    kind: Kind = "namens",
    until: Annotated[str | None, typer.Option(help="The last day (UTC) on which it holds, e.g. 2027-01-31.")] = None,
    data: Data = None,
) -> None:
    """Let one party record for another; it needs a token with the right record-for. Readers always see who recorded."""
    settings, now = settings_for(data), utc_now()
    ledger, accounts = Ledger.open(settings.ledger_url, read_only=True), Accounts(settings.ledger_url)
    refuse(give_delegation(ledger, accounts, recorder, holder, kind, read_day(until or "", "until", now), now))


@party_app.command("undelegate")
def undelegate(
    recorder: Annotated[str, typer.Argument(help="The party that records.")],
    holder: Annotated[str, typer.Argument(help="The party for which it records.")],
    kind: Kind = "namens",
    data: Data = None,
) -> None:
    """End a delegation. What was recorded stays and shows its recorder, who can no longer change it."""
    accounts = Accounts(settings_for(data).ledger_url)
    refused = end_delegation(accounts, recorder, holder, kind, utc_now())
    refuse([refused] if refused else [])


@party_app.command("delegations")
def list_delegations(
    ended: Annotated[bool, typer.Option("--ended", help="Those that were taken back instead.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Who may record for whom, since when, until when, and who gave it."""
    found = Accounts(settings_for(data).ledger_url).delegations(ended=ended)
    if as_json:
        output.print_json(data=[vars(one) for one in found])
        return
    for one in found:
        state = f"ended {one.ended}" if one.ended else f"until {one.until or 'taken back'}"
        typer.echo(f"{one.recorder}\t{one.holder}\t{one.kind}\tsince {one.since}\t{state}\tby {one.given_by or '-'}")


@party_app.command("processing")
def show_processing(slug: Slug, data: Data = None, as_json: AsJson = False) -> None:
    """A party's register of processing: kinds, grounds, readers, recorders, how long. No count below five."""
    settings = settings_for(data)
    if party_of(Ledger.open(settings.ledger_url, read_only=True), slug) is None:
        stop(f"{slug}: no such party. See: wijkgraaf party list", USAGE)
    found = Processing(settings.ledger_url).of(slug)
    if as_json:
        output.print_json(data=[vars(one) for one in found])
        return
    for one in found:
        count = str(one.count) if one.count is not None else f"fewer than {FEW}"
        cells = (one.kind, count, *map(_cell, map(list, (one.grounds, one.audiences, one.recorders))))
        typer.echo("\t".join((*cells, f"since {one.since}", f"until {one.ends or 'withdrawn'}")))
