"""What an input is answered, and how the station's screen keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mfc.core import txn
from mfc.core.errors import DomainError
from mfc.workforce.models import Person, Station


@dataclass(frozen=True, slots=True)
class Reply:
    """``verdict`` is what the person hears (accepted, refused, none); refusals carry a code and what to do."""

    verdict: str
    text: str
    code: str = "ok"
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The JSON form kept with receipts and stations."""
        return asdict(self)


def accepted(text: str) -> Reply:
    """Done."""
    return Reply("accepted", text)


def asked(text: str, code: str = "reason_missing") -> Reply:
    """Nothing was booked yet: the screen asks what to do about it. Heard and seen like a refusal, not like a success."""
    return Reply("refused", text, code)


def refused(refusal: DomainError) -> Reply:
    """Nothing has changed."""
    return Reply("refused", refusal.message, refusal.code, refusal.remedy)


SILENT = Reply("none", "")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who gives input where: the station and the person working there."""

    station: Station
    person: Person


def tell(station: Station, reply: Reply) -> None:
    """Keep the reply as the station's feedback and have its screen drawn again."""
    station.version += 1
    station.feedback = {"seq": station.version, **reply.as_dict()}
    Station.objects.filter(pk=station.pk).update(version=station.version, feedback=station.feedback)
    txn.hint(f"station:{station.pk}")


def lock(station_id: int) -> Station:
    """The station's row, locked: inputs of one station are handled one after the other.

    Not its key: whoever refers to the station (a batch led on from elsewhere) need not wait for the person there.
    """
    return (
        Station.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=station_id)
    )
