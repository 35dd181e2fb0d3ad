"""Who calls: a token becomes a party and its rights; an address becomes a client."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from kg.accounts import Accounts
from kg.objection import Objection, object_to
from kg.party import Caller, Right
from kg.settings import Settings
from service.rights import Calling as Calling

OPERATOR = "wijkgraaf-party"  # Header by which the operator's own command line says for whom, on the folder's socket.


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
        found = self.accounts.caller(secret.strip()) if self.accounts is not None else object_to("TokenUnknown")
        if isinstance(found, Objection):
            return found
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
