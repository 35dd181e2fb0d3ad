"""The door by which a party takes away all that is its own, with what others replied, as one zip file."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kg.accounts import utc_now
from kg.context import context_text
from kg.ledger.acts import Recorded
from kg.ledger.quads import content
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.party import Right
from kg.provenance import provenance_of
from service.callers import Calling
from service.contributions import Speaking, recorded_body, slug_of
from service.crate import Crate
from service.crate_words import ABOUT, README
from service.problems import problem
from service.reach import may_know, may_read
from service.reception import names, refuse_unknown
from service.rights import lacks
from service.signposting import license_of

NQUADS, TURTLE = "application/n-quads", "text/turtle"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
NAME_CHARACTERS_MAX = 60  # Of a file in the zip: some systems take no more than 255 bytes for a whole path.


class TakingAway:
    """Makes the zip of a party, from what stood in one moment."""

    def __init__(self, speaking: Speaking, ontology: Ontology) -> None:
        self.speaking = speaking
        self.ledger = speaking.ledger
        self.base = speaking.base
        self.ontology = ontology

    def answer(self, request: Request, party: str) -> Response:
        """The zip, or why this caller doesn't get it."""
        calling = self.speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        slug = slug_of(self.base, party)
        refused = refuse_unknown(names(request), ("lang",)) or self._refused(calling, slug)
        if refused is not None:
            return problem(request, self.base, refused)
        now = utc_now()
        headers = {
            "Content-Disposition": f'attachment; filename="{slug}-{now:%Y-%m-%d}.zip"',
            "Cache-Control": "private, no-store",
            "Vary": "Authorization",
        }
        return StreamingResponse(self._made(calling, slug, now), 200, headers, "application/zip")

    def _refused(self, calling: Calling, slug: str) -> Objection | None:
        if not calling.is_known:
            return object_to("TokenMissing")
        register = self.ledger.document(f"{self.base}/id/{slug}")
        if register is None or not may_know(register, calling):
            return object_to("NotThere", focus=f"{self.base}/id/{slug}")
        if calling.party != slug:
            return object_to("ExportElsewhere", value=slug, limit=f"/export/{calling.party}")
        return None if calling.may_contribute else lacks(calling, Right.CONTRIBUTE)

    def _made(self, calling: Calling, slug: str, now: datetime) -> Iterator[bytes]:
        """The zip in parts. Documents are read one by one: nobody waits for a slow reader, nor the ledger's file."""
        view = self.ledger.viewpoint(slug)
        standing = [one.contribution for one in view.documents.values()]
        entries = self.ledger.taken_of(slug)
        now_there = set(standing)
        earlier = [id for id in entries if id not in now_there]
        crate = Crate(now)
        for path, text in README.items():
            words = text.format(party=slug, base=self.base, day=now.date().isoformat()).encode()
            yield from crate.file(path, (words,), "text/markdown", ABOUT[path])
        yield from crate.file("viewpoint.nq", self._quads(standing), NQUADS, ABOUT["viewpoint.nq"])
        for number, recorded in enumerate(self._recorded(standing), 1):
            iri = recorded.iri or ""
            text_ = self.speaking.admission.convert(_quads_of(self.base, recorded), "turtle")
            yield from crate.file(_path(number, iri), (text_,), TURTLE, iri)
        yield from crate.file("versions.nq", self._quads(earlier), NQUADS, ABOUT["versions.nq"])
        replies = self._replies(calling, slug, self._names(entries))
        yield from crate.file("replies.nq", self._quads(replies), NQUADS, ABOUT["replies.nq"])
        register = self.ledger.document(f"{self.base}/id/{slug}")
        own_entry = [register.contribution] if register and register.contribution else []
        yield from crate.file("register.nq", self._quads(own_entry), NQUADS, ABOUT["register.nq"])
        receipts = (self._receipt(one, calling) for one in self._recorded(entries))
        yield from crate.file("receipts.jsonl", receipts, "application/jsonl", ABOUT["receipts.jsonl"])
        provenance = self._provenance(entries, replies)
        yield from crate.file("provenance.ttl", provenance, TURTLE, ABOUT["provenance.ttl"])
        vocabulary = self.speaking.admission.convert(self.ontology.ntriples, "turtle")
        yield from crate.file("vocabulary.ttl", (vocabulary,), TURTLE, ABOUT["vocabulary.ttl"])
        context = context_text(self.ontology).encode()
        yield from crate.file("context.jsonld", (context,), "application/ld+json", ABOUT["context.jsonld"])
        license_ = license_of(self.ledger, register)
        root = {
            "name": slug,
            "description": "A party's viewpoint with its versions, replies, receipts and provenance.",
            "identifier": f"{self.base}/view/{slug}",
            "url": f"{self.base}/view/{slug}",
            "datePublished": now.date().isoformat(),
            "publisher": {"@id": f"{self.base}/id/{slug}"},
        } | ({"license": {"@id": license_}} if license_ else {})
        party = {"@id": f"{self.base}/id/{slug}", "@type": "Organization", "name": slug}
        yield from crate.end(root, [party])

    def _recorded(self, ids: Iterable[str]) -> Iterator[Recorded]:
        """Entries, one after the other; what is erased meanwhile has no words any more."""
        for id in ids:
            recorded = self.ledger.contribution(id)
            if recorded is not None:
                yield recorded

    def _quads(self, ids: Iterable[str]) -> Iterator[bytes]:
        return (_quads_of(self.base, one) for one in self._recorded(ids) if one.payload is not None)

    def _names(self, entries: Iterable[str]) -> Sequence[str]:
        """Every document that the party ever had and that is not erased; a tie to what is withdrawn stays."""
        return tuple(dict.fromkeys(one.iri for one in self._recorded(entries) if one.iri))

    def _replies(self, calling: Calling, slug: str, iris: Iterable[str]) -> Sequence[str]:
        """The contributions of others that tie to these, or to the party itself, as far as it may read them."""
        found: dict[str, None] = {}
        for iri in (f"{self.base}/id/{slug}", *iris):
            others = [one for one in self.ledger.dependents(iri) if one.party != slug and may_read(one, calling)]
            self.speaking.callers.note_read(calling, [one for one in others if one.contribution not in found], "export")
            found |= dict.fromkeys(one.contribution for one in others)
        return tuple(found)

    def _receipt(self, recorded: Recorded, calling: Calling) -> bytes:
        return (json.dumps(recorded_body(self.speaking, recorded, calling), ensure_ascii=False) + "\n").encode()

    def _provenance(self, entries: Iterable[str], replies: Iterable[str]) -> Iterator[bytes]:
        """N-Triples are Turtle: they are written as they come."""
        for recorded in self._recorded(entries):
            yield provenance_of(self.base, recorded, whole=True)
        for recorded in self._recorded(replies):
            yield provenance_of(self.base, recorded, whole=False)


