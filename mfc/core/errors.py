"""DomainError: a refusal that a person or a program can act on."""

from __future__ import annotations

from typing import Any

from mfc.core.error_codes import CODES, ErrorCode


class DomainError(Exception):
    """Refused: ``code`` is stable, ``message`` says what was wrong here, ``remedy`` what to do.

    A refusal inside a use case rolls the use case back: nothing has changed. ``details`` must be JSON-able.
    """

    def __init__(self, code: str, message: str, *, remedy: str = "", **details: Any) -> None:
        super().__init__(message)
        self.spec: ErrorCode = CODES[code]
        self.code = code
        self.message = message
        self.remedy = remedy or self.spec.remedy
        self.details = details

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that receipts keep and edges translate."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy, "details": self.details}

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> DomainError:
        """The refusal that ``as_dict`` described."""
        return cls(body["code"], body["message"], remedy=body["remedy"], **body["details"])
