"""News as activities of ActivityStreams 2.0: who did what with what of yours, in JSON-LD, in both languages."""

from __future__ import annotations

from typing import Any

from kg import vocabulary as word
from kg.activity import AS_CONTEXT
from kg.ledger.quads import party_iri
from kg.news import Item
from kg.notices import Notice
from kg.ontology import LANGUAGES
from kg.party import STEWARD
from service.telling import Teller

CONTEXT: list[Any] = [AS_CONTEXT, {"lw": word.LW}]
MEDIA_TYPE = "application/activity+json"


def type_of(item: Item) -> str:
    """The kind of activity: a connection is announced, an answer created; what is gone is deleted."""
    if item.what == "tied":
        if item.joins:
            return "Join"
        if item.replaced:
            return "Update"
        connects = item.statement is not None and word.CONNECTION in item.statement.classes
        return "Announce" if connects else "Create"
    return "Announce" if item.what == "groundEnds" else "Delete"


def activity_of(item: Item, teller: Teller, address: str) -> dict[str, Any]:
    """A piece of news as an activity that stands at this address. Its actor is the holder of what is told."""
    base = teller.ledger.base
    actor = party_iri(base, STEWARD if item.what == "groundEnds" else item.by)
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "id": address,
        "type": type_of(item),
        "actor": actor,
        "published": item.time,
        "summaryMap": {lang: teller.item(item, lang) for lang in LANGUAGES},
        "target": list(item.mine),
    }
    if item.recorder != item.by:
        found["attributedTo"] = party_iri(base, item.recorder)
    if item.what in ("ended", "takenBack"):
        found["object"] = {"id": item.thing, "type": "Tombstone", "deleted": item.time}
    else:
        found["object"] = item.thing
    if item.ends is not None:
        found["endTime"] = f"{item.ends}T23:59:59Z"
    if item.statement is not None:
        reasons = {lang: reason for lang in LANGUAGES if (reason := teller.reason(item.statement, lang))}
        found |= {"contentMap": {reason.lang or "und": reason.text for reason in reasons.values()}} if reasons else {}
    return found


def activity_sent(notice: Notice) -> dict[str, Any]:
    """What somebody sent, as it was sent; when it says no time, the time at which it came."""
    found = dict(notice.activity)
    found.setdefault("published", notice.time)
    return found
