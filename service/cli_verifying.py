"""Verifying from outside on the command line: a chain, a party's viewpoint in it, and what was seen before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer

from kg.party import AUDIENCES
from kg.settings import read_settings
from kg.verifying import Head, Held, Known, Walked, contributions_in, hold, walk
from kg.writing import write_whole
from service.cli_options import FINDINGS, UNAVAILABLE, USAGE, messages, output, stop
from service.cli_sending import told
from service.doorway import door

ANSWER_BYTES_MAX = 256 * 1024 * 1024  # A whole viewpoint of 50,000 documents is some 100 MB.
TRIES_MAX = 5  # A service that takes something in each time we look is too busy to be looked at.
NQUADS = "application/n-quads"
BROUGHT = ("publish", "replace")


class _Service:
    """The service that is checked, asked page by page."""

    def __init__(self, client: httpx.AsyncClient, audience: str | None) -> None:
        self._client = client
        self._asked = {"audience": audience} if audience else {}
        self.yours: dict[str, Known] = {}

    async def head(self) -> Mapping[str, Any]:
        """What it publishes as its head."""
        return dict(json.loads(await self._get("/chain", self._asked)))

    async def positions(self, pages: int) -> AsyncIterator[Any]:
        """Every position, in order; the salts that come with them are kept."""
        for page in range(1, pages + 1):
            body = json.loads(await self._get(f"/chain/{page}", self._asked))
            for id, own in body.get("yours", {}).items():
                self.yours[id] = Known(bytes.fromhex(own["salt"]), own["document"], own["digest"])
            for one in body["positions"]:
                yield one

    async def view(self, party: str) -> bytes:
        """A party's viewpoint as N-Quads."""
        return await self._get(f"/view/{party}", {}, NQUADS)

    async def receipt(self, contribution: str) -> Mapping[str, Any]:
        """What the service tells of one contribution."""
        return dict(json.loads(await self._get(f"/contributions/{contribution}", {})))

    async def _get(self, path: str, params: Mapping[str, str], accept: str = "application/json") -> bytes:
        parts: list[bytes] = []
        headers = {"Accept": accept, "Accept-Language": "en"}
        async with self._client.stream("GET", path, params=params, headers=headers) as response:
            async for part in response.aiter_bytes():
                parts.append(part)
                if sum(map(len, parts)) > ANSWER_BYTES_MAX:
                    stop(f"{path} gives more than {ANSWER_BYTES_MAX} bytes", UNAVAILABLE)
        if not response.is_success:
            told(httpx.Response(response.status_code, content=b"".join(parts)), False)
        return b"".join(parts)


def verify_from_outside(
    url: str,
    *,
    token: str | None,
    party: str | None,
    audience: str | None,
    receipts: Path | None,
    remember: Path | None,
    as_json: bool,
) -> NoReturn:
    """Checks the service at this address as its partners can, prints what was found, and ends with 0 or 1."""
    if audience is not None and audience not in AUDIENCES:
        stop(f"--audience {audience}: choose one of {', '.join(AUDIENCES)}", USAGE)
    if receipts is not None and party is None:
        stop("Say whose receipts these are: --party", USAGE)
    before = _remembered(remember)
    kept = _receipts(receipts) if receipts else None
    try:
        head, walked, held = asyncio.run(_check(url, token, party, audience, kept, before))
    except httpx.TransportError as error:
        stop(f"No answer from {url}: {error}", UNAVAILABLE)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        stop(f"{url} does not answer as docs/verify.md says: {error!r}"[:500], FINDINGS)
    faults = [*walked.faults, *(held.faults if held else ())]
    if remember is not None and not walked.faults:
        seen = {"base": head["base"], "audience": walked.audience, **asdict(walked.head)}
        write_whole(remember, (json.dumps(seen) + "\n").encode())
    if as_json:
        counts = {name: value for name, value in asdict(held).items() if name != "faults"} if held else None
        body = {"audience": walked.audience, **asdict(walked.head), "sound": not faults, "faults": faults}
        output.print_json(data=body | ({"party": party, **counts} if counts else {}))
    else:
        _print(walked, party, held, faults)
    raise typer.Exit(FINDINGS if faults else 0)


