"""Signatures: made by who has the key, checked at the door, kept with the words, shown to who reads them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kg.signing import thumbprint
from tests.running import Service, wijkgraaf
from tests.stories import BASE, story

TURTLE = {"Content-Type": "text/turtle"}
PARTY = "tekenaars"


class Signer:
    """A party with a key of its own, and how it sends what it signs."""

    def __init__(self, service: Service, party: str, where: Path) -> None:
        self.service, self.party, self.where = service, party, where
        self.key = Ed25519PrivateKey.generate()
        self.private, self.public = where / f"{party}.pem", where / f"{party}.pub"
        raw, pem = serialization.NoEncryption(), serialization.Encoding.PEM
        self.private.write_bytes(self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, raw))
        public = self.key.public_key()
        self.public.write_bytes(public.public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
        service.run("party", "add", party, "--name", party, "--perspective", "residents")
        self.id = service.run("party", "key", "add", party, str(self.public)).stdout.strip()
        self.client = service.client(service.token(party, "contribute"))

    def signs(self, turtle: str) -> str:
        """The signatures of a file, as the command makes them."""
        file = self.where / "signed.ttl"
        file.write_text(turtle)
        told = self.service.run("sign", str(file), "--key", str(self.private), "--party", self.party)
        return ",".join(told.stdout.split())

    def sends(self, turtle: str, signature: str | None = None, **parameters: str) -> httpx.Response:
        """Publishes, with a signature or without."""
        headers = TURTLE | ({"Wijkgraaf-Signature": signature} if signature else {})
        return self.client.post("/contributions", content=turtle.encode(), headers=headers, params=parameters)


@pytest.fixture(scope="module")
def signer(shared: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """A party that signs."""
    made = Signer(shared, PARTY, tmp_path_factory.mktemp("keys"))
    with made.client:
        yield made


def names(answer: httpx.Response) -> list[str]:
    """The names of the objections in an answer."""
    return [error["name"] for error in answer.json()["errors"]]


def unpadded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_signature_can_be_checked_with_nothing_but_the_standard(shared: Service, signer: Signer) -> None:
    """From the key set, the receipt and the sorted N-Triples of the document, as RFC 7515, 7638 and 7797 say."""
    turtle = story(PARTY, "getekend")
    answer = signer.sends(turtle, signer.signs(turtle))
    assert 201 == answer.status_code, answer.text
    receipt = signer.client.get(answer.headers["location"], headers={"Accept": "application/json"}).json()
    header, empty, signature = receipt["signature"].split(".")
    assert "" == empty
    (key,) = httpx.get(f"{shared.url}/keys/{PARTY}", timeout=30).json()["keys"]
    named = {name: key[name] for name in ("crv", "kty", "x")}
    digest = hashlib.sha256(json.dumps(named, separators=(",", ":"), sort_keys=True).encode()).digest()
    assert digest == unpadded(key["kid"])
    lines = httpx.get(f"{shared.url}/doc/{PARTY}/getekend.nt", timeout=30).content.splitlines(keepends=True)
    payload = b"".join(sorted(lines))
    Ed25519PublicKey.from_public_bytes(unpadded(key["x"])).verify(unpadded(signature), header.encode() + b"." + payload)
    told = json.loads(unpadded(header))
    assert (key["kid"], f"{BASE}/id/{PARTY}/getekend", "EdDSA") == (told["kid"], told["document"], told["alg"])


def test_the_page_says_who_signed(shared: Service, signer: Signer) -> None:
    """With the name of the key; a document without a signature says nothing of one."""
    for name, signed in (("met", True), ("zonder", False)):
        turtle = story(PARTY, name)
        assert 201 == signer.sends(turtle, signer.signs(turtle) if signed else None).status_code
        page = httpx.get(f"{shared.url}/doc/{PARTY}/{name}.html?lang=nl", timeout=30)
        assert (200, signed, signed) == (page.status_code, signer.id in page.text, "Ondertekend" in page.text)


def test_words_that_stand_here_can_be_signed_later(signer: Signer) -> None:
    """A signature more is a new contribution with the same digest; the same one once more writes nothing."""
    turtle = story(PARTY, "later")
    first = signer.sends(turtle).json()["contributions"][0]
    signature = signer.signs(turtle)
    answer = signer.sends(turtle, signature)
    assert 201 == answer.status_code, answer.text
    second = answer.json()["contributions"][0]
    assert (first["digest"], first["contribution"]) == (second["digest"], second["supersedes"])
    again = signer.sends(turtle, signature)
    assert (200, True) == (again.status_code, again.json()["contributions"][0]["unchanged"])
    assert 200 == signer.sends(turtle).status_code


def test_a_signature_that_does_not_fit_keeps_everything_out(shared: Service, signer: Signer) -> None:
    """Of other words, of another document, cut, twice, or by the key of another: each says so and keeps nothing."""
    turtle, other = story(PARTY, "waar"), story(PARTY, "anders")
    right, elsewhere = signer.signs(turtle), signer.signs(other)
    stranger = Signer(shared, "vreemden", signer.where)
    lent = stranger.signs(turtle.replace(f"/id/{PARTY}", "/id/vreemden"))
    changed = turtle.replace("slaapkamer", "keuken")
    head, _, tail = right.split(".")
    sent = {
        "SignatureWrong": [(changed, right), (turtle, f"{head}..{'A' * 86}")],
        "SignatureElsewhere": [(turtle, elsewhere), (turtle, lent), (story(PARTY), right)],
        "SignatureUnclear": [(turtle, "geen"), (turtle, f"{right},{right}"), (turtle, f"{head}.{head}.{tail}")],
    }
    for name, cases in sent.items():
        for body, signature in cases:
            answer = signer.sends(body, signature)
            assert (422, {name}) == (answer.status_code, set(names(answer))), answer.text
    assert 404 == signer.client.get(f"/doc/{PARTY}/waar").status_code
    stranger.client.close()


def test_a_key_that_ended_signs_nothing_more(shared: Service, signer: Signer) -> None:
    """What it signed before stays signed, and the key set says when it ended."""
    old = Signer(shared, "vertrekkers", signer.where)
    turtle = story("vertrekkers", "voor")
    assert 201 == old.sends(turtle, old.signs(turtle)).status_code
    shared.run("party", "key", "end", old.id)
    late = story("vertrekkers", "na")
    answer = old.sends(late, old.signs(late))
    assert (422, ["SigningKeyUnknown"]) == (answer.status_code, names(answer))
    (key,) = httpx.get(f"{shared.url}/keys/vertrekkers", timeout=30).json()["keys"]
    assert key["exp"] >= key["nbf"]
    assert old.id in httpx.get(f"{shared.url}/doc/vertrekkers/voor.html", timeout=30).text
    old.client.close()


def test_a_key_whose_name_begins_with_a_dash_can_be_ended(shared: Service, tmp_path: Path) -> None:
    """One thumbprint in 64 does; the command takes it for a name, not for an option."""
    key = Ed25519PrivateKey.generate()
    while not thumbprint(key.public_key().public_bytes_raw()).startswith("-"):
        key = Ed25519PrivateKey.generate()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    file = tmp_path / "streep.pub"
    file.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    shared.run("party", "add", "streepjes", "--name", "Streepjes", "--perspective", "residents")
    id = shared.run("party", "key", "add", "streepjes", str(file)).stdout.strip()
    assert id.startswith("-")
    shared.run("party", "key", "end", id)
    assert "ended" in shared.run("party", "key", "list", "streepjes").stdout


def test_a_signature_goes_with_the_words_it_signs(signer: Signer) -> None:
    """Replaced without one, the new words are not signed; erased, no receipt has it any more."""
    turtle = story(PARTY, "weg")
    first = signer.sends(turtle, signer.signs(turtle))
    place = first.headers["location"]
    changed = signer.sends(turtle.replace("slaapkamer", "keuken"), replace="true")
    assert 201 == changed.status_code
    as_json = {"Accept": "application/json"}
    assert signer.client.get(changed.headers["location"], headers=as_json).json()["signature"] is None
    assert signer.client.get(place, headers=as_json).json()["signature"] is not None
    assert 200 == signer.client.delete(f"/doc/{PARTY}/weg?erase=true").status_code
    told = signer.client.get(place, headers=as_json)
    assert told.status_code in (404, 410) or told.json()["signature"] is None


def test_publishing_signs_when_a_key_is_given(signer: Signer) -> None:
    """`publish --key` makes and sends the signature in one go, of each document of the file."""
    file = signer.where / "twee.ttl"
    file.write_text(story(PARTY, "een") + story(PARTY, "twee"))
    told = signer.service.run("publish", str(file), "--party", PARTY, "--key", str(signer.private), "--json")
    for taken in json.loads(told.stdout)["contributions"]:
        path = taken["contribution"].removeprefix(BASE)
        receipt = signer.client.get(path, headers={"Accept": "application/json"}).json()
        assert receipt["signature"]


def test_a_key_is_registered_once_and_of_the_right_kind(shared: Service, signer: Signer, tmp_path: Path) -> None:
    """A second time, a private key, another party's key or none at all: each is said, with what to do."""
    again = shared.run("party", "key", "add", PARTY, str(signer.public), check=False)
    assert (1, True) == (again.returncode, PARTY in again.stderr)
    private = shared.run("party", "key", "add", PARTY, str(signer.private), check=False)
    assert (2, True) == (private.returncode, "public key" in private.stderr)
    nobody = shared.run("party", "key", "add", "niemand", str(signer.public), check=False)
    assert (2, True) == (nobody.returncode, "party add" in nobody.stderr)
    assert 404 == httpx.get(f"{shared.url}/keys/niemand", timeout=30).status_code
    nameless = tmp_path / "naamloos.ttl"
    nameless.write_text(story(PARTY))
    refused = shared.run("sign", str(nameless), "--key", str(signer.private), "--party", PARTY, check=False)
    assert (1, True) == (refused.returncode, "a name of its own" in " ".join(refused.stderr.split()))


def test_the_ledger_binds_the_signature(shared: Service, signer: Signer) -> None:
    """It stands among the facts whose digest is in the chain, and verifying finds all sound."""
    turtle = story(PARTY, "ketting")
    assert 201 == signer.sends(turtle, signer.signs(turtle)).status_code
    assert 0 == wijkgraaf("verify", "--data", str(shared.data)).returncode
