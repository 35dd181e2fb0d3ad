"""One source fetched and taken in, all of it or nothing, with a report; and the clock that does so in its time."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from kg.admission import Admission, Refused, Submission
from kg.contribution import Document
from kg.framing import Frame
from kg.harvesting.addresses import Resolve, resolve
from kg.harvesting.bringing import Brought, Means, Same, bring
from kg.harvesting.fetching import Limits, Unfetched
from kg.harvesting.sources import EVERY_SECONDS_MIN, OBJECTIONS_MAX, Run, Source, Sources, Standing, with_outcome
from kg.keeping import utc_now
from kg.ledger.acts import LedgerUnavailable
from kg.ledger.quads import time_text
from kg.objection import Objection, object_to
from kg.party import STEWARD
from kg.synchronising import FREELY_WITHDRAWN, FREELY_WITHDRAWN_SHARE, synchronise

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 20.0  # How often the clock looks whether a source is due: more often than any may be.
DAY_SECONDS: Final = 86_400  # A source that keeps failing is tried at least so often.
JITTER_SHARE: Final = 0.1  # Sources that were registered together do not all come at the same moment.


class Harvester:
    """Fetches what is registered, one source at a time."""

    def __init__(
        self,
        admission: Admission,
        sources: Sources,
        *,
        resolve: Resolve = resolve,
        now: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.admission = admission
        self.sources = sources
        self.now = now
        self.chance = chance
        settings = admission.settings
        limits = Limits(settings.harvest_bytes_max, settings.harvest_seconds_max, settings.harvest_wait_seconds_max)
        self.means = Means(self._ask, limits, settings.harvest_pages_max, admission.ledger.base, resolve)
        self._one_at_a_time = asyncio.Lock()

    async def keep(self) -> None:
        """Fetches every source when it is due, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            # What goes wrong with one source is written down; the others are fetched all the same, and this one later.
            for outcome in await asyncio.gather(self._round(), return_exceptions=True):
                if isinstance(outcome, BaseException):
                    log.error("a round of fetching ended early", exc_info=outcome)

    async def _round(self) -> None:
        """Fetches what is due, one source after the other."""
        await asyncio.to_thread(self.sources.forget_erased, self.admission.ledger.is_erased)
        while (due := await asyncio.to_thread(self.sources.next_due, self.now())) is not None:
            await self.run(due.source.name)

    async def run(self, name: str, *, anew: bool = False, allow_withdraw: int | None = None) -> Run | Objection:
        """Fetches a source now; its report, or an objection when there is no such source.

        `anew` fetches and checks also what the server or its bytes say is unchanged. `allow_withdraw` lets this run
        withdraw so many documents.
        """
        async with self._one_at_a_time:
            standing = await asyncio.to_thread(self.sources.find, name)
            if standing is None:
                return object_to("NotThere", focus=name)
            started = self.now()
            party = await asyncio.to_thread(
                self.admission.ledger.document, f"{self.means.base}/id/{standing.source.party}"
            )
            # Before anything else: whatever ends this process in the middle must not end it again at once.
            await asyncio.to_thread(self.sources.postpone, name, started + timedelta(seconds=EVERY_SECONDS_MIN))
            try:
                return await self._run(
                    standing, started, anew, allow_withdraw, is_here=party is not None and not party.ended
                )
            except asyncio.CancelledError:
                stopped = Unfetched(object_to("Interrupted"))
                self._report(standing, self._failed(standing.source, started, stopped), None)
                raise

    async def _run(
        self, standing: Standing, started: datetime, anew: bool, allow_withdraw: int | None, *, is_here: bool
    ) -> Run:
        source = standing.source
        got: Brought | Same | Unfetched = Unfetched(object_to("PartyUnknown", value=source.party))
        try:
            if is_here:  # Nobody is spoken for who has left.
                async with asyncio.timeout(self.means.limits.seconds_max):
                    got = await bring(standing, self.means, anew=anew)
        except TimeoutError:
            limit = f"{self.means.limits.seconds_max:g} s"
            got = Unfetched(object_to("FetchTooSlow", value=source.address[:200], limit=limit))
        match got:
            case Unfetched():
                run = self._failed(source, started, got)
            case Same():
                run = self._report_of(source, started, "unchanged", got.http_status)
            case Brought():
                if got.digest == standing.digest and not anew:
                    run = self._report_of(source, started, "unchanged", got.http_status, got.size_bytes)
                else:
                    run = await asyncio.to_thread(self._take_in, source, started, got, allow_withdraw)
        again = got.again_after if isinstance(got, Unfetched) else None
        read = _what_it_says(got) if isinstance(got, Brought) else {}
        await asyncio.to_thread(self._report, standing, run, again, read)
        return run

    async def _ask(self, what: str, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes] | Objection:
        """Lets a checker read what a server gave."""
        reply = await asyncio.to_thread(self.admission.ask, "gather", {"what": what, **head}, body)
        if not isinstance(reply, Frame):
            return object_to("CheckFailed")
        border = int(reply.head["fields"])
        fields = json.loads(reply.body[:border])
        return Objection(**fields["objection"]) if "objection" in fields else (fields, reply.body[border:])

    def _take_in(self, source: Source, started: datetime, got: Brought, allow_withdraw: int | None) -> Run:
        """Through the same checks as any contribution; what it brought before and gives no more is withdrawn."""
        brought = self.sources.brought(source.name)
        own = self.sources.own_acts(source.party, brought)
        withdrawable = (brought - own) & got.ended if got.forgets else brought - own
        said = len(withdrawable & got.ended)
        left: dict[str, int] = {}
        coming: set[str] = set()

        def leave(documents: Sequence[Document]) -> Collection[str]:
            """What the party decides itself, and what is gone for good: left as it is. The rest is remembered."""
            iris = [document.iri for document in documents]
            theirs = self.sources.own_acts(source.party, iris)
            over = self._over(documents) - theirs
            left.update({"leftToParty": len(theirs), "leftEnded": len(over)})
            coming.update(set(iris) - theirs - over)
            self.sources.bring(source.name, coming)
            return theirs | over

        try:
            outcome = synchronise(
                self.admission,
                Submission(got.body, got.media_type, source.party, STEWARD, "namens", base_iri=got.address),
                withdrawable=withdrawable,
                # What a stream says has ended, it says one by one: that is no export that failed.
                allow_withdraw=max(allow_withdraw or 0, said + freely(len(withdrawable) - said) if said else 0),
                freely=freely(len(withdrawable)),
                leave=leave,
            )
        except LedgerUnavailable:
            outcome = Refused((object_to("NotReady", limit="1 min"),))
        if isinstance(outcome, Refused):
            self.sources.unbring(source.name, coming - brought)
            # Who may say that it is meant is the steward, not whoever sends a viewpoint.
            told = [
                object_to("SourceShrunk", value=o.value, limit=str(len(withdrawable)))
                if o.name == "WithdrawsMuch"
                else o
                for o in outcome.objections
            ]
            return self._report_of(source, started, "refused", got.http_status, got.size_bytes, objections=told)
        self.sources.unbring(source.name, {*outcome.withdrawn, *own})
        counts = {"added": len(outcome.added), "replaced": len(outcome.replaced), "withdrawn": len(outcome.withdrawn)}
        changed = any(counts.values())
        return self._report_of(
            source,
            started,
            "changed" if changed else "unchanged",
            got.http_status,
            got.size_bytes,
            counts | {"unchanged": outcome.unchanged or 0} | {name: count for name, count in left.items() if count},
            batch=outcome.receipt.batch if outcome.receipt and changed else None,
            objections=outcome.warnings,
        )

    def _over(self, documents: Sequence[Document]) -> frozenset[str]:
        """Those that were erased, and those whose ground has ended and whose words still say so."""
        found = set()
        current = self.sources.current_among([document.iri for document in documents])
        for document in (one for one in documents if one.iri not in current):
            left = self.admission.ledger.document(document.iri)
            if left is not None and (
                left.ended == "erased" or (left.ended == "groundEnded" and left.digest == document.digest)
            ):
                found.add(document.iri)
        return frozenset(found)

    # --- reports

    def _failed(self, source: Source, started: datetime, got: Unfetched) -> Run:
        return self._report_of(source, started, "failed", got.status, objections=(got.objection,))

    def _report_of(
        self,
        source: Source,
        started: datetime,
        status: str,
        http_status: int | None,
        size_bytes: int = 0,
        counts: Mapping[str, int] | None = None,
        *,
        batch: str | None = None,
        objections: Sequence[Objection] = (),
    ) -> Run:
        told = tuple(_told(objection) for objection in objections[:OBJECTIONS_MAX])
        more = {"objections": len(objections)} if len(objections) > OBJECTIONS_MAX else {}
        return Run(
            id=str(uuid.uuid4()),
            source=source.name,
            started=time_text(started),
            ended=time_text(self.now()),
            status=status,
            http_status=http_status,
            size_bytes=size_bytes,
            counts={**(counts or {}), **more},
            batch=batch,
            objections=told,
        )

    def _report(
        self, standing: Standing, run: Run, again_after: str | None, read: Mapping[str, str | None] | None = None
    ) -> None:
        failures = 0 if run.went_well else standing.failures + 1
        ended = datetime.fromisoformat(run.ended)
        seconds = wait_seconds(standing.source.every_seconds, failures, asked_seconds(again_after, ended))
        due = ended + timedelta(seconds=seconds * (1 + JITTER_SHARE * self.chance()))
        after = with_outcome(standing, run, due, read or {})
        self.sources.report(after, run, self.admission.settings.harvest_reports_max)
        if not run.went_well:
            log.warning("source %s: %s (%s)", run.source, run.status, ", ".join(o["name"] for o in run.objections))


