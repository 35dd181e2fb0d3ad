"""Places on the command line: a party proposes one for the register, the steward takes it in or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from kg import vocabulary as word
from kg.ledger import Ledger
from kg.party import STEWARD
from kg.proposing import KINDS, Proposal, answer, offer, read_offer, register_document
from kg.settings import Settings
from service.callers import OPERATOR
from service.cli_options import FINDINGS, USAGE, AsJson, Data, Token, Url, messages, output, settings_for, stop
from service.cli_sending import send, told

place_app = typer.Typer(
    help="Places for the register: proposed by a party, taken in by the steward.", no_args_is_help=True
)
NOTICE = "application/ld+json"
COLLECTION = "application/activity+json"
Offered = Annotated[str, typer.Argument(help="The proposal, as `place proposals` gives it.")]


@place_app.command("propose")
def propose(
    title: Annotated[str, typer.Argument(help="What it is called, in Dutch.")],
    party: Annotated[str, typer.Option(help="Who proposes it.")],
    title_en: Annotated[str | None, typer.Option(help="Its name in English, where it has one.")] = None,
    kind: Annotated[str, typer.Option(help="Place, Neighbourhood or Facility.")] = "Place",
    sort: Annotated[str | None, typer.Option(help="The notation of what it is, such as street or square.")] = None,
    within: Annotated[str | None, typer.Option(help="The name of the place of the register that it lies in.")] = None,
    text: Annotated[str | None, typer.Option(help="What others should know of it, in Dutch.")] = None,
    recorded_as: Annotated[list[str] | None, typer.Option(help="Its address in a register (BAG, CBS, …).")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Propose a place to the steward of the register: the answer comes in your inbox."""
    settings = settings_for(data) if url is None else None
    classes = {short: iri for iri, short in KINDS.items()}
    if kind not in classes:
        stop(f"--kind {kind}: choose from {', '.join(classes)}", USAGE)
    base = _base(settings, url)
    place: dict[str, Any] = {"@type": classes[kind]}
    if sort is not None:
        scheme = "facilityKind" if kind == "Facility" else "placeKind"
        place[word.DCTERMS_TYPE] = {"@id": f"{word.CONCEPT}{scheme}/{sort}"}
    if within is not None:
        place[word.SF_WITHIN] = {"@id": f"{base}/id/{STEWARD}/{within}"}
    if text is not None:
        place[word.DESCRIPTION] = {"@value": text, "@language": "nl"}
    if recorded_as:
        place[word.RECORDED_AS] = [{"@id": address} for address in recorded_as]
    titles = [(title, "nl"), *([(title_en, "en")] if title_en else [])]
    body = offer(f"{base}/id/{party}", f"{base}/id/{STEWARD}", place, titles)
    typer.echo(_sent(settings, STEWARD, body, party, url=url, token=token))


@place_app.command("proposals")
def list_proposals(
    every: Annotated[bool, typer.Option("--all", help="Also those that were answered.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The places that parties proposed and that wait for an answer."""
    settings = settings_for(data)
    found = [one for one in _proposals(settings) if every or not _answered(settings, one)]
    if as_json:
        rows = [{"id": _id(p), "party": p.sender, "kind": p.kind, "title": p.title} for p in found]
        output.print_json(data=rows)
        return
    for one in found:
        typer.echo(f"{_id(one)}\t{one.sender.rsplit('/', 1)[-1]}\t{KINDS[one.kind]}\t{one.title}")


@place_app.command("accept")
def accept(
    proposal: Offered,
    name: Annotated[str, typer.Option(help="The name that the register gives it in addresses: a-z, 0-9 and -.")],
    data: Data = None,
) -> None:
    """Take a proposed place into the register, as the register's own words, and tell who proposed it."""
    settings = settings_for(data)
    found, base = _waiting(settings, proposal), _base(settings, None)
    body = register_document(base, found, name)
    headers = {"Content-Type": "application/n-triples", OPERATOR: STEWARD}
    told(send("POST", "/contributions", settings, url=None, token=None, content=body, headers=headers), False)
    iri = f"{base}/id/{STEWARD}/{name}"
    _reply(settings, found, answer(found, f"{base}/id/{STEWARD}", accepted=iri, why=""))
    typer.echo(iri)


@place_app.command("decline")
def decline(
    proposal: Offered,
    why: Annotated[str, typer.Option(help="The reason, for who proposed it.")],
    data: Data = None,
) -> None:
    """Leave a proposed place out, and tell who proposed it why."""
    settings = settings_for(data)
    found = _waiting(settings, proposal)
    _reply(settings, found, answer(found, f"{_base(settings, None)}/id/{STEWARD}", accepted=None, why=why))


def _base(settings: Settings | None, url: str | None) -> str:
    """What all names begin with, as the ledger or the service says."""
    if settings is not None:
        return Ledger.open(settings.ledger_url, read_only=True).base
    found = told(send("GET", f"/keys/{STEWARD}", None, url=url, token=None), False)
    return str(found["party"]).rpartition("/id/")[0]


def _id(proposal: Proposal) -> str:
    return proposal.address.rsplit("/", 1)[-1]


def _sent(
    settings: Settings | None, to: str, body: dict[str, Any], party: str, *, url: str | None, token: str | None
) -> str:
    """Sends a notification of a party; its id."""
    headers = {"Content-Type": NOTICE, OPERATOR: party}
    text = json.dumps(body).encode()
    response = send("POST", f"/inbox/{to}", settings, url=url, token=token, content=text, headers=headers)
    if not response.is_success:
        told(response, False)
    return response.headers["location"].rsplit("/", 1)[-1]


def _inbox(settings: Settings, party: str) -> Iterator[dict[str, Any]]:
    """What stands in a party's inbox, the newest first, page by page."""
    path: str | None = f"/inbox/{party}?limit=100"
    while path is not None:
        headers = {"Accept": COLLECTION, OPERATOR: party}
        response = send("GET", path, settings, url=None, token=None, headers=headers)
        yield from told(response, False)["orderedItems"]
        path = response.links["next"]["url"] if "next" in response.links else None


def _proposals(settings: Settings) -> Iterator[Proposal]:
    for one in _inbox(settings, STEWARD):
        if one.get("type") == "Offer":
            headers = {"Accept": "application/n-triples", OPERATOR: STEWARD}
            path = "/inbox/" + one["id"].partition("/inbox/")[2]
            response = send("GET", path, settings, url=None, token=None, headers=headers)
            found = read_offer(response.content, one["id"]) if response.is_success else None
            if found is not None:
                yield found


def _answered(settings: Settings, proposal: Proposal) -> bool:
    """Whether the steward has said something of it to who proposed it."""
    told_of = _inbox(settings, proposal.sender.rsplit("/", 1)[-1])
    return any(one.get("inReplyTo") == proposal.address for one in told_of)


def _waiting(settings: Settings, id: str) -> Proposal:
    """The proposal of this id that has no answer yet."""
    found = next((one for one in _proposals(settings) if _id(one) == id), None)
    if found is None:
        stop(f"{id}: no such proposal. See: wijkgraaf place proposals", USAGE)
    if _answered(settings, found):
        stop(f"{id}: this was answered already.", FINDINGS)
    return found


def _reply(settings: Settings, proposal: Proposal, body: dict[str, Any]) -> None:
    party = proposal.sender.rsplit("/", 1)[-1]
    _sent(settings, party, body, STEWARD, url=None, token=None)
    messages.print(f"{party} finds the answer in its inbox.", markup=False)
