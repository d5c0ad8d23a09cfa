"""Where a question comes from, as far as it is counted: by whoever makes guessing slow."""

import ipaddress
from urllib.parse import unquote

IPV6_PREFIX = 64  # One household or one server has a whole /64: single addresses of it are not counted apart.


def source_of(address: str) -> str:
    """An IPv4 address as it is, an IPv6 one as its /64, anything unknown as one source."""
    if not address:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)


def address_of_peer(peer: str) -> str:
    """The address in gRPC's words for the other end, `ipv4:192.0.2.1:5000` or `ipv6:%5B2001:db8::1%5D:5000`."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return unquote(rest.rpartition(":")[0]).strip("[]")
