"""`wijkgraaf follow`: a local mirror of a stream, kept in step until stopped."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import httpx
import typer

from kg.following import Follower, Round, Source, summary
from kg.mirror import Mirror
from service.cli_options import FINDINGS, UNAVAILABLE, USAGE, AsJson, Token, messages, output, stop

FEED = "/feed"  # Where a service has its feed, when only the service is named.
INTERVAL_SECONDS = 60.0
INTERVAL_SECONDS_MIN = 1.0  # More often nobody needs it, and the server would notice.
WAIT_SECONDS_MAX = 3600.0  # What a server may ask us to stay away.


def follow(
    url: Annotated[str, typer.Argument(help="The address of a stream (LDES), or of a Wijkgraaf.")],
    to: Annotated[Path, typer.Option(help="The mirror: FILE.nq, or a folder for mirror.nq.")] = Path("mirror.nq"),
    once: Annotated[bool, typer.Option("--once", help="Read what is new, and stop.")] = False,
    interval: Annotated[float, typer.Option(help="Seconds between two looks.")] = INTERVAL_SECONDS,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another HOST[:PORT] to which the stream may lead.")
    ] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Keep a local mirror of a stream: first all of it, then what came, changed and went."""
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        stop(f"{url} is no address", USAGE)
    if address.scheme not in ("http", "https") or not address.host or address.userinfo:
        stop(f"{url}: an address begins with http:// or https://, and holds no password (use --token)", USAGE)
    if interval < INTERVAL_SECONDS_MIN:
        stop(f"--interval {interval:g}: at least {INTERVAL_SECONDS_MIN:g}", USAGE)
    if address.path in ("", "/"):
        address = address.copy_with(path=FEED)
    file = to if to.suffix == ".nq" else to / "mirror.nq"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mirror = Mirror(file, file.with_name(file.name + ".state"), private=token is not None)
    except OSError as error:
        stop(f"{file}: {error.strerror}", USAGE)
    if mirror.recalled("source") not in (None, str(address)):
        stop(f"{file} mirrors {mirror.recalled('source')}; choose another --to", USAGE)
    mirror.remember(source=str(address))
    follower = Follower(Source(str(address), token, frozenset(allow_host or ())), mirror)
    try:
        follower.start()
        _rounds(follower, once=once, interval=interval, as_json=as_json)
    finally:
        follower.close()
        mirror.close()


def _rounds(follower: Follower, *, once: bool, interval: float, as_json: bool) -> None:
    while True:
        began = time.monotonic()
        done = follower.round()
        _tell(follower.mirror, done, time.monotonic() - began, as_json)
        trouble = done.trouble
        if trouble is not None and (once or trouble.lasting):
            raise typer.Exit(FINDINGS if trouble.lasting else UNAVAILABLE)
        if once:
            return
        wait = max(interval, trouble.again_seconds or 0.0) if trouble else interval
        time.sleep(min(wait, WAIT_SECONDS_MAX))


def _tell(mirror: Mirror, done: Round, seconds: float, as_json: bool) -> None:
    """How far the mirror is, and how far behind."""
    position = int(mirror.recalled("position") or 0)
    behind = max(0, done.head - position) if done.head is not None else None
    if as_json:
        told = {"documents": mirror.count(), "position": position, "behind": behind, "seconds": round(seconds, 3)}
        output.print_json(data=told | dict(summary(done)))
    elif done.changes or done.trouble or done.rewritten or not mirror.recalled("told"):
        words = [f"{mirror.count()} documents", f"{done.changes} changes", f"{done.read} pages read"]
        words += [f"{done.rewritten} rewritten"] if done.rewritten else []
        words += [f"position {position}"] if position else []
        words += [f"{behind} behind"] if behind is not None else []
        words += [f"the oldest change was {done.lag_seconds:.1f} s old"] if done.changes and done.lag_seconds else []
        typer.echo(f"{mirror.file}: {', '.join(words)} ({seconds:.1f} s)")
        mirror.remember(told="yes")
    for host in sorted(done.elsewhere):
        messages.print(f"! the stream leads to {host}, which was not asked (--allow-host {host})", markup=False)
    if done.trouble is not None:
        messages.print(done.trouble.what, markup=False)
