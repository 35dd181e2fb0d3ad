"""The `wijkgraaf` command. Data goes to stdout, messages to stderr; exit 0 fine, 1 findings, 2 usage, 3 unavailable."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from kg import cage
from kg.accounts import Accounts, utc_now
from kg.first_places import Place
from kg.ledger import Ledger
from kg.ledger.acts import LedgerUnavailable
from kg.ledger.quads import party_iri
from kg.party import STEWARD
from kg.settings import Settings, folder, read_settings
from kg.stewarding import Amiss, amiss, unreadable
from service import beginning
from service.callers import OPERATOR
from service.cli_bringing import bring
from service.cli_exploring import explore
from service.cli_following import follow
from service.cli_harvesting import harvest_app
from service.cli_options import (
    FINDINGS,
    UNAVAILABLE,
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
from service.cli_places import place_app
from service.cli_registers import party_app
from service.cli_sending import File, body_of, send, told
from service.cli_sheets import MappingFile, export_sheet, sent_as, template
from service.cli_signing import KeyFile, key_app, sign_file, signed
from service.cli_snapshots import snapshot_app
from service.cli_synchronising import sync
from service.cli_taking import export
from service.cli_telling import inbox, mail_app
from service.cli_tokens import token_app
from service.cli_verifying import verify_from_outside
from service.cli_vocabulary import vocabulary_app
from service.cli_withdrawing import erase, withdraw
from service.doorway import running
from service.reception import SIGNATURE

BASE = "http://127.0.0.1:8000"  # Names follow neither the port nor the host on which they happen to be served.
DEMO = "moerwijk"  # The example that `demo` shows when none is chosen.
RESULT_TYPES = {
    "csv": "text/csv",
    "json": "application/sparql-results+json, application/ld+json;q=0.9",
    "ttl": "text/turtle",
    "table": "application/sparql-results+json, text/turtle;q=0.9",
}

app = typer.Typer(
    name="wijkgraaf",
    help="Connects the perspectives and instruments of a neighbourhood without merging them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
party_app.add_typer(key_app, name="key")
app.add_typer(party_app, name="party")
app.command("sign")(sign_file)
app.add_typer(place_app, name="place")
app.add_typer(token_app, name="token")
app.add_typer(vocabulary_app, name="vocabulary")
app.add_typer(snapshot_app, name="snapshot")
app.add_typer(harvest_app, name="harvest")
app.add_typer(mail_app, name="mail")
for command in (inbox, explore, follow, sync, withdraw, erase, export, template, export_sheet):
    app.command()(command)
app.command("import")(bring)


@app.command()
def init(
    data: Data = None,
    example: Annotated[str | None, typer.Option(help="Load an example: moerwijk, or waterwijk (made up).")] = None,
    base: Annotated[str, typer.Option(help="The IRI that all names begin with; it stays for good.")] = BASE,
    wijk: Annotated[str | None, typer.Option(help="Begin a neighbourhood of your own: its name.")] = None,
    municipality: Annotated[str | None, typer.Option(help="The municipality that it lies in.")] = None,
    recorded_as: Annotated[
        list[str] | None, typer.Option(help="An address of the neighbourhood in a register (CBS, Wikidata, …).")
    ] = None,
    municipality_recorded_as: Annotated[
        list[str] | None, typer.Option(help="An address of the municipality in a register (TOOI, Wikidata, …).")
    ] = None,
) -> None:
    """Make a new ledger in an empty data folder: empty, with an example, or for a neighbourhood of your own."""
    settings = settings_for(data, ledger=False)
    if wijk is None and (municipality or recorded_as or municipality_recorded_as):
        stop("--municipality and --recorded-as tell of a neighbourhood: name it with --wijk", USAGE)
    if wijk is not None and example is not None:
        stop("--wijk begins a neighbourhood of your own, --example shows one: choose one of them", USAGE)
    if municipality is None and municipality_recorded_as:
        stop("--municipality-recorded-as tells of a municipality: name it with --municipality", USAGE)
    try:
        places = (
            beginning.first_places(wijk, municipality, recorded_as or (), municipality_recorded_as or ())
            if wijk is not None
            else ()
        )
    except beginning.CannotBegin as error:
        stop(str(error), USAGE)
    _init(settings, base, example, places)
    if wijk is not None:
        where = f" --data {settings.data}" if data is not None else ""
        told = f"wijkgraaf token create --party {STEWARD} --right steward{where}\nwijkgraaf serve{where}"
        messages.print(f"Next, a key for who keeps the register, and the service:\n{told}", markup=False)


def _init(settings: Settings, base: str, example: str | None, places: Sequence[Place] = ()) -> None:
    try:
        beginning.begin(settings, base, example, Console(stderr=True), places)
    except (beginning.CannotBegin, LedgerUnavailable) as error:
        stop(str(error), USAGE)


@app.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Port on this machine for Prometheus' measurements.")] = None,
) -> None:
    """Serve the ledger in the data folder until stopped."""
    _serve(settings_for(data, host=host, port=port, metrics_port=metrics_port))


def _serve(settings: Settings) -> None:
    # Only here: the other commands start a second sooner without the whole house.
    from service import serving
    from service.app import make_app, open_house
    from service.metrics import listening

    if running(settings):
        stop(f"A service already runs on {settings.data}.", UNAVAILABLE)
    try:
        public = serving.listen(settings)
    except OSError as error:
        stop(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another --port.", UNAVAILABLE)
    try:
        house = open_house(settings)
    except LedgerUnavailable as error:
        stop(str(error), UNAVAILABLE)
    try:
        address = f"http://{settings.host}:{public.getsockname()[1]}"
        messages.print(f"Wijkgraaf is ready at {address}", markup=False)
        if not address.startswith(house.ledger.base):
            messages.print(
                f"Names begin with {house.ledger.base}; links in pages work here all the same.", markup=False
            )
        with listening(house.metrics, settings.metrics_port):
            serving.serve(make_app(house), settings, public)
    except OSError as error:
        stop(f"Cannot listen on port {settings.metrics_port} for measurements: {error.strerror}.", UNAVAILABLE)
    finally:
        house.close()


@app.command()
def demo(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    example: Annotated[str, typer.Option(help="The example; another than moerwijk gets data-EXAMPLE.")] = DEMO,
) -> None:
    """Serve an example (Moerwijk if you choose none); loads it first when the data folder is new."""
    # A folder of its own, or the demo would serve whichever example came first under the name of the other.
    if data is None and example != DEMO:
        data = Path(f"data-{example}")
    settings = settings_for(data, ledger=False, host=host, port=port)
    if not (settings.data / "ledger.sqlite").exists():
        _init(settings, BASE, example)
    # Read again: the example may have brought settings of its own.
    _serve(settings_for(data, host=host, port=port))


@app.command()
def validate(
    file: File,
    party: Annotated[str | None, typer.Option(help="Who would publish it (with the data folder).")] = None,
    mapping: MappingFile = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Check a file as if it were published; nothing is kept."""
    if url is None and party is None:
        stop("Say who would publish it: --party", USAGE)
    settings = settings_for(data) if url is None else None
    request = sent_as(*body_of(file), mapping)
    request["headers"] = {**request.get("headers", {}), **({OPERATOR: party} if party else {})}
    found = told(send("POST", "/validate", settings, url=url, token=token, **request), as_json)
    if as_json:
        output.print_json(data=found)
        return
    for document in found["documents"]:
        typer.echo(f"{document['document']}\t{document['audience']}")
    for warning in found["warnings"]:
        messages.print(f"! {warning['message']['en']}", markup=False)


