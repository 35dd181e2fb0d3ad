"""What the steward's forms do: each is done and told in a word, or refused with objections beside its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kg.admission import Admission, Refused, Submission
from kg.keeping import utc_now
from kg.ledger.acts import LedgerUnavailable
from kg.objection import Objection, object_to
from kg.party import STEWARD
from kg.stewarding import (
    add_namespace,
    changed_party,
    end_delegation,
    give_delegation,
    make_token,
    new_party,
    read_day,
    revoke_token,
)
from service.addresses import things_at
from service.contributions import Speaking
from service.pages.steward_forms import Values, first
from service.pages.steward_sections import Desk
from service.sessions import SignedIn

NTRIPLES = "application/n-triples"


@dataclass(frozen=True)
class Done:
    """It is done. `secret` is shown once; `name` is of what it was done to, where its page is the next to see."""

    secret: str | None = None
    name: str = ""


Outcome = Done | tuple[Objection, ...]


@dataclass(frozen=True)
class Asked:
    """One form that came back: what it says, who sent it, when."""

    desk: Desk
    speaking: Speaking
    signed_in: SignedIn
    values: Values
    now: datetime

    def one(self, name: str) -> str:
        """The one value of a field."""
        return first(self.values, name)


def _outcome(objection: Objection | None) -> Outcome:
    return Done() if objection is None else (objection,)


def _published(admission: Admission, body: bytes | tuple[Objection, ...], *expected: str) -> Outcome:
    """Publishes a document of the register: a contribution of the steward, through the one way in."""
    if isinstance(body, tuple):
        return body
    submission = Submission(body, NTRIPLES, STEWARD, STEWARD, replace=bool(expected), expected=expected)
    found = admission.admit(submission)
    return found.objections if isinstance(found, Refused) else Done()


def _names(asked: Asked) -> list[tuple[str, str]]:
    return [(asked.one("name"), "nl"), (asked.one("nameEn"), "en")]


def party_add(asked: Asked) -> Outcome:
    """Enters a party in the register."""
    perspectives = asked.values.get("perspective", ())
    body = new_party(asked.desk.ledger, asked.desk.ontology, asked.one("slug"), _names(asked), perspectives)
    return _published(asked.speaking.admission, body)


def party_change(asked: Asked) -> Outcome:
    """Gives a party another name or other perspectives, unless somebody else changed it meanwhile."""
    slug, perspectives = asked.one("slug"), asked.values.get("perspective", ())
    body = changed_party(asked.desk.ledger, asked.desk.ontology, slug, _names(asked), perspectives)
    done = _published(asked.speaking.admission, body, asked.one("expected"))
    return Done(name=slug) if isinstance(done, Done) else done


def namespace_add(asked: Asked) -> Outcome:
    """Lets a party speak in a namespace of its own domain."""
    party, namespace = asked.one("party"), asked.one("namespace")
    return _outcome(add_namespace(asked.desk.ledger, asked.desk.accounts, party, namespace, asked.now))


def namespace_remove(asked: Asked) -> Outcome:
    """Takes a namespace back."""
    return _outcome(asked.desk.accounts.remove_namespace(asked.one("party"), asked.one("namespace")))


def token_create(asked: Asked) -> Outcome:
    """Makes a token; its secret is shown once."""
    made = make_token(
        asked.desk.ledger,
        asked.desk.accounts,
        asked.one("party"),
        asked.one("right"),
        read_day(asked.one("expires"), "expires", asked.now),
        asked.now,
        asked.signed_in.maker,
    )
    return made if isinstance(made, tuple) else Done(secret=made)


def token_revoke(asked: Asked) -> Outcome:
    """Ends a token."""
    found = revoke_token(asked.desk.accounts, asked.one("token"), asked.now)
    return (found,) if isinstance(found, Objection) else Done()


def delegation_give(asked: Asked) -> Outcome:
    """Lets one party record for another."""
    until = read_day(asked.one("until"), "until", asked.now)
    pair, kind = (asked.one("recorder"), asked.one("holder")), asked.one("kind")
    maker = asked.signed_in.maker
    return give_delegation(asked.desk.ledger, asked.desk.accounts, *pair, kind, until, asked.now, maker) or Done()


def delegation_end(asked: Asked) -> Outcome:
    """Ends a delegation."""
    pair, maker = (asked.one("recorder"), asked.one("holder")), asked.signed_in.maker
    return _outcome(end_delegation(asked.desk.accounts, *pair, asked.one("kind"), asked.now, maker))


def erase(asked: Asked) -> Outcome:
    """Erases one document, named by its IRI or by the address of its page."""
    address = asked.one("address").strip()
    found: list[Objection] = []
    known = (asked.desk.ledger.document(iri) for iri in things_at(asked.speaking.base, address))
    current = next((one for one in known if one is not None), None) if address else None
    if not address:
        found.append(object_to("AddressMissing", path="address"))
    elif current is None:
        found.append(object_to("NotThere", path="address", focus=address))
    if asked.one("sure") != "yes":
        found.append(object_to("NotConfirmed", path="sure"))
    if found or current is None:
        return tuple(found)
    who = asked.speaking.who_ends(asked.signed_in.calling, current, erasing=True)
    if isinstance(who, Objection):
        return (who,)
    party, recorder, delegation = who
    ended = asked.speaking.admission.end("erase", current.iri, party=party, recorder=recorder, delegation=delegation)
    return ended.objections if isinstance(ended, Refused) else Done()


# What a form is called → the page on which it stands, and what it does.
ACTS: Mapping[str, tuple[str, Callable[[Asked], Outcome]]] = {
    "partyAdd": ("parties", party_add),
    "partyChange": ("parties", party_change),
    "namespaceAdd": ("namespaces", namespace_add),
    "namespaceRemove": ("namespaces", namespace_remove),
    "tokenCreate": ("tokens", token_create),
    "tokenRevoke": ("tokens", token_revoke),
    "delegationGive": ("delegations", delegation_give),
    "delegationEnd": ("delegations", delegation_end),
    "erase": ("erasure", erase),
}


def act(desk: Desk, speaking: Speaking, signed_in: SignedIn, name: str, values: Values) -> Outcome:
    """Does what a form asks; an outage of the ledger is told like any other reason."""
    try:
        return ACTS[name][1](Asked(desk, speaking, signed_in, values, utc_now()))
    except LedgerUnavailable:
        return (object_to("NotReady", limit="1 min"),)
