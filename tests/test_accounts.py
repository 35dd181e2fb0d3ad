"""Tokens, namespaces and delegations: kept safely, counted at once, also from another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kg.accounts import ANYBODY, Accounts, Delegation
from kg.ledger import Ledger, LedgerUnavailable
from kg.party import Caller, Right
from tests.neighbourhood import BASE, NOW

ROOT = Path(__file__).parent.parent


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of a new, empty ledger."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger.create(url, BASE).close()
    return url


@pytest.fixture
def accounts(url: str) -> Iterator[Accounts]:
    """Its accounts."""
    with Accounts(url) as accounts:
        yield accounts


def test_a_token_says_whose_it_is_and_what_it_may(accounts: Accounts) -> None:
    """A secret becomes its party with its right; another secret becomes nobody."""
    secret = accounts.create_token("ans", Right.CONTRIBUTE, NOW)
    token_id = accounts.tokens()[0].id
    assert Caller("ans", frozenset({Right.CONTRIBUTE}), token_id) == accounts.caller(secret, NOW)
    assert accounts.caller(secret + "x", NOW) is None
    assert accounts.caller("", NOW) is None


def test_no_secret_is_kept(accounts: Accounts, url: str, tmp_path: Path) -> None:
    """No file of the folder holds the secret of a token."""
    secret = accounts.create_token("ans", Right.CONTRIBUTE, NOW)
    assert [] == [file.name for file in tmp_path.iterdir() if secret.encode() in file.read_bytes()]


def test_a_token_ends_when_it_expires_or_is_revoked(accounts: Accounts) -> None:
    """A token counts until its last moment, and not after it was taken back."""
    until = NOW + timedelta(hours=1)
    secret = accounts.create_token("ans", Right.READ_PARTNERS, NOW, expires=until)
    assert accounts.caller(secret, until - timedelta(seconds=1)) is not None
    assert accounts.caller(secret, until) is None
    other = accounts.create_token("bo", Right.STEWARD, NOW)
    bo = next(token for token in accounts.tokens() if token.party == "bo")
    accounts.revoke(bo.id, NOW)
    assert accounts.caller(other, NOW) is None
    assert [(until.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), None), (None, NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))] == [
        (token.expires, token.revoked) for token in accounts.tokens()
    ]


def test_what_another_process_writes_counts_at_once(accounts: Accounts, url: str) -> None:
    """A token made by the command line works in a running service, while that holds the ledger's lock."""
    with Ledger.open(url):
        code = (
            "import sys; from datetime import UTC, datetime;"
            "from kg.accounts import Accounts; from kg.party import Right;"
            "print(Accounts(sys.argv[1]).create_token('ans', Right.CONTRIBUTE, datetime.now(UTC)))"
        )
        made = subprocess.run([sys.executable, "-c", code, url], cwd=ROOT, capture_output=True, text=True, check=True)
        caller = accounts.caller(made.stdout.strip())
        assert caller is not None
        assert "ans" == caller.party


def test_a_party_speaks_in_its_own_namespaces_only(accounts: Accounts) -> None:
    """A registered namespace belongs to one party; none may lie within or around another's or the service's own."""
    accounts.add_namespace("ans", "https://ans.example/id/", NOW)
    assert (f"{BASE}/id/ans/", "https://ans.example/id/") == accounts.namespaces("ans", BASE)
    assert (f"{BASE}/id/bo/",) == accounts.namespaces("bo", BASE)
    assert ("https://ans.example/id/",) == accounts.others_namespaces("bo")
    accounts.add_namespace("ans", "https://ans.example/id/", NOW)
    for prefix in ("https://ans.example/", "https://ans.example/id/deep/", f"{BASE}/id/", "http://127.0.0.1:8000/"):
        with pytest.raises(ValueError, match="lies within or around"):
            accounts.add_namespace("bo", prefix, NOW)
    for prefix in ("https://bo.example", "https://bo.example/id", "ftp://bo.example/", "bo.example/", "https:///id/"):
        with pytest.raises(ValueError, match="is no namespace"):
            accounts.add_namespace("bo", prefix, NOW)


def test_a_delegation_is_given_by_a_holder_or_for_everybody(accounts: Accounts) -> None:
    """What a holder gave itself goes before what holds for everybody; what was taken back counts no more."""
    assert accounts.delegation("redactie", "ans") is None
    accounts.delegate("redactie", ANYBODY, "publicSource", NOW)
    assert "publicSource" == accounts.delegation("redactie", "ans")
    accounts.delegate("redactie", "ans", "namens", NOW)
    assert "namens" == accounts.delegation("redactie", "ans")
    assert "publicSource" == accounts.delegation("redactie", "bo")
    assert accounts.delegation("bo", "ans") is None
    accounts.end_delegation("redactie", "ans", "namens")
    since = NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert [Delegation("redactie", ANYBODY, "publicSource", since)] == accounts.delegations()
    with pytest.raises(ValueError, match="namens or publicSource"):
        accounts.delegate("redactie", "ans", "byHolder", NOW)


def test_without_a_ledger_there_are_no_accounts(tmp_path: Path) -> None:
    """A folder without a ledger is an outage that says so, and nothing is made in it."""
    with pytest.raises(LedgerUnavailable, match="there is no ledger"):
        Accounts(f"sqlite:///{tmp_path}/ledger.sqlite")
    assert [] == list(tmp_path.iterdir())
