"""Who may do what: the one table of what each right opens, and the one decision that every door asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from kg import visible
from kg.ledger.acts import Current
from kg.objection import Objection, object_to
from kg.party import RANKS, STEWARD, Caller, Right


class Opens(NamedTuple):
    """What one right opens."""

    store: str
    """The store that answers: `public` or `partners`."""
    own: bool = False
    """Reads what its party holds, and what lies at a table where its party sits."""
    recorded: bool = False
    """Reads what its party recorded for others."""
    contributes: bool = False
    """Publishes, replaces and ends what its party holds."""
    records: bool = False
    """Does so for a party that lets it, by a delegation."""
    keeps: bool = False
    """Keeps the register, and erases any document; reads receipts of everything, and the words of nothing more."""


# One table of what each right opens; the matrix tests and the tables that people read are held against it.
OPENS: Mapping[Right | None, Opens] = {
    None: Opens("public"),
    Right.READ_PARTNERS: Opens("partners"),
    Right.CONTRIBUTE: Opens("partners", own=True, contributes=True),
    Right.RECORD_FOR: Opens("public", recorded=True, records=True),
    Right.STEWARD: Opens("public", contributes=True, records=True, keeps=True),
}


class Act(Enum):
    """What somebody asks to do."""

    READ = "read"
    """The words of a document, as it stands now."""
    KNOW = "know"
    """That a document is here, or was."""
    SPEAK = "speak"
    """Publish, replace or withdraw what a party holds."""
    WITHDRAW = "withdraw"
    ERASE = "erase"
    KEEP = "keep"
    """The register, tokens, snapshots: what the steward does."""


@dataclass(frozen=True)
class Allowed:
    """It may be done; by a speaker in these names."""

    holder: str = ""
    recorder: str = ""
    delegation: str = ""


@dataclass(frozen=True)
class Calling:
    """One request's caller. `client` names it for limits; `operator` came through the socket in the data folder."""

    caller: Caller
    client: str
    operator: bool = False

    @property
    def party(self) -> str | None:
        """The party that speaks, or None for an anonymous reader."""
        return self.caller.party

    @property
    def opens(self) -> tuple[Opens, ...]:
        """What its rights open; what is open to anybody when it has none."""
        return tuple(OPENS[right] for right in self.caller.rights) or (OPENS[None],)

    @property
    def audience(self) -> str:
        """The store that answers this caller: `public` or `partners`."""
        return "partners" if any(one.store == "partners" for one in self.opens) else "public"

    @property
    def may_contribute(self) -> bool:
        """Whether it may publish for its own party."""
        return any(one.contributes for one in self.opens)

    @property
    def may_record(self) -> bool:
        """Whether it may publish for another party that lets it."""
        return any(one.records for one in self.opens)

    @property
    def is_steward(self) -> bool:
        """Whether it keeps the register."""
        return any(one.keeps for one in self.opens)

    @property
    def is_known(self) -> bool:
        """Whether a token or the operator's socket vouches for it."""
        return bool(self.caller.rights)


Delegated = str | Objection | None
"""The kind of the delegation that a party has from a holder, why it has none any more, or None."""


def may(
    calling: Calling, act: Act, target: Current | str | None = None, delegated: Delegated = None
) -> Allowed | Objection:
    """Whether this caller may do this to a document (as it stands) or for a party (its slug); else why not.

    What is hidden from the caller is not there: it gets the objection that an unused name gets. `delegated` is what the
    accounts say of the caller's party and the holder.
    """
    if act is Act.KEEP:
        return Allowed() if calling.is_steward else lacks(calling, Right.STEWARD)
    if isinstance(target, Current):
        if act is Act.READ:
            return Allowed() if _reads(target, calling) else object_to("NotThere", focus=target.iri)
        if act is Act.KNOW:
            return Allowed() if _knows(target, calling) else object_to("NotThere", focus=target.iri)
        return _end(calling, act, target, delegated)
    return _speak(calling, target, delegated)


def made(calling: Calling, holder: str, recorder: str) -> bool:
    """Whether this caller holds or recorded what these parties (slugs) made: it reads that in no store too."""
    return any(
        (one.own and calling.party == holder) or (one.recorded and calling.party == recorder) for one in calling.opens
    )


def speaks(calling: Calling, holder: str, recorder: str) -> bool:
    """Whether this caller speaks as the holder or as the recorder of something."""
    return (calling.may_contribute and calling.party == holder) or (calling.may_record and calling.party == recorder)


def lacks(calling: Calling, right: Right) -> Objection:
    """What the caller has and what it needs; without a token that it needs one."""
    if not calling.is_known:
        return object_to("TokenMissing")
    has = ", ".join(sorted(one.value for one in calling.caller.rights))
    return object_to("RightMissing", value=has, limit=right.value)


def _reads(current: Current, calling: Calling) -> bool:
    if current.ended is not None:
        return False
    own = any(one.own for one in calling.opens)
    return made(calling, current.party, current.recorder) or visible.may_read(
        holder=current.party,
        recorder=current.party,
        table=[party.rsplit("/", 1)[-1] for party in current.table],
        rank=RANKS[current.audience],
        stores=current.visible,
        reader=calling.party if own else None,
        audience=calling.audience,
    )


def _knows(current: Current, calling: Calling) -> bool:
    if current.ended is None:
        return _reads(current, calling)
    return calling.party == current.party or calling.audience in current.seen


def _speak(calling: Calling, holder: str | None, delegated: Delegated) -> Allowed | Objection:
    if not calling.is_known or calling.party is None:
        return object_to("TokenMissing")
    if holder is None or holder == calling.party:
        if calling.may_contribute:
            return Allowed(calling.party, calling.party, "byHolder")
        return lacks(calling, Right.CONTRIBUTE)
    if calling.is_steward and holder == STEWARD:
        return Allowed(STEWARD, STEWARD, "byHolder")
    if isinstance(delegated, Objection):
        return delegated
    if delegated is None:
        return object_to("NotDelegated", focus=holder, value=holder)
    return Allowed(holder, calling.party, delegated) if calling.may_record else lacks(calling, Right.RECORD_FOR)


def _end(calling: Calling, act: Act, current: Current, delegated: Delegated) -> Allowed | Objection:
    """The steward may erase any document, and withdraws none."""
    steward = act is Act.ERASE and calling.is_steward and (calling.party == STEWARD or not calling.operator)
    if not (_knows(current, calling) or made(calling, current.party, current.recorder) or steward):
        return object_to("NotThere", focus=current.iri)
    who = _speak(calling, current.party, delegated)
    if isinstance(who, Allowed):
        return who
    if steward:
        return Allowed(current.party, STEWARD, "namens")
    if not calling.is_known or calling.party == current.party or who.name != "NotDelegated":
        return who  # It is its own, or it was let record here: it is told what it lacks.
    return object_to("NotHolder", focus=current.iri)
