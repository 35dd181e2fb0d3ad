"""`wijkgraaf inbox` and `wijkgraaf mail`: what a party learns, and who gets it by mail."""

from __future__ import annotations

from typing import Annotated

import typer

from kg.keeping import utc_now
from kg.ledger import Ledger
from kg.ledger.quads import party_iri
from kg.objection import Objection
from kg.subscriptions import FREQUENCIES, Subscriptions
from service.callers import OPERATOR
from service.cli_options import UNAVAILABLE, USAGE, AsJson, Data, Token, Url, messages, output, settings_for, stop
from service.cli_sending import send, told
from service.letters import trial_letter
from service.post import Undelivered, hand_over, mail_server, sender_of

NO_MAIL = (
    "There is no mail server. Set mail_host and mail_from in wijkgraaf.toml, or as WIJKGRAAF_MAIL_HOST and …_FROM."
)
mail_app = typer.Typer(no_args_is_help=True, help="Who gets a party's news by mail.")
Lang = Annotated[str, typer.Option(help="nl or en.")]


def inbox(
    party: Annotated[str | None, typer.Option(help="Whose inbox (with the data folder).")] = None,
    unread: Annotated[bool, typer.Option(help="Only what is not marked as read.")] = False,
    mark: Annotated[bool, typer.Option("--mark-read", help="Mark all as read afterwards.")] = False,
    lang: Lang = "nl",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """What a party learns: who tied something to its things, what became of what it tied to, what others sent."""
    if url is None and party is None:
        stop("Say whose: --party", USAGE)
    settings = settings_for(data) if url is None else None
    headers = {"Accept": "application/activity+json", **({OPERATOR: party} if party else {})}
    path = f"/inbox/{party}" if party else "/inbox"
    asked = {"limit": "100", "unread": str(unread).lower()}
    response = send("GET", path, settings, url=url, token=token, headers=headers, params=asked)
    found = told(response, as_json)
    if as_json:
        output.print_json(data=found)
    else:
        for one in found["orderedItems"]:
            summary = one.get("summaryMap", {}).get(lang) or one.get("summary") or one["type"]
            typer.echo(f"{one['published'][:16].replace('T', ' ')}\t{summary}")
        if "next" in response.links:
            messages.print("There is more; --json gives addresses, the service gives pages.", markup=False)
    if mark:
        owner = found["id"].rsplit("/", 1)[-1]
        marked = send("POST", f"/inbox/{owner}/read", settings, url=url, token=token, headers=headers)
        told(marked, as_json)


@mail_app.command("add")
def add_address(
    address: Annotated[str, typer.Argument(help="Where the news goes, once somebody there confirmed it.")],
    party: Annotated[str, typer.Option(help="Whose news.")],
    lang: Lang = "nl",
    frequency: Annotated[str, typer.Option(help=", ".join(FREQUENCIES))] = "daily",
    data: Data = None,
) -> None:
    """Ask an address whether it wants a party's news. The running service sends the letter with the link."""
    settings = settings_for(data)
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    if ledger.document(party_iri(ledger.base, party)) is None:
        stop(f"{party}: no such party. Add it with: wijkgraaf party add", USAGE)
    if sender_of(settings) is None:
        messages.print(NO_MAIL, markup=False)
    made = Subscriptions(settings.ledger_url).add(party, address, lang, frequency, utc_now())
    if isinstance(made, Objection):
        stop(made.message_en, USAGE)
    typer.echo(made.id)


@mail_app.command("list")
def list_addresses(
    party: Annotated[str | None, typer.Option(help="Only of this party.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Addresses, and whether somebody confirmed them."""
    found = Subscriptions(settings_for(data).ledger_url).all(party)
    if as_json:
        keys = ("id", "party", "address", "lang", "frequency", "confirmed", "failures")
        output.print_json(data=[{key: getattr(one, key) for key in keys} for one in found])
        return
    for one in found:
        state = f"since {one.confirmed[:10]}" if one.confirmed else "not confirmed"
        typer.echo(f"{one.id}\t{one.party}\t{one.address}\t{one.lang}\t{one.frequency}\t{state}")


@mail_app.command("remove")
def remove_address(id: Annotated[str, typer.Argument(help="From wijkgraaf mail list.")], data: Data = None) -> None:
    """Forget an address."""
    subscriptions = Subscriptions(settings_for(data).ledger_url)
    if id not in {one.id for one in subscriptions.all()}:
        stop(f"{id}: no such address. See: wijkgraaf mail list", USAGE)
    subscriptions.remove(id)


@mail_app.command("test")
def try_mail(
    address: Annotated[str, typer.Argument(help="Where the test goes.")], lang: Lang = "nl", data: Data = None
) -> None:
    """Send one letter, to see whether the settings are right."""
    settings = settings_for(data)
    if sender_of(settings) is None:
        stop(NO_MAIL, USAGE)
    try:
        with mail_server(settings) as server:
            hand_over(server, trial_letter(settings, address, lang))
    except Undelivered as error:
        stop(f"Not sent: {error}", UNAVAILABLE)
    typer.echo("sent")
