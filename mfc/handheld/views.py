"""Pages and inputs of a station's screen; the secret token in the address is the terminal's enrolment."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from mfc.core import receipts
from mfc.core.errors import DomainError
from mfc.handheld import screens
from mfc.scanning import interpret
from mfc.scanning.replies import Reply, lock, refused, tell
from mfc.workforce.models import Station

# A weight in grams is the largest number that is typed.
MAX_QTY = 999_999
MAX_TEXT = 200
MAX_BODY = 4_096


def station_of(token: str) -> Station:
    """The station enrolled with this token; raises ``unknown_station``."""
    station = Station.objects.select_related("site").filter(token=token).first()
    if station is None:
        raise DomainError("unknown_station", "No station has this address.")
    return station


def give(*, token: str, input_id: str, code: str, qty: int | None, text: str = "") -> dict[str, Any]:
    """One input at a station's screen: happens once per id; the answer carries the new screen."""
    station = station_of(token)

    def act() -> dict[str, Any]:
        locked = lock(station.pk)
        reply = interpret.code(station=locked, data=code, qty=qty, typed=text)
        tell(locked, reply)
        return reply.as_dict()

    answer = receipts.once(
        source=f"screen/{station.pk}/{input_id}",
        kind="screen",
        payload={"code": code, "qty": qty, **({"text": text} if text else {})},
        act=act,
        on_refusal=lambda refusal: tell(lock(station.pk), refused(refusal)),
    )
    reply = refused(answer.refusal) if answer.refusal else Reply(**answer.body)
    return {**reply.as_dict(), "screen": screens.build(station_of(token))}


def _problem(refusal: DomainError) -> JsonResponse:
    return JsonResponse(refusal.as_dict(), status=refusal.spec.status)


class Page(View):
    """The handheld page: one station, one task."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            station = station_of(token)
        except DomainError as refusal:
            return render(request, "handheld/unknown.html", {"refusal": refusal}, status=refusal.spec.status)
        return render(request, "handheld/page.html", {"station": station, "screen": screens.build(station)})


class Screen(View):
    """The present screen, once."""

    def get(self, request: HttpRequest, token: str) -> JsonResponse:
        try:
            return JsonResponse(screens.build(station_of(token)))
        except DomainError as refusal:
            return _problem(refusal)


# The token in the address is the secret: a foreign page cannot know it, so a form token would add nothing.
@method_decorator(csrf_exempt, name="dispatch")
class Input(View):
    """A scan, a typed code or a button."""

    def post(self, request: HttpRequest, token: str) -> JsonResponse:
        try:
            return JsonResponse(give(token=token, **_parsed(request)))
        except DomainError as refusal:
            return _problem(refusal)


def _parsed(request: HttpRequest) -> dict[str, Any]:
    wrong = DomainError(
        "invalid_request",
        'Expected {"id": uuid, "code": text, "qty": number or nothing, "text": text or nothing}.',
    )
    if len(request.body) > MAX_BODY:
        raise wrong
    try:
        body = json.loads(request.body)
        input_id = str(uuid.UUID(str(body["id"])))
        code, qty, text = body["code"], body.get("qty"), body.get("text") or ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise wrong from error
    if not isinstance(code, str) or "\x00" in code or (qty is not None and type(qty) is not int):
        raise wrong
    if not isinstance(text, str) or len(text) > MAX_TEXT or not text.isprintable():
        raise wrong
    if qty is not None and not 0 <= qty <= MAX_QTY:
        raise DomainError("quantity_invalid", f"{qty} is not 0 to {MAX_QTY}.")
    return {"input_id": input_id, "code": code, "qty": qty, "text": text.strip()}
