"""The document programs are written against says what the routes say, and names every one of this journey."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from samlan_gateway.api.__main__ import DOCUMENT, main, rendered

ROOT = Path(__file__).parents[3]
SURFACE = """
POST /v1/sessions
DELETE /v1/sessions
PUT /v1/me/pin
GET /v1/me
PATCH /v1/me/contact
POST /v1/me/cards/{card}/block
GET /v1/me/loans
POST /v1/me/renewals
GET /v1/me/holds
POST /v1/me/holds
PATCH /v1/me/holds
GET /v1/me/fees
POST /v1/me/payments
GET /v1/me/notices
GET /v1/me/history
GET /v1/me/children/{patron}/loans
GET /v1/me/children/{patron}/holds
GET /v1/me/children/{patron}/fees
GET /v1/titles
GET /v1/titles/{title}
GET /v1/titles/{title}/availability
GET /v1/members
GET /v1/branches
POST /v1/desk/loans
POST /v1/desk/renewals
POST /v1/desk/returns
GET /v1/desk/items/{barcode}
PATCH /v1/desk/items/{barcode}
GET /v1/desk/patrons
POST /v1/desk/patrons
PATCH /v1/desk/patrons/{patron}
POST /v1/desk/holds
GET /v1/desk/pull-list
GET /v1/desk/pickup-shelf
GET /v1/desk/exceptions
POST /v1/desk/exceptions/{exception}/resolve
POST /v1/desk/fees
POST /v1/desk/fees/{fee}/waive
POST /v1/desk/payments
GET /v1/ops/health
GET /v1/ops/returns/{fact}
GET /v1/ops/flow
GET /v1/ops/dead-letters
POST /v1/ops/dead-letters/{letter}/replay
GET /v1/ops/policies
POST /v1/ops/clock
"""


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / DOCUMENT).read_text("utf-8") == _text(), "run python -m samlan_gateway.api"


def test_it_is_written_and_checked_by_one_command(tmp_path: Path) -> None:
    assert main(["--root", str(tmp_path), "--check"]) == 1
    assert main(["--root", str(tmp_path)]) == 0
    assert main(["--root", str(tmp_path), "--check"]) == 0
    assert (tmp_path / DOCUMENT).read_text("utf-8") == _text()


def test_every_route_of_the_surface_is_there_and_nothing_private() -> None:
    document = _document()
    found = {f"{method.upper()} {path}" for path, ways in document["paths"].items() for method in ways}
    assert set(SURFACE.split("\n")) - {""} <= found
    assert not [path for path in document["paths"] if not path.startswith("/v1/")]


def test_every_operation_says_what_it_is_what_it_answers_and_how_it_refuses() -> None:
    for path, ways in _document()["paths"].items():
        for method, operation in ways.items():
            assert operation["description"], (method, path)
            assert operation["tags"][0] in ("patron", "catalogue", "desk", "operator")
            statuses = operation["responses"]
            good = [status for status in statuses if status.startswith("2")]
            assert good, (method, path)
            assert "422" in statuses
            open_to_all = "security" not in operation
            assert open_to_all == (
                operation["tags"] == ["catalogue"] or (method, path) == ("post", "/v1/sessions")
            )
            if not open_to_all:
                assert {"401", "403"} <= set(statuses)
            if method != "get":
                assert [one for one in operation["parameters"] if one["name"] == "Idempotency-Key"]


def test_every_reference_leads_somewhere() -> None:
    document = _document()
    for reference in _references(document):
        _, _, kind, name = reference.split("/")
        assert name in document["components"][kind], reference


@cache
def _text() -> str:
    return rendered()


@cache
def _document() -> dict[str, Any]:
    return dict(yaml.safe_load(_text()))


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [one for value in part.values() for one in _references(value)]
    return [one for value in part for one in _references(value)] if isinstance(part, list) else []