@app.command()
def publish(
    file: File,
    party: Annotated[str | None, typer.Option(help="Who publishes (with the data folder).")] = None,
    replace: Annotated[bool, typer.Option(help="Replace what is already there.")] = False,
    on_behalf_of: Annotated[str | None, typer.Option(help="The holder, when the party records for it.")] = None,
    key: KeyFile = None,
    mapping: MappingFile = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Publish one or more documents: all of the file or nothing."""
    holder = on_behalf_of or party
    if party is None and (url is None or (key is not None and holder is None)):
        stop("Say who publishes: --party", USAGE)
    settings = settings_for(data) if url is None else None
    body, media = body_of(file)
    request = sent_as(body, media, mapping)
    parameters = {"replace": str(replace).lower(), **({"onBehalfOf": on_behalf_of} if on_behalf_of else {})}
    request["headers"] = {**request.get("headers", {}), **({OPERATOR: party} if party else {})}
    if key is not None and holder is not None:
        signatures = signed(body, media, key, party=holder, settings=settings, url=url)
        request["headers"][SIGNATURE] = ",".join(signatures)
    response = send("POST", "/contributions", settings, url=url, token=token, params=parameters, **request)
    found = told(response, as_json)
    if as_json:
        output.print_json(data=found)
        return
    for taken in found["contributions"]:
        state = "unchanged" if taken["unchanged"] else taken["kind"]
        typer.echo(f"{taken['contribution']}\t{taken['document']}\t{taken['audience']}\t{state}")
    for warning in found["warnings"]:
        messages.print(f"! {warning['message']['en']}", markup=False)


@app.command()
def query(
    file: Annotated[str, typer.Argument(help="A file with a query, or - for standard input.")] = "-",
    form: Annotated[str, typer.Option("--format", help="table, csv, json or ttl.")] = "table",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Ask a SPARQL query."""
    if form not in RESULT_TYPES:
        stop(f"--format {form}: choose one of {', '.join(RESULT_TYPES)}", USAGE)
    settings = settings_for(data) if url is None else None
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
    except OSError as error:
        stop(f"{file}: {error.strerror}", USAGE)
    response = send(
        "POST",
        "/sparql",
        settings,
        url=url,
        token=token,
        content=text.encode(),
        headers={"Content-Type": "application/sparql-query", "Accept": RESULT_TYPES[form]},
    )
    if not response.is_success:
        told(response, form == "json")
    if form == "table" and "json" in response.headers["content-type"]:
        output.print(beginning.as_table(response.json()))
    else:
        sys.stdout.write(response.text)


@app.command()
def verify(
    data: Data = None,
    url: Url = None,
    party: Annotated[str | None, typer.Option(help="With --url: whose contributions to look for in the chain.")] = None,
    audience: Annotated[str | None, typer.Option(help="With --url: public or partners (default: the token's).")] = None,
    receipts: Annotated[Path | None, typer.Option(help="With --url: receipts that the party kept.")] = None,
    remember: Annotated[Path | None, typer.Option(help="With --url: a file that keeps the head that was seen.")] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Is everything as it was written? Looks at a whole ledger, or with --url at a service, as its partners can."""
    if url is not None:
        verify_from_outside(
            url, token=token, party=party, audience=audience, receipts=receipts, remember=remember, as_json=as_json
        )
    if party or audience or receipts or remember:
        stop("--party, --audience, --receipts and --remember look at a service from outside: add --url", USAGE)
    settings = settings_for(data)
    try:
        with beginning.progress(Console(stderr=True), "verifying") as step:
            found = Ledger.open(settings.ledger_url, read_only=True).verify(step)
    except LedgerUnavailable as error:
        stop(str(error), UNAVAILABLE)
    if as_json:
        faults = [{"what": f.what, "entry": f.entry, "audience": f.audience} for f in found.faults]
        body = {"sound": found.sound, "entries": found.entries, "documents": found.documents}
        output.print_json(data={**body, "positions": dict(found.positions), "faults": faults})
    else:
        for fault in found.faults:
            typer.echo(f"entry {fault.entry}: {fault.what}")
        words = "sound" if found.sound else f"{len(found.faults)} faults"
        typer.echo(f"{found.entries} entries, {found.documents} documents: {words}")
    raise typer.Exit(0 if found.sound else FINDINGS)


@app.command()
def rebuild(data: Data = None, as_json: AsJson = False) -> None:
    """Make every projection anew from the ledger and compare it with what is indexed."""
    settings = settings_for(data)
    from service.app import open_house

    if running(settings):
        stop("The service makes its projections anew when it starts: stop it and start it again.", UNAVAILABLE)
    house = open_house(settings)
    try:
        states = house.projections.states()
        looked_at = house.news.rebuild()
    finally:
        house.close()
    if as_json:
        output.print_json(data={k: dict(v) for k, v in states.items()})
    else:
        for audience, state in states.items():
            agreed = "in step with the ledger" if state["in_step"] else "NOT in step with the ledger"
            typer.echo(f"{audience}: {state['quads']} quads at position {state['position']}, {agreed}")
        typer.echo(f"news: made anew from {looked_at} entries")
    raise typer.Exit(0 if all(s["in_step"] for s in states.values()) else FINDINGS)


@app.command()
def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Tell what this machine and this folder can do, and what is missing."""
    settings = read_settings(data=data)
    found = {
        "python": sys.version.split()[0],
        "network closed to workers": cage.can_forbid_network(),
        "data folder": str(settings.data),
        "ledger": (settings.data / "ledger.sqlite").exists(),
        "service running": running(settings),
        "shape engine": settings.shacl_engine,
        **{
            f"folder {n}": folder(n).is_dir()
            for n in ("ontology", "shapes", "queries", "mappings", "viewer", "examples")
        },
    }
    looked = _looked(settings) if found["ledger"] else []
    if found["ledger"]:
        found["catalogue lacks"] = ", ".join(_lacking(settings)) or "nothing"
    if as_json:
        output.print_json(
            data=found | {"amiss": [{"name": one.name, "what": one.en, "broken": one.broken} for one in looked]}
        )
    else:
        words = {True: "yes", False: "no"}
        for name, value in found.items():
            typer.echo(f"{name}: {words.get(value, value) if isinstance(value, bool) else value}")
        for one in looked:
            typer.echo(f"{'wrong' if one.broken else 'look at'}: {one.en}")
    good = found["network closed to workers"] and all(v for k, v in found.items() if k.startswith("folder "))
    raise typer.Exit(0 if good and not any(one.broken for one in looked) else FINDINGS)


def _looked(settings: Settings) -> Sequence[Amiss]:
    """What is amiss with who may do what; a ledger that cannot be read is for `verify` to tell."""
    try:
        with Accounts(settings.ledger_url) as accounts:
            return amiss(Ledger.open(settings.ledger_url, read_only=True), accounts, utc_now())
    except LedgerUnavailable as error:
        return [unreadable(str(error))]


def _lacking(settings: Settings) -> Sequence[str]:
    """What the register does not say of itself and a catalogue needs; a ledger that cannot be read is told above."""
    from kg.catalogue import lacking  # Only here: it brings the engine along.

    with contextlib.suppress(LedgerUnavailable):
        ledger = Ledger.open(settings.ledger_url, read_only=True)
        register = ledger.document(party_iri(ledger.base, STEWARD))
        return lacking((register.payload if register else None) or b"")
    return ()


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(package_version("wijkgraaf"))


def main() -> None:
    """Runs the command; a wrong setting is told, not traced."""
    try:
        app()
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(str(part) for part in fault["loc"])
            messages.print(f"setting {where}: {fault['msg']}", markup=False)
        sys.exit(USAGE)
