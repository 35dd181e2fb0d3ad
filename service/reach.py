"""Who may read which document, and who may know that it is there: the decision of `service/rights.py` as yes or no."""

from __future__ import annotations

import hashlib

from starlette.requests import Request

from kg.ledger.acts import Current
from kg.ledger.viewpoint import Viewpoints
from kg.objection import Objection, object_to
from kg.party import AUDIENCES, RANKS, Right
from service.rights import Act, Allowed, Calling, lacks, made, may

TAG_CHARACTERS = 36  # As long as the id of a contribution, so that an ETag is read in one way.


def may_read(current: Current, calling: Calling) -> bool:
    """Whether this caller may read the document's words."""
    return isinstance(may(calling, Act.READ, current), Allowed)


def made_it(current: Current, calling: Calling) -> bool:
    """Whether this caller holds or recorded the document: it reads what it made, in no store too."""
    return made(calling, current.party, current.recorder)


def may_know(current: Current, calling: Calling) -> bool:
    """Whether this caller may know that the document is or was there: else it gets 404, never 403 or 410."""
    return isinstance(may(calling, Act.KNOW, current), Allowed)


def audience_asked(request: Request, calling: Calling) -> str | Objection:
    """Whose store is asked: the caller's, or a wider one that the parameter `audience` names."""
    asked = request.query_params.get("audience") or calling.audience
    if asked not in AUDIENCES:
        return object_to("ParameterUnclear", path="audience", value=asked[:80], limit=", ".join(AUDIENCES))
    if RANKS[asked] < RANKS[calling.audience]:
        return lacks(calling, Right.READ_PARTNERS)
    return asked


def view_tag(ledger: Viewpoints, party: str, calling: Calling) -> str:
    """What a party's viewpoint is, as this caller may read it: the same as long as it reads the same contributions."""
    digest = hashlib.sha256()
    for current in ledger.standing(party):
        if may_read(current, calling):
            digest.update(f"{current.iri} {current.contribution}\n".encode())
    return digest.hexdigest()[:TAG_CHARACTERS]
