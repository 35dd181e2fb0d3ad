"""A neighbourhood of one's own: named, with its first places, ready to be served."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.running import start_service, wijkgraaf

BASE = "https://laak.example"
TOOI = "https://identifier.overheid.nl/tooi/id/gemeente/gm0518"
CBS = "https://cbs.example.org/WK051838"


def test_a_new_neighbourhood_is_named_and_lies_in_its_municipality(tmp_path: Path) -> None:
    """Its pages carry its name, the register holds it within the municipality and the country, and it takes stories."""
    data = tmp_path / "laak"
    told = ("--recorded-as", CBS, "--municipality", "'s-Gravenhage", "--municipality-recorded-as", TOOI)
    wijkgraaf("init", "--wijk", 'Laak "Noord"', *told, "--base", BASE, "--data", str(data))
    service = start_service(data, BASE)
    try:
        start = httpx.get(f"{service.url}/nl/", timeout=30).text
        place = httpx.get(f"{service.url}/doc/wijk/laak-noord.nt", timeout=30).text
        municipality = httpx.get(f"{service.url}/doc/wijk/s-gravenhage.nt", timeout=30).text
        service.run("party", "add", "bewoners", "--name", "Bewoners", "--perspective", "residents")
        parties = service.run("party", "list").stdout.split()
    finally:
        service.stop()
    assert "Laak &#34;Noord&#34;" in start
    assert f"sfWithin> <{BASE}/id/wijk/s-gravenhage>" in place
    assert f"recordedAs> <{CBS}>" in place
    assert f"sfWithin> <{BASE}/id/wijk/nederland>" in municipality
    assert f"recordedAs> <{TOOI}>" in municipality
    assert ["bewoners", "wijk"] == parties


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--municipality", "Den Haag"), "--wijk"),
        (("--wijk", "Laak", "--example", "moerwijk"), "choose one"),
        (("--wijk", "!!!"), "a name has letters"),
        (("--wijk", "Den Haag", "--municipality", "Den Haag"), "a name of its own"),
        (("--wijk", "Laak", "--municipality-recorded-as", TOOI), "--municipality"),
        (("--wijk", "Laak", "--recorded-as", "https://www.wikidata.org/wiki/Q1"), "RegisterUnclear"),
    ],
)
def test_what_cannot_begin_says_why_and_leaves_the_folder_empty(
    tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    """Usage, told on stderr; the next try finds an empty folder."""
    failed = wijkgraaf("init", *flags, "--data", str(tmp_path / "data"), check=False)
    assert (2, True) == (failed.returncode, said in " ".join(failed.stderr.split())), failed.stderr
    assert not (tmp_path / "data").exists() or [] == list((tmp_path / "data").iterdir())
