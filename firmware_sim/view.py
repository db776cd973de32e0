"""What the control socket shows: the floor as it looks, and as it truly is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from firmware_sim.clock import SiteClock
from firmware_sim.conveyor import Conveyor
from firmware_sim.courier import CourierCompany
from firmware_sim.figures import Figures
from firmware_sim.lights import LightController, Shown
from firmware_sim.person import Person
from firmware_sim.shop import Shop
from firmware_sim.truth import Truth


class Floor(Protocol):
    """What is looked at: the parts of a simulation."""

    @property
    def persons(self) -> Sequence[Person]: ...
    @property
    def clock(self) -> SiteClock: ...
    @property
    def truth(self) -> Truth: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def lights(self) -> Mapping[str, LightController]: ...
    @property
    def conveyor(self) -> Conveyor | None: ...
    @property
    def shop(self) -> Shop | None: ...
    @property
    def couriers(self) -> CourierCompany | None: ...


def status(floor: Floor) -> dict[str, Any]:
    people = []
    for person in floor.persons:
        x, y = person.position()
        people.append(
            {
                "station": person.station.key,
                "kind": person.station.kind,
                "name": (person.screen.picture or {}).get("person"),
                "x": round(x, 2),
                "y": round(y, 2),
                "doing": person.doing,
            }
        )
    return {
        "site_time": floor.clock.now().isoformat(),
        "people": people,
        "belt": floor.conveyor.view() if floor.conveyor else [],
        "lanes": {str(number): list(lane) for number, lane in floor.truth.lanes.items()},
        "free_totes": len(floor.truth.free_totes()),
        "lamps": {key: _lit(light) for key, light in floor.lights.items()},
        "orders_left": floor.shop.left if floor.shop else 0,
        "shipments_open": len(floor.couriers.jobs) if floor.couriers else 0,
        "figures": floor.figures.as_json(),
    }


def physical(floor: Floor) -> dict[str, Any]:
    hands = {key: dict(hand.units) for key, hand in floor.truth.hands.items() if hand.units}
    totes = {
        tote.label: {"place": tote.place, "content": dict(tote.content), "sscc": tote.sscc}
        for tote in floor.truth.totes.values()
    }
    return {
        "bins": {code: dict(pile) for code, pile in floor.truth.bins.items()},
        "totes": totes,
        "hands": hands,
        "delivered": floor.couriers.delivered if floor.couriers else {},
    }


def _lit(light: LightController) -> list[dict[str, Any]]:
    lamps: list[tuple[int, Shown]] = [(channel, light.lamp(channel)) for channel in range(light.spec.points)]
    return [
        {"channel": channel, "colour": lamp.colour, "mode": lamp.mode, "qty": lamp.qty}
        for channel, lamp in lamps
        if lamp.lit
    ]
