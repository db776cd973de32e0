"""SKUs and what may still be promised of them, by REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.orders import this_site
from mfc.api.schema import PAGE_PARAMETERS
from mfc.inventory.models import SkuPosition


class StockAnswer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    gtins = serializers.ListField(child=serializers.CharField())
    temperature_class = serializers.CharField()
    on_hand = serializers.IntegerField(help_text="In bins")
    reserved = serializers.IntegerField(help_text="Claimed by released orders")
    promised = serializers.IntegerField(help_text="Claimed by orders that wait for release")
    available = serializers.IntegerField(help_text="May still be promised")


class StockPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = StockAnswer(many=True)


def _describe(position: SkuPosition) -> dict[str, Any]:
    return {
        "sku": position.sku.code,
        "name": position.sku.name,
        "gtins": [row.code for row in position.sku.barcodes.all()],
        "temperature_class": position.sku.temperature,
        "on_hand": position.on_hand,
        "reserved": position.reserved,
        "promised": position.promised,
        "available": max(position.available, 0),
    }


class SkuList(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="skus_list", responses={200: StockPage}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """What is stocked here and how much of it may still be promised."""
        rows = (
            SkuPosition.objects.filter(site=this_site())
            .select_related("sku")
            .prefetch_related("sku__barcodes")
        )
        return Response(pages.page(request, rows, order="sku_id", describe=_describe))
