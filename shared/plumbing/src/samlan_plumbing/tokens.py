"""Short-lived EdDSA tokens: the gateway signs, everybody can verify.

A *service token* opens private HTTP and names its audience; a *session token* opens the gateway for a patron,
a branch's desk or an operator. Lifetimes are machine time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from samlan_plumbing.clocks import MachineClock

ALGORITHMS: Final = ["Ed25519", "EdDSA"]
SERVICE_TOKEN_LIFETIME: Final = timedelta(minutes=10)
PRIVATE_KEY: Final = "gateway.ed25519"
PUBLIC_KEY: Final = "gateway.ed25519.pub"


class TokenRefused(ValueError):
    """A token is missing, forged, expired, or meant for somebody else."""


class Verifier:
    """Reads tokens with the public key."""

    def __init__(self, keys: Path, clock: MachineClock) -> None:
        self._key = OKPKey.import_key((keys / PUBLIC_KEY).read_text())
        self._clock = clock

    def read(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid token; `TokenRefused` otherwise."""
        try:
            claims = jwt.decode(token, self._key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise TokenRefused("the token cannot be read") from error
        if not isinstance(claims.get("exp"), int | float) or claims["exp"] < self._clock.now().timestamp():
            raise TokenRefused("the token has expired")
        return claims


class Signer:
    """Makes tokens with the private key, which the gateway and the operator's command line hold."""

    def __init__(self, keys: Path, clock: MachineClock) -> None:
        self._key = OKPKey.import_key((keys / PRIVATE_KEY).read_text())
        self._clock = clock

    def sign(self, claims: Mapping[str, Any], lifetime: timedelta) -> str:
        """A token with these claims that ends after `lifetime`."""
        now = self._clock.now()
        dates = {"iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        return jwt.encode({"alg": "EdDSA"}, {**claims, **dates}, self._key, algorithms=ALGORITHMS)

    def for_service(self, audience: str, caller: str) -> str:
        """A token that opens the private HTTP of one service."""
        return self.sign({"use": "service", "aud": audience, "sub": caller}, SERVICE_TOKEN_LIFETIME)
