"""Reading request bodies: JSON or CSV, strictly, and never more of it than the program is ready to hold."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from mfc.core.errors import DomainError

# 50,000 SKUs with every column have about 8 MB; longer files go through the admin or the command line.
MAX_CSV_BYTES = 16 * 1024 * 1024


class BoundedJSONParser(JSONParser):
    """JSON of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes; REST framework itself sets no bound."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise ParseError(f"The body has more than {limit} bytes.")
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error


class CsvParser(BaseParser):
    """CSV of at most MAX_CSV_BYTES bytes, as bytes: encoding and delimiter are found by who reads it."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body: bytes = stream.read(MAX_CSV_BYTES + 1)
        if len(body) > MAX_CSV_BYTES:
            raise DomainError("import_too_large", f"The body has more than {MAX_CSV_BYTES} bytes.")
        return body
