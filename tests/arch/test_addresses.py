"""Every address is public by this list, or wants somebody who is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# What anybody may read, and why that is right.
PUBLIC = {
    "": "leads to the board, which asks who you are",
    "healthz": "says that the process lives",
    "readyz": "says that the database answers",
    "api/schema.json": "the contract is no secret",
    "api/docs/": "the contract is no secret",
    "admin/login/": "how one becomes known",
    "admin/logout/": "ends what there may be",
}
_PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")
_SAMPLES = {
    "int": "1",
    "uuid": "0190c0de-0000-7000-8000-000000000000",
    "slug": "x",
    "str": "x",
    "path": "x",
    "": "x",
}


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Every address with its parameters filled in."""
    for item in patterns:
        text = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from addresses(item.url_patterns, text)
        else:
            yield text


def sample(address: str) -> str:
    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "x", address).replace("^", "").replace("$", "").replace("\\Z", "")
    return _PARAMETER.sub(lambda match: _SAMPLES[match[1] or ""], plain)


ALL = sorted({sample(address) for address in addresses(get_resolver().url_patterns)})


def test_the_list_is_complete_and_public_addresses_exist() -> None:
    assert len(ALL) > 50
    assert set(PUBLIC) <= set(ALL)
    assert not [address for address in ALL if re.search(r"[<>()?]", address)]


@pytest.mark.django_db
def test_every_other_address_wants_somebody_who_is_known() -> None:
    client = Client(raise_request_exception=False)
    open_addresses = {}
    for address in ALL:
        if address in PUBLIC:
            continue
        response = client.get(f"/{address}")
        asks_for_login = response.status_code == 302 and "/login/" in response.headers["Location"]
        refuses = response.status_code in {401, 403, 404, 405}
        if not (asks_for_login or refuses):
            open_addresses[address] = response.status_code
    assert open_addresses == {}


@pytest.mark.django_db
@pytest.mark.parametrize("address", sorted(PUBLIC))
def test_a_public_address_is_read_by_anybody(address: str) -> None:
    assert Client().get(f"/{address}").status_code in {200, 302}


@pytest.mark.django_db
def test_a_station_page_needs_the_token_of_a_station() -> None:
    client = Client(raise_request_exception=False)
    for path in ("", "screen"):
        assert client.get(f"/handheld/guess/{path}").status_code == 404
    sent = client.post("/handheld/guess/input", {"id": "x"}, content_type="application/json")
    assert sent.status_code in {400, 404}
