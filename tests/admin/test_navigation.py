"""The sidebar of the admin: every page once, and only those that the person may see."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client, RequestFactory

from mfc.config import navigation


def test_every_page_is_in_one_group_or_named_as_found_elsewhere() -> None:
    listed = [label for _, labels in navigation.GROUPS for label in labels]
    assert [label for label, count in Counter([*listed, *navigation.ELSEWHERE]).items() if count > 1] == []
    assert {*listed, *navigation.ELSEWHERE} == {model._meta.label_lower for model in admin.site._registry}


@pytest.mark.django_db
def test_a_person_sees_only_the_pages_they_may_open(client: Client) -> None:
    person = User.objects.create_user("auditor", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_lot"))
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(pk=person.pk)
    assert navigation.sidebar(request) == [
        {
            "title": "Stock",
            "collapsible": False,
            "separator": False,
            "items": [{"title": "Lots", "link": "/admin/inventory/lot/"}],
        }
    ]
    client.force_login(person)
    page = client.get("/admin/inventory/lot/").content.decode()
    assert "/admin/inventory/lot/" in page
    assert "/admin/inventory/stockmove/" not in page
