"""`wijkgraaf party` and `wijkgraaf token`: who takes part, and what each may do."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from kg.accounts import Accounts
from kg.keeping import utc_now
from kg.ledger import Ledger
from kg.ontology import read_ontology
from kg.party import STEWARD, Right
from kg.register import party_document
from kg.vocabulary import SCHEME
from service.callers import OPERATOR
from service.cli_options import FINDINGS, UNAVAILABLE, USAGE, AsJson, Data, messages, output, settings_for, stop
from service.doorway import door

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
party_app = typer.Typer(help="Who takes part.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens: what a party may do by HTTP.", no_args_is_help=True)


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
    if not SLUG.fullmatch(slug):
        stop(f"{slug}: a party's name in addresses is a-z, 0-9, - and _, at most 80 characters", USAGE)
    known = read_ontology(settings.folders("ontology")).notations[SCHEME + "perspective"]
    chosen = perspective or []
    wrong = [p for p in chosen if p not in known]
    if wrong:
        stop(f"--perspective {wrong[0]}: choose from {', '.join(known)}", USAGE)
    base = Ledger.open(settings.ledger_url, read_only=True).base
    names = [(name, "nl"), *([(name_en, "en")] if name_en else [])]
    body = party_document(base, slug, names, [known[p] for p in chosen])

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
        Accounts(settings.ledger_url).add_namespace(slug, address, utc_now())
    typer.echo(f"{base}/id/{slug}")


@token_app.command("create")
def create_token(
    party: Annotated[str, typer.Option(help="Whose token it is.")],
    right: Annotated[Right, typer.Option(help="What it lets its bearer do.")],
    expires: Annotated[datetime | None, typer.Option(help="When it stops, e.g. 2027-01-31.")] = None,
    data: Data = None,
) -> None:
    """Make a token and print it, this once: only its digest is kept. It counts at once in a running service."""
    settings = settings_for(data)
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    if ledger.document(f"{ledger.base}/id/{party}") is None:
        stop(f"{party}: no such party. Add it with: wijkgraaf party add", USAGE)
    until = expires.replace(tzinfo=UTC) if expires else None
    if until is not None and until <= utc_now():
        stop(f"--expires {until.date()} has passed", USAGE)
    typer.echo(Accounts(settings.ledger_url).create_token(party, right, utc_now(), expires=until))


@token_app.command("list")
def list_tokens(data: Data = None, as_json: AsJson = False) -> None:
    """The tokens there are: name, party, rights, and until when. Their secrets are not kept."""
    found = [
        {
            "id": token.id,
            "party": token.party,
            "rights": sorted(right.value for right in token.rights),
            "created": token.created,
            "expires": token.expires,
            "revoked": token.revoked,
        }
        for token in Accounts(settings_for(data).ledger_url).tokens()
    ]
    if as_json:
        output.print_json(data=found)
        return
    for one in found:
        state = f"revoked {one['revoked']}" if one["revoked"] else f"until {one['expires'] or 'revoked'}"
        typer.echo(f"{one['id']}\t{one['party']}\t{' '.join(one['rights'] or ())}\t{state}")


@token_app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="The token's name, as `token list` gives it.")], data: Data = None
) -> None:
    """End a token; it counts at once in a running service."""
    accounts = Accounts(settings_for(data).ledger_url)
    if token not in {one.id for one in accounts.tokens()}:
        stop(f"{token}: no such token. See: wijkgraaf token list", USAGE)
    accounts.revoke(token, utc_now())


@party_app.command("delegate")
def delegate(
    recorder: Annotated[str, typer.Argument(help="The party that records.")],
    holder: Annotated[str, typer.Argument(help="The party for which it records.")],
    kind: Annotated[str, typer.Option(help="namens (at its wish) or publicSource (from public sources).")] = "namens",
    data: Data = None,
) -> None:
    """Let one party record for another; it needs a token with the right record-for. Readers always see who recorded."""
    settings = settings_for(data)
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    for slug in (recorder, holder):
        if ledger.document(f"{ledger.base}/id/{slug}") is None:
            stop(f"{slug}: no such party. Add it with: wijkgraaf party add", USAGE)
    try:
        Accounts(settings.ledger_url).delegate(recorder, holder, kind, utc_now())
    except ValueError as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(USAGE) from error
