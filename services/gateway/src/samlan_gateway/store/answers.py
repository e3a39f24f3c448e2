"""Answers under an `Idempotency-Key`: the first is kept, sealed, and given again.

::

    begin ── MINE ──▶ (act) ──▶ finish, or drop when nothing was decided
      ├───── DONE ──▶ the answer that was given
      ├───── BUSY ──▶ another request with this key is at work
      └───── OTHER ─▶ the key was used for another body

A claim is a lease: a process that died leaves one that runs out, and whoever comes next acts again under the
same command, which the owners carry out once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pymongo.errors import DuplicateKeyError
from samlan_plumbing.resources import Resources
from samlan_plumbing.tokens import PRIVATE_KEY

KEPT: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=15)  # longer than any write waits for its owner
NONCE_BYTES: Final = 12
Row = dict[str, Any]


class Standing(StrEnum):
    """How a key stands."""

    MINE = "mine"
    DONE = "done"
    BUSY = "busy"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it was given."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """How a key stands, with the claim or the answer."""

    standing: Standing
    revision: int = 0
    given: Given | None = None


class Sealer:
    """Keeps answers unreadable at rest: they may hold what a patron's account holds.

    Its keys follow from the gateway's signing key, which every replica has and nobody else."""

    def __init__(self, keys: Path) -> None:
        secret = (keys / PRIVATE_KEY).read_bytes()
        self._aead = AESGCM(_derived(secret, b"gateway answers"))
        self._mac = _derived(secret, b"gateway digests")

    def seal(self, plain: bytes, of: str) -> bytes:
        """Ciphertext that opens only for the same answer."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, of.encode())

    def open(self, sealed: bytes, of: str) -> bytes:
        """What was sealed."""
        return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], of.encode())

    def digest(self, body: bytes) -> bytes:
        """A fingerprint of a body that tells nothing about a short one, such as a PIN."""
        return hmac.digest(self._mac, body, hashlib.sha256)


class Answers:
    """One document per actor, route and key."""

    def __init__(self, resources: Resources) -> None:
        self._collection = resources.database["answers"]
        self._clock = resources.machine_clock
        self._sealer = Sealer(resources.settings.keys)
        resources.guarded(self._collection, "revision")

    async def prepare(self) -> None:
        """Creates the index by which answers end."""
        await self._collection.create_index("expires_at", expireAfterSeconds=0)

    async def begin(self, key: str, body: bytes) -> Begun:
        """Claims a key, or says how it stands."""
        now = self._clock.now()
        digest = self._sealer.digest(body)
        row = {
            "_id": key, "revision": 1, "digest": digest, "until": now + LEASE, "expires_at": now + KEPT,
        }  # fmt: skip
        try:
            await self._collection.insert_one(row)
        except DuplicateKeyError:
            return await self._met(key, digest)
        return Begun(Standing.MINE, 1)

    async def finish(self, key: str, revision: int, given: Given) -> None:
        """Keeps the answer; one that was given meanwhile under a later claim stands."""
        sealed = self._sealer.seal(given.body, key)
        fields = {"status": given.status, "media_type": given.media_type, "sealed": sealed}
        await self._collection.update_one(
            {"_id": key, "revision": revision}, {"$set": fields, "$inc": {"revision": 1}}
        )

    async def drop(self, key: str, revision: int) -> None:
        """Gives a claim back: nothing was decided, and the next request with this key acts."""
        await self._collection.delete_one({"_id": key, "revision": revision})

    async def _met(self, key: str, digest: bytes) -> Begun:
        row = await self._collection.find_one({"_id": key})
        if row is None:
            return Begun(Standing.BUSY)  # it was given back this moment
        if not hmac.compare_digest(bytes(row["digest"]), digest):
            return Begun(Standing.OTHER)
        if "status" in row:
            return Begun(Standing.DONE, row["revision"], self._given(row))
        return await self._take_over(row)

    async def _take_over(self, row: Row) -> Begun:
        now = self._clock.now()
        if row["until"] > now:
            return Begun(Standing.BUSY)
        claim = {"$set": {"until": now + LEASE}, "$inc": {"revision": 1}}
        done = await self._collection.update_one({"_id": row["_id"], "revision": row["revision"]}, claim)
        if done.modified_count:
            return Begun(Standing.MINE, row["revision"] + 1)
        return Begun(Standing.BUSY)

    def _given(self, row: Row) -> Given:
        body = self._sealer.open(bytes(row["sealed"]), row["_id"])
        return Given(status=row["status"], media_type=row["media_type"], body=body)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
