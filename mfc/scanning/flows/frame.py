"""What a flow of guided stock work is: its steps, what each shows, and what it may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mfc.catalog.models import Sku
from mfc.core import txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory.models import Lot
from mfc.layout.models import Location, Site
from mfc.scanning.replies import Reply
from mfc.scanning.resolve import ContainerScan, LocationScan, SkuScan, SsccScan
from mfc.workforce.models import Person, Role, Station, WorkSession
from mfc.workforce.sessions import actor_of

# A screen shows no more choices or lines than a person reads; flows cut longer lists and say so.
MAX_CHOICES = 8
MAX_LINES = 30


@dataclass(frozen=True, slots=True)
class Ask:
    """A value the person types: ``kind`` is qty, weight (grams), text or date; it comes back as ``Entered``."""

    kind: str
    label: str
    value: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of the work card; it comes back as ``Chosen`` with its number, counted from 1."""

    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the work card. ``state``: idle, wanted, done, wrong."""

    text: str
    facts: str = ""
    qty: str = ""
    state: str = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a step shows. ``why`` explains what the system proposes; the person may decide otherwise."""

    title: str
    hint: str = ""
    why: str = ""
    location: Location | None = None
    sku: Sku | None = None
    lot: Lot | None = None
    qty: int | None = None
    lines: tuple[Line, ...] = ()
    choices: tuple[Choice, ...] = ()
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Button ``number`` of the view, counted from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Entered:
    """What was typed: a number for qty and weight, a text for text and date (ISO 8601)."""

    number: int | None = None
    text: str = ""


Input = LocationScan | ContainerScan | SkuScan | SsccScan | Chosen | Entered


@dataclass(slots=True)
class Work:
    """One person's guided work at a stock terminal; the state lives in the session and survives everything."""

    station: Station
    person: Person
    session: WorkSession

    @property
    def site(self) -> Site:
        """Where it happens."""
        return self.station.site

    @property
    def actor(self) -> Actor:
        """Who does it."""
        return actor_of(self.person)

    @property
    def state(self) -> dict[str, Any]:
        """Name of the flow, its step and what was answered so far."""
        return self.session.flow

    @property
    def step(self) -> str:
        """The present step of the flow."""
        return str(self.state.get("step", ""))

    def go(self, step: str, **answers: Any) -> None:
        """Take the next step, keeping earlier answers; an answer of None is forgotten."""
        merged = {**self.state, "step": step, **answers}
        self._save({key: value for key, value in merged.items() if value is not None})

    def restart(self, step: str, **answers: Any) -> None:
        """Begin again at ``step`` with nothing but ``answers``."""
        self._save({"name": self.state.get("name"), "step": step, **answers})

    def begin(self, name: str) -> None:
        """Enter a flow."""
        self._save({"name": name})

    def leave(self) -> None:
        """Back to the menu."""
        self._save({})

    def _save(self, state: dict[str, Any]) -> None:
        WorkSession.objects.filter(pk=self.session.pk).update(flow=state)
        self.session.flow = state
        txn.hint(f"station:{self.station.pk}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One kind of guided work.

    ``start`` takes the first step; ``view`` shows the present one; ``give`` handles one input. ``due`` counts what waits.
    """

    name: str
    label: str
    hint: str
    start: Callable[[Work], Reply]
    view: Callable[[Work], View]
    give: Callable[[Work, Input], Reply]
    due: Callable[[Site], int] | None = None
    roles: frozenset[str] = field(default_factory=lambda: frozenset(Role))


def unexpected(wanted: str, remedy: str = "") -> DomainError:
    """The refusal of an input that does not fit the step."""
    return DomainError("unexpected_scan", f"{wanted} is wanted now.", remedy=remedy)


def chosen(given: Input, count: int) -> int | None:
    """Index of the button that was pressed, from 0; None for another input. Raises ``unexpected_scan`` out of range."""
    if not isinstance(given, Chosen):
        return None
    if not 1 <= given.number <= count:
        raise DomainError("unexpected_scan", f"There is no button {given.number} on this screen.")
    return given.number - 1


def quantity(given: Input, *, limit: int, what: str = "A quantity") -> int | None:
    """The number that was typed, 1 to ``limit``; None for another input. Raises ``quantity_invalid``."""
    if not isinstance(given, Entered) or given.number is None:
        return None
    if not 1 <= given.number <= limit:
        raise DomainError("quantity_invalid", f"{what} of 1 to {limit} is possible here, not {given.number}.")
    return given.number
