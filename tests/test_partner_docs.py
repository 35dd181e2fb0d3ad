"""The page for partners, done as it says: the first contribution with curl's JSON and with Python."""

from __future__ import annotations

import re

import httpx

from tests.running import ROOT, Service
from tests.stories import BASE

PAGE = (ROOT / "docs" / "partners.md").read_text()


def test_the_first_contribution_of_the_page_is_taken_in(shared: Service) -> None:
    """The JSON is checked, taken in and given a name that tells nothing; the Python is taken in under its own name."""
    shared.run("party", "add", "mijn-straat", "--name", "Mijn straat", "--perspective", "residents")
    token = shared.token("mijn-straat", "contribute")
    (story,) = re.findall(r"<<'JSON'\n(.*?)JSON\n", PAGE, re.DOTALL)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for door, status in (("validate", 200), ("contributions", 201)):
        answer = httpx.post(f"{shared.url}/{door}", content=story, headers=headers, timeout=60)
        assert status == answer.status_code, answer.text
    assert answer.json()["contributions"][0]["document"].startswith(f"{BASE}/id/mijn-straat/v/")
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    there = script.replace('base_url="http://127.0.0.1:8000"', f'base_url="{shared.url}"')
    assert there != script
    exec(compile(there, "partners.md", "exec"), {"token": token})
    said = httpx.get(f"{shared.url}/doc/mijn-straat/speeltuin.nt", timeout=30)
    assert (200, True) == (said.status_code, "speeltuin leeg" in said.text)


def test_every_page_that_the_page_names_is_there() -> None:
    """No way in leads nowhere."""
    named = set(re.findall(r"\]\(([\w-]+\.md)", PAGE))
    assert len(named) > 10
    assert set() == {name for name in named if not (ROOT / "docs" / name).is_file()}
