"""Keys and signatures on the command line: the private key stays with who signs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg.contribution import Document
from kg.keeping import utc_now
from kg.keys import Keys
from kg.ledger import Ledger
from kg.naming import mint
from kg.objection import Objection
from kg.ontology import read_ontology
from kg.reading import read
from kg.settings import Settings, folder
from kg.signing import NoKey, read_private, read_public, sign, thumbprint
from service.cli_options import FINDINGS, USAGE, AsJson, Data, Url, messages, output, settings_for, stop
from service.cli_sending import File, body_of, send, told

key_app = typer.Typer(help="The public keys with which a party signs.", no_args_is_help=True)
KeyFile = Annotated[Path | None, typer.Option("--key", help="An Ed25519 private key in PEM: sign each document.")]


@key_app.command("add")
def add_key(
    party: Annotated[str, typer.Argument(help="Whose key it is.")],
    file: Annotated[Path, typer.Argument(help="The public key in PEM (openssl pkey -in key.pem -pubout).")],
    data: Data = None,
) -> None:
    """Register a public key of a party; it counts at once. The private key never comes here."""
    settings = settings_for(data)
    ledger = Ledger.open(settings.ledger_url, read_only=True)
    if ledger.document(f"{ledger.base}/id/{party}") is None:
        stop(f"{party}: no such party. Add it with: wijkgraaf party add", USAGE)
    try:
        typer.echo(Keys(settings.ledger_url).add(party, read_public(_bytes(file)), utc_now()).id)
    except NoKey as error:
        stop(f"{file}: {error}", USAGE)
    except ValueError as error:
        stop(str(error), FINDINGS)


@key_app.command("list")
def list_keys(
    party: Annotated[str | None, typer.Argument(help="Of this party alone.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The keys there are: name, party, since when and until when."""
    found = Keys(settings_for(data).ledger_url).of(party)
    if as_json:
        output.print_json(data=[{"id": k.id, "party": k.party, "since": k.since, "ended": k.ended} for k in found])
        return
    for key in found:
        typer.echo(f"{key.id}\t{key.party}\tsince {key.since}\t{f'ended {key.ended}' if key.ended else 'in use'}")


@key_app.command("end", context_settings={"ignore_unknown_options": True})  # A name may begin with a dash.
def end_key(key: Annotated[str, typer.Argument(help="Its name, as `key list` gives it.")], data: Data = None) -> None:
    """End a key: it signs nothing any more. What it signed before stays signed."""
    try:
        Keys(settings_for(data).ledger_url).end(key, utc_now())
    except ValueError as error:
        stop(str(error), FINDINGS)


def sign_file(
    file: File,
    key: Annotated[Path, typer.Option("--key", help="An Ed25519 private key in PEM.")],
    party: Annotated[str, typer.Option(help="The holder of the documents.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Sign each document of a file: prints what goes in the header Wijkgraaf-Signature, a line a document."""
    settings = settings_for(data) if url is None else None
    body, media = body_of(file)
    for signature in signed(body, media, key, party=party, settings=settings, url=url):
        typer.echo(signature)


def signed(
    body: bytes, media_type: str, key_file: Path, *, party: str, settings: Settings | None, url: str | None
) -> list[str]:
    """A signature of each document in a body, by the key in a file; ends with what is wrong when that can't be.

    The canonical bytes are made here, by who signs; the service makes them once more and compares.
    """
    try:
        key = read_private(_bytes(key_file))
    except NoKey as error:
        stop(f"{key_file}: {error}", USAGE)
    known = told(send("GET", f"/keys/{party}", settings, url=url, token=None), False)
    name = thumbprint(key.public_key().public_bytes_raw())
    if name not in {one["kid"] for one in known["keys"] if "exp" not in one}:
        messages.print(f"! {party} has no key {name} here; add it with: wijkgraaf party key add", markup=False)
    speaker = known["party"]
    ontology = read_ontology((folder("ontology"),) if settings is None else settings.folders("ontology"))
    found = read(body, media_type, base=speaker.rpartition("/id/")[0], speaker=speaker, ontology=ontology, mint=mint)
    wrong = [one for one in found if isinstance(one, Objection)]
    if wrong:
        stop("\n".join(f"{one.name}: {one.message_en}" for one in wrong), FINDINGS)
    documents = [one for one in found if isinstance(one, Document)]
    nameless = [d.iri for d in documents if d.minted_from]
    if nameless:
        stop("A document without a name of its own cannot be signed: give it a name in the place of <>.", FINDINGS)
    return [sign(document.payload, document.iri, key) for document in documents]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"{file}: {error.strerror}", USAGE)