async def _check(
    url: str,
    token: str | None,
    party: str | None,
    audience: str | None,
    kept: Mapping[str, Mapping[str, Any]] | None,
    before: Mapping[str, Any] | None,
    tries: int = TRIES_MAX,
) -> tuple[Mapping[str, Any], Walked, Held | None]:
    async with door(read_settings(), url=url, token=token) as client:
        service = _Service(client, audience)
        head = await service.head()
        base, which = str(head["base"]), str(head["audience"])
        if before is not None and (before["base"], before["audience"]) != (base, which):
            stop(f"What was remembered is of another chain: {before['audience']} of {before['base']}", USAGE)
        end = Head(int(head["position"]), str(head["digest"]))
        pages = -(-end.position // int(head["positionsPerPage"]))
        positions = [one async for one in service.positions(pages)]
        # More may have come in meanwhile: what is checked is the chain up to the head that was published before.
        walked = walk(base, which, end, positions[: end.position], _head(before))
        if party is None:
            return head, walked, None
        slug = party.removeprefix(f"{base}/id/")
        given = contributions_in(base, await service.view(slug))
        if isinstance(given, str):
            raise ValueError(given)
        # Between the chain and the view something may have changed; that is looked at again, not blamed.
        if tries > 1 and (await service.head())["digest"] != head["digest"]:
            return await _check(url, token, party, audience, kept, before, tries - 1)
        for id in sorted(given.keys() - walked.standing):
            receipt = await service.receipt(id)
            if "positionInAudience" in receipt:  # To its holder: it may well stand in no store.
                service.yours[id] = _known(receipt, which)
        known = {id: _known(one, which) for id, one in kept.items()} if kept is not None else None
        return head, walked, hold(walked, slug, given, service.yours, known)


def _head(before: Mapping[str, Any] | None) -> Head | None:
    return Head(int(before["position"]), str(before["digest"])) if before is not None else None


def _remembered(file: Path | None) -> Mapping[str, Any] | None:
    """What an earlier run noted; None the first time."""
    if file is None or not file.exists():
        return None
    try:
        found = json.loads(file.read_bytes())
        return {name: found[name] for name in ("base", "audience", "position", "digest")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        stop(f"{file}: not a head that `verify --remember` wrote ({error!r})", USAGE)


def _receipts(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """The receipts in a file, by contribution: bodies of answers to publishing, one after the other, as they came."""
    found: dict[str, Mapping[str, Any]] = {}
    try:
        text, place, reader = file.read_text(), 0, json.JSONDecoder()
        while text[place:].strip():
            place += len(text[place:]) - len(text[place:].lstrip())
            body, place = reader.raw_decode(text, place)
            for receipt in body if isinstance(body, list) else [body]:
                for one in receipt.get("contributions", [receipt]):
                    # An end has no place of its own in a chain; what is erased keeps its place, without a digest.
                    if one.get("digest") or one.get("kind") in BROUGHT:
                        found[str(one["contribution"]).rpartition("/")[2]] = one
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        stop(f"{file}: not receipts as publishing gives them ({error!r})", USAGE)
    return found


def _known(receipt: Mapping[str, Any], audience: str) -> Known:
    salt = receipt.get("salt")
    position = (receipt.get("positionInAudience") or {}).get(audience)
    return Known(bytes.fromhex(salt) if salt else None, receipt.get("document"), receipt.get("digest"), position)


def _print(walked: Walked, party: str | None, held: Held | None, faults: list[str]) -> None:
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{walked.audience} chain: {walked.head.position} positions, digest {walked.head.digest}")
    if held is not None:
        words = [f"{held.standing} contributions stand", f"{held.unaltered} with the words that the chain says"]
        words += [f"{held.unsalted} without a known salt"] if held.unsalted else []
        words += [f"{held.erased} erased"] if held.erased else []
        words += [f"{held.elsewhere} given that stand in no store"] if held.elsewhere else []
        typer.echo(f"{party}: {', '.join(words)}")
        if held.unsalted:
            messages.print("Salts are the holder's: use --token or --receipts to check the words too.", markup=False)
    typer.echo("sound" if not faults else f"{len(faults)} faults")
