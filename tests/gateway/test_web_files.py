"""The page is there for navigations to any address of its own, and for nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.edge import Edge
from gateway.web_files import WebFiles

NAVIGATION = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a built page with one script."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><p>page")
    (tmp_path / "assets" / "index-1a2b.js").write_text("1")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / ".made-from").write_text("secret")
    transport = httpx.ASGITransport(Edge(WebFiles(tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url="http://agora") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/people/ben", "/index.html", "/requests?x=1"])
async def test_a_navigation_gets_the_page_anew(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers=NAVIGATION)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><p>page")
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_the_address_that_make_up_prints_is_a_page_for_every_client(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.text) == (200, "<!doctype html><p>page")


async def test_hashed_files_are_kept_for_ever_and_others_are_not(
    browser: httpx.AsyncClient,
) -> None:
    assert "immutable" in (await browser.get("/assets/index-1a2b.js")).headers["cache-control"]
    assert (await browser.get("/icon.svg")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/v1/nothing", "/.made-from", "/../pyproject.toml", "/assets"]
)
async def test_what_is_not_there_is_not_there(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json()["reason"]) == (404, "ROUTE_UNKNOWN")


async def test_a_missing_file_is_no_page_even_for_a_navigation(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/assets/gone.js", headers=NAVIGATION)).status_code == 404


async def test_files_are_only_read(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
