"""`wijkgraaf token`: what a party may do by HTTP, until when, and when a token was last used."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from kg.accounts import Accounts
from kg.keeping import utc_now
from kg.ledger import Ledger
from kg.objection import Objection
from kg.party import Right
from kg.stewarding import make_token, revoke_token
from service.cli_options import USAGE, AsJson, Data, output, settings_for, stop
from service.cli_registers import refuse

token_app = typer.Typer(help="Tokens: what a party may do by HTTP.", no_args_is_help=True)


@token_app.command("create")
def create_token(
    party: Annotated[str, typer.Option(help="Whose token it is.")],
    right: Annotated[Right, typer.Option(help="What it lets its bearer do.")],
    expires: Annotated[datetime | None, typer.Option(help="Its last day (UTC), or a moment: 2027-01-31.")] = None,
    data: Data = None,
) -> None:
    """Make a token and print it, this once: only its digest is kept. It counts at once in a running service."""
    settings, now = settings_for(data), utc_now()
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    until = expires.replace(tzinfo=UTC) if expires else None
    if until is not None and until.time() == time():
        until += timedelta(days=1)  # A day is meant to its end, as on the steward's pages.
    if until is not None and until <= now:
        stop(f"--expires {until.date()} has passed. Choose a later day.", USAGE)
    made = make_token(ledger, Accounts(settings.ledger_url), party, right.value, until, now)
    if isinstance(made, tuple):
        refuse(made)
    else:
        typer.echo(made)


@token_app.command("list")
def list_tokens(data: Data = None, as_json: AsJson = False) -> None:
    """The tokens there are: name, party, rights, until when, last used, by whom made. Their secrets are not kept."""
    found = [
        {
            "id": token.id,
            "party": token.party,
            "rights": sorted(right.value for right in token.rights),
            "created": token.created,
            "expires": token.expires,
            "revoked": token.revoked,
            "used": token.used,
            "madeBy": token.made_by or None,
        }
        for token in Accounts(settings_for(data).ledger_url).tokens()
    ]
    if as_json:
        output.print_json(data=found)
        return
    for one in found:
        state = f"revoked {one['revoked']}" if one["revoked"] else f"until {one['expires'] or 'revoked'}"
        rights = " ".join(one["rights"] or ())
        used, maker = one["used"] or "-", one["madeBy"] or "-"
        typer.echo(f"{one['id']}\t{one['party']}\t{rights}\t{state}\tused {used}\tby {maker}")


@token_app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="The token's name, as `token list` gives it.")], data: Data = None
) -> None:
    """End a token; it counts at once in a running service."""
    found = revoke_token(Accounts(settings_for(data).ledger_url), token, utc_now())
    if isinstance(found, Objection):
        refuse([found])
