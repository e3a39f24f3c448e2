"""Keys at work: personal data sealed at rest, numbers looked up by a keyed hash, PINs hashed slowly.

Sealing is AES-SIV with the patron's id as associated data: the same data of the same patron seal to the same
bytes, so that an unchanged patron is an unchanged document, and a seal cannot be moved to another patron.
Purposes have keys of their own, derived from the two files in the keys' folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from samlan_accounts.domain.handles import Handle
from samlan_accounts.domain.patron import HashedPin, Pin, SealedPin

T = TypeVar("T")

FIELDS_KEY: Final = "fields.key"
PIN_KEY: Final = "pin.key"
SHORTEST_KEY: Final = 32
SEAL_VERSION: Final = b"\x01"
HANDLE_BYTES: Final = 18  # 144 bits: no two numbers of a country meet
WAITING_LIMIT: Final = 100  # log-ins that may stand in line for the one hashing thread


class KeyUnusable(RuntimeError):
    """A key file is missing or too short; the service does not start without it."""


class Unsealable(RuntimeError):
    """Sealed data do not open with this key: the wrong key, or a document that was tampered with."""


class HashingBusy(TimeoutError):
    """Too many wait for a PIN to be hashed; the caller is asked to come again."""


class Vault:
    """Seals, opens and digests with the service's keys."""

    def __init__(self, *, fields: bytes, pins: bytes) -> None:
        self._seal = AESSIV(_derived(fields, "seal", 64))
        self._lookup = _derived(fields, "lookup", 32)
        self._row = _derived(fields, "import row", 32)
        self._pin_seal = AESSIV(_derived(pins, "seal", 64))
        self._pin = _derived(pins, "hash", 32)

    @classmethod
    def open(cls, folder: Path) -> Vault:
        """The vault of a keys' folder."""
        return cls(fields=_key(folder / FIELDS_KEY), pins=_key(folder / PIN_KEY))

    def seal(self, patron: str, data: Any) -> bytes:
        """Personal data of one patron, sealed."""
        return SEAL_VERSION + self._seal.encrypt(
            orjson.dumps(data, option=orjson.OPT_SORT_KEYS), [patron.encode()]
        )

    def unseal(self, patron: str, sealed: bytes) -> Any:
        """What was sealed for this patron."""
        return orjson.loads(_opened(self._seal, sealed, patron))

    def seal_pin(self, patron: str, pin: str) -> SealedPin:
        """A PIN that waits to be hashed."""
        return SealedPin(SEAL_VERSION + self._pin_seal.encrypt(pin.encode(), [patron.encode()]))

    def unseal_pin(self, patron: str, pin: SealedPin) -> str:
        """The PIN that waits to be hashed."""
        return _opened(self._pin_seal, pin.sealed, patron).decode()

    def handle(self, handle: Handle) -> str:
        """The keyed hash under which a number is looked up."""
        text = "\x1f".join(handle).encode()
        return hmac.new(self._lookup, text, hashlib.sha256).hexdigest()[: HANDLE_BYTES * 2]

    def source(self, source: str) -> str:
        """The keyed hash under which attempts from an address are counted."""
        return hmac.new(self._lookup, b"source\x1f" + source.encode(), hashlib.sha256).hexdigest()[:36]

    def row(self, stated: bytes) -> bytes:
        """The keyed digest that tells an import's row from a changed one."""
        return hmac.digest(self._row, stated, "sha256")[:16]

    def pepper(self, patron: str, pin: str) -> bytes:
        """What is hashed in a PIN's place, so that four digits do not stand alone."""
        return hmac.digest(self._pin, f"{patron}\x1f{pin}".encode(), "sha256")


class PinHasher:
    """Hashes and verifies PINs with a memory-hard function, one at a time in a thread.

    A verification takes some 40 ms of processor and 19 MiB: more at once would only be slower."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._argon = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._nobody = self._argon.hash(b"nobody")

    async def hash(self, patron: str, pin: str) -> HashedPin:
        """The PIN as it is kept."""
        return HashedPin(await self._alone(lambda: self._argon.hash(self._vault.pepper(patron, pin))))

    async def matches(self, patron: str, kept: Pin | None, pin: str) -> bool:
        """Whether this is the patron's PIN; it takes as long when there is no such patron."""
        match kept:
            case SealedPin():
                right = hmac.compare_digest(self._vault.unseal_pin(patron, kept).encode(), pin.encode())
                await self._alone(lambda: self._verified(self._nobody, b""))
                return right
            case HashedPin(hashed):
                return await self._alone(lambda: self._verified(hashed, self._vault.pepper(patron, pin)))
            case None:
                return await self._alone(lambda: self._verified(self._nobody, b""))

    async def measured(self, patron: str, pin: SealedPin) -> tuple[HashedPin, float]:
        """The PIN hashed, and the seconds it took once it was its turn."""

        def work() -> tuple[str, float]:
            started = time.monotonic()
            hashed = self._argon.hash(self._vault.pepper(patron, self._vault.unseal_pin(patron, pin)))
            return hashed, time.monotonic() - started

        hashed, seconds = await self._alone(work)
        return HashedPin(hashed), seconds

    def _verified(self, hashed: str, pepper: bytes) -> bool:
        try:
            return self._argon.verify(hashed, pepper)
        except (Argon2Error, InvalidHashError):
            return False

    async def _alone(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_LIMIT:
            raise HashingBusy
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _key(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError:
        raise KeyUnusable(f"{path.name} cannot be read") from None
    if len(key) < SHORTEST_KEY:
        raise KeyUnusable(f"{path.name} has fewer than {SHORTEST_KEY} bytes")
    return key


def _derived(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"samlan " + purpose.encode()).derive(key)


def _opened(cipher: AESSIV, sealed: bytes, patron: str) -> bytes:
    if sealed[:1] != SEAL_VERSION:
        raise Unsealable(f"a seal of patron {patron} has an unknown version")
    try:
        return cipher.decrypt(sealed[1:], [patron.encode()])
    except InvalidTag:
        raise Unsealable(f"a seal of patron {patron} does not open") from None
