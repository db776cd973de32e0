"""Errors as RFC 9457 problem documents: one translation for refusals, bad input and framework errors."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.core.error_codes import CODES
from mfc.core.errors import DomainError

CONTENT_TYPE = "application/problem+json"
_FRAMEWORK = {
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.PermissionDenied: "not_allowed",
    PermissionDenied: "not_allowed",
    exceptions.NotFound: "not_found",
    Http404: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "too_many_requests",
    exceptions.ParseError: "invalid_request",
    RequestDataTooBig: "invalid_request",
    OperationalError: "busy",
}


def body_of(refusal: DomainError) -> dict[str, Any]:
    """The problem document of a refusal; its details are members of their own."""
    return {
        "type": f"/docs/errors#{refusal.code}",
        "title": refusal.spec.title,
        "status": refusal.spec.status,
        "detail": refusal.message,
        "code": refusal.code,
        "remedy": refusal.remedy,
        **({"details": refusal.details} if refusal.details else {}),
    }


def response_of(refusal: DomainError) -> Response:
    """The HTTP answer of a refusal."""
    headers = {}
    if refusal.code == "not_authenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.code == "busy":
        headers["Retry-After"] = "1"
    return Response(body_of(refusal), status=refusal.spec.status, content_type=CONTENT_TYPE, headers=headers)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's hook; None for our own mistakes (they become a 500 and a log entry)."""
    if isinstance(error, DomainError):
        return response_of(error)
    if isinstance(error, exceptions.ValidationError):
        fields = error.get_full_details() if isinstance(error.detail, dict) else {"request": error.detail}
        return response_of(DomainError("invalid_request", _summary(error.detail), fields=_plain(fields)))
    for kind, code in _FRAMEWORK.items():
        if isinstance(error, kind):
            response = response_of(DomainError(code, str(getattr(error, "detail", "")) or CODES[code].title))
            if isinstance(error, exceptions.MethodNotAllowed):
                response.headers["Allow"] = ", ".join(context["view"].allowed_methods)
            return response
    return None


class UnknownAddress(APIView):
    """What answers where there is nothing: a problem document like everywhere else in the API."""

    schema = None
    scopes: ClassVar[dict[str, str]] = {}

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        raise DomainError("not_found", f"There is nothing at {request.path}.")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _summary(detail: Any, path: str = "") -> str:
    """The first complaint with its field, for people."""
    if isinstance(detail, dict):
        key, value = next(iter(detail.items()))
        if isinstance(key, int):  # the number of a row in a list
            return _summary(value, f"{path}[{key}]")
        return _summary(value, f"{path}.{key}" if path else str(key))
    if isinstance(detail, list):
        for number, item in enumerate(detail):
            if item:
                numbered = f"{path}[{number}]" if isinstance(item, dict) else path
                return _summary(item, numbered)
    return f"{path}: {detail}" if path else str(detail)
