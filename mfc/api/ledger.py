"""Looking back by REST: stock as of a past moment, and the moves of a SKU, a lot, a place."""

from __future__ import annotations

import base64
import binascii
import json
from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.orders import this_site
from mfc.api.schema import PAGE_PARAMETERS
from mfc.catalog.models import Sku
from mfc.core.errors import DomainError
from mfc.inventory import history
from mfc.inventory.models import Container, Lot, StockMove
from mfc.inventory.sums import Where
from mfc.layout.models import Location, Site

_BIGINT = 2**63


def _text(
    name: str, description: str, *, kind: Any = OpenApiTypes.STR, required: bool = False
) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=description, required=required)


_WHERE_PARAMETERS = [
    _text("sku", "SKU code"),
    _text("lot", "Lot code; needs the SKU"),
    _text("location", "Location code"),
    _text("container", "Label of a tote, cart or pallet"),
]


class HeldAnswer(serializers.Serializer):
    sku = serializers.CharField()
    lot = serializers.CharField(allow_blank=True)
    location = serializers.CharField(allow_null=True)
    container = serializers.CharField(allow_null=True)
    on_hand = serializers.IntegerField()


class AsOfPage(serializers.Serializer):
    at = serializers.DateTimeField()
    next = serializers.CharField(allow_null=True)
    results = HeldAnswer(many=True)


class PlaceAnswer(serializers.Serializer):
    location = serializers.CharField(allow_null=True)
    container = serializers.CharField(allow_null=True)


class MoveAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    sku = serializers.CharField()
    lot = serializers.CharField(allow_blank=True)
    qty = serializers.IntegerField(help_text="Eaches")
    reference = serializers.CharField(allow_blank=True)
    reason_code = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    weight_g = serializers.IntegerField(allow_null=True)
    actor = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        ends = {
            "from": PlaceAnswer(allow_null=True, help_text="null: from outside"),
            "to": PlaceAnswer(allow_null=True, help_text="null: left the building, or lost"),
        }
        return {**super().get_fields(), **ends}


class MovePage(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    archived_until = serializers.DateTimeField(allow_null=True, help_text="Older moves are in archive files")
    results = MoveAnswer(many=True)


def _where(request: Request, site: Site) -> Where:
    """Ids of what the query names; raises ``not_found``, ``invalid_request``."""
    sku, lot, location, container = (pages.text_of(request, p.name) for p in _WHERE_PARAMETERS)
    sku_id = lot_id = location_id = container_id = None
    if sku:
        sku_id = _id("SKU", sku, Sku.objects.filter(code=sku))
    if lot:
        if sku_id is None:
            raise DomainError("invalid_request", "A lot is named together with its SKU.")
        lot_id = _id("lot", lot, Lot.objects.filter(sku_id=sku_id, code=lot))
    if location:
        location_id = _id("location", location, Location.objects.filter(site=site, code=location))
    if container:
        container_id = _id("container", container, Container.objects.filter(site=site, label=container))
    return Where(sku_id=sku_id, lot_id=lot_id, location_id=location_id, container_id=container_id)


def _id(name: str, code: str, rows: Any) -> int:
    pk = rows.values_list("pk", flat=True).first()
    if pk is None:
        raise DomainError("not_found", f"There is no {name} {code[:40]} at this site.")
    return int(pk)


class StockAsOf(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="stock_as_of",
        responses={200: AsOfPage},
        parameters=[
            _text("at", "ISO 8601 with offset", kind=OpenApiTypes.DATETIME, required=True),
            *_WHERE_PARAMETERS,
            *PAGE_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> Response:
        """What every place held right after a past moment, by SKU and place; places that held nothing are left out."""
        at = pages.moment_of(request, "at")
        if at is None:
            raise DomainError("invalid_request", "at: which moment?")
        limit, after = pages.limit_of(request), _after(pages.text_of(request, "cursor"))
        site = this_site()
        held = history.as_of(
            site_id=site.pk, at=at, where=_where(request, site), after=after, limit=limit + 1
        )
        page = held[:limit]
        return Response(
            {
                "at": at,
                "next": _cursor(page[-1]) if len(held) > limit else None,
                "results": _describe_held(page),
            }
        )


def _cursor(row: history.Held) -> str:
    key = json.dumps([row.sku_id, row.location_id, row.container_id, row.lot_id])
    return base64.urlsafe_b64encode(key.encode()).decode()


def _after(cursor: str) -> history.Held | None:
    if not cursor:
        return None
    try:
        key = json.loads(base64.b64decode(cursor, altchars="-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise DomainError("invalid_request", pages.NOT_OURS) from error
    whole = isinstance(key, list) and len(key) == 4
    if not whole or any(type(part) is not int or not 0 <= part < _BIGINT for part in key):
        raise DomainError("invalid_request", pages.NOT_OURS)
    sku_id, location_id, container_id, lot_id = key
    return history.Held(sku_id, location_id, container_id, lot_id, 0)


def _describe_held(held: list[history.Held]) -> list[dict[str, Any]]:
    skus = Sku.objects.in_bulk({row.sku_id for row in held})
    lots = Lot.objects.in_bulk({row.lot_id for row in held} - {0})
    locations = Location.objects.in_bulk({row.location_id for row in held} - {0})
    containers = Container.objects.in_bulk({row.container_id for row in held} - {0})
    return [
        {
            "sku": skus[row.sku_id].code,
            "lot": lots[row.lot_id].code if row.lot_id else "",
            "location": locations[row.location_id].code if row.location_id else None,
            "container": containers[row.container_id].label if row.container_id else None,
            "on_hand": row.on_hand,
        }
        for row in held
    ]


class MoveList(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="stock_moves_list",
        responses={200: MovePage},
        parameters=[
            *_WHERE_PARAMETERS,
            _text("from", "Moves at or after this moment", kind=OpenApiTypes.DATETIME),
            _text("until", "Moves before this moment", kind=OpenApiTypes.DATETIME),
            *PAGE_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> Response:
        """Stock moves, newest first; of a SKU, a lot, into and out of a location or a container."""
        site = this_site()
        read = partial(
            history.moves,
            site_id=site.pk,
            where=_where(request, site),
            since=pages.moment_of(request, "from"),
            until=pages.moment_of(request, "until"),
        )
        body = pages.newest(request, read, model=StockMove, fields=history.FIELDS, describe=_describe_move)
        return Response({**body, "archived_until": history.archived_until(site_id=site.pk)})


def _describe_move(move: StockMove) -> dict[str, Any]:
    return {
        "id": move.pk,
        "at": move.at,
        "kind": move.kind,
        "sku": move.sku.code,
        "lot": move.lot.code if move.lot else "",
        "qty": move.qty,
        "from": _describe_place(move.from_location, move.from_container),
        "to": _describe_place(move.to_location, move.to_container),
        "reference": move.reference,
        "reason_code": move.reason_code,
        "reason": move.reason,
        "weight_g": move.weight_g,
        "actor": move.actor,
    }


def _describe_place(location: Location | None, container: Container | None) -> dict[str, str | None] | None:
    if location is None and container is None:
        return None
    return {
        "location": location.code if location else None,
        "container": container.label if container else None,
    }
