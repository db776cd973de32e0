"""How the outside world reaches the warehouse system by REST."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

TOO_MANY_REQUESTS = 429
HTTP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Rest:
    """Where, with which token, through which connections."""

    api: str
    token: str
    http: httpx.AsyncClient

    def url(self, path: str) -> str:
        return f"{self.api.rstrip('/')}/api/v1/{path}"

    def headers(self, key: str = "") -> dict[str, str]:
        """``key`` makes a write safe to repeat."""
        base = {"Authorization": f"Bearer {self.token}"}
        return base | {"Idempotency-Key": key} if key else base


def is_transient(answer: httpx.Response) -> bool:
    """Worth another try with the same key."""
    return answer.is_server_error or answer.status_code == TOO_MANY_REQUESTS


def problem_code(answer: httpx.Response) -> str:
    """The ``code`` of a problem+json answer, or the bare status."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    code = body.get("code") if isinstance(body, dict) else None
    return str(code or f"http_{answer.status_code}")
