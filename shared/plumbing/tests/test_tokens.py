"""Tokens: each use has its key, and nobody makes what is not theirs to make."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.tokens import (
    PRIVATE_KEY,
    SERVICES_PRIVATE_KEY,
    Signer,
    TokenRefused,
    Verifier,
    operator_claims,
)
from samlan_testkit.world import make_keys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_keys(tmp_path)


def read(folder: Path, token: str) -> object:
    return dict(Verifier(folder, MachineClock()).read(token))


def test_a_token_says_what_was_signed(folder: Path) -> None:
    signer = Signer(folder, MachineClock())
    assert read(folder, signer.for_operator())["role"] == "operator"  # type: ignore[index]
    assert read(folder, signer.for_service("holds", "gateway"))["aud"] == "holds"  # type: ignore[index]


def test_a_service_cannot_make_itself_an_operator(folder: Path) -> None:
    own = OKPKey.import_key((folder / SERVICES_PRIVATE_KEY).read_text())
    claims = {**operator_claims(), "exp": 2**33}
    for use in ("service", "session"):
        token = jwt.encode({"alg": "Ed25519", "kid": use}, claims, own, algorithms=["Ed25519"])
        with pytest.raises(TokenRefused):
            read(folder, token)
    (folder / PRIVATE_KEY).unlink()
    with pytest.raises(KeyError):
        Signer(folder, MachineClock()).for_operator()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "é.é.é", "." * 5000])
def test_what_is_no_token_is_refused(folder: Path, token: str) -> None:
    with pytest.raises(TokenRefused):
        read(folder, token)


def test_a_token_ends(folder: Path) -> None:
    token = Signer(folder, MachineClock()).sign(operator_claims(), timedelta(seconds=-1))
    with pytest.raises(TokenRefused):
        read(folder, token)


def test_a_token_without_an_end_is_refused(folder: Path) -> None:
    key = OKPKey.import_key((folder / PRIVATE_KEY).read_text())
    token = jwt.encode({"alg": "Ed25519", "kid": "session"}, operator_claims(), key, algorithms=["Ed25519"])
    with pytest.raises(TokenRefused):
        read(folder, token)
