"""Holds, recalls, relocations and adjustments of stock by REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.authentication import caller
from mfc.api.idempotency import answer_once
from mfc.api.orders import StrictSerializer, this_site
from mfc.api.schema import IDEMPOTENCY_KEY, PAGE_PARAMETERS
from mfc.catalog.models import Sku
from mfc.core.errors import DomainError
from mfc.inventory import holds, tracing, transfers
from mfc.inventory.models import Balance, Hold, HoldKind, Lot, ReasonCode
from mfc.layout.models import Location


class HoldSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=HoldKind.choices)
    sku = serializers.CharField(max_length=40, default="", allow_blank=True)
    lot = serializers.CharField(max_length=20, default="", allow_blank=True, help_text="Needs its SKU")
    location = serializers.CharField(max_length=30, default="", allow_blank=True)
    reason = serializers.CharField(max_length=200)


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=200)


class HoldAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    lot = serializers.CharField(allow_null=True)
    location = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    placed_at = serializers.DateTimeField()
    placed_by = serializers.CharField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class HoldPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = HoldAnswer(many=True)


class RecallSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    lot = serializers.CharField(max_length=20)
    reason = serializers.CharField(max_length=200)


class FoundAnswer(serializers.Serializer):
    place = serializers.CharField()
    kind = serializers.CharField()
    qty = serializers.IntegerField()
    reserved = serializers.IntegerField()
    order_ref = serializers.CharField()
    client = serializers.CharField()


class ShippedAnswer(serializers.Serializer):
    at = serializers.DateTimeField()
    qty = serializers.IntegerField()
    sscc = serializers.CharField()
    order_ref = serializers.CharField()
    client = serializers.CharField()
    name = serializers.CharField()


class TraceAnswer(serializers.Serializer):
    sku = serializers.CharField()
    lot = serializers.CharField()
    expires_on = serializers.DateField(allow_null=True)
    received = serializers.IntegerField()
    here = FoundAnswer(many=True)
    shipped = ShippedAnswer(many=True)
    shipped_qty = serializers.IntegerField()
    gone = serializers.DictField(child=serializers.IntegerField())


class RelocationSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    lot = serializers.CharField(max_length=20, default="", allow_blank=True)
    qty = serializers.IntegerField()
    to = serializers.CharField(max_length=30)
    reason_code = serializers.ChoiceField(choices=ReasonCode.choices)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(max_length=30), **super().get_fields()}


class AdjustmentSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    lot = serializers.CharField(max_length=20, default="", allow_blank=True)
    location = serializers.CharField(max_length=30)
    on_hand = serializers.IntegerField(min_value=0, max_value=1_000_000, help_text="What was found")
    reason_code = serializers.ChoiceField(choices=ReasonCode.choices)
    reason = serializers.CharField(max_length=200)


class BalanceAnswer(serializers.Serializer):
    location = serializers.CharField()
    sku = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    pickable = serializers.BooleanField()


def location_of(code: str) -> Location:
    """The location with this code at this site; raises ``not_found``."""
    row = Location.objects.select_related("zone").filter(site=this_site(), code=code).first()
    if row is None:
        raise DomainError("not_found", f"There is no location {code}.")
    return row


def sku_of(code: str) -> Sku:
    """The SKU with this code; raises ``unknown_sku``."""
    row = Sku.objects.filter(code=code).first()
    if row is None:
        raise DomainError("unknown_sku", f"{code} is not known here.", sku=code)
    return row


def lot_of(sku: Sku, code: str) -> Lot:
    """The lot with this code; raises ``not_found``."""
    row = Lot.objects.select_related("sku").filter(sku=sku, code=code).first()
    if row is None:
        raise DomainError("not_found", f"{sku.code} has no lot {code}.")
    return row


def balance_of(*, location: Location, sku: Sku, lot: str) -> Balance:
    """Stock of SKU and lot at a place; raises ``stock_insufficient`` when the book knows none."""
    wanted = lot_of(sku, lot) if lot else None
    row = (
        Balance.objects.select_related("sku", "lot", "location")
        .filter(location=location, sku=sku, lot=wanted)
        .first()
    )
    if row is None:
        raise DomainError(
            "stock_insufficient", f"By the book no {sku.code} {lot} is at {location.code}.", available=0
        )
    return row


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.pk,
        "kind": hold.kind,
        "sku": hold.sku.code if hold.sku else hold.lot.sku.code if hold.lot else None,
        "lot": hold.lot.code if hold.lot else None,
        "location": hold.location.code if hold.location else None,
        "reason": hold.reason,
        "placed_at": hold.placed_at.isoformat(),
        "placed_by": hold.placed_by,
        "lifted_at": hold.lifted_at.isoformat() if hold.lifted_at else None,
    }


def _trace(lot: Lot) -> dict[str, Any]:
    found = tracing.trace(lot)
    return {
        "sku": lot.sku.code,
        "lot": lot.code,
        "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
        "received": found.received,
        "here": [
            {
                "place": one.place,
                "kind": one.kind,
                "qty": one.qty,
                "reserved": one.reserved,
                "order_ref": one.order_ref,
                "client": one.client,
            }
            for one in found.here
        ],
        "shipped": [
            {
                "at": one.at.isoformat(),
                "qty": one.qty,
                "sscc": one.parcel,
                "order_ref": one.order_ref,
                "client": one.client,
                "name": one.name,
            }
            for one in found.shipped
        ],
        "shipped_qty": found.shipped_qty,
        "gone": found.gone,
    }


def describe_balance(row: Balance) -> dict[str, Any]:
    """The JSON of stock at a place, as it is now."""
    row.refresh_from_db()
    return {
        "location": row.location.code if row.location else "",
        "sku": row.sku.code,
        "lot": row.lot.code if row.lot else None,
        "on_hand": row.on_hand,
        "reserved": row.reserved,
        "pickable": row.pickable,
    }


class HoldList(APIView):
    scopes = {"GET": "stock:read", "POST": "stock:adjust"}

    @extend_schema(
        operation_id="holds_list",
        responses={200: HoldPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("open", enum=["1"], description="Only holds that are in force"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Holds, oldest first."""
        rows = Hold.objects.filter(site=this_site()).select_related("sku", "lot__sku", "location")
        if request.query_params.get("open"):
            rows = rows.filter(lifted_at=None)
        return Response(pages.page(request, rows, order="id", describe=_hold))

    @extend_schema(
        operation_id="holds_create",
        request=HoldSerializer,
        responses={201: HoldAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Stop the sale of a lot, a SKU or what lies at a location."""
        serializer = HoldSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            if wanted["lot"] and not wanted["sku"]:
                raise DomainError("hold_invalid", "A lot is named together with its SKU.")
            sku = sku_of(wanted["sku"]) if wanted["sku"] else None
            lot = lot_of(sku, wanted["lot"]) if sku and wanted["lot"] else None
            return _hold(
                holds.place(
                    site_id=this_site().pk,
                    kind=HoldKind(wanted["kind"]),
                    actor=caller(request).actor,
                    reason=wanted["reason"],
                    sku=None if lot else sku,
                    lot=lot,
                    location=location_of(wanted["location"]) if wanted["location"] else None,
                )
            )

        return answer_once(request, kind="hold.place", act=act, created=True)


class HoldLift(APIView):
    scopes = {"POST": "stock:adjust"}

    @extend_schema(
        operation_id="holds_lift",
        request=ReasonSerializer,
        responses={200: HoldAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, hold_id: int) -> Response:
        """End a hold."""
        serializer = ReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            hold = (
                Hold.objects.select_related("sku", "lot__sku", "location")
                .filter(site=this_site(), pk=hold_id)
                .first()
            )
            if hold is None:
                raise DomainError("not_found", f"There is no hold {hold_id}.")
            return _hold(
                holds.lift(hold=hold, actor=caller(request).actor, reason=serializer.validated_data["reason"])
            )

        return answer_once(request, kind="hold.lift", act=act)


class LotTrace(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="lots_trace",
        responses={200: TraceAnswer},
        parameters=[
            OpenApiParameter("sku", str, required=True),
            OpenApiParameter("lot", str, required=True),
        ],
    )
    def get(self, request: Request) -> Response:
        """Where every unit of a lot is, or went."""
        return Response(_trace(lot_of(sku_of(pages.text_of(request, "sku")), pages.text_of(request, "lot"))))


class LotRecall(APIView):
    scopes = {"POST": "stock:adjust"}

    @extend_schema(
        operation_id="lots_recall",
        request=RecallSerializer,
        responses={200: TraceAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Stop every unit of a lot at once, and say where each is."""
        serializer = RecallSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            lot = lot_of(sku_of(wanted["sku"]), wanted["lot"])
            tracing.recall(
                lot=lot, site_id=this_site().pk, actor=caller(request).actor, reason=wanted["reason"]
            )
            return _trace(lot)

        return answer_once(request, kind="lot.recall", act=act)


class RelocationList(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="stock_relocate",
        request=RelocationSerializer,
        responses={200: BalanceAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Move free stock to another place; answers what is left where it was."""
        serializer = RelocationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            row = balance_of(
                location=location_of(wanted["from"]), sku=sku_of(wanted["sku"]), lot=wanted["lot"]
            )
            transfers.relocate(
                balance=row,
                qty=wanted["qty"],
                target=location_of(wanted["to"]),
                actor=caller(request).actor,
                reason_code=ReasonCode(wanted["reason_code"]),
                reason=wanted["reason"],
            )
            return describe_balance(row)

        return answer_once(request, kind="stock.relocate", act=act)


class AdjustmentList(APIView):
    scopes = {"POST": "stock:adjust"}

    @extend_schema(
        operation_id="stock_adjust",
        request=AdjustmentSerializer,
        responses={200: BalanceAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Set the quantity at a place to what was found, with the reason."""
        serializer = AdjustmentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            row = balance_of(
                location=location_of(wanted["location"]), sku=sku_of(wanted["sku"]), lot=wanted["lot"]
            )
            transfers.adjust(
                balance=row,
                actor=caller(request).actor,
                on_hand=wanted["on_hand"],
                reason=wanted["reason"],
                reason_code=ReasonCode(wanted["reason_code"]),
            )
            return describe_balance(row)

        return answer_once(request, kind="stock.adjust", act=act)
