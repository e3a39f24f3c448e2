"""Short-lived EdDSA tokens, under two keys: one for sessions, one for services.

A *service token* opens private HTTP and names its audience; a *session token* opens the gateway for a patron,
a branch's desk or an operator. Only the gateway and the operator hold the session key, so a service that
may ask another cannot make itself an operator. Lifetimes are machine time.

::

    service   {"use": "service", "aud": "holds", "sub": "gateway"}
    patron    {"use": "session", "role": "patron", "sub": "patron/p1", "member": "vast", "jti": "…"}
    desk      {"use": "session", "role": "desk", "sub": "desk/<branch>", "member": "vast", "branch": <branch>}
    operator  {"use": "session", "role": "operator", "sub": "operator"}
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey
from samlan_contracts.forms import member_of

from samlan_plumbing.clocks import MachineClock

ALGORITHMS: Final = ["Ed25519"]  # EdDSA by its fully specified name (RFC 9864)
SERVICE_TOKEN_LIFETIME: Final = timedelta(minutes=10)
PATRON_TOKEN_LIFETIME: Final = timedelta(hours=8)
DESK_TOKEN_LIFETIME: Final = timedelta(hours=24)
OPERATOR_TOKEN_LIFETIME: Final = timedelta(hours=24)
PRIVATE_KEY: Final = "gateway.ed25519"
PUBLIC_KEY: Final = "gateway.ed25519.pub"
SERVICES_PRIVATE_KEY: Final = "services.ed25519"
SERVICES_PUBLIC_KEY: Final = "services.ed25519.pub"
PUBLIC_KEYS: Final = {"session": PUBLIC_KEY, "service": SERVICES_PUBLIC_KEY}
PRIVATE_KEYS: Final = {"session": PRIVATE_KEY, "service": SERVICES_PRIVATE_KEY}


class TokenRefused(ValueError):
    """A token is missing, forged, expired, or meant for somebody else."""


class Verifier:
    """Reads tokens with the public key of what they are for."""

    def __init__(self, keys: Path, clock: MachineClock) -> None:
        self._keys = {use: OKPKey.import_key((keys / name).read_text()) for use, name in PUBLIC_KEYS.items()}
        self._clock = clock

    def read(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid token; `TokenRefused` otherwise."""
        try:
            made = jwt.decode(token, self._key_of, algorithms=ALGORITHMS)
        except (JoseError, ValueError, LookupError) as error:
            raise TokenRefused("the token cannot be read") from error
        claims: Mapping[str, Any] = made.claims
        if claims.get("use") != made.header.get("kid"):
            raise TokenRefused("the token was signed with the key of another use")
        if not isinstance(claims.get("exp"), int | float) or claims["exp"] < self._clock.now().timestamp():
            raise TokenRefused("the token has expired")
        return claims

    def _key_of(self, token: GuestProtocol) -> OKPKey:
        return self._keys[str(token.headers().get("kid"))]


class Signer:
    """Makes tokens with the private keys in a folder; a use whose key is not there cannot be signed for."""

    def __init__(self, keys: Path, clock: MachineClock) -> None:
        there = {use: keys / name for use, name in PRIVATE_KEYS.items() if (keys / name).exists()}
        self._keys = {use: OKPKey.import_key(path.read_text()) for use, path in there.items()}
        self._clock = clock

    def sign(
        self, claims: Mapping[str, Any], lifetime: timedelta, *, issued_at: datetime | None = None
    ) -> str:
        """A token with these claims that ends `lifetime` after `issued_at`, which is now unless given.

        The same claims of the same second are the same token."""
        now = issued_at or self._clock.now()
        dates = {"iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        header = {"alg": "Ed25519", "kid": claims["use"]}
        return jwt.encode(header, {**claims, **dates}, self._keys[claims["use"]], algorithms=ALGORITHMS)

    def for_service(self, audience: str, caller: str) -> str:
        """A token that opens the private HTTP of one service."""
        return self.sign({"use": "service", "aud": audience, "sub": caller}, SERVICE_TOKEN_LIFETIME)

    def for_desk(self, branch: str, lifetime: timedelta = DESK_TOKEN_LIFETIME) -> str:
        """A token that opens the gateway's desk of one branch."""
        return self.sign(desk_claims(branch), lifetime)

    def for_operator(self, lifetime: timedelta = OPERATOR_TOKEN_LIFETIME) -> str:
        """A token that opens the gateway to an operator."""
        return self.sign(operator_claims(), lifetime)


def patron_claims(patron: str, *, member: str, session: str) -> dict[str, str]:
    """What a patron's session token says; `session` is what ends when the patron logs out."""
    return {"use": "session", "role": "patron", "sub": f"patron/{patron}", "member": member, "jti": session}


def desk_claims(branch: str) -> dict[str, str]:
    """What the token of the desk of a branch `<member>/<branch>` says."""
    member = member_of(branch)
    return {"use": "session", "role": "desk", "sub": f"desk/{branch}", "member": member, "branch": branch}


def operator_claims() -> dict[str, str]:
    """What an operator's token says."""
    return {"use": "session", "role": "operator", "sub": "operator"}
