"""The W3C suites for RDF's formats as facts: each case with its file, its base and what has to come of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from tests.w3c_cases import MF, RDF, W3C, listed, objects, path_of, read

# Folder of a suite → media type of its cases. Entailment is no question to a reader.
FOLDERS = {
    "rdf-n-triples": "application/n-triples",
    "rdf-n-quads": "application/n-quads",
    "rdf-turtle": "text/turtle",
    "rdf-trig": "application/trig",
    "rdf-xml": "application/rdf+xml",
}
NOT_READING = {"rdf-mt": "entailment is asked there, not reading"}
ON_THE_WEB = "https://w3c.github.io/rdf-tests/rdf/rdf11"
JSON_LD = W3C / "json-ld-api" / "tests"
RESULT_FORMATS = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}


@dataclass(frozen=True)
class FormatCase:
    """One file to read. `result` is what it means, None where it only has to be read (or, if `negative`, refused)."""

    name: str
    media_type: str
    file: Path
    base: str
    negative: bool
    result: Path | None


def format_cases() -> list[FormatCase]:
    """Every case in the order of its manifest; none where the suites are absent."""
    if not W3C.is_dir():
        return []
    return [c for folder, media in FOLDERS.items() for c in _listed(folder, media)] + list(_json_ld())


def _listed(folder: str, media_type: str) -> list[FormatCase]:
    here = W3C / "rdf11" / folder
    store = read(here / "manifest.ttl")
    (me,) = (q.subject for q in store.quads_for_pattern(None, ox.NamedNode(MF + "entries"), None))
    (entries,) = objects(store, me, MF + "entries")
    found = []
    for entry in listed(store, entries):
        assert isinstance(entry, ox.NamedNode)
        kinds = [kind.value.rpartition("#")[2] for kind in objects(store, entry, RDF + "type")]
        (action,) = objects(store, entry, MF + "action")
        results = objects(store, entry, MF + "result")
        file = path_of(action)
        found.append(
            FormatCase(
                f"rdf11/{folder}/{entry.value.rpartition('#')[2]}",
                media_type,
                file,
                f"{ON_THE_WEB}/{folder}/{file.relative_to(here)}",
                any("Negative" in kind for kind in kinds),
                path_of(results[0]) if results else None,
            )
        )
    return found


def _json_ld() -> list[FormatCase]:
    manifest = json.loads((JSON_LD / "toRdf-manifest.jsonld").read_text())
    found = []
    for entry in manifest["sequence"]:
        option = entry.get("option", {})
        if option.get("produceGeneralizedRdf") or "json-ld-1.0" in (
            option.get("specVersion"),
            option.get("processingMode"),
        ):
            continue  # Blank predicates are no RDF, and what holds in version 1.0 alone nobody can ask for here.
        if not (JSON_LD / entry["input"]).exists():
            continue  # It belongs to another of the suites for JSON-LD.
        result = entry.get("expect")
        found.append(
            FormatCase(
                f"json-ld-api/{entry['@id'][1:]}",
                "application/ld+json",
                JSON_LD / entry["input"],
                option.get("base", manifest["baseIri"] + entry["input"]),
                "jld:NegativeEvaluationTest" in entry["@type"],
                JSON_LD / result if result else None,
            )
        )
    return found


def canonical(quads: list[ox.Quad]) -> list[str]:
    """The quads as lines that are equal where two datasets differ in names of blank nodes alone."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(str(quad) for quad in dataset)


def wanted(case: FormatCase) -> list[ox.Quad]:
    """What the case's file means."""
    assert case.result is not None
    return list(ox.parse(path=str(case.result), format=RESULT_FORMATS[case.result.suffix]))
