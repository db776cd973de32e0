"""A bare REST framework application that creates the same rows as an order's intake: no promise, no rules, no identity."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.baresettings")
os.environ.setdefault("MFC_DB_POOL", "16")

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from django.db import connection, transaction
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import CreateAPIView

from mfc.catalog.models import Sku
from mfc.core import ids
from mfc.core.clock import SystemClock
from mfc.core.models import JournalEntry, Receipt
from mfc.orders.models import Order, OrderLine


class LineSerializer(serializers.ModelSerializer):
    # One look-up for all lines, not one for each as a SlugRelatedField does: the reference shall be hard to beat.
    sku = serializers.CharField(source="sku.code")

    class Meta:
        model = OrderLine
        fields = ("sku", "qty")


class OrderSerializer(serializers.ModelSerializer):
    lines = LineSerializer(many=True)

    class Meta:
        model = Order
        fields = ("id", "ref", "promise_from", "promise_until", "address", "substitution", "site", "lines")
        read_only_fields = ("id",)

    def create(self, validated_data: dict[str, Any]) -> Order:
        """An order, its lines, a journal entry and the receipt of the request."""
        lines = validated_data.pop("lines")
        now = SystemClock().now()
        skus = {sku.code: sku for sku in Sku.objects.filter(code__in=[line["sku"]["code"] for line in lines])}
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('orders_order_number')")
                number = cursor.fetchone()[0]
            order = Order.objects.create(
                id=ids.new(),
                number=number,
                client="bare",
                accepted_at=now,
                volume_ml=1,
                weight_g=1,
                **validated_data,
            )
            OrderLine.objects.bulk_create(
                OrderLine(
                    order=order,
                    position=position,
                    sku=skus[line["sku"]["code"]],
                    qty=line["qty"],
                    qty_promised=line["qty"],
                )
                for position, line in enumerate(lines, start=1)
            )
            JournalEntry.objects.create(
                at=now, verb="order.accepted", actor="client:bare", subject=f"order:{order.ref}", data={}
            )
            Receipt.objects.create(
                source=f"bare/{order.ref}",
                kind="order.create",
                fingerprint="",
                payload={},
                answer={},
                received_at=now,
            )
        return order


class Orders(CreateAPIView):
    queryset = Order.objects.all()
    serializer_class = OrderSerializer


urlpatterns = [path("orders", Orders.as_view())]
