"""What a party took away from a service, read again: its present documents, under the names that they get elsewhere.

Nothing in the file is trusted: it is looked over before it is parsed, held against its own checksums, and whatever it
says goes through the ordinary door afterwards.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg.brackets import look_over
from kg.reading import canonical

METADATA, MANIFEST, VIEWPOINT = "ro-crate-metadata.json", "manifest-sha256.txt", "viewpoint.nq"
FILE_BYTES_MAX = 256 * 1024 * 1024  # A whole viewpoint of 50,000 documents is some 100 MB; a bomb is larger.


@dataclass(frozen=True)
class Brought:
    """A viewpoint that was taken away: from which service (its base), whose (a slug there), and its words."""

    base: str
    party: str
    quads: bytes


def brought_from(file: Path) -> Brought | str:
    """What a zip of `wijkgraaf export` holds; a sentence where it isn't one, or isn't whole."""
    try:
        with zipfile.ZipFile(file) as packed:
            sums = _sums(_held(packed, MANIFEST))
            read = {name: _held(packed, name) for name in (METADATA, VIEWPOINT)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
        return f"not a whole zip of `wijkgraaf export` ({error})"
    for name, held in read.items():
        if sums.get(name) != hashlib.sha256(held).hexdigest():
            return f"{name} is not as {MANIFEST} says"
    try:
        root = next(one for one in json.loads(read[METADATA])["@graph"] if one["@id"] == "./")
        base, found, party = str(root["identifier"]).rpartition("/view/")
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        return f"{METADATA} does not say whose viewpoint this is"
    return Brought(base, party, read[VIEWPOINT]) if found else f"{METADATA} does not say whose viewpoint this is"


def _held(packed: zipfile.ZipFile, name: str) -> bytes:
    with packed.open(name) as part:
        held = part.read(FILE_BYTES_MAX + 1)
    if len(held) > FILE_BYTES_MAX:
        raise ValueError(f"{name} is larger than {FILE_BYTES_MAX} bytes")
    return held


def _sums(manifest: bytes) -> Mapping[str, str]:
    lines = (line.partition("  ") for line in manifest.decode().splitlines())
    return {name: digest for digest, _, name in lines}


def documents_of(brought: Brought, base: str, party: str, *, keep: bool) -> Mapping[str, bytes] | str:
    """Document to its triples in canonical form, as this party (slug) says them at another service (its base).

    Things get the names of the new base, the party's own those of the party there. With `keep` the party's own things
    keep their names, which it must have registered as a namespace of its own. A sentence where it can't be read.
    """
    unfit = look_over(brought.quads, "turtle")
    if unfit is not None:
        return unfit.message_en
    own, own_there = f"{brought.base}/id/{brought.party}", f"{base}/id/{party}"
    things, things_there = f"{brought.base}/id/", f"{base}/id/"

    def named(node: ox.NamedNode) -> ox.NamedNode:
        iri = node.value
        if iri == own or iri.startswith(f"{own}/"):
            kept = keep and iri != own
            return node if kept else ox.NamedNode(own_there + iri.removeprefix(own))
        return ox.NamedNode(things_there + iri.removeprefix(things)) if iri.startswith(things) else node

    found: dict[str, list[ox.Triple]] = defaultdict(list)
    try:
        for quad in ox.parse(brought.quads, format=ox.RdfFormat.N_QUADS):
            subject, value = quad.subject, quad.object
            if not isinstance(subject, ox.NamedNode) or isinstance(value, ox.BlankNode | ox.Triple):
                return f"{VIEWPOINT} has a thing without a name"
            subject = named(subject)
            said = named(value) if isinstance(value, ox.NamedNode) else value
            found[subject.value.partition("#")[0]].append(ox.Triple(subject, quad.predicate, said))
    except (SyntaxError, ValueError) as error:
        return f"{VIEWPOINT}: {error}"
    return {iri: canonical(found[iri]) for iri in sorted(found)}
