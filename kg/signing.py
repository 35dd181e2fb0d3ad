"""Detached signatures: a party signs the canonical bytes of a document with a key that only it has.

A signature is a JSON Web Signature with a detached, unencoded payload (RFC 7515 appendix F, RFC 7797) by an Ed25519 key
(EdDSA, RFC 8037). What is signed is `kg.contribution.Document.payload`: the sorted N-Triples of the document, in which
its name and its holder stand. The header names the document, and the key by its thumbprint (RFC 7638).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM: Final = "EdDSA"
TYPE: Final = "wijkgraaf-document"  # So that nothing signed for another purpose with the same key counts here.
SIGNATURE_CHARACTERS_MAX: Final = 4_096  # A header with the longest name, a key's name and 64 bytes take less.

_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


@dataclass(frozen=True)
class Signed:
    """What a signature says of itself; nothing of it is checked yet."""

    document: str
    key: str
    """Thumbprint of the key."""
    text: str
    """The signature as it was sent: header and signature in base64url, with two dots between."""


class NoKey(ValueError):
    """A file that holds no Ed25519 key in PEM; the message says what was found."""


def read_public(pem: bytes) -> bytes:
    """The 32 bytes of an Ed25519 public key in PEM; NoKey otherwise."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NoKey("this is no public key in PEM (openssl pkey -in key.pem -pubout)") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NoKey("this is a key of another kind; make one with: openssl genpkey -algorithm ed25519")
    return key.public_bytes_raw()


def read_private(pem: bytes) -> Ed25519PrivateKey:
    """The Ed25519 private key in PEM, without a password; NoKey otherwise."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NoKey("this is no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NoKey("this is a key of another kind; make one with: openssl genpkey -algorithm ed25519")
    return key


def as_jwk(public: bytes) -> dict[str, Any]:
    """A public key (32 bytes) as a JSON Web Key."""
    return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode()}


def thumbprint(public: bytes) -> str:
    """The name of a key (32 bytes): SHA-256 of its JSON Web Key in base64url (RFC 7638)."""
    canonical = json.dumps(as_jwk(public), separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def sign(payload: bytes, document: str, key: Ed25519PrivateKey) -> str:
    """The detached signature of a document's canonical bytes."""
    headers = {"typ": TYPE, "kid": thumbprint(key.public_key().public_bytes_raw()), "document": document}
    return _JWS.encode(payload, key, ALGORITHM, headers, is_payload_detached=True)


def read_signature(text: str) -> Signed | None:
    """What a signature says of itself; None when it is no signature of this kind."""
    if len(text) > SIGNATURE_CHARACTERS_MAX:
        return None
    try:
        header = _JWS.get_unverified_header(text)
    except jwt.InvalidTokenError:
        return None
    document, key = header.get("document"), header.get("kid")
    right = header.get("typ") == TYPE and header.get("alg") == ALGORITHM
    if not right or not isinstance(document, str) or not isinstance(key, str) or text.split(".")[1:2] != [""]:
        return None
    return Signed(document, key, text)


def is_signed_with(signed: Signed, payload: bytes, public: bytes) -> bool:
    """Whether this is the signature of these bytes by this key (32 bytes)."""
    if thumbprint(public) != signed.key:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        _JWS.decode_complete(signed.text, key, [ALGORITHM], detached_payload=payload)
    except (jwt.InvalidTokenError, ValueError):
        return False
    return True
