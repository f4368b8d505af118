"""Somebody who uses Agora in a browser, and does there what people do."""

import re
from contextlib import suppress
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.flows.town import PASSWORD, Someone, Town

AWAY: Final = (
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_CONNECTION_RESET",
    "net::ERR_EMPTY_RESPONSE",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
)
"""What requests come to while a gateway is killed and starts again."""
PHONE: Final = 480
RELOADS: Final = 10
RELOADED_MS: Final = 5_000
FAILED: Final = re.compile(r"^Failed to load resource: .*?(status of (?P<status>\d+)|net::\w+)")


class Visitor:
    """A window of its own, with its own session. What goes wrong in it is kept in `faults`.

    `person` is the same somebody over the API, once signed in.
    """

    def __init__(self, browser: Browser, town: Town, *, scheme: Any, width: int) -> None:
        self.town = town
        self.faults: list[str] = []
        # The service is busy, and says so: the page asks again.
        self._forgiven: set[str] = {"503"}
        self._context = browser.new_context(
            base_url=f"http://127.0.0.1:{town.settings.gateway.port}",
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            is_mobile=width <= PHONE,
            reduced_motion="reduce",
        )
        self._person: Someone | None = None
        self.page: Page = self._context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"raised: {error}"))
        self.page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))

    @property
    def person(self) -> Someone:
        """The one who is signed in."""
        assert self._person is not None
        return self._person

    @property
    def handle(self) -> str:
        """Their unique name."""
        return self.person.handle

    def sign_in(self, person: Someone) -> None:
        """Signs in at the door, and waits for what is behind it."""
        self._person = person
        person.see("/v1/account")
        self.page.goto("/")
        self.page.get_by_label("E-mail or handle").fill(person.handle)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign in").last.click()
        expect(self.nav).to_be_visible()

    @property
    def nav(self) -> Locator:
        """Where one can go."""
        return self.page.get_by_role("navigation", name="Main")

    def visit(self, path: str) -> None:
        """Goes to an address as one who follows a link from outside."""
        self.page.goto(path)
        expect(self.page.locator("main")).to_be_visible()

    def reload_until(self, shown: Locator) -> None:
        """Loads the page again while it does not show this: others' deeds may be read later."""
        for _ in range(RELOADS):
            with suppress(AssertionError):
                expect(shown).to_be_visible(timeout=RELOADED_MS)
                return
            self.page.reload()
        raise AssertionError(f"{shown} is not shown after {RELOADS} reloads")

    def go(self, place: str) -> None:
        """Goes to a place of the rail."""
        self.page.get_by_role("link", name=place, exact=True).click()

    def write(self, body: str) -> Locator:
        """Writes a post at home and sends it; the post as it shows."""
        self.page.get_by_label("Your post").fill(body)
        self.page.get_by_role("button", name="Post", exact=True).click()
        return self.post(body)

    def post(self, body: str) -> Locator:
        """The post, or the comment, that says this."""
        return self.page.get_by_role("article").filter(has_text=body).last

    def choose(self, thing: Locator, name: str) -> None:
        """Opens the menu of a post, a comment or a profile, and chooses from it."""
        thing.get_by_role("button", name=re.compile("^More about")).first.click()
        thing.get_by_role("button", name=name, exact=True).click()

    def confirm(self, name: str) -> None:
        """Says that it is meant."""
        self.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()

    def told(self, text: str) -> Locator:
        """The notice that says this."""
        return self.page.get_by_role("region", name="Notices").get_by_text(text)

    def forgive(self, *answers: int | str) -> None:
        """Lets requests fail from here on with these statuses, or errors such as net::ERR_FAILED.

        A browser writes each into its console, although the page is right to ask.
        """
        self._forgiven |= {str(answer) for answer in answers}

    def offline(self, away: bool) -> None:
        """Takes the network away, or gives it back."""
        self._context.set_offline(away)

    def leave(self) -> None:
        """Closes the window."""
        self._context.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        failed = FAILED.match(message.text)
        if failed and (failed["status"] or failed[1]) in self._forgiven:
            return
        self.faults.append(f"console: {message.text} ({message.location['url']})")
