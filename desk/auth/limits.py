"""How often one may try to sign in: per login and per address, counted in the database.

Law: a login that does not exist is counted as one that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from bot.settings import SettingsError
from bot.store import sign_ins
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.users import folded

Network: TypeAlias = IPv4Network | IPv6Network
PER_LOGIN = 8  # within 15 minutes
PER_ADDRESS = 40  # an office shares one


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts tries."""

    database: Database
    secrets: Keys

    async def exceeded(self, login: str, address: str, now: datetime) -> bool:
        """Count a try of this login from this address; whether it is one too many."""
        async with self.database.begin() as connection:
            of_login = await sign_ins.count(connection, self._login(login), now)
            of_address = await sign_ins.count(connection, self.secrets.secret("tries.address", address), now)
        return of_login > PER_LOGIN or of_address > PER_ADDRESS

    async def forgive(self, login: str) -> None:
        """It was the right person."""
        async with self.database.begin() as connection:
            await sign_ins.forgive(connection, self._login(login))

    def _login(self, login: str) -> bytes:
        return self.secrets.secret("tries.login", folded(login))


def proxies(setting: str) -> list[Network]:
    """SAATHI_TRUSTED_PROXIES: addresses and networks, by commas. Raises SettingsError."""
    try:
        return [ip_network(one.strip(), strict=False) for one in setting.split(",") if one.strip()]
    except ValueError:
        raise SettingsError("SAATHI_TRUSTED_PROXIES must be addresses or networks, as in 10.0.0.0/8, ::1") from None


def visitor(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who asks: the peer, or what the nearest of our own proxies saw.

    X-Forwarded-For is read from its end, as long as the one who added to it is ours. IPv6 counts by /64.
    """
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    current = peer
    while hops and _ours(current, trusted):
        current = hops.pop()
    try:
        found = ip_address(current)
    except ValueError:
        return "unknown"
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def _ours(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
