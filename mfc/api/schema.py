"""OpenAPI 3.1: shared parameters, and the problem documents every operation can answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from mfc.api.problems import CONTENT_TYPE

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="A fresh unique text per new request; the same key gets the first answer again.",
)
PAGE_PARAMETERS = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="Rows per page, 1 to 200; 50 unless told"),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="The 'next' of the page before"),
]
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document",
    "required": ["type", "title", "status", "detail", "code", "remedy"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong here"},
        "code": {"type": "string", "description": "Stable code, see docs/reference/errors.md"},
        "remedy": {"type": "string", "description": "What to do"},
        "details": {"type": "object", "additionalProperties": True},
    },
}
_ALWAYS = ("400", "401", "403", "404", "405", "406", "422", "503")
_ON_WRITE = ("409", "415")
# what single reading operations answer beyond that
_ON_READ = {"stock_as_of": ("410",)}


class ApiSchema(AutoSchema):
    """Tags operations by resource: the path segment after the version."""

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[3]]


class TokenScheme(OpenApiAuthenticationExtension):
    """Bearer tokens in the schema."""

    target_class = "mfc.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Token of an API client (admin, API clients)",
        }


def document_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing hook: every operation names its problem answers."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "Refused; nothing has changed",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result["paths"].values():
        for method, operation in path.items():
            statuses = _ALWAYS + (_ON_WRITE if method == "post" else ())
            statuses += _ON_READ.get(operation["operationId"], ())
            for status in statuses:
                operation["responses"].setdefault(status, answer)
    return result
