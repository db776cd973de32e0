"""Who calls, and what for: bearer tokens with scopes; deny by default."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from mfc.api.models import PREFIX_LENGTH, ApiClient, hash_token
from mfc.core import clock
from mfc.core.actors import Actor
from mfc.core.errors import DomainError

# Writing "last used" on every request would make every read a write.
LAST_USED_RESOLUTION = timedelta(minutes=5)


class ClientUser:
    """The request's user when a program calls."""

    is_authenticated = True

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self.actor = Actor("client", client.name, client.name)


def caller(request: Request) -> ClientUser:
    """Who called; a view behind ``HasScope`` always has one."""
    user: Any = request.user
    assert isinstance(user, ClientUser)
    return user


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer mfc_…``."""

    def authenticate(self, request: Request) -> tuple[ClientUser, None] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise DomainError("not_authenticated", "The Authorization header is not 'Bearer <token>'.")
        now = clock.SystemClock().now()
        for client in ApiClient.objects.filter(prefix=token[4 : 4 + PREFIX_LENGTH], active=True):
            if hmac.compare_digest(client.token_hash, hash_token(token)) and not _expired(client, now):
                _note_use(client, now)
                return ClientUser(client), None
        raise DomainError("not_authenticated", "The token is unknown, expired or switched off.")

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _expired(client: ApiClient, now: Any) -> bool:
    return client.expires_at is not None and client.expires_at <= now


def _note_use(client: ApiClient, now: Any) -> None:
    if client.last_used_at is None or now - client.last_used_at > LAST_USED_RESOLUTION:
        ApiClient.objects.filter(pk=client.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """The view names the scope of each method in ``scopes``; a view without one is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not isinstance(user, ClientUser):
            raise DomainError("not_authenticated", "No token was sent.")
        method = "GET" if request.method == "HEAD" else request.method
        wanted = getattr(view, "scopes", {}).get(method)
        if wanted is None and request.method not in view.allowed_methods:
            return True  # answered with method_not_allowed
        if wanted is None or wanted not in user.client.scopes:
            raise DomainError("not_allowed", f"This needs the scope {wanted}.", scope=wanted)
        return True
