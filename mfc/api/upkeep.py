"""Replenishments and counts by REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.authentication import caller
from mfc.api.holds import location_of, lot_of, sku_of
from mfc.api.idempotency import answer_once
from mfc.api.orders import StrictSerializer, this_site
from mfc.api.schema import IDEMPOTENCY_KEY, PAGE_PARAMETERS
from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.upkeep import counting, replenish, reports
from mfc.upkeep.models import Count, CountKind, Replenishment, Urgency
from mfc.upkeep.states import CountState, ReplenishState

MAX_DAYS = 3_650


class ReplenishmentAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    sku = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    to = serializers.CharField()
    qty = serializers.IntegerField()
    qty_done = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=Urgency.choices)
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in ReplenishState])
    why = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


class ReplenishmentPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = ReplenishmentAnswer(many=True)


class BroughtSerializer(StrictSerializer):
    qty = serializers.IntegerField(min_value=0, help_text="What lies in the bin now; 0: nothing was there")


class CountLineAnswer(serializers.Serializer):
    sku = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    expected = serializers.IntegerField()
    first = serializers.IntegerField(allow_null=True)
    second = serializers.IntegerField(allow_null=True)
    difference = serializers.IntegerField()
    booked = serializers.IntegerField()
    held_back = serializers.IntegerField()


class CountAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    location = serializers.CharField()
    kind = serializers.ChoiceField(choices=CountKind.choices)
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in CountState])
    reason = serializers.CharField()
    counted_at = serializers.DateTimeField(allow_null=True)
    lines = CountLineAnswer(many=True, help_text="Empty while the count is blind")


class CountPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = CountAnswer(many=True)


class CountRequestSerializer(StrictSerializer):
    location = serializers.CharField(max_length=30)
    reason = serializers.CharField(max_length=200)


class CountedSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    lot = serializers.CharField(max_length=20, default="", allow_blank=True)
    qty = serializers.IntegerField(min_value=0, max_value=counting.MAX_QTY)


class ResultSerializer(StrictSerializer):
    lines = CountedSerializer(many=True, help_text="Everything that lies there; none: the place is empty")


class DecisionSerializer(StrictSerializer):
    decision = serializers.ChoiceField(choices=["approve", "reject", "again"])
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class AccuracyAnswer(serializers.Serializer):
    places = serializers.IntegerField()
    places_right = serializers.IntegerField()
    lines = serializers.IntegerField()
    lines_right = serializers.IntegerField()
    line_accuracy = serializers.FloatField()
    expected_qty = serializers.IntegerField()
    missing_qty = serializers.IntegerField()
    found_qty = serializers.IntegerField()
    shrinkage_qty = serializers.IntegerField()
    shrinkage_cents = serializers.IntegerField()


def _task(row: Replenishment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "sku": row.sku.code,
        "lot": row.lot.code if row.lot else None,
        "from": row.source.code,
        "to": row.target.code,
        "qty": row.qty,
        "qty_done": row.qty_done,
        "urgency": row.urgency,
        "state": str(row.state),
        "why": row.why,
    }


def _count(row: Count) -> dict[str, Any]:
    blind = row.state in {CountState.COUNTING, CountState.RECOUNT, CountState.RECOUNTING}
    return {
        "id": row.pk,
        "location": row.location.code,
        "kind": row.kind,
        "state": str(row.state),
        "reason": row.reason,
        "counted_at": row.counted_at.isoformat() if row.counted_at else None,
        "lines": []
        if blind
        else [
            {
                "sku": line.sku.code,
                "lot": line.lot.code if line.lot else None,
                "expected": line.expected,
                "first": line.first,
                "second": line.second,
                "difference": line.difference,
                "booked": line.booked,
                "held_back": line.held_back,
            }
            for line in sorted(row.lines.all(), key=lambda line: line.pk)
        ],
    }


def _find_count(count_id: int) -> Count:
    row = (
        Count.objects.select_related("location", "site")
        .prefetch_related("lines__sku", "lines__lot")
        .filter(site=this_site(), pk=count_id)
        .first()
    )
    if row is None:
        raise DomainError("not_found", f"There is no count {count_id}.")
    return row


class ReplenishmentList(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="replenishments_list",
        responses={200: ReplenishmentPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter(
                "state", enum=[state.value for state in ReplenishState], description="Only these"
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        """What should be brought to the bins, and what was, oldest first."""
        rows = Replenishment.objects.filter(site=this_site()).select_related("sku", "lot", "source", "target")
        if state := request.query_params.get("state"):
            if state not in set(ReplenishState):
                raise DomainError(
                    "invalid_request", f"state={state}: use one of {', '.join(ReplenishState)}."
                )
            rows = rows.filter(state=state)
        return Response(pages.page(request, rows, order="id", describe=_task))


class ReplenishmentDone(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="replenishments_done",
        request=BroughtSerializer,
        responses={200: ReplenishmentAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, task_id: int) -> Response:
        """The goods lie in the bin now."""
        serializer = BroughtSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            row = (
                Replenishment.objects.select_related("sku", "lot", "source__zone", "target__zone", "site")
                .filter(site=this_site(), pk=task_id)
                .first()
            )
            if row is None:
                raise DomainError("not_found", f"There is no replenishment {task_id}.")
            qty = serializer.validated_data["qty"]
            return _task(replenish.bring(task=row, qty=qty, actor=caller(request).actor))

        return answer_once(request, kind="replenishment.done", act=act)


class CountList(APIView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}

    @extend_schema(
        operation_id="counts_list",
        responses={200: CountPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("state", enum=[state.value for state in CountState], description="Only these"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Counts, oldest first."""
        rows = (
            Count.objects.filter(site=this_site())
            .select_related("location", "site")
            .prefetch_related("lines__sku", "lines__lot")
        )
        if state := request.query_params.get("state"):
            if state not in set(CountState):
                raise DomainError("invalid_request", f"state={state}: use one of {', '.join(CountState)}.")
            rows = rows.filter(state=state)
        return Response(pages.page(request, rows, order="id", describe=_count))

    @extend_schema(
        operation_id="counts_create",
        request=CountRequestSerializer,
        responses={201: CountAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Have a place counted."""
        serializer = CountRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            made = counting.draft(
                location=location_of(wanted["location"]), kind=CountKind.MANUAL, reason=wanted["reason"]
            )
            return _count(_find_count(made.pk))

        return answer_once(request, kind="count.create", act=act, created=True)


class CountResult(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="counts_result",
        request=ResultSerializer,
        responses={200: CountAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, count_id: int) -> Response:
        """The place was counted (from elsewhere, at once): everything that lies there."""
        serializer = ResultSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            actor = caller(request).actor
            rows = []
            for line in serializer.validated_data["lines"]:
                sku = sku_of(line["sku"])
                rows.append((sku.pk, lot_of(sku, line["lot"]).pk if line["lot"] else None, line["qty"]))
            count = counting.begin(count=_find_count(count_id), actor=actor)
            counting.finish(count=count, counted=counting.totals(rows), actor=actor)
            return _count(_find_count(count_id))

        return answer_once(request, kind="count.result", act=act)


class CountDecision(APIView):
    scopes = {"POST": "stock:adjust"}

    @extend_schema(
        operation_id="counts_decide",
        request=DecisionSerializer,
        responses={200: CountAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, count_id: int) -> Response:
        """Book a count that waits for a decision, reject it, or have it made again."""
        serializer = DecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            count, actor = _find_count(count_id), caller(request).actor
            if wanted["decision"] == "approve":
                counting.approve(count=count, actor=actor)
            else:
                counting.reject(
                    count=count, actor=actor, reason=wanted["reason"], again=wanted["decision"] == "again"
                )
            return _count(_find_count(count_id))

        return answer_once(request, kind="count.decide", act=act)


class CountReport(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="counts_report",
        responses={200: AccuracyAnswer},
        parameters=[
            OpenApiParameter("days", int, description=f"Back from now, 1 to {MAX_DAYS}; 30 unless told"),
            OpenApiParameter("velocity", enum=["A", "B", "C"], description="Only this class"),
        ],
    )
    def get(self, request: Request) -> Response:
        """How right the book was, and what was lost."""
        text = pages.text_of(request, "days") or "30"
        if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_DAYS):
            raise DomainError("invalid_request", f"days={text[:20]}: use 1 to {MAX_DAYS}.")
        velocity = pages.text_of(request, "velocity")
        if velocity not in {"", "A", "B", "C"}:
            raise DomainError("invalid_request", "velocity: use A, B or C.")
        now = clock.now()
        found = reports.accuracy(
            site=this_site(), since=now - timedelta(days=int(text)), until=now, velocity=velocity
        )
        return Response(
            {
                "places": found.places,
                "places_right": found.places_right,
                "lines": found.lines,
                "lines_right": found.lines_right,
                "line_accuracy": found.line_accuracy,
                "expected_qty": found.expected_qty,
                "missing_qty": found.missing_qty,
                "found_qty": found.found_qty,
                "shrinkage_qty": found.shrinkage_qty,
                "shrinkage_cents": found.shrinkage_cents,
            }
        )
