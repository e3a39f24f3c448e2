"""`addresses.json`: where everything of a running consortium is, for programs that join in.

The file is public in shape and private in rights (mode 600): it holds passwords and tokens. An import adds
devices and branches; a later start keeps them and renews every address and token.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from samlan_embedded import Broker, write_private
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.tokens import Signer

from samlan.trouble import Trouble

FILE = "addresses.json"
TOKEN_LIFETIME = timedelta(days=30)  # renewed at every start and import; the file is its owner's alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """What `addresses.json` holds; `services` are the private HTTP addresses, for the operator's commands."""

    gateway: str
    amqp: str
    mongodb: str
    mail: str
    sms: str
    logs: str
    services: dict[str, str]
    devices: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)

    def write(self, data: Path) -> None:
        """Replaces the file as a whole."""
        draft = data / f".{FILE}"
        write_private(draft, json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(data / FILE)


def read(data: Path) -> Addresses:
    """The addresses of the consortium that runs on a data folder."""
    try:
        return Addresses(**json.loads((data / FILE).read_text()))
    except FileNotFoundError:
        raise Trouble(f"nothing runs on {data}: start it with `samlan up --data {data}`") from None
    except (ValueError, TypeError) as error:
        raise Trouble(f"{data / FILE} cannot be read: {error}") from None


def known(data: Path) -> tuple[set[str], set[str]]:
    """The devices and the branches that earlier runs told of."""
    try:
        before = json.loads((data / FILE).read_text())
        return set(before["devices"]), set(before["tokens"]["desk"])
    except (OSError, ValueError, KeyError):
        return set(), set()


def joined(
    addresses: Addresses,
    *,
    broker: Broker,
    vhost: str,
    keys: Path,
    devices: Iterable[str],
    branches: Iterable[str],
) -> Addresses:
    """The addresses with these devices' broker users and fresh tokens for the operator and these desks."""
    signer = Signer(keys, MachineClock())
    desks = {branch: signer.for_desk(branch, TOKEN_LIFETIME) for branch in sorted(set(branches))}
    return replace(
        addresses,
        devices={device: broker.url(device, vhost) for device in sorted(set(devices))},
        tokens={"operator": signer.for_operator(TOKEN_LIFETIME), "desk": desks},
    )
