"""Receipts and putaway by REST: announce, receive, close; ask for a place, put away."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.authentication import caller
from mfc.api.holds import balance_of, location_of, lot_of, sku_of
from mfc.api.idempotency import answer_once
from mfc.api.orders import StrictSerializer, this_site
from mfc.api.schema import IDEMPOTENCY_KEY, PAGE_PARAMETERS
from mfc.core.errors import DomainError
from mfc.inbound import putaway, receipts
from mfc.inbound.models import Putaway, Receipt
from mfc.inbound.rules import Proposal
from mfc.inbound.states import ReceiptState
from mfc.inventory import containers
from mfc.inventory.models import ReasonCode


class AnnouncedSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    qty = serializers.IntegerField(help_text="Eaches")
    lot = serializers.CharField(max_length=20, default="", allow_blank=True)
    expires_on = serializers.DateField(default=None, allow_null=True)
    sscc = serializers.RegexField(
        r"^[0-9]{18}$",
        default="",
        allow_blank=True,
        help_text="Licence plate of the unit that holds the line",
    )


class ReceiptSerializer(StrictSerializer):
    ref = serializers.CharField(max_length=60)
    supplier = serializers.CharField(max_length=80, default="", allow_blank=True)
    expected_at = serializers.DateTimeField(default=None, allow_null=True)
    lines = AnnouncedSerializer(many=True, allow_empty=False)


class ItemSerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    qty = serializers.IntegerField(help_text="Eaches")
    lot = serializers.CharField(max_length=20, default="", allow_blank=True)
    expires_on = serializers.DateField(default=None, allow_null=True)
    serial = serializers.CharField(max_length=20, default="", allow_blank=True)
    weight_g = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=100_000_000)
    location = serializers.CharField(max_length=30, default="", allow_blank=True, help_text="The dock")
    container = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="Or a tote or pallet"
    )
    reason_code = serializers.ChoiceField(choices=ReasonCode.choices, default="", allow_blank=True)
    hold = serializers.BooleanField(default=False, help_text="Held until a manager has inspected it")


class CloseSerializer(StrictSerializer):
    difference_code = serializers.ChoiceField(choices=ReasonCode.choices, default="", allow_blank=True)


class CallOffSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=200)


class ReceiptLineAnswer(serializers.Serializer):
    sku = serializers.CharField()
    lot = serializers.CharField()
    expires_on = serializers.DateField(allow_null=True)
    qty_expected = serializers.IntegerField()
    qty_received = serializers.IntegerField()


class ReceiptAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    ref = serializers.CharField()
    supplier = serializers.CharField()
    blind = serializers.BooleanField()
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in ReceiptState])
    expected_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    difference_code = serializers.CharField()
    lines = ReceiptLineAnswer(many=True)


class ReceiptPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = ReceiptAnswer(many=True)


class ProposalAnswer(serializers.Serializer):
    location = serializers.CharField()
    qty = serializers.IntegerField(help_text="What fits there")
    rule = serializers.CharField()
    why = serializers.CharField()


class WaitingAnswer(serializers.Serializer):
    order_ref = serializers.CharField()
    tote = serializers.CharField()
    qty = serializers.IntegerField()
    why = serializers.CharField()


class ProposalsAnswer(serializers.Serializer):
    order = WaitingAnswer(allow_null=True)
    places = ProposalAnswer(many=True)


class PutawaySerializer(StrictSerializer):
    sku = serializers.CharField(max_length=40)
    lot = serializers.CharField(max_length=20, default="", allow_blank=True)
    qty = serializers.IntegerField()
    to = serializers.CharField(max_length=40, help_text="A location, or the tote of the order that waits")
    reason_code = serializers.ChoiceField(choices=ReasonCode.choices, default="", allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(max_length=40), **super().get_fields()}


class PutawayAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    sku = serializers.CharField()
    qty = serializers.IntegerField()
    location = serializers.CharField(allow_null=True)
    order_ref = serializers.CharField(allow_null=True)
    proposed = serializers.CharField(allow_null=True)
    rule = serializers.CharField()
    why = serializers.CharField()


def _describe(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.pk,
        "ref": receipt.ref,
        "supplier": receipt.supplier,
        "blind": receipt.blind,
        "state": str(receipt.state),
        "expected_at": receipt.expected_at.isoformat() if receipt.expected_at else None,
        "closed_at": receipt.closed_at.isoformat() if receipt.closed_at else None,
        "difference_code": receipt.difference_code,
        "lines": [
            {
                "sku": line.sku.code,
                "lot": line.lot_code,
                "expires_on": line.expires_on.isoformat() if line.expires_on else None,
                "qty_expected": line.qty_expected,
                "qty_received": line.qty_received,
            }
            for line in sorted(receipt.lines.all(), key=lambda line: line.position)
        ],
    }


def _find(receipt_id: int) -> Receipt:
    row = (
        Receipt.objects.select_related("site")
        .prefetch_related("lines__sku")
        .filter(site=this_site(), pk=receipt_id)
        .first()
    )
    if row is None:
        raise DomainError("not_found", f"There is no receipt {receipt_id}.")
    return row


class ReceiptList(APIView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}

    @extend_schema(
        operation_id="receipts_list",
        responses={200: ReceiptPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("state", enum=[state.value for state in ReceiptState], description="Only these"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Receipts, oldest first."""
        rows = Receipt.objects.filter(site=this_site()).prefetch_related("lines__sku")
        if state := request.query_params.get("state"):
            if state not in set(ReceiptState):
                raise DomainError("invalid_request", f"state={state}: use one of {', '.join(ReceiptState)}.")
            rows = rows.filter(state=state)
        return Response(pages.page(request, rows, order="id", describe=_describe))

    @extend_schema(
        operation_id="receipts_announce",
        request=ReceiptSerializer,
        responses={201: ReceiptAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Announce a delivery (advance shipping notice)."""
        serializer = ReceiptSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            lines = [
                receipts.Announced(
                    sku=sku_of(line["sku"]),
                    qty=line["qty"],
                    lot_code=line["lot"],
                    expires_on=line["expires_on"],
                    sscc=line["sscc"],
                )
                for line in wanted["lines"]
            ]
            made = receipts.announce(
                site=this_site(),
                ref=wanted["ref"],
                supplier=wanted["supplier"],
                expected_at=wanted["expected_at"],
                lines=lines,
                actor=caller(request).actor,
            )
            return _describe(_find(made.pk))

        return answer_once(request, kind="receipt.announce", act=act, created=True)


class ReceiptDetail(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="receipts_read", responses={200: ReceiptAnswer})
    def get(self, request: Request, receipt_id: int) -> Response:
        """One receipt: what was announced, what has arrived."""
        return Response(_describe(_find(receipt_id)))


class ReceiptItems(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receipts_receive",
        request=ItemSerializer,
        responses={201: ReceiptAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, receipt_id: int) -> Response:
        """Book something that has arrived."""
        serializer = ItemSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            receipt = _find(receipt_id)
            box = wanted["container"]
            arrived = receipts.Arrived(
                sku=sku_of(wanted["sku"]),
                qty=wanted["qty"],
                lot_code=wanted["lot"],
                expires_on=wanted["expires_on"],
                serial=wanted["serial"],
                weight_g=wanted["weight_g"],
                location=location_of(wanted["location"]) if wanted["location"] else None,
                container=containers.any_by_label(site_id=receipt.site_id, label=box) if box else None,
                reason_code=wanted["reason_code"],
                hold=wanted["hold"],
            )
            receipts.receive(receipt=receipt, arrived=arrived, actor=caller(request).actor)
            return _describe(_find(receipt_id))

        return answer_once(request, kind="receipt.receive", act=act, created=True)


class ReceiptClose(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receipts_close",
        request=CloseSerializer,
        responses={200: ReceiptAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, receipt_id: int) -> Response:
        """Nothing more comes."""
        serializer = CloseSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            code = serializer.validated_data["difference_code"]
            receipts.close(receipt=_find(receipt_id), actor=caller(request).actor, difference_code=code)
            return _describe(_find(receipt_id))

        return answer_once(request, kind="receipt.close", act=act)


class ReceiptCancel(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receipts_cancel",
        request=CallOffSerializer,
        responses={200: ReceiptAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, receipt_id: int) -> Response:
        """Call off a delivery that nothing has arrived of."""
        serializer = CallOffSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            reason = serializer.validated_data["reason"]
            receipts.cancel(receipt=_find(receipt_id), actor=caller(request).actor, reason=reason)
            return _describe(_find(receipt_id))

        return answer_once(request, kind="receipt.cancel", act=act)


def _proposal(one: Proposal) -> dict[str, Any]:
    return {"location": one.spot.code, "qty": one.qty, "rule": one.rule, "why": one.why}


class PutawayProposals(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="putaways_propose",
        responses={200: ProposalsAnswer},
        parameters=[
            OpenApiParameter("sku", str, required=True),
            OpenApiParameter("lot", str),
            OpenApiParameter("qty", int, description="Eaches; 1 unless told"),
            OpenApiParameter("from", str, description="Where the goods are: near places come first"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Where goods should go, and why."""
        sku = sku_of(pages.text_of(request, "sku"))
        code = pages.text_of(request, "lot")
        lot_id = lot_of(sku, code).pk if code else None
        text = pages.text_of(request, "qty") or "1"
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text)):
            raise DomainError("quantity_invalid", f"qty={text[:20]}: use 1 to {receipts.MAX_QTY}.")
        site = this_site()
        waiting = putaway.waiting_order(site=site, sku_id=sku.pk, lot_id=lot_id)
        order = (
            {
                "order_ref": waiting.line.order.ref,
                "tote": waiting.use.container.label,
                "qty": waiting.qty,
                "why": waiting.why,
            }
            if waiting
            else None
        )
        start = pages.text_of(request, "from")
        source = location_of(start) if start else None
        places = putaway.propose(site=site, sku=sku, lot_id=lot_id, qty=int(text), source=source)
        return Response({"order": order, "places": [_proposal(one) for one in places]})


