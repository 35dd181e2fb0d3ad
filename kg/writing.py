"""Files that are there whole or not at all: what is read meanwhile is the one before."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(file: Path, parts: bytes | Iterable[bytes]) -> None:
    """Puts these bytes in the place of a file; on disk when it returns, whatever ends the process meanwhile."""
    unfinished = file.with_name(file.name + ".part")
    with unfinished.open("wb") as handle:
        handle.writelines([parts] if isinstance(parts, bytes) else parts)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
