"""What a steward does beside the register: parties, namespaces, tokens, delegations; done, or refused with a reason.

The command line and the pages of the steward both come here. An objection's `path` names the field that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kg.accounts import ANYBODY, OPERATOR, Accounts, Delegation, Token, overlap
from kg.ledger.acts import Current
from kg.ledger.lookups import Lookups
from kg.ledger.quads import DELEGATIONS, party_iri
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.party import Right
from kg.register import party_document, party_replaced
from kg.steward_words import AMISS
from kg.vocabulary import PARTY, SCHEME

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
KINDS = tuple(kind for kind in DELEGATIONS if kind != "byHolder")
NAMED_MAX = 3  # Parties that one sentence names.
VALUE_CHARACTERS_MAX = 200  # Of what was entered, in the words that refuse it.


@dataclass(frozen=True)
class Amiss:
    """One thing that a steward should look at. `broken` when it is an error, rather than a choice to think over."""

    name: str
    nl: str
    en: str
    broken: bool


def party_of(ledger: Lookups, slug: str) -> Current | None:
    """A party of the register, by its slug; None when there is none, or no longer."""
    found = ledger.document(party_iri(ledger.base, slug))
    return found if found is not None and found.ended is None and PARTY in found.classes else None


def perspectives_of(ontology: Ontology) -> Sequence[str]:
    """The notations of all perspectives, in alphabetical order."""
    return tuple(ontology.notations[SCHEME + "perspective"])


def new_party(
    ledger: Lookups, ontology: Ontology, slug: str, names: Sequence[tuple[str, str]], perspectives: Sequence[str]
) -> bytes | tuple[Objection, ...]:
    """The document with which a party is entered (N-Triples), to be published as the steward's; or all objections."""
    found = list(_entered(ontology, names, perspectives))
    if not SLUG.fullmatch(slug):
        found.insert(0, object_to("PartyNameUnclear", path="slug", value=slug[:VALUE_CHARACTERS_MAX]))
    elif party_of(ledger, slug) is not None:
        found.insert(0, object_to("PartyExists", path="slug", value=slug))
    if found:
        return tuple(found)
    known = ontology.notations[SCHEME + "perspective"]
    return party_document(ledger.base, slug, _given(names), [known[p] for p in perspectives])


def changed_party(
    ledger: Lookups, ontology: Ontology, slug: str, names: Sequence[tuple[str, str]], perspectives: Sequence[str]
) -> bytes | tuple[Objection, ...]:
    """A party's document with other names and perspectives, and all else as it was; or all objections."""
    current = party_of(ledger, slug)
    if current is None or current.payload is None:
        return (object_to("PartyUnknown", path="slug", value=slug[:VALUE_CHARACTERS_MAX]),)
    found = tuple(_entered(ontology, names, perspectives))
    if found:
        return found
    known = ontology.notations[SCHEME + "perspective"]
    return party_replaced(ledger.base, slug, current.payload, _given(names), [known[p] for p in perspectives])


def _given(names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(text.strip(), lang) for text, lang in names if text.strip()]


def _entered(ontology: Ontology, names: Sequence[tuple[str, str]], perspectives: Sequence[str]) -> list[Objection]:
    found: list[Objection] = []
    if not _given(names):
        found.append(object_to("PartyNameMissing", path="name"))
    known = perspectives_of(ontology)
    choice = ", ".join(known)
    found += [
        object_to("PerspectiveUnknown", path="perspective", value=wrong[:VALUE_CHARACTERS_MAX], limit=choice)
        for wrong in perspectives
        if wrong not in known
    ]
    return found


def read_day(text: str, path: str, now: datetime) -> datetime | Objection | None:
    """The end (in UTC) of the day that is written as year-month-day, not before today; None when nothing is written."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        example = (now.date() + timedelta(days=365)).isoformat()
        return object_to("DateUnclear", path=path, value=text[:VALUE_CHARACTERS_MAX], limit=example)
    ends = (
        datetime.combine(day, time(), UTC) + timedelta(days=1) if day < date.max else datetime.max.replace(tzinfo=UTC)
    )
    return object_to("DatePassed", path=path, value=text.strip()) if ends <= now else ends


def make_token(
    ledger: Lookups,
    accounts: Accounts,
    party: str,
    right: str,
    expires: datetime | Objection | None,
    now: datetime,
    by: str = OPERATOR,
) -> str | tuple[Objection, ...]:
    """The secret of a new token, which stands nowhere else; or all objections."""
    found = [_missing(ledger, party, "party")]
    rights = [one.value for one in Right]
    if right not in rights:
        wrong = right[:VALUE_CHARACTERS_MAX]
        found.append(object_to("RightUnknown", path="right", value=wrong, limit=", ".join(rights)))
    if isinstance(expires, Objection):
        found.append(expires)
    elif expires is not None and expires <= now:
        found.append(object_to("DatePassed", path="expires", value=expires.isoformat()))
    refused = tuple(one for one in found if one is not None)
    if refused or isinstance(expires, Objection):
        return refused
    return accounts.create_token(party, Right(right), now, expires, by)


def revoke_token(accounts: Accounts, token: str, now: datetime) -> Token | Objection:
    """Ends a token that still counts, from the next request on."""
    found = next((one for one in accounts.tokens() if one.id == token and one.revoked is None), None)
    if found is None:
        return object_to("TokenNotThere", path="token", value=token[:VALUE_CHARACTERS_MAX])
    accounts.revoke(token, now)
    return found


def add_namespace(ledger: Lookups, accounts: Accounts, party: str, prefix: str, now: datetime) -> Objection | None:
    """Registers a namespace of a party's own domain."""
    missing = _missing(ledger, party, "party")
    return missing or accounts.add_namespace(party, prefix[:VALUE_CHARACTERS_MAX].strip(), now)


