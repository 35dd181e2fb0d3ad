"""Who calls: a token becomes a party and its rights; an address becomes a client."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.requests import Request

from kg.accounts import Accounts, utc_now
from kg.ledger.acts import Current
from kg.noting import STORE, Notes
from kg.objection import Objection, object_to
from kg.party import Caller, Right
from kg.settings import Settings
from service.rights import Calling as Calling

NOTED = "wijkgraaf.noted"
OPERATOR = "wijkgraaf-party"  # Header by which the operator's own command line says for whom, on the folder's socket.

# Here it is noted of each document that is read, or nothing of another's is read; elsewhere a store is asked whole.
TELLING_DOORS = frozenset(
    {
        *("doc", "id", "view", "contributions", "batches", "validate", "export", "delegations", "readers"),
        *("healthz", "readyz", "def", "shapes", "concepts", "context.jsonld", "api", "static"),
    }
)


class Callers:
    """Tells who calls from a request; without accounts everybody is anonymous, and no token is known."""

    def __init__(self, accounts: Accounts | None, settings: Settings, notes: Notes | None = None) -> None:
        self.accounts = accounts
        self.notes = notes
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
            return object_to("TokenMissing")
        found = self.accounts.caller(secret.strip()) if self.accounts is not None else object_to("TokenUnknown")
        if isinstance(found, Objection):
            return found
        calling = Calling(found, f"token:{found.token_id}")
        self._note(request, calling)
        return calling

    def _note(self, request: Request, calling: Calling) -> None:
        """That a token is used today; and that who reads for partners came where no single document is told apart."""
        party, token = calling.party, calling.caller.token_id
        if self.notes is None or party is None or token is None or request.scope.get(NOTED):
            return
        request.scope[NOTED] = True  # Who calls is asked more than once of one request.
        now = utc_now()
        self.notes.used(token, now)
        if calling.audience == "partners" and request.url.path.split("/")[1] not in TELLING_DOORS:
            self.notes.read([("", "", "partners")], reader=party, token=token, door=STORE, now=now)

    def note_read(self, calling: Calling, read: Iterable[Current], door: str) -> None:
        """That this caller was given the words of these documents: of those that are not public nor its own."""
        party, token = calling.party, calling.caller.token_id
        if self.notes is None or party is None or token is None:
            return
        told = [
            (one.iri, one.party, one.audience)
            for one in read
            if one.audience != "public" and party not in (one.party, one.recorder)
        ]
        self.notes.read(told, reader=party, token=token, door=door, now=utc_now())

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
