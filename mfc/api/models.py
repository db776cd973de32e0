"""REST clients and their tokens."""

from __future__ import annotations

import hashlib
import secrets

from django.db import models

SCOPES = ("orders:write", "orders:read", "stock:read", "stock:write", "stock:adjust", "dispatch:release")
# 256 random bits need no slow hash; the prefix finds the row and may be shown.
PREFIX_LENGTH = 8


def hash_token(token: str) -> str:
    """SHA-256 of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiClient(models.Model):
    """A program that may call the API; only the hash of its token is kept."""

    name = models.CharField(max_length=60, unique=True)
    scopes = models.JSONField(default=list, help_text=f"Any of {', '.join(SCOPES)}")
    prefix = models.CharField(max_length=PREFIX_LENGTH, blank=True, editable=False, db_index=True)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    min_remaining_days = models.PositiveIntegerField(
        default=0,
        help_text="Days of life this channel's customers must still get, unless the order asks for more",
    )
    active = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API client"

    def __str__(self) -> str:
        return self.name

    def issue_token(self, token: str = "") -> str:
        """Give the client a new token (the old one ends) and return it: it is never shown again."""
        token = token or "mfc_" + secrets.token_urlsafe(32)
        self.prefix, self.token_hash = token[4 : 4 + PREFIX_LENGTH], hash_token(token)
        self.save()
        return token
