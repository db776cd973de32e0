"""Master data and opening stock by REST: send a CSV file, follow its import, read an export."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mfc.api import pages
from mfc.api.authentication import caller
from mfc.api.idempotency import answer_once
from mfc.api.orders import StrictSerializer, this_site
from mfc.api.parsers import BoundedJSONParser, CsvParser
from mfc.api.schema import IDEMPOTENCY_KEY
from mfc.core import exchange, imports
from mfc.core.errors import DomainError
from mfc.core.exchangeadmin import streamed
from mfc.core.models import ImportRun
from mfc.core.states import ImportState

# The answer shows so many; the admin has all of them as a file.
SHOWN_PROBLEMS = 100
MAX_ID = 2**63 - 1
# The kinds are registered by the apps while Django starts; the schema names them.
KINDS = ("skus", "locations", "slots", "opening-stock")


class ImportSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=KINDS)
    csv = serializers.CharField(trim_whitespace=False, help_text="The file's text, with its header line")
    file_name = serializers.CharField(max_length=200, default="api.csv")
    dry_run = serializers.BooleanField(default=False, help_text="Check only")
    skip_wrong = serializers.BooleanField(
        default=False, help_text="Leave out wrong rows instead of refusing the file"
    )


class ProblemAnswer(serializers.Serializer):
    line = serializers.IntegerField()
    column = serializers.CharField(help_text="Empty: the whole row")
    code = serializers.CharField()
    message = serializers.CharField()
    expected = serializers.CharField()


class ImportAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    file_name = serializers.CharField()
    state = serializers.ChoiceField(choices=[(state.value, state.value) for state in ImportState])
    rows_total = serializers.IntegerField()
    rows_done = serializers.IntegerField(help_text="Checked; while importing and after: written")
    rows_failed = serializers.IntegerField()
    rows_new = serializers.IntegerField()
    rows_changed = serializers.IntegerField()
    rows_same = serializers.IntegerField()
    report = serializers.CharField()
    problems = ProblemAnswer(many=True, help_text=f"The first {SHOWN_PROBLEMS} wrong cells")


def _describe(run: ImportRun) -> dict[str, Any]:
    shown = itertools.islice(imports.problems(run.pk), SHOWN_PROBLEMS)
    return {
        "id": run.pk,
        **{name: getattr(run, name) for name in ("kind", "file_name", "report")},
        "state": str(run.state),
        **{
            f"rows_{name}": getattr(run, f"rows_{name}")
            for name in ("total", "done", "failed", "new", "changed", "same")
        },
        "problems": [dict(zip(exchange.PROBLEM_COLUMNS, problem, strict=True)) for problem in shown],
    }


def _from_query(request: Request) -> dict[str, Any]:
    """The wishes beside a raw CSV body."""
    given = {
        name: pages.text_of(request, name)
        for name in ("kind", "file_name", "dry_run", "skip_wrong")
        if name in request.query_params
    }
    serializer = ImportSerializer(data={**given, "csv": "-"})
    serializer.is_valid(raise_exception=True)
    return {**serializer.validated_data, "csv": request.data}


class ImportList(APIView):
    scopes = {"POST": "stock:write"}
    parser_classes = (BoundedJSONParser, CsvParser)

    @extend_schema(
        operation_id="imports_create",
        request={"application/json": ImportSerializer, "text/csv": OpenApiTypes.BINARY},
        responses={201: ImportAnswer},
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter("kind", str, enum=KINDS, description="With a CSV body: what it holds"),
            OpenApiParameter("file_name", str, description="With a CSV body: its name, for the list"),
            OpenApiParameter("dry_run", bool, description="With a CSV body: check only"),
            OpenApiParameter("skip_wrong", bool, description="With a CSV body: leave out wrong rows"),
        ],
    )
    def post(self, request: Request) -> Response:
        """Send a file: JSON up to 256 KiB, or CSV up to 16 MiB. It is checked as a whole by the worker, then imported."""
        if isinstance(request.data, bytes):
            wanted = _from_query(request)
            data: bytes = wanted.pop("csv")
        else:
            serializer = ImportSerializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            wanted = dict(serializer.validated_data)
            data = wanted.pop("csv").encode("utf-8", "surrogatepass")
        user = caller(request)

        def act() -> dict[str, Any]:
            run = imports.upload(
                site=this_site().code,
                kind=wanted["kind"],
                file_name=wanted["file_name"],
                data=data,
                actor=user.actor,
                go_on=not wanted["dry_run"],
                partial=wanted["skip_wrong"],
            )
            return _describe(run)

        body = {**wanted, "sha256": hashlib.sha256(data).hexdigest()}
        return answer_once(request, kind="import.create", act=act, created=True, body=body)


class ImportDetail(APIView):
    scopes = {"GET": "stock:read"}

    @extend_schema(
        operation_id="imports_read",
        responses={200: ImportAnswer},
        parameters=[
            OpenApiParameter(
                "import_id",
                {"type": "integer", "minimum": 1, "maximum": MAX_ID},
                OpenApiParameter.PATH,
            )
        ],
    )
    def get(self, request: Request, import_id: int) -> Response:
        """How far an import is, and what was wrong."""
        if import_id > MAX_ID:
            raise DomainError("not_found", f"There is no import {import_id}.")
        run = imports.find(import_id)
        if run.site != this_site().code:
            raise DomainError("not_found", f"There is no import {import_id}.")
        return Response(_describe(run))


class AnyAccept(BaseContentNegotiation):
    """The export is CSV whatever was asked for; a refusal is a problem document."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Export(APIView):
    scopes = {"GET": "stock:read"}
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="exports_read",
        responses={(200, "text/csv"): OpenApiTypes.STR},
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=KINDS)],
    )
    def get(self, request: Request, kind: str) -> Any:
        """All rows of a kind as CSV, in the columns that an import reads."""
        spec = exchange.kind_of(kind)
        return streamed(request._request, exchange.export(spec, this_site().code), spec.name)
