"""Where we may fetch from: which addresses on the network are open to us, and which only when the steward says so.

A name is looked up once, every address that it gives is looked at, and the connection goes to one of those: what the
name means a moment later (DNS rebinding) does not count.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from kg.objection import Objection, object_to

ADDRESS_CHARACTERS_MAX = 2_048  # What browsers and proxies carry.
DEFAULT_PORTS = {"http": 80, "https": 443}
# Where the machine's own cloud tells its secrets, and what is no single machine: no partner publishes there.
NEVER = tuple(
    ipaddress.ip_network(network) for network in ("169.254.0.0/16", "fe80::/10", "fec0::/10", "0.0.0.0/8", "::/128")
)
# An IPv4 address in the clothes of IPv6: mapped, compatible, translated (NAT64, also local), 6to4, Teredo.
DISGUISES = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"),
        *("2002::/16", "2001::/32"),
    )
)
METADATA = frozenset({"fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"})
_NUMBERS = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}\.?", re.IGNORECASE)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True)
class Leave:
    """What the steward allows for one source, beyond public addresses over https."""

    private: bool = False
    """Addresses of this machine and of networks of its own."""
    elsewhere: bool = False
    """Redirects, and links to other hosts."""
    plain: bool = False
    """Addresses without https."""


NOTHING_MORE = Leave()
"""Public addresses over https, and nothing else."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name, as this machine looks it up; OSError when there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def look_at(address: str, leave: Leave, registered: str | None = None) -> httpx.URL | Objection:
    """The address, when it is one that we may ask; `registered` is where the source began, when this is further on."""
    if len(address) > ADDRESS_CHARACTERS_MAX:
        return object_to("AddressUnclear", value=address[:80] + "…")
    try:
        url = httpx.URL(address)
        begun = httpx.URL(registered) if registered else url
    except (httpx.InvalidURL, ValueError):
        return object_to("AddressUnclear", value=address[:200])
    if url.scheme not in DEFAULT_PORTS or not url.host or url.userinfo or _is_number(url.host):
        return object_to("AddressUnclear", value=address[:200])
    if url.scheme == "http" and not leave.plain:
        return object_to("AddressPlain", value=address[:200])
    if registered is not None:
        if url.host.rstrip(".") != begun.host.rstrip(".") and not leave.elsewhere:
            return object_to("LeadsElsewhere", value=address[:200])
        if port_of(url) not in (*DEFAULT_PORTS.values(), port_of(begun)):
            return object_to("AddressUnclear", value=address[:200])
    return url


def port_of(url: httpx.URL) -> int:
    """The port that an address means."""
    return url.port or DEFAULT_PORTS[url.scheme]


def _is_number(host: str) -> bool:
    """An IPv4 address as nobody writes it: `2130706433`, `0x7f.1`, `0177.0.0.1`. The usual four decimals are fine."""
    if not _NUMBERS.fullmatch(host):
        return False
    try:
        return str(ipaddress.IPv4Address(host)) != host
    except ValueError:
        return True


async def open_addresses(url: httpx.URL, leave: Leave, resolve: Resolve) -> Sequence[str] | Objection:
    """The addresses behind a name, when we may connect to every one of them."""
    try:
        found = await resolve(url.host, port_of(url))
    except (OSError, UnicodeError):
        found = ()
    if not found:
        return object_to("HostUnknown", value=url.host)
    closed = next((one for one in found if not is_open(one, private=leave.private)), None)
    return object_to("AddressClosed", value=url.host, limit=closed) if closed is not None else found


def is_open(text: str, *, private: bool) -> bool:
    """Whether we may connect to this address; `private` opens those of this machine and its own networks too."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False  # With a zone (`fe80::1%eth0`), or something else that only this machine understands.
    if str(address) in METADATA or address.is_multicast or any(_within(address, network) for network in NEVER):
        return False
    if address.is_loopback:
        return private
    if address.is_reserved or any(_within(address, network) for network in DISGUISES):
        return False
    return private or address.is_global


def _within(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return address.version == network.version and address in network
