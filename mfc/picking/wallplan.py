"""Building a put wall: a grid of slots, each a place with a label."""

from __future__ import annotations

from mfc.core import journal, labels, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.layout.models import Location, LocationKind
from mfc.picking.models import PutSlot
from mfc.workforce.models import Station, StationKind

# What one person reaches without steps, with room to spare.
MAX_ROWS = 8
MAX_COLUMNS = 12


@txn.use_case
def build(*, station: Station, rows: int, columns: int, actor: Actor, face: int = 1) -> list[PutSlot]:
    """Hang a face of ``rows`` × ``columns`` slots. Positions go on from the last one, row by row from the top left.

    Raises ``wall_invalid`` for a station of another kind, a wrong size, or a face that hangs already.
    """
    if station.kind != StationKind.PUTWALL:
        raise DomainError("wall_invalid", f"{station.key} is a {station.kind} station, no put wall.")
    if not (1 <= rows <= MAX_ROWS and 1 <= columns <= MAX_COLUMNS):
        raise DomainError(
            "wall_invalid", f"{rows} × {columns}: 1 to {MAX_ROWS} rows, 1 to {MAX_COLUMNS} columns."
        )
    if PutSlot.objects.filter(station=station, face=face).exists():
        raise DomainError("wall_invalid", f"Face {face} of {station.key} hangs already.")
    first = PutSlot.objects.filter(station=station).count() + 1
    made = []
    for index in range(rows * columns):
        position = first + index
        code = f"{station.key.upper()}-{position:02d}"[:30]
        body = f"{station.site_id:02d}W{station.pk:03d}{position:03d}"
        place = Location.objects.create(
            site_id=station.site_id,
            code=code,
            label=labels.make("L", body),
            kind=LocationKind.PUTWALL,
            x_mm=station.x_mm,
            y_mm=station.y_mm,
        )
        made.append(
            PutSlot.objects.create(
                site_id=station.site_id,
                station=station,
                location=place,
                face=face,
                row=index // columns + 1,
                column=index % columns + 1,
                position=position,
            )
        )
    journal.write(
        "wall.built", actor=actor, subject=f"station:{station.key}", face=face, rows=rows, columns=columns
    )
    return made
