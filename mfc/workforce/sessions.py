"""Badge in, badge out."""

from __future__ import annotations

from django.db import IntegrityError

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.workforce.models import ROLES_AT, Person, Station, WorkSession


def actor_of(person: Person) -> Actor:
    """The person as an actor."""
    return Actor("person", str(person.pk), person.name)


def open_at(station: Station) -> WorkSession | None:
    """Who works at the station now."""
    return WorkSession.objects.select_related("person").filter(station=station, ended_at=None).first()


@txn.use_case
def start(*, station: Station, badge: str) -> WorkSession:
    """Badge in. A badge at a second station ends the first session; a new badge at a station relieves the old one.

    The badge of who works there already changes nothing. Raises ``unknown_badge``, ``role_missing``.
    """
    # Locked, because one badge may be read at two stations at once.
    person = Person.objects.select_for_update(no_key=True).filter(badge=badge, active=True).first()
    if person is None:
        raise DomainError("unknown_badge", f"No active person has the badge {badge}.")
    if person.role not in ROLES_AT[station.kind]:
        raise DomainError(
            "role_missing", f"{person.name} is {person.role}; this is a {station.kind} station."
        )
    present = open_at(station)
    if present is not None and present.person_id == person.pk:
        return present
    now = clock.now()
    for other in WorkSession.objects.select_for_update().filter(ended_at=None, person=person).order_by("pk"):
        txn.hint(f"station:{other.station_id}")
    WorkSession.objects.filter(ended_at=None, person=person).update(ended_at=now)
    WorkSession.objects.filter(ended_at=None, station=station).update(ended_at=now)
    session = WorkSession.objects.create(person=person, station=station, started_at=now)
    journal.write("session.started", actor=actor_of(person), subject=f"station:{station.key}")
    return session


@txn.use_case
def end(*, session: WorkSession) -> None:
    """Badge out; ending twice is no error."""
    changed = WorkSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=clock.now())
    if changed:
        txn.hint(f"station:{session.station_id}", "lights")
        journal.write(
            "session.ended", actor=actor_of(session.person), subject=f"station:{session.station.key}"
        )


@txn.use_case
def take_cart(*, session: WorkSession, cart: str) -> None:
    """Work with this cart from now on; raises ``cart_in_use`` when somebody else has it."""
    holder = (
        WorkSession.objects.select_related("person")
        .filter(ended_at=None, cart=cart)
        .exclude(pk=session.pk)
        .first()
    )
    if holder is not None:
        raise DomainError(
            "cart_in_use", f"{holder.person.name} works with cart {cart}.", by=holder.person.name
        )
    try:
        with txn.transaction_scope():
            WorkSession.objects.filter(pk=session.pk).update(cart=cart)
    except IntegrityError as error:
        raise DomainError("cart_in_use", f"Somebody took cart {cart} a moment ago.") from error
    session.cart = cart
    txn.hint("plan")
    journal.write("cart.taken", actor=actor_of(session.person), subject=f"cart:{cart}")
