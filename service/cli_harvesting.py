"""`wijkgraaf harvest`: addresses from which partners let us fetch, how they stand, and a run by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kg.harvesting.addresses import Leave
from kg.harvesting.recipes import ours, read_mapping, recipe_bytes
from kg.harvesting.sources import KINDS, Source, Sources, read_interval
from kg.keeping import utc_now
from kg.ledger import Ledger
from kg.objection import Objection
from kg.party import STEWARD
from service.callers import OPERATOR
from service.cli_options import FINDINGS, USAGE, AsJson, Data, Token, Url, messages, output, settings_for, stop
from service.cli_sending import send, told

harvest_app = typer.Typer(help="Fetching what partners publish elsewhere.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The source's name.")]


@harvest_app.command("add")
def add(
    name: Name,
    address: Annotated[str, typer.Argument(help="Where it stands: an https address.")],
    party: Annotated[str, typer.Option(help="Whose it is: nobody else is spoken for from there.")],
    kind: Annotated[str, typer.Option(help=f"{', '.join(KINDS)}.")] = "dump",
    every: Annotated[str, typer.Option(help="How often, such as 30m, 6h or 1d; at most every 15m.")] = "1d",
    form: Annotated[
        str | None, typer.Option("--format", help="Its media type, where the server says it wrong.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="dcat: the IRI of the dataset, where there are several.")] = None,
    query: Annotated[Path | None, typer.Option(help="sparql: a file with a CONSTRUCT query.")] = None,
    mapping: Annotated[str | None, typer.Option(help="decidim: the name of a mapping, or a file with one.")] = None,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="It may stand in a private network.")] = False,
    allow_redirects: Annotated[
        bool, typer.Option("--allow-redirects", help="It may send us on, also to other hosts.")
    ] = False,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="It may do without https.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Change a source of this name.")] = False,
    data: Data = None,
) -> None:
    """Register an address from which a party lets us fetch. It is fetched at once where a service runs."""
    settings = settings_for(data)
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    if party == STEWARD:
        stop(f"{STEWARD} is the register itself: it is not fetched from elsewhere", USAGE)
    if ledger.document(f"{ledger.base}/id/{party}") is None:
        stop(f"{party}: no such party. Add it with: wijkgraaf party add", USAGE)
    if (mapping if kind == "sparql" else query if kind == "decidim" else None) is not None:
        stop("--query goes with the kind sparql, --mapping with decidim", USAGE)
    recipe = str(query.absolute()) if query is not None else mapping
    if recipe is not None:
        recipe = _checked(recipe, f"{ledger.base}/id/{party}", mapping is not None)
    try:
        source = Source(
            name=name,
            party=party,
            kind=kind,
            address=address,
            every_seconds=read_interval(every),
            media_type=form,
            dataset=dataset,
            recipe=recipe,
            leave=Leave(private=allow_private, elsewhere=allow_redirects, plain=allow_http),
        )
        Sources(settings.ledger_url).add(source, utc_now(), replace=replace)
    except ValueError as error:
        stop(str(error), USAGE)
    typer.echo(name)


def _checked(recipe: str, holder: str, is_mapping: bool) -> str:
    """The steward's file, where it can be read; as an absolute path, because the service runs elsewhere."""
    if is_mapping and recipe not in ours():
        recipe = str(Path(recipe).absolute())
    text = recipe_bytes(recipe)
    found = read_mapping(text, recipe, holder) if isinstance(text, bytes) and is_mapping else text
    if isinstance(found, Objection):
        known = f" Mappings of ours: {', '.join(ours())}." if is_mapping else ""
        stop(found.message_en + known, USAGE)
    return recipe


@harvest_app.command("list")
def list_sources(data: Data = None, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """The sources there are, and how each stands."""
    found = _asked("GET", "/harvests", data, url, token, as_json)
    if as_json:
        output.print_json(data=found)
        return
    for one in found["sources"]:
        typer.echo("\t".join((one["name"], one["party"].rsplit("/", 1)[-1], one["kind"], _stands(one), one["address"])))


@harvest_app.command("show")
def show(name: Name, data: Data = None, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """One source, and what came of its last runs."""
    found = _asked("GET", f"/harvests/{name}", data, url, token, as_json)
    if as_json:
        output.print_json(data=found)
        return
    typer.echo(f"{found['name']}: {found['kind']} of {found['party']}\n{found['address']}")
    typer.echo(f"{_stands(found)}; {found['documents']} documents; next {found['due'][:16]}Z")
    for run in found["runs"]:
        _tell(run)


@harvest_app.command("run")
def run(
    name: Name,
    anew: Annotated[bool, typer.Option("--anew", help="Fetch and check what is unchanged too.")] = False,
    allow_withdraw: Annotated[
        int | None, typer.Option("--allow-withdraw", min=0, help="Let it withdraw so many documents, this once.")
    ] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a source now. Ends with 1 when nothing came or it was not taken in; what we had stays."""
    asked: dict[str, Any] = {"anew": str(anew).lower()}
    if allow_withdraw is not None:
        asked["allowWithdraw"] = allow_withdraw
    found = _asked("POST", f"/harvests/{name}/runs", data, url, token, as_json, params=asked)
    if as_json:
        output.print_json(data=found)
    else:
        _tell(found)
    raise typer.Exit(0 if found["status"] in ("changed", "unchanged") else FINDINGS)


@harvest_app.command("remove")
def remove(name: Name, data: Data = None) -> None:
    """Fetch from it no more. What it brought stays with its party, which may withdraw it."""
    if not Sources(settings_for(data).ledger_url).remove(name):
        stop(f"{name}: no such source. See: wijkgraaf harvest list", USAGE)


def _asked(
    method: str, path: str, data: Path | None, url: str | None, token: str | None, as_json: bool, **request: Any
) -> Any:
    settings = settings_for(data) if url is None else None
    headers = {OPERATOR: STEWARD} if url is None else {}
    return told(send(method, path, settings, url=url, token=token, headers=headers, **request), as_json)


def _stands(one: dict[str, Any]) -> str:
    """How a source stands, in a few words."""
    if one["tried"] is None:
        return "not yet fetched"
    good = f"good at {one['good'][:16]}Z" if one["good"] else "never good"
    return f"{good}, failed {one['failures']}× since" if one["failures"] else good


def _tell(run: dict[str, Any]) -> None:
    """A report, on a line, with its objections below."""
    counts = ", ".join(f"{count} {word}" for word, count in run["counts"].items() if count)
    status = f" HTTP {run['httpStatus']}" if run["httpStatus"] else ""
    typer.echo(f"{run['started'][:19]}Z\t{run['status']}{status}\t{run['bytes']} bytes\t{counts}")
    for objection in run["objections"]:
        place = f" {objection['focus']}" if objection.get("focus") else ""
        messages.print(f"- {objection['name']}{place}", markup=False)
        if "message" in objection:
            messages.print(f"    nl: {objection['message']['nl']}\n    en: {objection['message']['en']}", markup=False)
