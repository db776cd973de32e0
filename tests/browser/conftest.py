"""A real browser before a real server: uvicorn on the test database, Chromium without a network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tests.browser import floor as floors
from tests.browser.floor import Floor

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
START_S = 30.0
# What every page of ours must keep: no violation of its policy, no error, no foreign address.
_WATCH = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def _database_url() -> str:
    database = connection.settings_dict
    secret = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    # A socket directory cannot stand before the path.
    is_socket = str(database["HOST"]).startswith("/")
    host = "" if is_socket else database["HOST"]
    tail = f"?host={quote(database['HOST'], safe='')}" if is_socket else ""
    return f"postgresql://{quote(database['USER'])}{secret}@{host}{port}/{database['NAME']}{tail}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: object) -> Iterator[str]:
    """Address of the web process."""
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "MFC_SECRET_KEY": settings.SECRET_KEY,
        "MFC_DB_POOL": "4",
    }
    command = [sys.executable, "-m", "uvicorn", "mfc.config.asgi:application", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "warning"], env=environment, cwd=settings.BASE_DIR)
    address = f"http://127.0.0.1:{port}"
    try:
        _await(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, "the web process ended"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web process does not answer")


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One browser per module: its driver keeps an event loop running, which other modules' tests must not meet."""
    if not Path(CHROMIUM).exists():
        reason = "chromium is not installed (no chromium on PATH)"
        if os.environ.get("MFC_CI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    # The driver's event loop runs in this thread; the tests' own queries are as safe as before.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Visitor:
    """One browser profile; remembers everything that no page of ours may do."""

    browser: object
    server: str
    faults: list[str] = field(default_factory=list)
    contexts: list[object] = field(default_factory=list)

    def open(self, path: str, *, size: str = "360x640", scheme: str = "light", cookie: str = "") -> object:
        width, height = map(int, size.split("x"))
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.contexts.append(context)
        if cookie:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.server}])
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._asked)
        page.goto(self.server + path)
        return page

    def _heard(self, message: object) -> None:
        # Chromium asks every site for this file.
        is_icon = "favicon.ico" in message.location.get("url", "")
        if message.type == "error" and not is_icon:
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: object) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob"} and url.netloc != urlsplit(self.server).netloc:
            self.faults.append(f"foreign: {request.url}")


@pytest.fixture
def visitor(chromium: object, server: str) -> Iterator[Visitor]:
    one = Visitor(chromium, server)
    yield one
    for context in one.contexts:
        context.close()


@pytest.fixture
def floor(transactional_db: None) -> Floor:
    return floors.build()


@pytest.fixture
def manager_cookie(transactional_db: None, client: Client) -> str:
    """The session of a logged-in manager."""
    client.force_login(User.objects.create_superuser("manager", "manager@example.com", "pw"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value