def _quads_of(base: str, recorded: Recorded) -> bytes:
    return content(base, recorded.id, recorded.payload or b"")


def _path(number: int, iri: str) -> str:
    """A name for a document's file that every system takes, and that no two share."""
    name = _UNFIT.sub("-", iri.partition("://")[2].partition("/")[2].removeprefix("id/")).strip("-.")
    return f"documents/{number:05}-{name[-NAME_CHARACTERS_MAX:].strip('-.')}.ttl"


def taking_away_router(door: TakingAway) -> APIRouter:
    """The router of `/export`."""
    router = APIRouter(tags=["Documents"])

    @router.get(
        "/export/{party}",
        summary="Take away all that is your own",
        description="For the party itself (a token with `contribute`): a zip with its whole viewpoint, earlier "
        "versions, what others replied as far as it may read that, receipts, provenance, the words that are used, and "
        "checksums; an RO-Crate. `wijkgraaf import` puts it up elsewhere.",
        response_class=Response,
        responses={
            200: {"content": {"application/zip": {}}, "description": "The zip"},
            401: {"description": "No token"},
            403: {"description": "Another party's, or a token that lacks `contribute`"},
            404: {"description": "No such party"},
        },
        openapi_extra={"security": [{"token": []}]},
    )
    async def export(request: Request, party: str) -> Response:
        return await asyncio.to_thread(door.answer, request, party)

    return router
