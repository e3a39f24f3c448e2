"""The secrets of one data folder, made at its first start and readable by its owner alone."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from samlan_embedded import write_private
from samlan_plumbing.tokens import PRIVATE_KEY, PRIVATE_KEYS, PUBLIC_KEYS, SERVICES_PRIVATE_KEY

FIELD_KEYS = ("fields.key", "pin.key")
SERVICE_KEYS = {
    "accounts": FIELD_KEYS,
    "circulation": (SERVICES_PRIVATE_KEY,),  # asks accounts whose card it is
    "gateway": (PRIVATE_KEY, SERVICES_PRIVATE_KEY),
    "notify": (SERVICES_PRIVATE_KEY,),  # asks accounts where a patron is reached
}
"""Which service is given which secret beside the public keys; only the gateway signs sessions."""


def make_keys(folder: Path) -> None:
    """Makes the keys that are missing; those that are there stay."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for use, name in PRIVATE_KEYS.items():
        if not (folder / name).exists():
            _make_signing_key(folder / name, folder / PUBLIC_KEYS[use])
    for name in FIELD_KEYS:
        if not (folder / name).exists():
            write_private(folder / name, secrets.token_hex(32))


def keys_of(service: str, folder: Path) -> Path:
    """The folder with only the keys this service needs: links into the folder of all."""
    own = folder / "of" / service
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (*PUBLIC_KEYS.values(), *SERVICE_KEYS.get(service, ())):
        link = own / name
        if not link.is_symlink():
            link.symlink_to(folder.absolute() / name)
    return own


def _make_signing_key(private_file: Path, public_file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_private(public_file, public.decode())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(private_file, private.decode())
