"""The walk of a batch on its page, the measured pace, and the check of the ways."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from mfc.layout.models import Aisle, Location
from mfc.picking.models import Batch
from mfc.workforce.models import LabourStandard
from tests.browser.floor import Floor


def test_a_batch_shows_its_walk_with_the_length_by_every_policy(floor: Floor, manager: Client) -> None:
    batch = Batch.objects.exclude(lengths_mm={}).order_by("pk")[0]
    page = manager.get(reverse("admin:picking_batch_change", args=[batch.pk])).content.decode()
    assert page.count('<svg class="site-drawing"') == 1
    assert 'class="site-stop"' in page
    for policy in ("exact", "combined", "s-shape", "largest-gap", "return"):
        assert f'<th scope="row">{policy}' in page
    assert "proven shortest" in page
    assert "proven shortest" in manager.get(reverse("admin:picking_batch_changelist")).content.decode()


def test_a_broken_layout_does_not_break_the_page(floor: Floor, manager: Client) -> None:
    Aisle.objects.filter(site=floor.site, floor=0).update(from_y_mm=5_000, to_y_mm=4_000)
    batch = Batch.objects.order_by("pk")[0]
    page = manager.get(reverse("admin:picking_batch_change", args=[batch.pk])).content.decode()
    assert "The layout cannot be drawn" in page


def test_the_measured_pace_says_honestly_that_there_is_too_little(floor: Floor, manager: Client) -> None:
    url = reverse("admin:picking_batch_pace")
    page = manager.get(url).content.decode()
    assert "Too few data" in page
    assert "Use measured" not in page
    before = LabourStandard.objects.values().first()
    answer = manager.post(url, {"days": 14}, follow=True)
    assert "Too few data" in answer.content.decode()
    assert LabourStandard.objects.values().first() == before


def test_the_check_of_the_ways_names_what_cannot_be_walked_to(floor: Floor, manager: Client) -> None:
    url = reverse("admin:layout_site_check_ways", args=[floor.site.pk])
    place = Location.objects.filter(site=floor.site, kind="bin").order_by("code")[0]
    Location.objects.filter(pk=place.pk).update(floor=7)
    said = manager.get(url, follow=True).content.decode()
    assert f"{place.code}: Nobody can stand at" in said
