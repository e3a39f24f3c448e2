"""What is remembered, for how long, and what is not."""

from __future__ import annotations

from samlan_plumbing import memory
from samlan_plumbing.memory import Memory


class Shelf:
    """Something to read from, and how often it was read."""

    def __init__(self) -> None:
        self.holds: dict[str, str] = {}
        self.reads = 0
        self.now = 1000.0
        self.memory: Memory[str] = Memory(lambda: self.now)

    async def get(self, key: str) -> str | None:
        return await self.memory.get(key, self._read)

    async def _read(self, key: str) -> str | None:
        self.reads += 1
        return self.holds.get(key)


async def test_what_is_known_is_read_again_once_it_is_old() -> None:
    shelf = Shelf()
    shelf.holds["a"] = "old"
    assert await shelf.get("a") == "old"
    shelf.holds["a"] = "new"
    shelf.now += memory.REMEMBERED_SECONDS - 0.1
    assert (await shelf.get("a"), shelf.reads) == ("old", 1)
    shelf.now += 0.1
    assert (await shelf.get("a"), shelf.reads) == ("new", 2)


async def test_what_is_not_there_is_looked_up_every_time() -> None:
    shelf = Shelf()
    assert await shelf.get("a") is None
    shelf.holds["a"] = "here"
    assert (await shelf.get("a"), shelf.reads) == ("here", 2)


async def test_what_is_forgotten_is_read_at_once() -> None:
    shelf = Shelf()
    shelf.holds["a"] = "old"
    await shelf.get("a")
    shelf.holds["a"] = "new"
    shelf.memory.forget("a")
    assert await shelf.get("a") == "new"


async def test_memory_has_an_end() -> None:
    shelf = Shelf()
    shelf.holds |= {str(n): "x" for n in range(memory.REMEMBERED_MOST + 1)}
    for key in shelf.holds:
        await shelf.get(key)
    await shelf.get("0")
    assert shelf.reads == memory.REMEMBERED_MOST + 2


async def test_news_that_comes_while_it_is_read_is_not_forgotten() -> None:
    """What was read before may be older than what was told meanwhile."""
    shelf = Shelf()
    shelf.holds["a"] = "new"

    async def overtaken(key: str) -> str | None:
        shelf.memory.forget(key)
        return "old"

    assert await shelf.memory.get("a", overtaken) == "old"
    assert await shelf.get("a") == "new"
