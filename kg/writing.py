"""Files that are there whole or not at all: what is read meanwhile is the one before."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def unfinished(file: Path) -> Path:
    """Where a file stands while it is written."""
    return file.with_name(file.name + ".part")


def write_whole(file: Path, parts: bytes | Iterable[bytes], *, private: bool = False) -> None:
    """Puts these bytes in the place of a file; on disk when it returns, whatever ends the process meanwhile.

    A `private` one is read by its owner alone.
    """
    part = unfinished(file)
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600 if private else 0o666), "wb") as handle:
        handle.writelines([parts] if isinstance(parts, bytes) else parts)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
