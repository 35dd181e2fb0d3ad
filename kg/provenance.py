"""Who wrote down what, when and in whose name, in the words of PROV-O; without the words themselves."""

from __future__ import annotations

from collections.abc import Iterable

from kg.ledger.acts import ENDED, Recorded
from kg.ledger.quads import DELEGATIONS, contribution_iri, date_time, party_iri
from kg.vocabulary import (
    DELEGATION,
    DOCUMENT,
    PROV,
    PROV_ACTIVITY,
    PROV_AGENT,
    PROV_ENTITY,
    RDF_TYPE,
    WAS_ATTRIBUTED_TO,
)


def provenance_of(base: str, recorded: Recorded, *, whole: bool) -> bytes:
    """One entry as N-Triples; `whole` also tells what it took the place of, which is for its holder.

    A contribution is an entity, its batch the activity that generated it, and who recorded it acted on behalf of its
    holder. An end is the activity that made the contribution invalid.
    """
    batch, holder = f"{base}/batches/{recorded.batch}", party_iri(base, recorded.party)
    recorder, when = party_iri(base, recorded.recorder), date_time(recorded.time)
    act = f"{contribution_iri(base, recorded.id)}#delegation"
    said: list[tuple[str, str, str]] = [
        (batch, RDF_TYPE, _iri(PROV_ACTIVITY)),
        (batch, f"{PROV}endedAtTime", when),
        (batch, f"{PROV}wasAssociatedWith", _iri(recorder)),
        *((agent, RDF_TYPE, _iri(PROV_AGENT)) for agent in dict.fromkeys((holder, recorder))),
    ]
    if recorder != holder:
        said += [
            (recorder, f"{PROV}qualifiedDelegation", _iri(act)),
            (act, RDF_TYPE, _iri(f"{PROV}Delegation")),
            (act, f"{PROV}agent", _iri(holder)),
            (act, f"{PROV}hadActivity", _iri(batch)),
            (act, DELEGATION, _iri(DELEGATIONS[recorded.delegation])),
        ]
    if recorded.kind in ENDED:
        if whole and recorded.supersedes:
            gone = contribution_iri(base, recorded.supersedes)
            said += [
                (gone, f"{PROV}invalidatedAtTime", when),
                (gone, f"{PROV}wasInvalidatedBy", _iri(batch)),
            ]
        return _lines(said)
    entity = contribution_iri(base, recorded.id)
    said += [
        (entity, RDF_TYPE, _iri(PROV_ENTITY)),
        (entity, f"{PROV}generatedAtTime", when),
        (entity, f"{PROV}wasGeneratedBy", _iri(batch)),
        (entity, WAS_ATTRIBUTED_TO, _iri(holder)),
    ]
    if recorded.iri:
        said += [(entity, f"{PROV}specializationOf", _iri(recorded.iri)), (entity, DOCUMENT, _iri(recorded.iri))]
    if whole and recorded.supersedes:
        said.append((entity, f"{PROV}wasRevisionOf", _iri(contribution_iri(base, recorded.supersedes))))
    return _lines(said)


def _iri(value: str) -> str:
    return f"<{value}>"


def _lines(said: Iterable[tuple[str, str, str]]) -> bytes:
    return "".join(f"<{subject}> <{predicate}> {value} .\n" for subject, predicate, value in said).encode()
