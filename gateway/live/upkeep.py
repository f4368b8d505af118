"""Upkeep of open pages: closes ended sessions and expired tokens, and sends heartbeats.

Pages that nothing happens to need it as much as others: their sessions are looked at all the time,
all of them by one question.
"""

import asyncio
import logging
import time
from typing import Final

from gateway.live.events import heartbeat
from gateway.live.hub import Hub
from gateway.live.page import Page
from gateway.live.questions import Questions
from infra.config_services import LiveSettings
from infra.rpc.backend import RpcFailed
from schemas.gen import live_pb2 as pb
from schemas.refusals import Refusal

SESSIONS_MAX: Final = 5_000
_LOGGED_EVERY_S: Final = 30.0

_log = logging.getLogger(__name__)


class Upkeep:
    """Looks after the pages of a hub, every `check_ms`."""

    def __init__(self, hub: Hub, questions: Questions, settings: LiveSettings) -> None:
        self._hub = hub
        self._questions = questions
        self._settings = settings
        self._logged_at_s = -_LOGGED_EVERY_S

    async def run(self) -> None:
        """Look after them for ever."""
        while True:
            await asyncio.sleep(self._settings.check_ms / 1000)
            self.end_expired(time.time())
            self.show_life(time.monotonic())
            await self.end_closed()

    def end_expired(self, now: float) -> None:
        """End the pages whose access token is over."""
        for page in list(self._hub.watches):
            if page.expires_at <= now:
                self._hub.end(page, "TOKEN_EXPIRED")

    def show_life(self, now_s: float) -> None:
        """Let pages that have been silent know that they are alive, and where they are."""
        for page in self._hub.watches:
            if now_s - page.sent_s >= self._settings.heartbeat_s and page.idle:
                page.put(heartbeat(self._hub.settled_place(page)))

    async def end_closed(self) -> None:
        """End the pages whose session was closed, as far as that can be told now."""
        pages = list(self._hub.watches)
        for start in range(0, len(pages), SESSIONS_MAX):
            part = pages[start : start + SESSIONS_MAX]
            try:
                closed = await self._closed(part)
            except (Refusal, RpcFailed) as problem:
                self._note(problem)
                return
            for page in closed:
                self._hub.end(page, "SESSION_CLOSED")

    async def _closed(self, pages: list[Page]) -> list[Page]:
        request = pb.JudgeRequest(viewers=[page.viewer for page in pages])
        answer = await self._questions.judge(request)
        return [pages[number] for number in answer.closed]

    def _note(self, problem: Exception) -> None:
        now_s = time.monotonic()
        if now_s - self._logged_at_s >= _LOGGED_EVERY_S:
            self._logged_at_s = now_s
            _log.warning("sessions of open pages cannot be looked at: %s", problem)
