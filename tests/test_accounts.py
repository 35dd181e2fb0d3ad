"""Tokens, namespaces and delegations: kept safely, counted at once, also from another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kg.accounts import ANYBODY, OPERATOR, Accounts, Delegation
from kg.ledger import Ledger, LedgerUnavailable, tables
from kg.ledger.beside import BESIDE
from kg.objection import Objection
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
    for wrong in (secret + "x", ""):
        refused = accounts.caller(wrong, NOW)
        assert isinstance(refused, Objection)
        assert "TokenUnknown" == refused.name


def test_no_secret_is_kept(accounts: Accounts, url: str, tmp_path: Path) -> None:
    """No file of the folder holds the secret of a token."""
    secret = accounts.create_token("ans", Right.CONTRIBUTE, NOW)
    assert [] == [file.name for file in tmp_path.iterdir() if secret.encode() in file.read_bytes()]


def test_a_token_ends_when_it_expires_or_is_revoked(accounts: Accounts) -> None:
    """A token counts until its last moment, and not after it was taken back; who has it is told when that was."""
    until = NOW + timedelta(hours=1)
    secret = accounts.create_token("ans", Right.READ_PARTNERS, NOW, expires=until)
    assert isinstance(accounts.caller(secret, until - timedelta(seconds=1)), Caller)
    expired = accounts.caller(secret, until)
    assert isinstance(expired, Objection)
    assert ("TokenExpired", True) == (expired.name, f"{until:%Y-%m-%d %H:%M} UTC" in expired.message_en)
    with pytest.raises(ValueError, match="has passed"):
        accounts.create_token("ans", Right.READ_PARTNERS, NOW, expires=NOW)
    other = accounts.create_token("bo", Right.STEWARD, NOW)
    bo = next(token for token in accounts.tokens() if token.party == "bo")
    accounts.revoke(bo.id, NOW)
    revoked = accounts.caller(other, NOW)
    assert isinstance(revoked, Objection)
    assert ("TokenRevoked", True) == (revoked.name, f"{NOW:%Y-%m-%d %H:%M} UTC" in revoked.message_nl)
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
        assert isinstance(caller, Caller)
        assert "ans" == caller.party


def test_a_party_speaks_in_its_own_namespaces_only(accounts: Accounts) -> None:
    """A registered namespace belongs to one party; none may lie within or around another's or the service's own."""
    accounts.add_namespace("ans", "https://ans.example/id/", NOW)
    assert (f"{BASE}/id/ans/", "https://ans.example/id/") == accounts.namespaces("ans", BASE)
    assert (f"{BASE}/id/bo/",) == accounts.namespaces("bo", BASE)
    assert ("https://ans.example/id/",) == accounts.others_namespaces("bo")
    accounts.add_namespace("ans", "https://ans.example/id/", NOW)
    taken = ("https://ans.example/", "https://ans.example/id/deep/", "http://ans.example/id/", f"{BASE}/id/")
    for prefix in (*taken, "http://127.0.0.1:8000/"):
        refused = accounts.add_namespace("bo", prefix, NOW)
        assert refused is not None
        assert "NamespaceTaken" == refused.name
    unclear = ("https://bo.example", "https://bo.example/id", "ftp://bo.example/", "bo.example/", "https:///id/")
    for prefix in (
        *unclear,
        "HTTPS://bo.example/",
        "https://bo.example/../",
        "https://bo.example:443/",
        "https://b o/",
    ):
        refused = accounts.add_namespace("bo", prefix, NOW)
        assert refused is not None
        assert "NamespaceUnclear" == refused.name, prefix
    not_its = accounts.remove_namespace("bo", "https://ans.example/id/")
    assert not_its is not None
    assert "NamespaceUnknown" == not_its.name
    assert accounts.remove_namespace("ans", "https://ans.example/id/") is None
    assert accounts.add_namespace("bo", "https://ans.example/", NOW) is None


def test_a_delegation_is_given_by_a_holder_or_for_everybody(accounts: Accounts) -> None:
    """What a holder gave itself goes before what holds for everybody; what was taken back counts no more."""
    assert accounts.delegation("redactie", "ans") is None
    accounts.delegate("redactie", ANYBODY, "publicSource", NOW)
    assert "publicSource" == accounts.delegation("redactie", "ans")
    accounts.delegate("redactie", "ans", "namens", NOW)
    assert "namens" == accounts.delegation("redactie", "ans")
    assert "publicSource" == accounts.delegation("redactie", "bo")
    assert accounts.delegation("bo", "ans") is None
    assert accounts.end_delegation("redactie", "ans", "namens", NOW)
    assert not accounts.end_delegation("redactie", "ans", "namens", NOW)
    since = NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    general = Delegation("redactie", ANYBODY, "publicSource", since, None, OPERATOR)
    assert [general] == accounts.delegations()
    assert [("ans", since, OPERATOR)] == [(d.holder, d.ended, d.ended_by) for d in accounts.delegations(ended=True)]
    with pytest.raises(ValueError, match="namens or publicSource"):
        accounts.delegate("redactie", "ans", "byHolder", NOW)


def test_a_delegation_with_an_end_holds_until_then(accounts: Accounts) -> None:
    """At its last instant it is over, and its recorder is told so; given again, it holds again, and both are kept."""
    until = NOW + timedelta(days=1)
    accounts.delegate("steunpunt", "ans", "namens", NOW, until)
    assert "namens" == accounts.delegated("steunpunt", "ans", until - timedelta(seconds=1))
    over = accounts.delegated("steunpunt", "ans", until)
    assert isinstance(over, Objection)
    assert ("DelegationEnded", True) == (over.name, until.date().isoformat() in over.message_en)
    assert accounts.delegation("steunpunt", "ans", until) is None
    assert accounts.delegated("bo", "ans", until) is None
    accounts.delegate("steunpunt", "ans", "namens", until)
    assert "namens" == accounts.delegated("steunpunt", "ans", until + timedelta(days=900))
    assert [None] == [one.until for one in accounts.delegations()]
    assert [until.date().isoformat()] == [(one.ended or "")[:10] for one in accounts.delegations(ended=True)]
    accounts.delegate("steunpunt", "ans", "namens", until, until + timedelta(days=2))
    assert accounts.delegation("steunpunt", "ans", until + timedelta(days=2)) is None


def test_the_day_on_which_a_token_was_last_used_is_kept_and_no_more(accounts: Accounts) -> None:
    """The day, the latest; who made it stands beside it."""
    accounts.create_token("ans", Right.CONTRIBUTE, NOW, by="wijk 0123")
    name = accounts.tokens()[0].id
    assert (None, "wijk 0123") == (accounts.tokens()[0].used, accounts.tokens()[0].made_by)
    for days in (3, 1):
        accounts.mark_used([name], NOW + timedelta(days=days))
    assert (NOW + timedelta(days=3)).date().isoformat() == accounts.tokens()[0].used


def test_a_ledger_made_before_gets_what_it_lacks(accounts: Accounts, url: str) -> None:
    """Without the tables of today, its tokens and delegations count all the same."""
    secret = accounts.create_token("ans", Right.CONTRIBUTE, NOW)
    accounts.delegate("redactie", "ans", "namens", NOW)
    engine = tables.open_engine(url, writes=True)
    for table in BESIDE:
        table.drop(engine)
    engine.dispose()
    with Accounts(url) as again:
        assert isinstance(again.caller(secret, NOW), Caller)
        assert "namens" == again.delegation("redactie", "ans", NOW)
        again.mark_used([again.tokens()[0].id], NOW)
        assert NOW.date().isoformat() == again.tokens()[0].used
        assert again.end_delegation("redactie", "ans", "namens", NOW)
        assert again.delegation("redactie", "ans", NOW) is None


def test_without_a_ledger_there_are_no_accounts(tmp_path: Path) -> None:
    """A folder without a ledger is an outage that says so, and nothing is made in it."""
    with pytest.raises(LedgerUnavailable, match="there is no ledger"):
        Accounts(f"sqlite:///{tmp_path}/ledger.sqlite")
    assert [] == list(tmp_path.iterdir())
