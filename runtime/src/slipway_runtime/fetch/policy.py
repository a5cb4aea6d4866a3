"""Which sources this cluster allows, and which addresses nobody may be sent to. Pure.

Private addresses are allowed: model stores live there. Refused are addresses that lead to the
node itself, to its neighbours on the link, or to a cloud's credentials.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from slipway_runtime.fetch.uri import origin, refused

Address = IPv4Address | IPv6Address

_METADATA: Final = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
"""Link-local ones are refused anyway; these are AWS over IPv6, Alibaba and Azure."""

_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True)
class Policy:
    """The allow-list: patterns of scheme://host[:port]; empty allows every source."""

    patterns: tuple[str, ...]

    def expect_allowed(self, uri: str) -> None:
        """Refuse a source that no pattern names."""
        if self.patterns and not any(
            fnmatchcase(name, pattern) for name in origin(uri) for pattern in self.patterns
        ):
            raise refused(
                f"{origin(uri)[0]} is not an allowed source; this cluster allows "
                f"{', '.join(self.patterns)}"
            )


def policy(text: str) -> Policy:
    """Read the allow-list."""
    return Policy(tuple(entry.strip().lower() for entry in text.split(",") if entry.strip()))


def forbidden(text: str) -> str | None:
    """Say what kind of forbidden address this is, or None when it is fine."""
    return next((kind for form in _forms(text) if (kind := _kind(form))), None)


def _forms(text: str) -> list[Address]:
    """List the address, and the IPv4 addresses that it is another way to write."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return [address]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _TRANSLATED) or int(address) < 1 << 32:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(form for form in inner if form is not None)]


def _kind(address: Address) -> str | None:
    if address in _METADATA:
        return "a cloud's metadata service"
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_unspecified or (address.version == 4 and int(address) < 1 << 24):
        return "an unspecified address"
    if address.is_multicast:
        return "a multicast address"
    if address.version == 4 and address.is_reserved:
        return "a reserved address"
    return None
