"""Shipments by REST: what is ready, who takes it, and the hand-over by scan."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.authentication import caller
from mfc.api.idempotency import answer_once
from mfc.api.orders import PromiseAnswer, StrictSerializer, this_site
from mfc.api.schema import IDEMPOTENCY_KEY, PAGE_PARAMETERS
from mfc.catalog import gs1
from mfc.core.errors import DomainError
from mfc.dispatch import opening, shipments
from mfc.dispatch.models import Shipment
from mfc.dispatch.states import ShipmentState


class ParcelAnswer(serializers.Serializer):
    sscc = serializers.CharField()
    tote = serializers.CharField()
    weight_g = serializers.IntegerField()


class LaneAnswer(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field's own label is not meant


class ShipmentAnswer(serializers.Serializer):
    id = serializers.UUIDField()
    order_ref = serializers.CharField()
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in ShipmentState])
    lane = LaneAnswer()
    promise = PromiseAnswer()
    address = serializers.DictField()
    temperatures = serializers.ListField(child=serializers.CharField())
    claimed_by = serializers.CharField()
    parcels = ParcelAnswer(many=True)


class ShipmentPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = ShipmentAnswer(many=True)


class ClaimSerializer(StrictSerializer):
    claimed_by = serializers.CharField(max_length=80, help_text="Who comes: driver, vehicle or tour")


class HandoverSerializer(StrictSerializer):
    sscc = serializers.ListField(
        child=serializers.CharField(max_length=20), allow_empty=False, max_length=shipments.MAX_PARCELS
    )


class OpenSerializer(StrictSerializer):
    sscc = serializers.ListField(
        child=serializers.CharField(max_length=20), allow_empty=False, max_length=shipments.MAX_PARCELS
    )
    reason = serializers.CharField(max_length=200)


def _rows() -> Any:
    return (
        Shipment.objects.filter(site=this_site())
        .select_related("order", "lane")
        .prefetch_related("order__parcels__tote_use__container")
    )


def _describe_fresh(shipment_id: uuid.UUID) -> dict[str, Any]:
    return shipments.describe(_rows().get(pk=shipment_id))


class ShipmentList(APIView):
    scopes = {"GET": "dispatch:release"}

    @extend_schema(
        operation_id="shipments_list",
        responses={200: ShipmentPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter(
                "state",
                enum=[state.value for state in ShipmentState],
                description="Only shipments in this state",
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        """Shipments, oldest first; ``?state=ready`` is what can be collected."""
        rows = _rows()
        if state := request.query_params.get("state"):
            if state not in set(ShipmentState):
                raise DomainError("invalid_request", f"state={state}: use one of {', '.join(ShipmentState)}.")
            rows = rows.filter(state=state)
        return Response(pages.page(request, rows, order="id", describe=shipments.describe))


class ShipmentDetail(APIView):
    scopes = {"GET": "dispatch:release"}

    @extend_schema(operation_id="shipments_read", responses={200: ShipmentAnswer})
    def get(self, request: Request, shipment_id: uuid.UUID) -> Response:
        """One shipment."""
        shipment = _rows().filter(pk=shipment_id).first()
        if shipment is None:
            raise DomainError("not_found", f"There is no shipment {shipment_id}.")
        return Response(shipments.describe(shipment))


class ShipmentClaim(APIView):
    scopes = {"POST": "dispatch:release"}

    @extend_schema(
        operation_id="shipments_claim",
        request=ClaimSerializer,
        responses={200: ShipmentAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, shipment_id: uuid.UUID) -> Response:
        """Promise to collect a ready shipment."""
        serializer = ClaimSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = caller(request)

        def act() -> dict[str, Any]:
            shipments.claim(
                shipment_id=shipment_id,
                client=user.client.name,
                claimed_by=serializer.validated_data["claimed_by"],
                actor=user.actor,
            )
            return _describe_fresh(shipment_id)

        return answer_once(request, kind="shipment.claim", act=act)


class ShipmentHandover(APIView):
    scopes = {"POST": "dispatch:release"}

    @extend_schema(
        operation_id="shipments_handover",
        request=HandoverSerializer,
        responses={200: ShipmentAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, shipment_id: uuid.UUID) -> Response:
        """Hand over: every SSCC of the shipment, scanned at the vehicle, and no other."""
        serializer = HandoverSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ssccs = [_checked(text) for text in serializer.validated_data["sscc"]]
        user = caller(request)

        def act() -> dict[str, Any]:
            shipments.hand_over(
                shipment_id=shipment_id, client=user.client.name, ssccs=ssccs, actor=user.actor
            )
            return _describe_fresh(shipment_id)

        return answer_once(request, kind="shipment.handover", act=act)


class ShipmentOpen(APIView):
    scopes = {"POST": "stock:adjust"}

    @extend_schema(
        operation_id="shipments_open",
        request=OpenSerializer,
        responses={200: ShipmentAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, shipment_id: uuid.UUID) -> Response:
        """Open parcels of a shipment again before it leaves: their totes are due at the hospital, their labels void."""
        serializer = OpenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ssccs = [_checked(text) for text in serializer.validated_data["sscc"]]
        user = caller(request)

        def act() -> dict[str, Any]:
            for parcel in shipments.parcels_of(shipment_id=shipment_id, ssccs=ssccs):
                opening.open_again(
                    parcel=parcel, actor=user.actor, reason=serializer.validated_data["reason"]
                )
            return _describe_fresh(shipment_id)

        return answer_once(request, kind="shipment.open", act=act)


def _checked(text: str) -> str:
    try:
        return gs1.checked_sscc(text)
    except ValueError as error:
        raise DomainError("wrong_check_digit", str(error), value=text) from error
