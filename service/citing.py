"""How a snapshot is described and cited: as JSON, DCAT, schema.org, BibTeX and CFF, always with what was redacted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from kg.dumps import FORMS, Dump, Dumped
from kg.moments import Snapshot
from kg.vocabulary import DCAT, DCTERMS, RDF, XSD

MEDIA = {"nq": "application/n-quads", "trig": "application/trig"}
SPDX = "http://spdx.org/rdf/terms#"
GZIP = "application/gzip"
_TEX = re.compile(r"[\\{}$&#^_%~]")
_TEX_WORDS = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}


@dataclass(frozen=True)
class Described:
    """A snapshot with its files, for one service."""

    base: str
    snapshot: Snapshot
    dumped: Dumped
    neighbourhood: str = ""
    """Its name, where the operator gave one."""

    @property
    def iri(self) -> str:
        """Its name on the web."""
        return f"{self.base}/snapshots/{self.snapshot.name}"

    @property
    def title(self) -> str:
        """Its title, or what it is."""
        return self.snapshot.title or f"{self.neighbourhood or f'Wijkgraaf {self.base}'}: {self.snapshot.name}"

    @property
    def author(self) -> str:
        """Whose words they are, together: the parties of the neighbourhood."""
        return f"Parties of {self.neighbourhood or self.base}"

    @property
    def files(self) -> Iterator[tuple[Dump, str]]:
        """Each file with its address."""
        return ((self.dumped.files[form], f"{self.iri}.{form}.gz") for form in FORMS)

    @property
    def redacted(self) -> str:
        """What a citation says of the past that it names: whether something changed what is shown, as of when.

        The count is of events, and one erasure may be several; the version carries it, and no sentence calls it times.
        """
        day = self.dumped.day.isoformat()
        if self.dumped.redactions:
            return f"Changed since it was made, as of {day}: parts of it may no longer be shown"
        return f"Nothing had been redacted as of {day}"

    @property
    def note(self) -> str:
        """What names its contents: the position with its digest, the digest of the file, and what was redacted."""
        parts = [
            f"Position {self.dumped.place.position} of the public chain, digest {self.dumped.place.digest}",
            f"SHA-256 of the N-Quads dump {self.dumped.files['nq'].sha256}",
        ]
        return f"{'; '.join(parts)}. {self.redacted}."

    @property
    def day(self) -> date:
        """The day on which it was made."""
        return date.fromisoformat(self.snapshot.time[:10])


def citation(one: Described) -> str:
    """One line for a list of sources."""
    return f"{one.author} ({one.day.year}). {one.title} [data set]. {one.iri}. {one.note}"


def as_json(one: Described) -> dict[str, object]:
    """Everything, for programs."""
    return {
        "name": one.snapshot.name,
        "title": one.title,
        "iri": one.iri,
        "time": one.snapshot.time,
        "position": one.dumped.place.position,
        "digest": one.dumped.place.digest,
        "redactions": one.dumped.redactions,
        "asOf": one.dumped.day.isoformat(),
        "citation": citation(one),
        "dumps": [
            {
                "format": MEDIA[dump.form],
                "href": address.removeprefix(one.base),
                "bytes": dump.size_bytes,
                "sha256": dump.sha256,
            }
            for dump, address in one.files
        ],
    }


def as_schema(one: Described) -> dict[str, object]:
    """As search engines for data sets read it."""
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": one.iri,
        "url": one.iri,
        "name": one.title,
        "description": one.note,
        "identifier": one.iri,
        "version": f"{one.dumped.place.position}-r{one.dumped.redactions}",
        "datePublished": one.snapshot.time,
        "creator": {"@type": "Organization", "name": one.author},
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": f"{one.base}/snapshots"},
        "distribution": [
            {
                "@type": "DataDownload",
                "contentUrl": address,
                "encodingFormat": [MEDIA[dump.form], GZIP],
                "contentSize": f"{dump.size_bytes} B",
                "sha256": dump.sha256,
            }
            for dump, address in one.files
        ],
    }


def as_bibtex(one: Described) -> str:
    """For LaTeX and reference managers."""
    fields = {
        "author": f"{{{_tex(one.author)}}}",
        "title": f"{{{_tex(one.title)}}}",
        "year": str(one.day.year),
        "month": str(one.day.month),
        "howpublished": rf"\url{{{one.iri}}}",
        "url": one.iri,
        "note": _tex(f"Data set. {one.note}"),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{wijkgraaf-{one.snapshot.name},\n{lines}\n}}\n"


def _tex(text: str) -> str:
    return _TEX.sub(lambda found: _TEX_WORDS.get(found[0], "\\" + found[0]), text)


def as_cff(one: Described) -> str:
    """Citation File Format 1.2. JSON strings are YAML strings, so nothing in a title can break it."""
    text = partial(json.dumps, ensure_ascii=False)
    return "\n".join(
        [
            "cff-version: 1.2.0",
            "type: dataset",
            f"message: {text('Cite this data set as follows.')}",
            f"title: {text(one.title)}",
            "authors:",
            f"  - name: {text(one.author)}",
            f"version: {text(f'{one.dumped.place.position}-r{one.dumped.redactions}')}",
            f"date-released: {text(one.day.isoformat())}",
            f"url: {text(one.iri)}",
            f"abstract: {text(one.note)}",
            "identifiers:",
            "  - type: other",
            f"    value: {text('sha256:' + one.dumped.files['nq'].sha256)}",
            f"    description: {text('SHA-256 of the N-Quads dump')}",
            "",
        ]
    )


def as_ntriples(one: Described) -> bytes:
    """As DCAT: a data set in the series of snapshots, with a distribution for each file."""
    me = f"<{one.iri}>"
    lines = [
        f"{me} <{RDF}type> <{DCAT}Dataset> .",
        f"{me} <{DCAT}inSeries> <{one.base}/snapshots> .",
        f"{me} <{DCTERMS}title> {_literal(one.title)} .",
        f"{me} <{DCTERMS}identifier> {_literal(one.iri)} .",
        f"{me} <{DCTERMS}issued> {_literal(one.snapshot.time, 'dateTime')} .",
        f"{me} <{DCTERMS}description> {_literal(one.note)}@en .",
        f"{me} <{DCTERMS}bibliographicCitation> {_literal(citation(one))} .",
        f"{me} <{DCAT}version> {_literal(f'{one.dumped.place.position}-r{one.dumped.redactions}')} .",
    ]
    for dump, address in one.files:
        file = f"<{one.iri}#{dump.form}>"
        lines += [
            f"{me} <{DCAT}distribution> {file} .",
            f"{file} <{RDF}type> <{DCAT}Distribution> .",
            f"{file} <{DCAT}accessURL> <{one.iri}> .",
            f"{file} <{DCAT}downloadURL> <{address}> .",
            f"{file} <{DCAT}mediaType> <https://www.iana.org/assignments/media-types/{MEDIA[dump.form]}> .",
            f"{file} <{DCAT}compressFormat> <https://www.iana.org/assignments/media-types/{GZIP}> .",
            *_bytes_of(one.iri, dump),
        ]
    return ("\n".join(lines) + "\n").encode()


def _bytes_of(iri: str, dump: Dump) -> Iterator[str]:
    """How large a file is, and its digest."""
    file, checksum = f"<{iri}#{dump.form}>", f"<{iri}#{dump.form}-checksum>"
    yield f"{file} <{DCAT}byteSize> {_literal(str(dump.size_bytes), 'nonNegativeInteger')} ."
    yield f"{file} <{SPDX}checksum> {checksum} ."
    yield f"{checksum} <{RDF}type> <{SPDX}Checksum> ."
    yield f"{checksum} <{SPDX}algorithm> <{SPDX}checksumAlgorithm_sha256> ."
    yield f"{checksum} <{SPDX}checksumValue> {_literal(dump.sha256, 'hexBinary')} ."


def series_as_ntriples(base: str, snapshots: tuple[Snapshot, ...]) -> bytes:
    """The series of all snapshots as DCAT."""
    me = f"<{base}/snapshots>"
    lines = [f"{me} <{RDF}type> <{DCAT}DatasetSeries> .", f"{me} <{DCTERMS}title> {_literal(f'Snapshots of {base}')} ."]
    for one in snapshots:
        iri = f"<{base}/snapshots/{one.name}>"
        lines += [
            f"{iri} <{RDF}type> <{DCAT}Dataset> .",
            f"{iri} <{DCAT}inSeries> {me} .",
            f"{iri} <{DCTERMS}title> {_literal(one.title or one.name)} .",
            f"{iri} <{DCTERMS}issued> {_literal(one.time, 'dateTime')} .",
        ]
    return ("\n".join(lines) + "\n").encode()


def listed_as_ntriples(base: str, snapshots: Iterable[tuple[Snapshot, Dumped | None]]) -> bytes:
    """What a catalogue says of each snapshot that only its keeper knows; of its files, what is known without making."""
    lines: list[str] = []
    for one, dumped in snapshots:
        iri = f"{base}/snapshots/{one.name}"
        lines += [
            f"<{iri}> <{DCTERMS}title> {_literal(one.title or one.name)} .",
            f"<{iri}> <{DCTERMS}issued> {_literal(one.time, 'dateTime')} .",
            f"<{iri}> <{DCAT}version> {_literal(one.name)} .",
        ]
        for dump in dumped.files.values() if dumped is not None else ():
            lines += _bytes_of(iri, dump)
    return "".join(line + "\n" for line in lines).encode()


def _literal(text: str, datatype: str | None = None) -> str:
    """A literal as N-Triples: JSON's escapes are among them."""
    return json.dumps(text, ensure_ascii=False) + (f"^^<{XSD}{datatype}>" if datatype else "")
