"""Which addresses of the Internet the hub may be sent to by somebody else's word. Pure.

Rule: only what is public in the end. An IPv4 address that is wrapped in an IPv6 one is judged by what it wraps, for
:mod:`ipaddress` calls some wrappings global. Not promised: a network's own NAT64 prefix is not known here; a network
that has one keeps private addresses out of it.

Sources: the IANA special-purpose registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
_PUBLIC: Final = IPv6Network("2000::/3")
"""All of IPv6 that was ever given out."""
_CLOSED: Final = (
    IPv6Network("2001::/23"),  # protocols, among them Teredo (2001::/32)
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: wraps any IPv4 address; nobody keeps files there
    IPv6Network("3fff::/20"),  # documentation
    IPv4Network("192.0.0.0/24"),  # protocols
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # the inside of Azure, though its number is public
)
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def is_public(address: str) -> bool:
    """True for an address in its plain form that anybody in the Internet may have. Garbage and zones are not."""
    try:
        return _is_public(ipaddress.ip_address(address))
    except ValueError:
        return False


def is_literal(host: str) -> bool:
    """True for an address in its plain form, False for a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8 and ::1."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_disguised(host: str) -> bool:
    """True for a number in another spelling than the plain one: ``127.1``, ``0x7f000001``, ``0177.0.0.1``.

    The system's resolver reads such spellings; nobody who means well writes them.
    """
    return not is_literal(host) and _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address in _NAT64:
            return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _PUBLIC:
            return False
    if any(address in network for network in _CLOSED if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast
