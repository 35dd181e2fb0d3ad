"""One thing in the words of another profile than its holder's, made by a question of ours in the reader's own store."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from kg.asking import Asking
from kg.ledger.acts import Current
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.questions import bind
from kg.vocabulary import FACILITY, INSTRUMENT, PARTY, PLACE
from service.answers import answer_response, position_headers
from service.callers import Calling
from service.negotiation import HTML, TRIPLES, Format, content_type
from service.problems import problem
from service.profiles import OWN, SCHEMA_ORG, Profile, wanted
from service.signposting import Documents, Signs, signposts

# What schema.org has words for. A connection or a response is somebody's statement, and would become a bare fact there.
WORDED = frozenset({INSTRUMENT, FACILITY, PLACE, PARTY})
VARY = "Accept, Accept-Datetime, Accept-Language, Accept-Profile, Authorization"


class Rewording:
    """Tells in which profiles a document can be had, and gives it in another than its holder's own."""

    def __init__(self, asking: Asking, documents: Documents, ontology: Ontology) -> None:
        self.asking = asking
        self.documents = documents
        self._kinds = frozenset(kind for kind, above in ontology.superclasses.items() if above & WORDED)

    def offered(self, current: Current, calling: Calling) -> tuple[Profile, ...]:
        """The holder's own words always; others where it stands in the reader's store and they have words for it."""
        worded = calling.audience in current.visible and self._kinds & set(current.classes)
        return (OWN, SCHEMA_ORG) if worded else (OWN,)

    async def signs(self, request: Request, current: Current, calling: Calling, chosen: Format) -> Signs | Response:
        """What an answer in the holder's words says of itself, or the whole answer when other words are asked for."""
        offered = self.offered(current, calling)
        profile = OWN if chosen is HTML else wanted(request, offered)
        if isinstance(profile, Objection):
            return problem(request, self.documents.base, profile)
        told = await asyncio.to_thread(signposts, self.documents, current, chosen, profile, offered)
        return told if profile is OWN else await self._reworded(request, current, calling, chosen, profile, told)

    async def _reworded(
        self, request: Request, current: Current, calling: Calling, chosen: Format, profile: Profile, signs: Signs
    ) -> Response:
        base = self.documents.base
        if chosen not in TRIPLES:
            limit = ", ".join(form.media_type for form in TRIPLES)
            return problem(request, base, object_to("FormatUnknown", limit=limit))
        text = bind(self.asking.questions[str(profile.question)], {"thing": current.iri})
        assert isinstance(text, str), text  # A document's name is an IRI.
        answer = await self.asking.ask(calling.audience, text, answer_format=chosen.name)
        if isinstance(answer, Objection):
            return problem(request, base, answer)
        headers = position_headers(answer, calling.audience, f"{profile.token}-{chosen.name}")
        headers |= {**signs.headers, "Link": ", ".join(signs.links), "Vary": VARY}
        return answer_response(request, answer, content_type(chosen), headers)