def give_delegation(
    ledger: Lookups,
    accounts: Accounts,
    recorder: str,
    holder: str,
    kind: str,
    until: datetime | Objection | None,
    now: datetime,
    by: str = OPERATOR,
) -> tuple[Objection, ...]:
    """Lets one party record for another; from public sources also for ANYBODY. Nothing when it is done."""
    found = [_missing(ledger, recorder, "recorder")]
    if holder != ANYBODY:
        found.append(_missing(ledger, holder, "holder"))
    elif kind == "namens":
        found.append(object_to("DelegationTooWide", path="holder"))
    if recorder == holder:
        found.append(object_to("DelegationToItself", path="holder", value=holder[:VALUE_CHARACTERS_MAX]))
    if kind not in KINDS:
        wrong = kind[:VALUE_CHARACTERS_MAX]
        found.append(object_to("DelegationUnclear", path="kind", value=wrong, limit=", ".join(KINDS)))
    if isinstance(until, Objection):
        found.append(until)
    refused = tuple(one for one in found if one is not None)
    if not refused and not isinstance(until, Objection):
        accounts.delegate(recorder, holder, kind, now, until, by)
    return refused


def end_delegation(
    accounts: Accounts, recorder: str, holder: str, kind: str, now: datetime, by: str = OPERATOR
) -> Objection | None:
    """Takes a delegation back; what was recorded under it stays, and shows who recorded it."""
    if accounts.end_delegation(recorder, holder, kind, now, by):
        return None
    named, by_whom = (slug[:VALUE_CHARACTERS_MAX] for slug in (holder, recorder))
    return object_to("DelegationNotThere", path="recorder", value=by_whom, limit=named)


def _missing(ledger: Lookups, slug: str, path: str) -> Objection | None:
    if SLUG.fullmatch(slug) and party_of(ledger, slug) is not None:
        return None
    return object_to("PartyUnknown", path=path, value=slug[:VALUE_CHARACTERS_MAX])


def amiss(ledger: Lookups, accounts: Accounts, now: datetime) -> Sequence[Amiss]:
    """What a steward should look at: tokens without an end, of nobody; namespaces in one another; idle delegations."""
    parties = {current.iri.rsplit("/", 1)[-1] for current in ledger.parties()}
    tokens = [token for token in accounts.tokens() if token.ends(now) is None]
    found = [_amiss("tokenForever", False, one.id, one.party) for one in tokens if one.expires is None]
    found += [_amiss("tokenNobody", True, one.id, one.party) for one in tokens if one.party not in parties]
    spaces = accounts.all_namespaces()
    found += [
        _amiss("namespaceWithin", True, one, party, other, another)
        for at, (one, party) in enumerate(spaces)
        for other, another in spaces[at + 1 :]
        if party != another and overlap(one, other)
    ]
    found += [_amiss("namespaceNobody", True, one, party) for one, party in spaces if party not in parties]
    records = {token.party for token in tokens if token.rights & {Right.RECORD_FOR, Right.STEWARD}}
    idle: dict[str, list[str]] = {}
    for given in accounts.delegations():
        wrong = _wrong(given, parties, now)
        found += wrong
        if not wrong and given.recorder not in records:
            idle.setdefault(given.recorder, []).append(given.holder)
    return [*found, *(_amiss("delegationIdle", False, one, _few(holders)) for one, holders in sorted(idle.items()))]


def unreadable(reason: str) -> Amiss:
    """That nothing could be looked at."""
    return _amiss("ledgerClosed", True, reason)


def _amiss(name: str, broken: bool, *of: str) -> Amiss:
    dutch, english = AMISS[name]
    return Amiss(name, dutch.format(*of), english.format(*of), broken)


def _few(slugs: Sequence[str]) -> str:
    more = len(slugs) - NAMED_MAX
    return ", ".join(slugs[:NAMED_MAX]) + (f" + {more}" if more > 0 else "")


def _wrong(given: Delegation, parties: set[str], now: datetime) -> list[Amiss]:
    pair = (given.recorder, given.holder)
    gone = [slug for slug in pair if slug != ANYBODY and slug not in parties]
    if gone:
        return [_amiss("delegationNobody", True, *pair, slug) for slug in gone]
    return [_amiss("delegationOver", False, *pair, (given.until or "")[:10])] if given.over(now) is not None else []
