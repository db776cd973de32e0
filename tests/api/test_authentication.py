"""Who may call what: no token, a wrong, an expired, a narrow one; every address denies by default."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from mfc.api.models import SCOPES, ApiClient
from mfc.core import clock
from tests.client import Api, problem
from tests.proof import unchanged
from tests.world import World

ANY_ID = "0190c0de-0000-7000-8000-000000000000"
PUBLIC = {"api/schema.json", "api/docs/"}
_UUID, _INTEGER = re.compile(r"<uuid:\w+>"), re.compile(r"<(?:int|path|slug|str):\w+>")
_KIND = re.compile(r"<slug:kind>")


def api_routes() -> list[tuple[str, Any]]:
    """Every address of mfc.api with its view class."""
    (api,) = (item for item in get_resolver().url_patterns if str(item.pattern) == "api/")
    return [
        (_KIND.sub("skus", _INTEGER.sub("1", _UUID.sub(ANY_ID, f"api/{item.pattern}"))), item)
        for item in api.url_patterns
        if isinstance(item, URLPattern)
    ]


ROUTES = api_routes()


def test_all_routes_are_known() -> None:
    assert len(ROUTES) >= 16
    assert {path for path, _ in ROUTES} > PUBLIC
    assert not any("<" in path for path, _ in ROUTES)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", sorted({path for path, _ in ROUTES} - PUBLIC))
def test_no_address_answers_without_a_token(world: World, path: str, method: str) -> None:
    response = getattr(Client(raise_request_exception=False), method)(f"/{path}")
    problem(response, 401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", sorted({path for path, _ in ROUTES} - PUBLIC))
def test_every_method_of_every_view_names_its_scope(path: str) -> None:
    ((_, pattern),) = ((one, item) for one, item in ROUTES if one == path)
    view = pattern.callback.cls()
    methods = set(view.allowed_methods) - {"OPTIONS"}
    assert set(view.scopes) == methods
    assert set(view.scopes.values()) <= set(SCOPES)


@pytest.mark.parametrize("path", sorted({path for path, _ in ROUTES} - PUBLIC))
def test_a_token_without_the_scope_is_told_which_is_wanted(world: World, path: str) -> None:
    ((_, pattern),) = ((one, item) for one, item in ROUTES if one == path)
    for method, scope in pattern.callback.cls.scopes.items():
        others = [one for one in SCOPES if one != scope]
        client = ApiClient.objects.filter(name="narrow").first() or ApiClient(name="narrow")
        client.scopes = others
        narrow = Api(client.issue_token())
        below = path.removeprefix("api/v1")
        with unchanged():
            response = narrow.get(below) if method == "GET" else narrow.post(below, {})
        assert problem(response, 403, "not_allowed")["details"] == {"scope": scope}


@pytest.mark.parametrize(
    "header",
    [
        "Bearer mfc_wrong",
        "Bearer ",
        "Bearer",
        "Basic c2hvcDpzZWNyZXQ=",
        "Token mfc_x",
        "Bearer " + "x" * 5000,
        "Bearer mfc_\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "Bearer mfc_ñandú",
    ],
)
def test_what_is_no_token_of_ours_is_refused(world: World, header: str) -> None:
    response = Client(raise_request_exception=False).get("/api/v1/orders", headers={"Authorization": header})
    problem(response, 401, "not_authenticated")


def test_a_token_with_the_right_prefix_only_is_refused(world: World) -> None:
    problem(Api(world.token[:12] + "x" * (len(world.token) - 12)).get("/orders"), 401, "not_authenticated")


def test_an_expired_and_a_switched_off_token_are_refused(world: World, api: Api) -> None:
    now = clock.SystemClock().now()
    ApiClient.objects.update(expires_at=now + timedelta(minutes=1))
    assert api.get("/orders").status_code == 200
    ApiClient.objects.update(expires_at=now)
    problem(api.get("/orders"), 401, "not_authenticated")
    ApiClient.objects.update(expires_at=None, active=False)
    problem(api.get("/orders"), 401, "not_authenticated")


def test_a_new_token_ends_the_old_one(world: World, api: Api) -> None:
    fresh = ApiClient.objects.get().issue_token()
    problem(api.get("/orders"), 401, "not_authenticated")
    assert Api(fresh).get("/orders").status_code == 200


def test_only_the_hash_of_a_token_is_kept(world: World) -> None:
    client = ApiClient.objects.get()
    assert world.token not in json.dumps(ApiClient.objects.values().get(), default=str)
    assert len(client.token_hash) == 64
    assert client.prefix == world.token[4:12]


def test_the_use_of_a_token_is_noted_at_most_every_five_minutes(world: World, api: Api) -> None:
    api.get("/orders")
    noted = ApiClient.objects.get().last_used_at
    assert noted is not None
    api.get("/orders")
    assert ApiClient.objects.get().last_used_at == noted
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    ApiClient.objects.update(last_used_at=long_ago)
    api.get("/orders")
    assert ApiClient.objects.get().last_used_at > long_ago  # type: ignore[operator]


def test_a_method_that_is_not_there_names_those_that_are(world: World, api: Api) -> None:
    response = Client(raise_request_exception=False).delete(
        "/api/v1/orders", headers={"Authorization": f"Bearer {world.token}"}
    )
    problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_head_is_answered_like_get_without_a_body(world: World) -> None:
    response = Client(raise_request_exception=False).head(
        "/api/v1/orders", headers={"Authorization": f"Bearer {world.token}"}
    )
    assert (response.status_code, response.content) == (200, b"")


def test_only_json_is_understood_and_answered(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.token}"}
    client = Client(raise_request_exception=False)
    sent = client.post("/api/v1/orders", "a=1", content_type="text/plain", headers=headers)
    problem(sent, 415, "unsupported_media_type")
    wanted = client.get("/api/v1/orders", headers={**headers, "Accept": "text/html"})
    problem(wanted, 406, "not_acceptable")
