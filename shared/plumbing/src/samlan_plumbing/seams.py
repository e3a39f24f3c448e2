"""Named points between write, publish and acknowledge, where a test may end the world.

In production nothing is installed and a point costs one comparison. The fault suite installs a hook that
counts points and, at the chosen one, drops the service's connections and never returns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Hook = Callable[[str, str], Awaitable[None]]
_hook: Hook | None = None


def install(hook: Hook | None) -> None:
    """Sets or removes the hook that is told of every point reached."""
    global _hook
    _hook = hook


async def reach(service: str, point: str) -> None:
    """Tells the hook, if any, that this service stands at this point."""
    if _hook is not None:
        await _hook(service, point)
