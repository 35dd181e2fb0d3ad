"""Dumps of named positions: the public past as gzipped files, made when they are asked for, gone when it is redacted.

A dump is a function of the ledger: made again it has the same bytes, so nothing is lost when it is thrown away.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from kg.ledger import Change
from kg.ledger.past import Place
from kg.objection import Objection, object_to
from kg.remembering import TRIES_MAX, Remembering

FORMS = ("nq", "trig")
GZIP_LEVEL = 6  # Of zlib, and fixed: another level gives other bytes. Higher takes longer and saves little.
READ_BYTES = 1024 * 1024  # At once, while a file is digested.


@dataclass(frozen=True)
class Dump:
    """One file: N-Quads or TriG, gzipped."""

    form: str
    file: Path
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Dumped:
    """A named position as files; with the position, the count of redactions names their bytes."""

    place: Place
    redactions: int
    files: Mapping[str, Dump]
    day: date


class Dumps:
    """The dumps there are, in a folder of their own in the data folder."""

    def __init__(self, pasts: Remembering, folder: Path) -> None:
        self.folder = folder
        self._pasts = pasts
        self._making = threading.Lock()
        self._lock = threading.Lock()
        self._made: dict[str, Dumped] = {}
        self._redacted = 0
        # What was redacted while nobody ran, is in no file: they are made again.
        self._empty()
        pasts.ledger.on_change(self._changed)

    def of(self, name: str, position: int) -> Dumped | Objection:
        """The files of a snapshot, made when they are not there; an objection when too much is asked of the past."""
        for _ in range(TRIES_MAX):
            with self._making:
                today = self._pasts.now().date()
                with self._lock:
                    found = self._made.get(name)
                    if found is not None and found.day != today:
                        # Grounds end at midnight.
                        self._forget()
                        found = None
                    redacted = self._redacted
                if found is not None:
                    return found
                try:
                    made = self._make(name, position, today)
                except FileNotFoundError:
                    # Something was redacted, and the folder went from under us.
                    continue
                if isinstance(made, Objection):
                    return made
                with self._lock:
                    if redacted != self._redacted:
                        self._empty()
                    else:
                        for one in made.files.values():
                            one.file.with_name(one.file.name + ".part").rename(one.file)
                        self._made[name] = made
                        return made
        return object_to("NotReady", limit="1 min")

    def made(self, name: str) -> Dumped | None:
        """The files of a snapshot that stand here today; None when nobody asked for them yet: nothing is made."""
        with self._lock:
            found = self._made.get(name)
        return found if found is not None and found.day == self._pasts.now().date() else None

    def open(self, name: str, position: int, form: str) -> tuple[Dumped, BinaryIO] | Objection:
        """A file, open to read: what is redacted afterwards can't reach into it any more, and it is asked for anew."""
        for _ in range(TRIES_MAX):
            made = self.of(name, position)
            if isinstance(made, Objection):
                return made
            try:
                return made, made.files[form].file.open("rb")
            except FileNotFoundError:
                continue
        return object_to("NotReady", limit="1 min")

    def _make(self, name: str, position: int, today: date) -> Dumped | Objection:
        """Both files, under names that nobody asks for yet."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with self._pasts.reading("public", position) as past:
            if isinstance(past, Objection):
                return past
            parts = {"nq": past.nquads, "trig": past.trig}
            files = {form: self._write(form, self.folder / f"{name}.{form}.gz", parts[form]()) for form in FORMS}
            return Dumped(past.kept.place, past.kept.redactions, files, today)

    def _write(self, form: str, file: Path, parts: Iterable[bytes]) -> Dump:
        with file.with_name(file.name + ".part").open("w+b") as raw:
            # Neither the file's name nor the time stands in it: equal contents are equal bytes.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=raw, mtime=0) as packed:
                for part in parts:
                    packed.write(part)
            size = raw.tell()
            raw.seek(0)
            digest = hashlib.sha256()
            while chunk := raw.read(READ_BYTES):
                digest.update(chunk)
        return Dump(form, file, size, digest.hexdigest())

    def _changed(self, change: Change) -> None:
        """After a commit, before anybody is answered: what is redacted stands in no file."""
        if change.redacts and change.audience == "public":
            with self._lock:
                self._forget()

    def _forget(self) -> None:
        self._redacted += 1
        self._made.clear()
        self._empty()

    def _empty(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
