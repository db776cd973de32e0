"""Which addresses a webhook may go to: https anywhere public, http only on this machine."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

from mfc.core.errors import DomainError


def check(url: str) -> None:
    """Raise ``webhook_url_refused`` unless the address may be called.

    https must not lead into private networks (server-side request forgery); http is for loopback receivers only.
    Hosts named in MFC_WEBHOOK_HOSTS are trusted: a dispatch system on the store's own network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise DomainError("webhook_url_refused", f"{url} is no address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise DomainError("webhook_url_refused", f"{url} is not an http(s) address without a user name.")
    if host in settings.ENV.webhook_hosts:
        return
    addresses = _addresses(host, port or (443 if parts.scheme == "https" else 80))
    if all(address.is_loopback for address in addresses):
        return
    if parts.scheme == "http":
        raise DomainError("webhook_url_refused", f"{url}: only https may leave this machine.")
    if not all(address.is_global for address in addresses):
        raise DomainError("webhook_url_refused", f"{url} leads into a private network.")


def _addresses(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DomainError("webhook_url_refused", f"{host} cannot be found: {error}.") from error
    return [ipaddress.ip_address(info[4][0]) for info in found]
