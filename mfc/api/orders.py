"""Orders by REST: send, read, cancel."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.authentication import caller
from mfc.api.idempotency import answer_once
from mfc.api.schema import IDEMPOTENCY_KEY, PAGE_PARAMETERS
from mfc.catalog.models import TemperatureClass
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.orders import intake, services
from mfc.orders.models import Order, Substitution
from mfc.orders.states import OrderState


class StrictSerializer(serializers.Serializer):
    """Unknown fields are mistakes worth telling, not noise."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["This field is not known."] for name in unknown})
        return super().to_internal_value(data)


class PromiseSerializer(StrictSerializer):
    until = serializers.DateTimeField(help_text="When the customer has it at the latest")

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateTimeField(help_text="Not before"), **super().get_fields()}


class AddressSerializer(StrictSerializer):
    name = serializers.CharField(max_length=100)
    street = serializers.CharField(max_length=200)
    postcode = serializers.CharField(max_length=20, allow_blank=True, default="")
    city = serializers.CharField(max_length=100)
    country = serializers.CharField(
        max_length=2, default="", allow_blank=True, help_text="ISO 3166-1 alpha-2"
    )
    phone = serializers.CharField(max_length=40, default="", allow_blank=True)
    note = serializers.CharField(max_length=300, default="", allow_blank=True)
    lat = serializers.FloatField(required=False, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, min_value=-180, max_value=180)


class LineSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40, default="", allow_blank=True)
    gtin = serializers.CharField(max_length=14, default="", allow_blank=True)
    qty = serializers.IntegerField()


class OrderSerializer(StrictSerializer):
    order_ref = serializers.CharField(max_length=60)
    lines = LineSerializer(many=True, allow_empty=False)
    promise = PromiseSerializer()
    address = AddressSerializer()
    substitution = serializers.ChoiceField(choices=Substitution.choices, default=Substitution.NEVER)
    temperature_class = serializers.ChoiceField(
        choices=TemperatureClass.choices, default="", allow_blank=True
    )
    min_remaining_days = serializers.IntegerField(
        default=None,
        allow_null=True,
        min_value=0,
        max_value=3_650,
        help_text="Days of life the customer must still get; unless told, what the channel's token says",
    )


class OrderLineAnswer(serializers.Serializer):
    sku = serializers.CharField()
    qty = serializers.IntegerField()
    qty_picked = serializers.IntegerField()
    qty_short = serializers.IntegerField()
    short_reason = serializers.CharField()
    weight_g_picked = serializers.IntegerField(help_text="Of catch-weight goods; 0 otherwise")
    instead_of = serializers.CharField(allow_null=True, help_text="SKU of the line this one stands in for")


class PromiseAnswer(serializers.Serializer):
    until = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateTimeField(), **super().get_fields()}


class OrderAnswer(serializers.Serializer):
    id = serializers.UUIDField()
    order_ref = serializers.CharField()
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in OrderState])
    accepted_at = serializers.DateTimeField()
    promise = PromiseAnswer()
    temperature_classes = serializers.ListField(child=serializers.CharField())
    substitution = serializers.CharField()
    lines = OrderLineAnswer(many=True)


class OrderPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = OrderAnswer(many=True)


class CancelSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=200)


def describe(order: Order) -> dict[str, Any]:
    """The JSON of an order."""
    return {
        "id": str(order.pk),
        "order_ref": order.ref,
        "state": str(order.state),
        "accepted_at": order.accepted_at.isoformat(),
        "promise": {"from": order.promise_from.isoformat(), "until": order.promise_until.isoformat()},
        "temperature_classes": order.temperatures,
        "substitution": order.substitution,
        "lines": [
            {
                "sku": line.sku.code,
                "qty": line.qty,
                "qty_picked": line.qty_picked,
                "qty_short": line.qty_short,
                "short_reason": line.short_reason,
                "weight_g_picked": line.weight_g_picked,
                "instead_of": line.instead_of.sku.code if line.instead_of else None,
            }
            for line in sorted(order.lines.all(), key=lambda line: line.position)
        ],
    }


def own(request: Request, order_id: uuid.UUID) -> Order:
    """A client sees its own orders only; those of others do not exist for it."""
    order = intake.find(order_id=order_id)
    if order.client != caller(request).client.name:
        raise DomainError("not_found", f"There is no order {order_id}.")
    return order


def this_site() -> Site:
    """The site this installation serves."""
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        raise DomainError(
            "not_found",
            f"Site {settings.ENV.site} is not set up.",
            remedy="Run 'manage.py seed' or add it in the admin.",
        )
    return site


class OrderList(APIView):
    scopes = {"GET": "orders:read", "POST": "orders:write"}

    @extend_schema(
        operation_id="orders_create",
        request=OrderSerializer,
        responses={201: OrderAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Send an order: its stock is promised, or it is refused and nothing changes."""
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        user = caller(request)
        client, days = user.client, wanted["min_remaining_days"]
        order = intake.OrderRequest(
            ref=wanted["order_ref"],
            lines=[intake.LineRequest(**line) for line in wanted["lines"]],
            promise_from=wanted["promise"]["from"],
            promise_until=wanted["promise"]["until"],
            address=dict(wanted["address"]),
            substitution=wanted["substitution"],
            temperature=wanted["temperature_class"],
            min_remaining_days=client.min_remaining_days if days is None else days,
        )

        def act() -> dict[str, Any]:
            accepted = intake.accept(
                site=this_site(), request=order, client=user.client.name, actor=user.actor
            )
            return describe(intake.find(order_id=accepted.pk))

        return answer_once(request, kind="order.create", act=act, created=True)

    @extend_schema(
        operation_id="orders_list",
        responses={200: OrderPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter(
                "state", enum=[state.value for state in OrderState], description="Only orders in this state"
            ),
            OpenApiParameter("order_ref", str, description="Only the order with this reference"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The client's orders, oldest first."""
        rows = Order.objects.filter(site=this_site(), client=caller(request).client.name).prefetch_related(
            "lines__sku", "lines__instead_of__sku"
        )
        if state := request.query_params.get("state"):
            if state not in set(OrderState):
                raise DomainError("invalid_request", f"state={state}: use one of {', '.join(OrderState)}.")
            rows = rows.filter(state=state)
        if ref := pages.text_of(request, "order_ref"):
            rows = rows.filter(ref=ref)
        return Response(pages.page(request, rows, order="number", describe=describe))


class OrderDetail(APIView):
    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="orders_read", responses={200: OrderAnswer})
    def get(self, request: Request, order_id: uuid.UUID) -> Response:
        """One order with what was picked and what was short."""
        return Response(describe(own(request, order_id)))


class OrderCancel(APIView):
    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="orders_cancel",
        request=CancelSerializer,
        responses={200: OrderAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, order_id: uuid.UUID) -> Response:
        """Call off an order until a tote of it is sealed; what is in a tote already is put back."""
        serializer = CancelSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            order = own(request, order_id)
            services.cancel(
                order=order, actor=caller(request).actor, reason=serializer.validated_data["reason"]
            )
            return describe(intake.find(order_id=order.pk))

        return answer_once(request, kind="order.cancel", act=act)
