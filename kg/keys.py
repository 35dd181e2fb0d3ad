"""The public keys of parties, in the ledger's file beside it: with these they sign what they publish.

A key that has ended signs nothing any more; what it signed before stays signed. No private key is ever here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from kg.contribution import Document
from kg.ledger import tables
from kg.ledger.quads import time_text
from kg.ledger.statement import Statement, writes
from kg.ledger.transactions import Transactions
from kg.objection import Objection, object_to
from kg.signing import is_signed_with, read_signature, thumbprint

k = tables.signing_keys.c


@dataclass(frozen=True)
class Key:
    """A public key of a party. Times are RFC 3339 in UTC."""

    id: str
    """Its thumbprint."""
    party: str
    public: bytes
    """32 bytes."""
    since: str
    ended: str | None


_KEYS = select(k.id, k.party, k.public, k.since, k.ended).order_by(k.party, k.since, k.id)
_ALL = Statement(_KEYS, lambda columns: Key(*columns))
_ONE = Statement(_KEYS.where(k.id == bindparam("id")), lambda columns: Key(*columns))
_PUT = writes(insert(tables.signing_keys))
_END = writes(
    update(tables.signing_keys).where(k.id == bindparam("name"), k.ended.is_(None)).values(ended=bindparam("time"))
)


class Keys(Transactions):
    """The public keys of one ledger's parties. Each call is a transaction of its own."""

    def of(self, party: str | None = None) -> Sequence[Key]:
        """The keys of a party, or of all; also those that have ended."""
        with self._reading() as driver:
            return [key for key in _ALL.each(driver) if party in (None, key.party)]

    def add(self, party: str, public: bytes, now: datetime) -> Key:
        """Registers a key; ValueError when it stands here already, of whomever it is."""
        key = Key(thumbprint(public), party, public, time_text(now), None)
        with self._writing() as driver:
            if (there := _ONE.first(driver, id=key.id)) is not None:
                raise ValueError(f"{key.id} stands here already, as a key of {there.party}")
            row = {"id": key.id, "party": party, "public": public, "since": key.since, "ended": None}
            _PUT.run(driver, [row])
        return key

    def end(self, id: str, now: datetime) -> None:
        """Ends a key from now on; ValueError when there is none of this name that still signs."""
        with self._writing() as driver:
            there = _ONE.first(driver, id=id)
            if there is None or there.ended is not None:
                raise ValueError(f"{id}: there is no such key, or it has ended already")
            _END.run(driver, [{"name": id, "time": time_text(now)}])

    def signed(
        self, documents: Sequence[Document], signatures: Sequence[str], party: str
    ) -> tuple[Document, ...] | tuple[Objection, ...]:
        """The documents of a party (slug), each with its signature where one was sent; or what is wrong with one.

        `signatures` are detached ones as `kg.signing` makes them, at most one a document.
        """
        own = {key.id: key for key in self.of(party)}
        by_iri = {document.iri: document for document in documents}
        found: dict[str, Document] = {}
        objections: list[Objection] = []
        for text in signatures:
            checked = _checked(text, by_iri, own)
            if isinstance(checked, Objection):
                objections.append(checked)
            elif checked.iri in found:
                objections.append(object_to("SignatureUnclear", focus=checked.iri))
            else:
                found[checked.iri] = checked
        return tuple(objections) or tuple(found.get(document.iri, document) for document in documents)


def _checked(text: str, documents: Mapping[str, Document], own: Mapping[str, Key]) -> Document | Objection:
    """The document with this signature of it."""
    signed = read_signature(text)
    if signed is None:
        return object_to("SignatureUnclear", value=text[:80])
    document, key = documents.get(signed.document), own.get(signed.key)
    if document is None:
        return object_to("SignatureElsewhere", focus=signed.document)
    if key is None or key.ended is not None:
        return object_to("SigningKeyUnknown", focus=document.iri, value=signed.key)
    if not is_signed_with(signed, document.payload, key.public):
        return object_to("SignatureWrong", focus=document.iri, value=document.digest)
    return replace(document, signature=text)
