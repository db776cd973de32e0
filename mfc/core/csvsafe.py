"""Cells of CSV files that people open in a spreadsheet: no text becomes a formula."""

from __future__ import annotations

from typing import Any

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """The text of a cell; a text that a spreadsheet would compute gets an apostrophe before it. Numbers stay numbers."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, int | float) or not text.startswith(DANGEROUS):
        return text
    return f"'{text}"
