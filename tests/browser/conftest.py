"""One browser for all journeys, and people who each have a window of their own."""

import shutil
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.visitor import Visitor
from tests.flows.town import Town

FLAGS: Final = (
    "--no-sandbox",  # Tests may run as root, and the page is our own.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS: Final = 20_000
"""How long anything may take until it shows; two busy cores serve everything here."""

Invite = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert path, "Chromium is missing; infra/local/bootstrap.sh --with-tests installs it"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def visitor(browser: Browser, town: Town) -> Iterator[Invite]:
    """Opens a window for somebody; at the end nothing may have gone wrong in any of them.

    Called with changes to the registration form it is somebody new who is signed in; with
    `signed_in=False` nobody yet. `scheme` and `width` are those of the screen.
    """
    here: list[Visitor] = []

    def invite(
        *, signed_in: bool = True, scheme: str = "light", width: int = 1280, **changed: object
    ) -> Visitor:
        who = Visitor(browser, town, scheme=scheme, width=width)
        here.append(who)
        if signed_in:
            who.sign_in(town.newcomer(**changed))
        return who

    yield invite
    faults = [fault for who in here for fault in who.faults]
    for who in here:
        who.leave()
    assert not faults
