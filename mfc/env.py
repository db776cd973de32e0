"""Typed environment: every knob of the program, once, with strict parsing and a ``NAME_FILE`` form for secrets."""

from __future__ import annotations

import contextlib
import os
import secrets
import zoneinfo
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class EnvError(Exception):
    """A setting that cannot be used; the text says which, what was found and what was expected."""


def _text(name: str, default: str = "") -> str:
    file_name = os.environ.get(f"{name}_FILE")
    if file_name:
        try:
            return Path(file_name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EnvError(f"{name}_FILE={file_name!r} cannot be read: {error.strerror}") from error
    return os.environ.get(name, default)


def _flag(name: str, default: bool) -> bool:
    text = _text(name)
    if text == "":
        return default
    if text not in {"0", "1"}:
        raise EnvError(f"{name}={text!r}: use 1 or 0")
    return text == "1"


def _number(name: str, default: int, *, minimum: int, maximum: int) -> int:
    text = _text(name)
    if text == "":
        return default
    if not text.isdigit() or not minimum <= int(text) <= maximum:
        raise EnvError(f"{name}={text!r}: use a whole number from {minimum} to {maximum}")
    return int(text)


def _choice(name: str, default: str, possible: tuple[str, ...]) -> str:
    text = _text(name, default)
    if text not in possible:
        raise EnvError(f"{name}={text!r}: use one of {', '.join(possible)}")
    return text


def _zone(name: str, default: str) -> str:
    text = _text(name, default)
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise EnvError(f"{name}={text!r}: use a time zone such as Europe/London") from error
    return text


def _words(name: str, default: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in _text(name, default).split(",") if word.strip())


@dataclass(frozen=True, slots=True)
class Env:
    """Values of all settings; see docs/reference/settings.md."""

    var_dir: Path
    database_url: str
    secret_key: str
    debug: bool
    tls: bool
    webhook_hosts: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    mqtt_url: str
    mqtt_root: str
    redis_url: str
    clock: str
    site: str
    time_zone: str
    sscc_prefix: str
    log_level: str
    web_processes: int
    db_pool: int


def load() -> Env:
    """Read the environment; raises EnvError for a value that cannot be used."""
    var_dir = Path(_text("MFC_VAR", str(ROOT / "var"))).resolve()
    prefix = _text("MFC_SSCC_PREFIX", "0000000")
    if not (prefix.isdigit() and 7 <= len(prefix) <= 10):
        raise EnvError(f"MFC_SSCC_PREFIX={prefix!r}: use your GS1 company prefix, 7 to 10 digits")
    return Env(
        var_dir=var_dir,
        database_url=_text("DATABASE_URL"),
        secret_key=_text("MFC_SECRET_KEY") or _kept_secret(var_dir),
        debug=_flag("MFC_DEBUG", False),
        tls=_flag("MFC_TLS", False),
        webhook_hosts=_words("MFC_WEBHOOK_HOSTS", ""),
        allowed_hosts=_words("MFC_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
        trusted_origins=_words("MFC_TRUSTED_ORIGINS", ""),
        mqtt_url=_text("MQTT_URL"),
        mqtt_root=_text("MFC_MQTT_ROOT", "mfc"),
        redis_url=_text("REDIS_URL"),
        clock=_text("MFC_CLOCK", "system"),
        site=_text("MFC_SITE", "DEMO"),
        time_zone=_zone("MFC_TIME_ZONE", "UTC"),
        sscc_prefix=prefix,
        log_level=_choice("MFC_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        web_processes=_number("MFC_WEB_PROCESSES", 1, minimum=1, maximum=32),
        db_pool=_number("MFC_DB_POOL", 0, minimum=0, maximum=64),
    )


def _kept_secret(var_dir: Path) -> str:
    """Django's secret key, made at the first start and kept in a file only its owner can read."""
    path = var_dir / "secret_key"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret_key.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # atomic: of two processes that start together, one key wins
        fresh.unlink()
    return path.read_text(encoding="utf-8").strip()
