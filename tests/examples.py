"""The accepted and refused contributions in tests/data, and the small neighbourhood that they refer to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from kg import vocabulary as word
from kg.contribution import Document, Neighbour, Slice
from kg.objection import Objection
from kg.ontology import Ontology, read_ontology
from kg.ownership import check_ownership
from kg.reading import read
from kg.validation import Validator

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
BASE = "http://127.0.0.1:8000"
TODAY = "2026-06-01"
MEDIA_TYPES = {
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
}
ONTOLOGY: Ontology = read_ontology([ROOT / "ontology"])


@dataclass(frozen=True)
class Example:
    """One file: what is sent, and by whom (`# speaker: slug` and the like in its first lines)."""

    file: Path
    settings: dict[str, str]

    @property
    def name(self) -> str:
        """Its path inside accepted/ or refused/."""
        return str(self.file.relative_to(DATA).as_posix())


def examples(folder: str) -> list[Example]:
    """All files below tests/data/{folder}, in order of their names."""
    files = sorted(f for f in (DATA / folder).rglob("*") if f.suffix in MEDIA_TYPES)
    return [Example(file, settings_of(file.read_text())) for file in files]


def settings_of(text: str) -> dict[str, str]:
    """The `# name: value` lines at the start of a file, or the "//" member of JSON and the comment of XML."""
    return dict(re.findall(r'^(?:# |\s*"// |<!-- )([a-z-]+)(?:": "|: )(.*?)(?:",| -->)?$', text, re.MULTILINE))


def known_neighbours() -> tuple[tuple[Neighbour, ...], list[dict[str, str]]]:
    """The neighbours of tests/data/neighbourhood.toml, and the responses that parties hold in it."""
    with (DATA / "neighbourhood.toml").open("rb") as file:
        known = tomllib.load(file)
    neighbours = tuple(
        Neighbour(
            iri=f"{BASE}/id/{n['id']}",
            entry=number,
            classes=tuple(word.LW + c for c in n["classes"]),
            holder=f"{BASE}/id/{n['holder']}",
            audience=n["audience"],
            ended=n.get("ended"),
            perspectives=tuple(f"{word.CONCEPT}perspective/{p}" for p in n.get("perspectives", ())),
            dated=n.get("dated"),
            table=tuple(f"{BASE}/id/{t}" for t in n.get("table", ())),
        )
        for number, n in enumerate(known["known"], start=1)
    )
    return neighbours, known["response"]


NEIGHBOURS, RESPONSES = known_neighbours()


def slice_for(documents: Sequence[Document]) -> Slice:
    """What the ledger of the examples knows around these documents."""
    by_iri = {n.iri: n for n in NEIGHBOURS}
    wanted = sorted({r for d in documents for r in (*d.references, d.holder)})
    absent = Neighbour("", None, (), None, None, None)
    neighbours = tuple(by_iri.get(iri, Neighbour(iri, *[getattr(absent, f) for f in _FIELDS])) for iri in wanted)
    targets = {d.response[1] for d in documents if d.response}
    holders = {d.holder for d in documents}
    own = tuple(
        (r["kind"], f"{BASE}/id/{r['target']}", f"{BASE}/id/{r['document']}")
        for r in RESPONSES
        if f"{BASE}/id/{r['target']}" in targets and f"{BASE}/id/{r['document'].partition('/')[0]}" in holders
    )
    return Slice(neighbours, own)


_FIELDS = ("entry", "classes", "holder", "audience", "ended")


def read_example(example: Example) -> tuple[Document, ...] | tuple[Objection, ...]:
    """The documents of an example, or why it can't be read."""
    numbers = count()
    return read(
        example.file.read_bytes(),
        MEDIA_TYPES[example.file.suffix],
        base=BASE,
        speaker=f"{BASE}/id/{example.settings['speaker']}",
        ontology=ONTOLOGY,
        mint=lambda: f"nieuw{next(numbers):02}",
    )


def judge(example: Example, validator: Validator) -> tuple[Objection, ...]:
    """All objections to an example, in the order of the walk: reading, ownership, shapes."""
    found = read_example(example)
    documents = tuple(d for d in found if isinstance(d, Document))
    objections = tuple(o for o in found if isinstance(o, Objection))
    if objections:
        return objections
    speaker = example.settings["speaker"]
    disowned = check_ownership(
        documents,
        speaker=f"{BASE}/id/{speaker}",
        namespaces=(f"{BASE}/id/{speaker}/",),
        base=BASE,
        ontology=ONTOLOGY,
    )
    if disowned:
        return disowned
    delegation = example.settings.get("delegation", "byHolder")
    return validator.validate(documents, slice_for(documents), today=TODAY, delegation=delegation)
