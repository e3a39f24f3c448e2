"""Playing kiosk returns and watching what each sets off: the demonstration and the benchmark stand on it.

::

    plan ──▶ Hands (kiosks, or the bare broker) ──▶ broker ──▶ services
                  │ answers                                       │ events
                  ▼                                               ▼
              Player: one Return each ◀── Effects ◀── Watch (a queue on `events`)
"""

from samlan.playing.bare import BareHands
from samlan.playing.effects import KEYS, Effects, Fee, Notice, Return
from samlan.playing.hands import Answered, Hands
from samlan.playing.kiosks import Kiosks
from samlan.playing.measures import Spread
from samlan.playing.notices import notice_latencies_ms
from samlan.playing.pace import Pace
from samlan.playing.player import Player
from samlan.playing.watch import Watch

__all__ = [
    "KEYS",
    "Answered",
    "BareHands",
    "Effects",
    "Fee",
    "Hands",
    "Kiosks",
    "Notice",
    "Pace",
    "Player",
    "Return",
    "Spread",
    "Watch",
    "notice_latencies_ms",
]
