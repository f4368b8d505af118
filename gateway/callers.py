"""Who is calling, as far as rate limits and the sides need to know before the call."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

HOST_BITS_IPV6: Final = 64
"""One household or machine usually holds this much of an IPv6 address."""

FORWARDED_FOR: Final = "x-forwarded-for"

ADDRESSES_KNOWN_MAX: Final = 4096
"""Those that asked last. Taking an address apart costs more than finding the route."""


def client_address(scope: Any, headers: Mapping[str, str], proxies: int) -> str:
    """The address of whoever asks, empty when it is not known.

    Each proxy appends whom it heard from to `X-Forwarded-For`. With `proxies` of them in front,
    that many entries at the end were written by them; what stands before is the sender's own word.
    """
    peer = scope.get("client")
    address = str(peer[0]) if peer else ""
    if proxies:
        told = [one.strip() for one in headers.get(FORWARDED_FOR, "").split(",") if one.strip()]
        if len(told) >= proxies:
            address = told[-proxies]
    parsed = _parsed(address)
    return str(parsed) if parsed is not None else ""


def is_loopback(address: str) -> bool:
    """Whether it is this machine itself."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def limited_address(address: str) -> str:
    """The address as limits count it: the first half of an IPv6 address, all of others."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, HOST_BITS_IPV6), strict=False).network_address)
    return str(parsed) if parsed is not None else "unknown"


@lru_cache(maxsize=ADDRESSES_KNOWN_MAX)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
