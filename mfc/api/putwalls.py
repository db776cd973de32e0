"""Put walls by REST: the slots as they are."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api.orders import this_site
from mfc.core.errors import DomainError
from mfc.picking import walls
from mfc.picking.states import SlotState
from mfc.workforce.models import Station, StationKind


class SlotAnswer(serializers.Serializer):
    position = serializers.IntegerField()
    face = serializers.IntegerField()
    row = serializers.IntegerField()
    column = serializers.IntegerField()
    location = serializers.CharField()
    barcode = serializers.CharField(help_text="Label of the slot")
    state = serializers.ChoiceField(choices=[state.value for state in SlotState])
    order_ref = serializers.CharField(allow_null=True)
    tote = serializers.CharField(allow_null=True)
    revision = serializers.IntegerField(help_text="Grows with every change of the slot")


class WallAnswer(serializers.Serializer):
    station = serializers.CharField()
    slots = SlotAnswer(many=True)


class PutwallSlots(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="putwalls_slots", responses={200: WallAnswer})
    def get(self, request: Request, station: str) -> Response:
        """The slots of a put wall as they are now, by position."""
        wall = Station.objects.filter(site=this_site(), key=station, kind=StationKind.PUTWALL).first()
        if wall is None:
            raise DomainError("not_found", f"There is no put wall {station} at this site.")
        slots = [
            {
                "position": slot.position,
                "face": slot.face,
                "row": slot.row,
                "column": slot.column,
                "location": slot.location.code,
                "barcode": slot.location.label,
                "state": slot.state,
                "order_ref": slot.order.ref if slot.order else None,
                "tote": slot.tote_use.container.label if slot.tote_use else None,
                "revision": slot.revision,
            }
            for slot in walls.slots_of(wall)
        ]
        return Response({"station": wall.key, "slots": slots})
