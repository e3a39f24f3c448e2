"""How routes are documented: shapes for what they answer, problems for what they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from samlan_plumbing.http import PROBLEM_TYPE

from samlan_gateway.domain.shapes import Problem

Responses = dict[int | str, dict[str, Any]]
WORDS: Final = {
    401: "No token, or one that does not open this door",
    403: "Not you: all reasons",
    404: "Not there, or not yours",
    409: "Not now: all reasons",
    422: "The request cannot be read: the places",
    429: "Too many attempts: `Retry-After` says when",
    503: "Something needed does not answer: try again, with the same `Idempotency-Key`",
}
DESCRIPTION: Final = """The one public door of Samlån: websites, desks and operators.

Every write honours `Idempotency-Key`: a repeat by the same actor on the same route within a day is answered
as the first time, and acts once. The same key with another body is `422` with the reason
`idempotency_key_reused`. A refusal is `application/problem+json` with all its `reasons`; a batch answers
`200` with an outcome for each part. Bodies have up to 64 KiB; unknown fields are ignored. Times are RFC 3339,
money is in minor units of its currency."""
TAGS: Final = [
    {"name": "patron", "description": "A patron's own pages, with the token of a session."},
    {"name": "catalogue", "description": "What anybody may read."},
    {"name": "desk", "description": "A branch's desk, with the branch's token."},
    {"name": "operator", "description": "Who runs the consortium."},
]
KEY_PARAMETER: Final = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "A repeat with the same key is answered as the first time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}  # fmt: skip


def answers(shape: Any, status: int = 200, *refused: int, says: str = "") -> Responses:
    """Documents what a route answers, and which refusals are its own."""
    return {status: {"model": shape, "description": says or _first_line(shape)}, **refusals(*refused)}


def refusals(*statuses: int) -> Responses:
    """Documents problems."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": WORDS[status], "content": content} for status in statuses}


def document(routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The public routes as OpenAPI; private ones are nobody's business here."""
    public = [route for router in routers for route in router.routes]
    found = get_openapi(
        title="Samlån", version="1", description=DESCRIPTION, routes=public, tags=TAGS,
        separate_input_output_schemas=False,
    )  # fmt: skip
    for path in found["paths"].values():
        for method, operation in path.items():
            if method in ("post", "put", "patch", "delete"):
                operation.setdefault("parameters", []).append(KEY_PARAMETER)
            operation["responses"] = {
                status: _response(status, one) for status, one in sorted(operation["responses"].items())
            }
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    template = "#/components/schemas/{model}"
    own = Problem.model_json_schema(ref_template=template)
    schemas |= {**own.pop("$defs", {}), "Problem": own}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    found["components"]["responses"] = {_named(status): one for status, one in refusals(*WORDS).items()}
    return found


def _response(status: str, response: dict[str, Any]) -> dict[str, Any]:
    """A refusal by reference; of an answer what FastAPI adds for classes that are none of its own goes."""
    content = response.get("content", {})
    if PROBLEM_TYPE in content:
        return {"$ref": f"#/components/responses/{_named(status)}"}
    for media in content.values():
        if "$ref" in media.get("schema", {}):
            media["schema"].pop("type", None)
    return response


def _named(status: int | str) -> str:
    return f"Problem{status}"


def _first_line(shape: Any) -> str:
    words = shape.__doc__ if isinstance(shape, type) and issubclass(shape, BaseModel) else None
    return (words or "As asked").strip().splitlines()[0]
