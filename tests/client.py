"""A REST client for the tests."""

from __future__ import annotations

import itertools
import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

_keys = itertools.count(1)
# One for all: each new client would build the middleware, and its list of static files, again.
_client = Client(raise_request_exception=False)


class Api:
    """Sends JSON with a token; every POST has a fresh Idempotency-Key unless one is given."""

    def __init__(self, token: str = "") -> None:
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: str) -> Any:
        """GET below /api/v1."""
        return _client.get(f"/api/v1{path}", query, headers=self._headers)

    def post(
        self, path: str, body: Any, *, key: str | None = "", media: str = "application/json", **headers: str
    ) -> Any:
        """POST below /api/v1; ``body`` as JSON, or as it is when it is text. ``key`` None sends none."""
        sent = {**self._headers, **headers}
        if key is not None:
            sent["Idempotency-Key"] = key or f"key-{next(_keys)}"
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return _client.post(f"/api/v1{path}", text, content_type=media, headers=sent)


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal: status, code, media type and shape are checked."""
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, body.get("code")) == (status, code), body
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["type"] == f"/docs/errors#{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["remedy"]
    assert set(body) <= {"type", "title", "status", "detail", "code", "remedy", "details"}
    return body
