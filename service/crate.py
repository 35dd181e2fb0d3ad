"""A party's things as one zip file that is written while it is sent: plain files, an RO-Crate and checksums.

RO-Crate 1.1 says what is in it for programs, `manifest-sha256.txt` (as in BagIt, and as `sha256sum -c` reads it) lets
anybody check it. Nothing is kept but a line a file: its size does not matter to the service.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, cast

METADATA, MANIFEST = "ro-crate-metadata.json", "manifest-sha256.txt"
PROFILE = "https://w3id.org/ro/crate/1.1"
PACK_LEVEL = 6  # Of zlib: a higher one takes longer and saves little.


@dataclass(frozen=True)
class Packed:
    """One file in the zip."""

    path: str
    sha256: str
    size_bytes: int
    media_type: str
    about: str
    """The thing whose words it holds, or one sentence."""


class _Sink:
    """Where the zip is written to: what came since the last look. It can't be sought in, as no answer can."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        """Takes the next bytes."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits."""

    def drained(self) -> bytes:
        """What came since it was last asked."""
        found, self._parts = b"".join(self._parts), []
        return found


class Crate:
    """A zip under way. What its methods yield is sent as it comes; `end` has to be the last."""

    def __init__(self, now: datetime) -> None:
        self._sink = _Sink()
        sink = cast("IO[bytes]", self._sink)  # A zip asks no more of what it is written to.
        self._zip = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=PACK_LEVEL)
        self._now = now
        self._files: list[Packed] = []

    def file(self, path: str, parts: Iterable[bytes], media_type: str, about: str) -> Iterator[bytes]:
        """One file, in parts of any size."""
        digest, size = hashlib.sha256(), 0
        entry = zipfile.ZipInfo(path, self._now.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(entry, "w", force_zip64=True) as packed:
            for part in parts:
                digest.update(part)
                size += len(part)
                packed.write(part)
                yield self._sink.drained()
        self._files.append(Packed(path, digest.hexdigest(), size, media_type, about))
        yield self._sink.drained()

    def end(self, root: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        """What the crate says of itself (its root and who is named there), the checksums, and the zip's own end."""
        graph = [
            {
                "@id": METADATA,
                "@type": "CreativeWork",
                "conformsTo": {"@id": PROFILE},
                "about": {"@id": "./"},
            },
            {"@id": "./", "@type": "Dataset", **root, "hasPart": [{"@id": one.path} for one in self._files]},
            *others,
            *(_as_part(one) for one in self._files),
        ]
        text = json.dumps({"@context": f"{PROFILE}/context", "@graph": graph}, ensure_ascii=False, indent=1) + "\n"
        yield from self.file(METADATA, (text.encode(),), "application/ld+json", "")
        lines = "".join(f"{one.sha256}  {one.path}\n" for one in self._files)
        yield from self.file(MANIFEST, (lines.encode(),), "text/plain", "")
        self._zip.close()
        yield self._sink.drained()


def _as_part(one: Packed) -> Mapping[str, Any]:
    about = {"about": {"@id": one.about}} if "://" in one.about else {"description": one.about}
    part = {"@id": one.path, "@type": "File", "encodingFormat": one.media_type, "contentSize": str(one.size_bytes)}
    return part | about
