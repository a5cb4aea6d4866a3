"""One stream of requests and their answers, in order, several of them on their way at once.

Knows nothing of what the messages are.
"""

from asyncio import Queue, Semaphore, Task, TaskGroup
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

from slipway_runtime.grpcserver.status import Context

_AT_ONCE: Final = 32
"""Requests of one stream that are on their way; more are left to wait in the network."""

Answer = Callable[[bytes, Context], Coroutine[Any, Any, bytes]]


class Stream:
    """The stream of one client."""

    def __init__(self, messages: AsyncIterator[bytes], context: Context) -> None:
        self._messages = messages
        self._context = context
        self._places = Semaphore(_AT_ONCE)
        self._begun: Queue[Task[bytes] | None] = Queue()
        self._reading: Task[None] | None = None
        self.ended = False
        """Whether it was ended from here, not by its client."""

    async def answer_all(self, answer: Answer) -> None:
        """Answer until there are no more requests."""
        async with TaskGroup() as tasks:
            self._reading = tasks.create_task(self._read(answer, tasks))
            while (pending := await self._begun.get()) is not None:
                await self._context.write(await pending)
                self._places.release()

    async def _read(self, answer: Answer, tasks: TaskGroup) -> None:
        try:
            async for message in self._messages:
                await self._places.acquire()
                self._begun.put_nowait(tasks.create_task(answer(message, self._context)))
        finally:
            self._begun.put_nowait(None)

    def end(self) -> None:
        """Read no more requests; what has been read is answered."""
        self.ended = True
        if self._reading is not None:
            self._reading.cancel()
