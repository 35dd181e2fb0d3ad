"""Files in a form (multipart/form-data): each with its name and its media type."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from kg.objection import Objection, object_to
from kg.sheets import CSV, MAPPING, with_mapping
from service.negotiation import SHEETS, TRIPLES, Format

FORM = "multipart/form-data"
FILES_MAX = 100  # A document is a page or two; what comes in more pieces was not written by anybody.
UNTOLD = ("", "application/octet-stream")  # What programs write for a file that they do not know.


class _Parser(MultiPartParser):
    """Knows whether it came to the end: a form that was cut between two files would look like a whole one."""

    is_whole = False

    def on_end(self) -> None:
        """The last boundary was met."""
        self.is_whole = True


async def parts_of(
    media_type: str, body: bytes, suffixes: Mapping[str, Format]
) -> Sequence[tuple[str, str, bytes]] | Objection:
    """(name, media type, bytes) of each file; a file without a type has that of its suffix."""

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    parser = _Parser(
        Headers({"content-type": media_type}),
        once(),
        max_files=FILES_MAX,
        max_fields=FILES_MAX,
        max_part_size=len(body),
    )
    parser.spool_max_size = len(body)  # It is in memory already; no copy goes to a folder of its own.
    try:
        form = await parser.parse()
    except MultiPartException as error:
        return object_to("PartsUnclear", value=error.message.rstrip("."))
    found: list[tuple[str, str, bytes]] = []
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                return object_to("PartsUnclear", value=name[:80], path=name[:80])
            told = value.content_type or ""
            file = value.filename or name
            suffix = next((form for end, form in suffixes.items() if file.endswith(end)), None)
            media = suffix.media_type if told in UNTOLD and suffix else told
            found.append((file, media, await value.read()))
    finally:
        await form.close()
    return found if found and parser.is_whole else object_to("PartsUnclear", value="boundary")


async def described_table(media_type: str, body: bytes) -> tuple[bytes, str] | Objection:
    """A form that holds a CSV file and the CSVW document that says what its rows mean: (body, media type) of both."""
    suffixes = {form.suffix: form for form in SHEETS} | {".json": TRIPLES[2]}
    parts = await parts_of(media_type, body, suffixes)
    if isinstance(parts, Objection):
        return parts
    found = [(media.partition(";")[0].strip().lower(), part) for _, media, part in parts]
    tables = [part for media, part in found if media == CSV]
    mappings = [part for media, part in found if media in (MAPPING, "application/json", "application/ld+json")]
    if (len(parts), len(tables), len(mappings)) != (2, 1, 1):
        told = ", ".join(media or "?" for media, _ in found)[:200]
        return object_to("MappingUnclear", value=told, limit=f"1 × {CSV}, 1 × {MAPPING}")
    return with_mapping(tables[0], mappings[0])
