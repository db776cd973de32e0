"""Planning runs by REST: ask, watch, stop, read what was found, decide; forecasts and moves."""

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
from mfc.core.errors import DomainError
from mfc.slotting import moves, runs
from mfc.slotting.models import DemandForecast, PlanRun, RangeChange, RunKind, SlotMove
from mfc.slotting.states import MoveState, RunState


class PlanRequestSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=RunKind.choices)
    settings = serializers.DictField(
        child=serializers.FloatField(),
        default=dict,
        help_text="By name, as in the how-to; what is missing is as usual",
    )


class PlanAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=RunKind.choices)
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in RunState])
    settings = serializers.DictField(child=serializers.FloatField())
    percent = serializers.IntegerField()
    note = serializers.CharField()
    result = serializers.DictField(help_text="Figures of the result, by name; empty until it is ready")
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class PlanPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = PlanAnswer(many=True)


class PlanDecisionSerializer(StrictSerializer):
    decision = serializers.ChoiceField(choices=["approve", "discard", "stop"])


class SlotMoveAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.IntegerField()
    chain = serializers.IntegerField()
    sku = serializers.CharField()
    to = serializers.CharField()
    to_buffer = serializers.BooleanField()
    minutes = serializers.FloatField()
    saved_mm_a_day = serializers.FloatField()
    payback_days = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in MoveState])
    qty_done = serializers.IntegerField()
    why = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


class SlotMovePage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = SlotMoveAnswer(many=True)


class RangeChangeAnswer(serializers.Serializer):
    sku = serializers.CharField()
    enters = serializers.BooleanField()
    share = serializers.FloatField(help_text="Part of all orders that hang on it")
    minutes = serializers.FloatField()
    dropped = serializers.BooleanField()


class RangeChangePage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = RangeChangeAnswer(many=True)


class ForecastAnswer(serializers.Serializer):
    sku = serializers.CharField()
    mean = serializers.FloatField(help_text="Eaches in the coming week")
    low = serializers.FloatField()
    high = serializers.FloatField()
    confidence = serializers.FloatField()
    coverage = serializers.FloatField(
        allow_null=True, help_text="How often such intervals held on weeks not seen"
    )
    method = serializers.CharField()
    weekdays = serializers.ListField(
        child=serializers.FloatField(), help_text="Shares of a week, Monday first"
    )
    made_at = serializers.DateTimeField()


class ForecastPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = ForecastAnswer(many=True)


def _plan(row: PlanRun) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "state": str(row.state),
        "settings": row.settings,
        "percent": row.percent,
        "note": row.note,
        "result": row.result,
        "asked_at": row.asked_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }


def _move(row: SlotMove) -> dict[str, Any]:
    return {
        "id": row.pk,
        "number": row.number,
        "chain": row.chain,
        "sku": row.sku.code,
        "from": row.source.code,
        "to": row.target.code,
        "to_buffer": row.to_buffer,
        "minutes": row.minutes,
        "saved_mm_a_day": row.saved_mm_a_day,
        "payback_days": row.payback_days,
        "state": str(row.state),
        "qty_done": row.qty_done,
        "why": row.why,
    }


def _change(row: RangeChange) -> dict[str, Any]:
    return {
        "sku": row.sku.code,
        "enters": row.enters,
        "share": row.share,
        "minutes": row.minutes,
        "dropped": row.dropped,
    }


def _forecast(row: DemandForecast) -> dict[str, Any]:
    return {
        "sku": row.sku.code,
        "mean": row.mean,
        "low": row.low,
        "high": row.high,
        "confidence": row.confidence,
        "coverage": row.coverage,
        "method": row.method,
        "weekdays": row.weekdays,
        "made_at": row.made_at.isoformat(),
    }


class PlanList(APIView):
    scopes = {"GET": "stock:read", "POST": "stock:adjust"}

    @extend_schema(
        operation_id="plans_list",
        responses={200: PlanPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("kind", enum=[kind.value for kind in RunKind], description="Only these"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Planning runs, oldest first."""
        rows = PlanRun.objects.filter(site=this_site())
        if kind := request.query_params.get("kind"):
            if kind not in set(RunKind):
                raise DomainError("invalid_request", f"kind={kind}: use one of {', '.join(RunKind)}.")
            rows = rows.filter(kind=kind)
        return Response(pages.page(request, rows, order="id", describe=_plan))

    @extend_schema(
        operation_id="plans_create",
        request=PlanRequestSerializer,
        responses={201: PlanAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Have the worker plan."""
        serializer = PlanRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            settings = runs.checked(wanted["kind"], wanted["settings"])
            made = runs.ask(site=this_site(), kind=wanted["kind"], actor=caller(request).actor, **settings)
            return _plan(runs.find(made.pk))

        return answer_once(request, kind="plan.create", act=act, created=True)


class PlanDetail(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="plans_read", responses={200: PlanAnswer})
    def get(self, request: Request, plan_id: int) -> Response:
        """How far it is, and what it found."""
        return Response(_plan(runs.find(plan_id, site=this_site())))


class PlanDecision(APIView):
    scopes = {"POST": "stock:adjust"}

    @extend_schema(
        operation_id="plans_decide",
        request=PlanDecisionSerializer,
        responses={200: PlanAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, plan_id: int) -> Response:
        """Stop it (the best so far is kept), approve what it found, or discard it."""
        serializer = PlanDecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        deed = {"approve": runs.approve, "discard": runs.discard, "stop": runs.stop}[
            serializer.validated_data["decision"]
        ]

        def act() -> dict[str, Any]:
            found = runs.find(plan_id, site=this_site())
            deed(run_id=found.pk, actor=caller(request).actor)
            return _plan(runs.find(found.pk))

        return answer_once(request, kind="plan.decide", act=act)


class PlanMoves(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="plans_moves", responses={200: SlotMovePage}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request, plan_id: int) -> Response:
        """The moves of a plan in their sequence."""
        rows = runs.find(plan_id, site=this_site()).moves.select_related("sku", "source", "target")
        return Response(pages.page(request, rows, order="number", describe=_move))


class PlanChanges(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="plans_changes", responses={200: RangeChangePage}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request, plan_id: int) -> Response:
        """SKUs that would enter or leave."""
        rows = runs.find(plan_id, site=this_site()).changes.select_related("sku")
        return Response(pages.page(request, rows, order="id", describe=_change))


class SlotMoveDone(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="slot_moves_done",
        request=None,
        responses={200: SlotMoveAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, move_id: int) -> Response:
        """All of the SKU lies in its new place now."""

        def act() -> dict[str, Any]:
            related = ("sku", "source", "target__zone", "site", "run")
            row = SlotMove.objects.select_related(*related).filter(site=this_site(), pk=move_id).first()
            if row is None:
                raise DomainError("not_found", f"There is no move {move_id}.")
            return _move(moves.carry(move=row, actor=caller(request).actor))

        return answer_once(request, kind="slot_move.done", act=act)


class ForecastList(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="forecasts_list", responses={200: ForecastPage}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """What the newest forecast expects of each SKU."""
        rows = DemandForecast.objects.filter(site=this_site()).select_related("sku")
        return Response(pages.page(request, rows, order="id", describe=_forecast))
