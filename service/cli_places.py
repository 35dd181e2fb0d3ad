"""Places on the command line: a party proposes one for the register, the steward takes it in or not."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any

import httpx
import typer

from kg import vocabulary as word
from kg.party import STEWARD
from kg.proposing import KINDS, Proposal, answer, offer, read_offer, register_document
from service.callers import OPERATOR
from service.cli_options import FINDINGS, USAGE, AsJson, Data, Token, Url, messages, output, settings_for, stop
from service.cli_sending import converse, told

place_app = typer.Typer(
    help="Places for the register: proposed by a party, taken in by the steward.", no_args_is_help=True
)
NOTICE = "application/ld+json"
LANGUAGE = {"Accept-Language": "en"}  # What is wrong is told in the language of the command.
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
    titles = [(title, "nl"), *([(title_en, "en")] if title_en else [])]

    async def sent(client: httpx.AsyncClient) -> str:
        base = await _base(client)
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
        body = offer(f"{base}/id/{party}", f"{base}/id/{STEWARD}", place, titles)
        return await _sent(client, STEWARD, body, party)

    typer.echo(converse(sent, settings, url=url, token=token))


@place_app.command("proposals")
def list_proposals(
    every: Annotated[bool, typer.Option("--all", help="Also those that were answered.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The places that parties proposed and that wait for an answer."""
    found = converse(partial(_proposals, every=every), settings_for(data), url=None, token=None)
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

    async def taken_in(client: httpx.AsyncClient) -> str:
        found, base = await _waiting(client, proposal), await _base(client)
        headers = {"Content-Type": "application/n-triples", **LANGUAGE, OPERATOR: STEWARD}
        body = register_document(base, found, name)
        told(await client.post("/contributions", content=body, headers=headers), False)
        iri = f"{base}/id/{STEWARD}/{name}"
        await _reply(client, found, answer(found, f"{base}/id/{STEWARD}", accepted=iri, why=""))
        return iri

    typer.echo(converse(taken_in, settings_for(data), url=None, token=None))


@place_app.command("decline")
def decline(
    proposal: Offered,
    why: Annotated[str, typer.Option(help="The reason, for who proposed it.")],
    data: Data = None,
) -> None:
    """Leave a proposed place out, and tell who proposed it why."""

    async def left_out(client: httpx.AsyncClient) -> None:
        found, base = await _waiting(client, proposal), await _base(client)
        await _reply(client, found, answer(found, f"{base}/id/{STEWARD}", accepted=None, why=why))

    converse(left_out, settings_for(data), url=None, token=None)


async def _base(client: httpx.AsyncClient) -> str:
    """What all names begin with."""
    return str(told(await client.get("/chain", headers=LANGUAGE), False)["base"])


def _id(proposal: Proposal) -> str:
    return proposal.address.rsplit("/", 1)[-1]


async def _sent(client: httpx.AsyncClient, to: str, body: dict[str, Any], party: str) -> str:
    """Sends a notification of a party; its id."""
    headers = {"Content-Type": NOTICE, **LANGUAGE, OPERATOR: party}
    response = await client.post(f"/inbox/{to}", content=json.dumps(body).encode(), headers=headers)
    if not response.is_success:
        told(response, False)
    return response.headers["location"].rsplit("/", 1)[-1]


async def _inbox(client: httpx.AsyncClient, party: str) -> list[dict[str, Any]]:
    """What stands in a party's inbox, the newest first."""
    path, found = f"/inbox/{party}?limit=100", []
    while path:
        response = await client.get(path, headers={"Accept": COLLECTION, **LANGUAGE, OPERATOR: party})
        found += told(response, False)["orderedItems"]
        path = response.links["next"]["url"] if "next" in response.links else ""
    return found


async def _proposals(client: httpx.AsyncClient, *, every: bool) -> list[Proposal]:
    """The places that parties proposed; unless `every`, those without an answer."""
    found: list[Proposal] = []
    for one in await _inbox(client, STEWARD):
        if one.get("type") == "Offer":
            headers = {"Accept": "application/n-triples", **LANGUAGE, OPERATOR: STEWARD}
            response = await client.get("/inbox/" + one["id"].partition("/inbox/")[2], headers=headers)
            offered = read_offer(response.content, one["id"]) if response.is_success else None
            found += [offered] if offered is not None else []
    if every:
        return found
    answered: set[str] = set()
    for sender in dict.fromkeys(one.sender for one in found):
        answered |= {str(told_of.get("inReplyTo")) for told_of in await _inbox(client, sender.rsplit("/", 1)[-1])}
    return [one for one in found if one.address not in answered]


async def _waiting(client: httpx.AsyncClient, id: str) -> Proposal:
    """The proposal of this id that has no answer yet."""
    found = next((one for one in await _proposals(client, every=True) if _id(one) == id), None)
    if found is None:
        stop(f"{id}: no such proposal. See: wijkgraaf place proposals", USAGE)
    if any(one.get("inReplyTo") == found.address for one in await _inbox(client, found.sender.rsplit("/", 1)[-1])):
        stop(f"{id}: this was answered already.", FINDINGS)
    return found


async def _reply(client: httpx.AsyncClient, proposal: Proposal, body: dict[str, Any]) -> None:
    party = proposal.sender.rsplit("/", 1)[-1]
    await _sent(client, party, body, STEWARD)
    messages.print(f"{party} finds the answer in its inbox.", markup=False)
