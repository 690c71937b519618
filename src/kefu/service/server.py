"""The server: uvicorn, which waits for all requests when it stops, also for those that have no end of their own."""

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """Ends streams before it waits.

    Args:
        config: of uvicorn.
        end_streams: ends them; called from the event loop.
    """

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._end_streams()
        await super().shutdown(sockets)
