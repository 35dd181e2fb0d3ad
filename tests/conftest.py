"""What tests share: running services with the Moerwijk example on ports of their own, and the documentation, built."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import ROOT, Service, copy_of, start_service, wijkgraaf


@pytest.fixture(scope="session")
def moerwijk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the Moerwijk example, made once; copy it before writing to it."""
    data = tmp_path_factory.mktemp("moerwijk") / "data"
    wijkgraaf("init", "--example", "moerwijk", "--base", "http://127.0.0.1:8000", "--data", str(data))
    return data


@pytest.fixture(scope="session")
def moerwijk(moerwijk_folder: Path) -> Iterator[Service]:
    """A running service with the Moerwijk example that nobody writes to."""
    # Queries made to run over their time do so in three seconds instead of ten.
    env = {"WIJKGRAAF_QUERY_SECONDS_ANONYMOUS_MAX": "3"}
    service = start_service(moerwijk_folder, "http://127.0.0.1:8000", env=env)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def shared(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with the Moerwijk example that the tests of one file write to, each as a party of its own."""
    service = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("shared")), "http://127.0.0.1:8000")
    yield service
    service.stop()


@pytest.fixture(scope="session")
def built_docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation, built once as `make docs` does; a warning fails."""
    out = tmp_path_factory.mktemp("docs") / "html"
    words = [sys.executable, "-m", "sphinx", "-W", "-E", "-q", "-b", "html", "docs", str(out), "-d", f"{out}.trees"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (0, "") == (done.returncode, done.stderr)
    return out
