"""The demo site: 450 m2 with 880 pick locations, a belt, benches and lanes. Pure.

One block of eleven aisles between a front and a back cross aisle; chilled and frozen stand nearest to the
belt, so that cold goods wait least. The floor in front carries the stations. All coordinates are
millimetres from the front left corner, all codes and labels are deterministic.
"""

from dataclasses import dataclass

from mfc.core import labels
from mfc.layout.travel import Spot, Walkway

SITE_CODE = "DEMO"
WIDTH_MM = 30_000
DEPTH_MM = 15_000
FRONT_Y_MM = 2_500
BACK_Y_MM = 14_000
FIRST_AISLE_X_MM = 2_000
# 1.6 m of aisle for a cart and a passing person, and two shelves of half a metre back to back.
AISLE_SPACING_MM = 2_600
SHELF_FACE_MM = 800  # from the middle of the aisle
FIRST_BAY_Y_MM = 3_500
BAY_MM = 1_000
BAYS_PER_SIDE = 10
LEVELS = "ABCD"
LEVEL_Z_MM = (200, 700, 1_200, 1_700)
GOLDEN_LEVELS = frozenset({1, 2})
AMBIENT, CHILLED, FROZEN = "ambient", "chilled", "frozen"
CARRY_RANK = {AMBIENT: 0, CHILLED: 1, FROZEN: 2}
ZONES = (AMBIENT,) * 8 + (CHILLED,) * 2 + (FROZEN,)  # by aisle


@dataclass(frozen=True, slots=True)
class Aisle:
    """One aisle; `code` such as A03."""

    code: str
    zone: str
    x_mm: int


@dataclass(frozen=True, slots=True)
class PickLocation:
    """One bin. The spot where people stand for it is (aisle x, y); x_mm is the shelf's face."""

    code: str
    label: str
    check_code: str
    zone: str
    aisle: str
    bay: int
    level: int
    x_mm: int
    y_mm: int
    z_mm: int
    stand_x_mm: int
    light_device: str
    light_channel: int

    @property
    def spot(self) -> Spot:
        """Where a person stands to pick here."""
        return Spot(self.stand_x_mm, self.y_mm, self.level)


@dataclass(frozen=True, slots=True)
class Place:
    """Anything else on the floor. `kind` is a location kind, or empty where no stock can stand."""

    key: str
    code: str
    label: str
    kind: str
    x_mm: int
    y_mm: int

    @property
    def spot(self) -> Spot:
        """Where a person stands for it."""
        return Spot(self.x_mm, self.y_mm)


@dataclass(frozen=True, slots=True)
class SitePlan:
    """The whole site."""

    code: str
    width_mm: int
    depth_mm: int
    walkway: Walkway
    aisles: tuple[Aisle, ...]
    locations: tuple[PickLocation, ...]
    places: dict[str, Place]

    @property
    def area_m2(self) -> float:
        """The floor area."""
        return self.width_mm * self.depth_mm / 1_000_000


# key, code, kind, x, y. The belt is at the cold end; carts start beside it.
_PLACES = (
    ("home", "", "", 21_500, 1_000),
    ("stack", "", "", 23_500, 1_000),
    ("belt", "BELT-1", "belt", 26_000, 1_000),
    ("pack_lane", "PACK-LANE", "belt", 16_000, 500),
    ("pack_1", "", "", 15_000, 1_500),
    ("pack_2", "", "", 17_500, 1_500),
    ("hospital_lane", "HOSP-LANE", "belt", 12_000, 500),
    ("hospital", "", "", 12_000, 1_500),
    ("shelf", "HOSP-1", "hospital", 13_000, 1_500),
    ("stage_1", "STAGE-1", "stage", 8_500, 700),
    ("stage_2", "STAGE-2", "stage", 6_500, 700),
    ("stage_3", "STAGE-3", "stage", 4_500, 700),
    ("stage_4", "STAGE-4", "stage", 2_500, 700),
    ("dock", "DOCK-1", "dock", 1_000, 1_500),
    ("quarantine", "QUAR-1", "quarantine", 10_000, 1_500),
)


def build_site() -> SitePlan:
    """Return the demo site; every call gives the same."""
    aisles = tuple(
        Aisle(f"A{number:02d}", zone, FIRST_AISLE_X_MM + (number - 1) * AISLE_SPACING_MM)
        for number, zone in enumerate(ZONES, start=1)
    )
    return SitePlan(
        code=SITE_CODE,
        width_mm=WIDTH_MM,
        depth_mm=DEPTH_MM,
        walkway=Walkway(FRONT_Y_MM, BACK_Y_MM, tuple(aisle.x_mm for aisle in aisles)),
        aisles=aisles,
        locations=tuple(location for aisle in aisles for location in _locations(aisle)),
        places={
            key: Place(key, code, labels.make("L", code.replace("-", "")) if code else "", kind, x_mm, y_mm)
            for key, code, kind, x_mm, y_mm in _PLACES
        },
    )


def _locations(aisle: Aisle) -> list[PickLocation]:
    """Return the bins of an aisle: odd bays left, even bays right, counted from the front."""
    found = []
    for bay in range(1, 2 * BAYS_PER_SIDE + 1):
        is_left = bay % 2 == 1
        for level, letter in enumerate(LEVELS):
            channel = (bay - 1) * len(LEVELS) + level
            found.append(
                PickLocation(
                    code=f"{aisle.code}-{bay:02d}-{letter}",
                    label=labels.make("L", f"{aisle.code}{bay:02d}{letter}"),
                    check_code=_check_code(aisle, channel),
                    zone=aisle.zone,
                    aisle=aisle.code,
                    bay=bay,
                    level=level,
                    x_mm=aisle.x_mm + (-SHELF_FACE_MM if is_left else SHELF_FACE_MM),
                    y_mm=FIRST_BAY_Y_MM + (bay - 1) // 2 * BAY_MM,
                    z_mm=LEVEL_Z_MM[level],
                    stand_x_mm=aisle.x_mm,
                    light_device=f"lights-{aisle.code}",
                    light_channel=channel,
                )
            )
    return found


def _check_code(aisle: Aisle, channel: int) -> str:
    """Return two digits that no other bin of the aisle has: 37 and 90 share no factor, 80 bins need 80
    codes.
    """
    return f"{(channel * 37 + int(aisle.code[1:]) * 11) % 90 + 10}"
