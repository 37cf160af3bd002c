"""Connections that do not wait for ever: each stretch of a conversation has its time."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol


class TimedConnection(H11Protocol):
    """Drops a client that is slow to ask, or slow to take its answer.

    The server's own time-out counts only while a kept connection is silent; one byte now and then
    would hold it for ever.
    """

    head_s = 10.0
    """From the first moment to the end of a request's head."""
    answer_s = 60.0
    """From the head to the end of the answer."""
    taken_s = 20.0
    """From there until the client has taken the answer and asks again."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._timer: asyncio.TimerHandle | None = None
        self._awaits_head = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._allow(self.head_s)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request; they do not buy time unless they complete its head."""
        answering = self.cycle
        if not self._awaits_head and (answering is None or answering.response_complete):
            self._awaits_head = True
            self._allow(self.head_s)
        super().data_received(data)
        if self.cycle is not answering:
            self._awaits_head = False
            self._allow(self.answer_s)

    def on_response_complete(self) -> None:
        """Give the client time to take the answer."""
        self._allow(self.taken_s)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _allow(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.transport.abort)
