"""The API does what its schema says: the committed schema is the real one, and no request breaks the program."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as hypothesis_seed
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mfc.core import imports
from mfc.env import ROOT
from tests.walk import Walk
from tests.world import LEAD, World

COMMITTED = ROOT / "docs" / "reference" / "openapi.yaml"
# Every operation is tried this often; together within a minute.
EXAMPLES_PER_OPERATION = 8
# What is asked for must exist: random words find nothing.
NEEDS_QUERY = {
    "/api/v1/lots/trace",
    "/api/v1/putaways/proposals",
    "/api/v1/putwalls/{station}/slots",
    "/api/v1/receipts/{receipt_id}",
    "/api/v1/plans/{plan_id}",
    "/api/v1/plans/{plan_id}/changes",
    "/api/v1/plans/{plan_id}/moves",
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
OPERATIONS = tuple(
    f"{method.upper()} {path}"
    for path, operations in yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))["paths"].items()
    for method in operations
    if method in {"get", "post", "put", "patch", "delete"}
)


def generated(form: str = "openapi") -> str:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", form, stdout=out)
    return out.getvalue()


def test_the_committed_schema_is_the_real_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8").splitlines() == generated().splitlines(), (
        "the API has changed: run 'make schema' and commit"
    )


@pytest.fixture(scope="module")
def schema() -> Iterator[Any]:
    """The schema, bound to the program in this process; the test's own connection stays open between requests."""
    loaded = schemathesis.openapi.from_dict(json.loads(generated("openapi-json")))
    loaded.app = get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield loaded
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_operation_is_tried(schema: Any) -> None:
    paths = schema.raw_schema["paths"]
    found = {
        f"{method.upper()} {path}"
        for path, operations in paths.items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    }
    assert found == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_breaks_the_program_and_answers_keep_to_the_schema(
    schema: Any, world: World, walk: Walk, name: str
) -> None:
    shipment = walk.ready(TEA=2)
    stored = imports.upload(
        site="DEMO", kind="skus", file_name="x.csv", data=b"sku,brand\nTEA,Old\n", actor=LEAD, queued=False
    )
    known_ids = {
        "order_id": str(shipment.order_id),
        "shipment_id": str(shipment.pk),
        "import_id": stored.pk,
        "kind": "skus",
    }
    method, path = name.split()
    seen: list[int] = []

    @hypothesis_seed(20261110)
    @settings(
        max_examples=EXAMPLES_PER_OPERATION,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(schema[path][method].as_strategy())
    def try_one(case: Any) -> None:
        if case.path_parameters and len(seen) % 2:  # every other request reaches something real
            case.path_parameters = {
                **case.path_parameters,
                **{key: value for key, value in known_ids.items() if key in case.path_parameters},
            }
        response = case.call(headers={"Authorization": f"Bearer {world.token}"})
        seen.append(response.status_code)
        case.validate_response(response, checks=list(CHECKS))

    try_one()
    assert seen
    assert method == "POST" or 200 in seen or path in NEEDS_QUERY