def freely(brought: int) -> int:
    """How many documents a source may withdraw without a word: as a party may, and never more than half."""
    return min((brought + 1) // 2, max(FREELY_WITHDRAWN, int(brought * FREELY_WITHDRAWN_SHARE)))


def wait_seconds(every_seconds: int, failures: int, asked: float = 0) -> float:
    """How long until the next run: the interval; after a failure sooner, then ever later, at most a day or that."""
    if not failures:
        return every_seconds
    patient = float(EVERY_SECONDS_MIN << min(failures - 1, 10))
    return max(min(patient, max(DAY_SECONDS, every_seconds)), min(asked, DAY_SECONDS))


def asked_seconds(again_after: str | None, now: datetime) -> float:
    """What Retry-After means: seconds, or a date; nothing when it is neither."""
    if again_after is None:
        return 0
    if again_after.strip().isdigit():
        return float(again_after)
    try:
        date = parsedate_to_datetime(again_after)
    except ValueError:
        return 0
    return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())


def _what_it_says(got: Brought) -> dict[str, str | None]:
    return {"etag": got.etag, "modified": got.modified, "digest": got.digest, "recipe_digest": got.recipe_digest}


def _told(objection: Objection) -> dict[str, Any]:
    """An objection as a report keeps it."""
    kept = ("name", "focus", "path", "line", "column", "severity", "limit", "message_nl", "message_en")
    return {name: value for name, value in asdict(objection).items() if name in kept and value is not None}
