"""What every door does first: read a body within its limit, refuse parameters that nobody would obey."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from starlette.requests import Request

from kg.encodings import UTF8, charset_of
from kg.objection import Objection, object_to

SIGNATURE = "wijkgraaf-signature"
PART_BYTES_MAX = 1024 * 1024  # Unpacked at once: a few milliseconds.
_GZIP = 16 + zlib.MAX_WBITS  # zlib's way of saying: with the header and the checksum of gzip.
SECRETS = ("access_token", "api_key", "apikey", "token")  # What is sent under these names stands in logs from then on.
UUID_CHARACTERS = 36  # A document's ETag is its contribution's id, a dash and the format.


async def read_body(request: Request, limit_bytes: int, *, unpack: bool = False) -> bytes | Objection:
    """The body, at most `limit_bytes`; stops reading as soon as it is more. With `unpack` it may come as gzip.

    What is unpacked is held against the same limit while it is unpacked: a small message can be any size inside.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    packed = unpack and encoding in ("gzip", "x-gzip")
    if not packed and encoding not in ("", "identity"):
        return object_to("EncodingUnknown", value=encoding[:100], limit="gzip, identity" if unpack else "identity")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        return object_to("TooLarge", limit=f"{limit_bytes} bytes")
    found = bytearray()
    unpacking = Unpacking() if packed else None
    async for chunk in request.stream():
        for part in unpacking.parts(chunk) if unpacking is not None else (chunk,):
            if isinstance(part, Objection):
                return part
            if len(found) + len(part) > limit_bytes:
                return object_to("TooLarge", limit=f"{limit_bytes} bytes")
            found += part
            if unpacking is not None:
                await asyncio.sleep(0)  # Others are answered while a large one is unpacked.
    if unpacking is not None and not unpacking.is_whole:
        return object_to("BodyTorn", value="it ends too early")
    return bytes(found)


class Unpacking:
    """A gzip stream, unpacked in parts of bounded size; several members after each other are one stream."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False

    @property
    def is_whole(self) -> bool:
        """Whether it ended where a member ends, with the right checksum."""
        return self._begun and self._member.eof

    def parts(self, chunk: bytes) -> Iterator[bytes | Objection]:
        """What these bytes unpack to; an objection where they are not gzip."""
        while chunk:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            self._begun = True
            try:
                yield self._member.decompress(chunk, PART_BYTES_MAX)
            except zlib.error as error:
                yield object_to("BodyTorn", value=str(error).removeprefix("Error -3 while decompressing data: "))
                return
            chunk = self._member.unconsumed_tail or self._member.unused_data


def media_of(request: Request, known: Iterable[str]) -> str | Objection:
    """The media type of the body, one of `known`; an objection where it is another, or in a charset but UTF-8."""
    said = request.headers.get("content-type", "")
    media = said.partition(";")[0].strip().lower()
    if not media:
        return object_to("MediaTypeMissing", limit=", ".join(known))
    if media not in known:
        return object_to("MediaTypeUnknown", value=media[:100], limit=", ".join(known))
    charset = charset_of(said)
    if charset is not None and charset not in UTF8:
        return object_to("CharsetUnknown", value=charset[:100], limit="UTF-8")
    return media


def expected_of(request: Request) -> tuple[str, ...]:
    """The ids of contributions in If-Match: those of receipts, and of documents in any format; `*` stays itself."""
    return tuple(_id(tag) for tag in _tags(request.headers.get("if-match", "")))


def signatures_of(request: Request) -> tuple[str, ...]:
    """The detached signatures that came along: one a document, several with commas between or as several headers."""
    return tuple(
        one.strip() for header in request.headers.getlist(SIGNATURE) for one in header.split(",") if one.strip()
    )


def unchanged(request: Request, etag: str) -> bool:
    """Whether the client has this already (If-None-Match, compared weakly as RFC 9110 says).

    An answer to POST is to what was posted, not what stands at the address: nobody has that already.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    tags = [tag.removeprefix("W/") for tag in _tags(request.headers.get("if-none-match", ""))]
    return "*" in tags or etag.removeprefix("W/") in tags


def _tags(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",") if tag.strip()]


def _id(tag: str) -> str:
    bare = tag.removeprefix("W/").strip('"')
    return bare[:UUID_CHARACTERS] if len(bare) > UUID_CHARACTERS and bare[UUID_CHARACTERS] == "-" else bare


def names(request: Request) -> list[str]:
    """The names of all parameters in the address, repeated ones repeated."""
    return [name for name, _ in request.query_params.multi_items()]


def refuse_unknown(names: Iterable[str], known: Sequence[str], repeatable: Sequence[str] = ()) -> Objection | None:
    """An objection to a parameter that is not known here, or given twice: it would be ignored, and that is a lie."""
    for name, count in Counter(names).items():
        if name.lower() in SECRETS and name not in known:
            return object_to("TokenInAddress", path=name)
        if name not in known:
            return object_to("ParameterUnknown", path=name[:100], limit=", ".join(known) or "-")
        if count > 1 and name not in repeatable:
            return object_to("ParameterUnclear", path=name, value=f"{count}×", limit="1×")
    return None
