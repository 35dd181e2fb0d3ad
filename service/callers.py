"""Who calls: a token becomes a party, what it may do and whose audience it reads; an address becomes a client."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.requests import Request

from kg.accounts import Accounts
from kg.objection import Objection, object_to
from kg.party import Caller, Right
from kg.settings import Settings

# One table of what each right opens; the matrix test is made from it (RULES: rights).
# right → (store read, may contribute for itself, may record for others, may act as steward)
OPENS: dict[Right | None, tuple[str, bool, bool, bool]] = {
    None: ("public", False, False, False),
    Right.READ_PARTNERS: ("partners", False, False, False),
    Right.CONTRIBUTE: ("partners", True, False, False),
    Right.RECORD_FOR: ("public", False, True, False),
    Right.STEWARD: ("public", True, True, True),
}

OPERATOR = "wijkgraaf-party"  # Header by which the operator's own command line says for whom, on the folder's socket.


@dataclass(frozen=True)
class Calling:
    """One request's caller. `client` names it for limits; `operator` came through the socket in the data folder."""

    caller: Caller
    client: str
    operator: bool = False

    @property
    def party(self) -> str | None:
        """The party that speaks, or None for an anonymous reader."""
        return self.caller.party

    @property
    def audience(self) -> str:
        """The store that answers this caller: `public` or `partners`."""
        stores = {OPENS[right][0] for right in self.caller.rights} or {OPENS[None][0]}
        return "partners" if "partners" in stores else "public"

    @property
    def may_contribute(self) -> bool:
        """Whether it may publish for its own party."""
        return any(OPENS[right][1] for right in self.caller.rights)

    @property
    def may_record(self) -> bool:
        """Whether it may publish for another party that lets it."""
        return any(OPENS[right][2] for right in self.caller.rights)

    @property
    def is_steward(self) -> bool:
        """Whether it keeps the register."""
        return any(OPENS[right][3] for right in self.caller.rights)

    @property
    def is_known(self) -> bool:
        """Whether a token or the operator's socket vouches for it."""
        return bool(self.caller.rights)


class Callers:
    """Tells who calls from a request; without accounts everybody is anonymous, and no token is known."""

    def __init__(self, accounts: Accounts | None, settings: Settings) -> None:
        self.accounts = accounts
        self.proxies = frozenset(settings.trusted_proxies)

    def calling(self, request: Request) -> Calling | Objection:
        """The caller of this request; an unknown, expired or revoked token is an objection, never anonymity."""
        client = self.client(request)
        if is_operator(request):
            party = request.headers.get(OPERATOR)
            caller = Caller(party, frozenset(Right), None)
            return Calling(caller, "operator", operator=True)
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return Calling(Caller(None, frozenset(), None), client)
        if scheme.lower() != "bearer" or not secret:
            return object_to("TokenUnknown")
        found = self.accounts.caller(secret.strip()) if self.accounts is not None else None
        if found is None:
            return object_to("TokenUnknown")
        return Calling(found, f"token:{found.token_id}")

    def client(self, request: Request) -> str:
        """A name for limits: the address, an IPv6 network of /64 as one; forwarded only through a trusted proxy."""
        host = request.client.host if request.client else "socket"
        if host in self.proxies:
            forwarded = request.headers.get("x-forwarded-for", "").split(",")[-1].strip()
            host = forwarded or host
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return host
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, 64), strict=False))
        return str(address)


def is_operator(request: Request) -> bool:
    """Whether this request came through the socket in the data folder, which only the operator's account can open."""
    server = request.scope.get("server")
    return server is not None and server[1] is None
