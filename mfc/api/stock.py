"""SKUs and what may still be promised of them, by REST."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.orders import this_site
from mfc.api.schema import PAGE_PARAMETERS
from mfc.catalog import queries
from mfc.catalog.models import PackLevel
from mfc.inventory.models import SkuPosition


class PackAnswer(serializers.Serializer):
    level = serializers.ChoiceField(choices=PackLevel.choices)
    eaches = serializers.IntegerField()
    weight_g = serializers.IntegerField(allow_null=True, help_text="Of the whole pack")
    volume_ml = serializers.IntegerField(allow_null=True)
    gtins = serializers.ListField(child=serializers.CharField())


class StockAnswer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    gtins = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of one each; GTINs with 14 digits"
    )
    temperature_class = serializers.CharField()
    catch_weight = serializers.BooleanField(help_text="Sold by the weight of each piece")
    packs = PackAnswer(many=True)
    on_hand = serializers.IntegerField(help_text="In bins")
    reserved = serializers.IntegerField(help_text="Claimed by released orders")
    promised = serializers.IntegerField(help_text="Claimed by orders that wait for release")
    available = serializers.IntegerField(help_text="May still be promised")


class StockPage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    results = StockAnswer(many=True)


def _describe(position: SkuPosition) -> dict[str, Any]:
    sku = position.sku
    codes: dict[int | None, list[str]] = defaultdict(list)
    for row in sku.barcodes.all():
        codes[row.pack_id].append(row.code)
    return {
        "sku": sku.code,
        "name": sku.name,
        "gtins": sorted(codes[None]),
        "temperature_class": sku.temperature,
        "catch_weight": sku.catch_weight,
        "packs": [
            {
                "level": pack.level,
                "eaches": pack.eaches,
                "weight_g": pack.weight_g,
                "volume_ml": pack.volume_ml,
                "gtins": sorted(codes[pack.pk]),
            }
            for pack in sorted(sku.packs.all(), key=lambda pack: pack.eaches)
        ],
        "on_hand": position.on_hand,
        "reserved": position.reserved,
        "promised": position.promised,
        "available": max(position.available, 0),
    }


class SkuList(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="skus_list",
        responses={200: StockPage},
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("sku", str, description="Only the SKU with this code"),
            OpenApiParameter(
                "gtin",
                str,
                description="Only the SKU with this code, in any of its lengths; a pack's code too",
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        """What is stocked here and how much of it may still be promised."""
        rows = (
            SkuPosition.objects.filter(site=this_site())
            .select_related("sku")
            .prefetch_related("sku__barcodes", "sku__packs")
        )
        code, gtin = pages.text_of(request, "sku"), pages.text_of(request, "gtin")
        if code:
            rows = rows.filter(sku__code=code)
        if gtin:
            found = queries.find_barcode(gtin)
            rows = rows.filter(sku=found.sku) if found else rows.none()
        return Response(pages.page(request, rows, order="sku_id", describe=_describe))