class PutawayList(APIView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="putaways_create",
        request=PutawaySerializer,
        responses={201: PutawayAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Put received goods on a shelf, or into the tote of the order that waits for them."""
        serializer = PutawaySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data

        def act() -> dict[str, Any]:
            site, sku = this_site(), sku_of(wanted["sku"])
            row = balance_of(location=location_of(wanted["from"]), sku=sku, lot=wanted["lot"])
            waiting = putaway.waiting_order(site=site, sku_id=sku.pk, lot_id=row.lot_id)
            if waiting is not None and waiting.use.container.label == wanted["to"]:
                done = putaway.cross_dock(
                    balance=row, waiting=waiting, qty=wanted["qty"], actor=caller(request).actor
                )
            else:
                done = putaway.put_away(
                    balance=row,
                    qty=wanted["qty"],
                    target=location_of(wanted["to"]),
                    actor=caller(request).actor,
                    proposals=putaway.propose(
                        site=site, sku=sku, lot_id=row.lot_id, qty=wanted["qty"], source=row.location
                    ),
                    override_code=wanted["reason_code"],
                )
            return _done(done)

        return answer_once(request, kind="putaway.do", act=act, created=True)


def _done(row: Putaway) -> dict[str, Any]:
    return {
        "id": row.pk,
        "sku": row.sku.code,
        "qty": row.qty,
        "location": row.location.code if row.location else None,
        "order_ref": row.order.ref if row.order else None,
        "proposed": row.proposed.code if row.proposed else None,
        "rule": row.rule,
        "why": row.why,
    }
