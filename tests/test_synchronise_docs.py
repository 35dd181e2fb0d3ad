"""The page on synchronising, done as it says: the script of the page keeps a viewpoint in step with a database."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.running import ROOT, Service
from tests.stories import BASE

ROWS = [(f"i{n}", f"Buurttuin {n}", "Wij planten samen bomen.", "pl-oost", "meeting housing") for n in range(12)]


def test_the_script_of_the_page_keeps_a_database_in_step(shared: Service, tmp_path: Path) -> None:
    """The first run brings all rows, the second nothing, one after an edit that edit; an empty table not."""
    page = (ROOT / "docs" / "synchronise.md").read_text()
    script = tmp_path / "synchronise.py"
    script.write_text(next(iter(re.findall(r"```python\n(.*?)```", page, re.DOTALL))))
    database = tmp_path / "buurt.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE initiatieven (id, titel, tekst, plek, themas)")
        connection.executemany("INSERT INTO initiatieven VALUES (?, ?, ?, ?, ?)", ROWS)
    shared.run("party", "add", "tuinen", "--name", "Tuinen", "--perspective", "residents")
    env = {"SERVICE": shared.url, "PARTY": "tuinen", "TOKEN": shared.token("tuinen", "contribute")}

    def run(*statements: str) -> tuple[int, str]:
        with closing(sqlite3.connect(database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        words = [sys.executable, str(script), str(database)]
        done = subprocess.run(words, env={**os.environ, **env}, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    counts = "{{'added': {}, 'replaced': {}, 'withdrawn': {}, 'returned': 0, 'unchanged': {}}}\n"
    assert run() == (0, counts.format(12, 0, 0, 0))
    assert run() == (0, counts.format(0, 0, 0, 12))
    edit = ("UPDATE initiatieven SET titel = 'Anders' WHERE id = 'i3'", "DELETE FROM initiatieven WHERE id = 'i4'")
    assert run(*edit) == (0, counts.format(0, 1, 1, 10))
    code, told = run("DELETE FROM initiatieven")
    assert (code, "allowWithdraw=11" in told) == (1, True)
    with shared.client() as client:
        assert f"{BASE}/id/tuinen/i3".encode() in client.get("/view/tuinen").content
