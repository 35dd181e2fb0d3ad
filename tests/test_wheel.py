"""The wheel holds everything: unpacked away from the checkout it makes a ledger, serves pages and answers questions."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx

from tests.running import ROOT, start_service


def test_the_wheel_serves_the_example_without_the_checkout(tmp_path: Path) -> None:
    """Words, shapes, questions, pages, style and example come from inside the wheel."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path), str(ROOT)], check=True, capture_output=True, timeout=120)
    wheel = next(tmp_path.glob("wijkgraaf-*.whl"))
    inside = tmp_path / "inside"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(inside)
        names = archive.namelist()
    assert [] == [n for n in names if n.startswith(("tests/", "bench/")) or "__pycache__" in n]
    env = {"PYTHONPATH": str(inside)}
    where = "import kg, service; print(kg.__file__, service.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=tmp_path,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(path.startswith(str(inside)) for path in found.stdout.split())
    data = tmp_path / "data"
    init = [sys.executable, "-m", "service", "init", "--example", "moerwijk", "--data", str(data)]
    subprocess.run(init, cwd=tmp_path, env={**os.environ, **env}, check=True, capture_output=True, timeout=120)
    service = start_service(data, "http://127.0.0.1:8000", env=env, folder=tmp_path)
    try:
        for path in ("/nl/", "/en/side-by-side", "/static/style.css", "/def", "/shapes", "/context.jsonld", "/queries"):
            assert (
                200 == httpx.get(f"{service.url}{path}", headers={"Accept": "text/html, */*"}, timeout=60).status_code
            )
    finally:
        service.stop()
