"""Substitutions by REST: what the customer is asked, and the answer."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api.authentication import caller
from mfc.api.idempotency import answer_once
from mfc.api.orders import StrictSerializer, own
from mfc.api.schema import IDEMPOTENCY_KEY
from mfc.core.errors import DomainError
from mfc.picking import substitution
from mfc.picking.states import AskState


class CandidateAnswer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    brand = serializers.CharField()
    price_cents = serializers.IntegerField(allow_null=True)


class QuestionAnswer(serializers.Serializer):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    order_ref = serializers.CharField()
    sku = serializers.CharField(help_text="What is missing")
    name = serializers.CharField()
    qty = serializers.IntegerField()
    candidates = CandidateAnswer(many=True)
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in AskState])
    asked_at = serializers.DateTimeField()
    deadline = serializers.DateTimeField(help_text="Afterwards it is a no")
    answer = serializers.CharField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class ChoiceSerializer(StrictSerializer):
    sku = serializers.CharField(
        max_length=40, allow_null=True, help_text="One of the candidates; null: no substitute"
    )


class OrderSubstitutions(APIView):
    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="orders_substitutions", responses={200: QuestionAnswer(many=True)})
    def get(self, request: Request, order_id: uuid.UUID) -> Response:
        """Every question about an own order, oldest first."""
        order = own(request, order_id)
        return Response([substitution.describe(ask) for ask in substitution.of_order(order)])


class SubstitutionAnswer(APIView):
    scopes = {"POST": "orders:write"}

    @extend_schema(
        operation_id="substitutions_answer",
        request=ChoiceSerializer,
        responses={200: QuestionAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, ask_id: uuid.UUID) -> Response:
        """Answer for the customer: one of the candidates, or null for none."""
        serializer = ChoiceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = caller(request)

        def act() -> dict[str, Any]:
            ask = substitution.find(ask_id=ask_id)
            if ask.order_line.order.client != user.client.name:
                raise DomainError("not_found", f"There is no question {ask_id}.")
            answered = substitution.answer(
                ask_id=ask_id, sku=serializer.validated_data["sku"], actor=user.actor
            )
            return substitution.describe(answered)

        return answer_once(request, kind="substitution.answer", act=act)
