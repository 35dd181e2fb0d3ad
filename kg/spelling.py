"""An unknown word, and the known one that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from kg.objection import Objection, object_to, short
from kg.ontology import local_name


def unknown_word(document: str, iri: str, known: Iterable[str]) -> Objection:
    """An objection to `iri` that names the known word nearest to it, of the same namespace where there are two."""
    wanted = local_name(iri)
    space = iri.removesuffix(wanted)

    def nearness(candidate: str) -> tuple[float, bool]:
        alike = difflib.SequenceMatcher(None, wanted.lower(), local_name(candidate).lower())
        return alike.ratio(), candidate.startswith(space)

    near = max(sorted(known), key=nearness)
    return object_to("UnknownWord", focus=document, path=iri, value=iri, limit=short(near))
