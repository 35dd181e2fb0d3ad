"""The wheel holds everything: unpacked away from the checkout it makes a ledger, serves pages and answers questions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.running import ROOT, start_service


def test_a_wheel_without_its_islands_is_not_built(tmp_path: Path) -> None:
    """Where Node's packages can't be had and nothing was built before, the build fails and says what to do."""
    source = tmp_path / "source"
    left = shutil.ignore_patterns(".git", ".venv", "node_modules", "built", "data", "tests", "__pycache__", "*.sock")
    shutil.copytree(ROOT, source, ignore=left)
    env = {**os.environ, "npm_config_registry": "http://127.0.0.1:9", "npm_config_cache": str(tmp_path / "cache")}
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    done = subprocess.run([*build, str(source)], capture_output=True, text=True, env=env, timeout=120)
    assert 0 != done.returncode
    assert "make viewer" in done.stdout + done.stderr
    tried = subprocess.run(
        [sys.executable, str(source / "viewer" / "bundle.py"), "--try"], capture_output=True, text=True, env=env
    )
    assert (0, 1) == (tried.returncode, len(tried.stderr.splitlines()))


def test_the_wheel_serves_the_example_without_the_checkout(tmp_path: Path) -> None:
    """Words, shapes, questions, pages, style, islands and example come from inside the wheel."""
    bundled = subprocess.run([sys.executable, str(ROOT / "viewer" / "bundle.py")], capture_output=True, text=True)
    if bundled.returncode == 3:
        pytest.skip(bundled.stderr.strip())  # Without the islands no wheel is built.
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path), str(ROOT)], check=True, capture_output=True, timeout=120)
    wheel = next(tmp_path.glob("wijkgraaf-*.whl"))
    inside = tmp_path / "inside"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(inside)
        names = archive.namelist()
    assert [] == [n for n in names if n.startswith(("tests/", "bench/")) or "__pycache__" in n or "node_modules" in n]
    built = {n.removeprefix("kg/_folders/viewer/static/built/") for n in names if "/built/" in n}
    assert {"workbench.js", "map.css", "licences.txt"} <= built
    assert any(n.startswith("map-") for n in built)
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
        pages = ("/nl/", "/en/side-by-side", "/sparql", "/def", "/shapes", "/context.jsonld", "/queries")
        for path in (*pages, "/static/style.css", "/static/built/workbench.js"):
            assert (
                200 == httpx.get(f"{service.url}{path}", headers={"Accept": "text/html, */*"}, timeout=60).status_code
            )
    finally:
        service.stop()
