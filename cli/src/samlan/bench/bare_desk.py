"""The bare endpoint beside the desk: FastAPI, PyMongo, no rules. `python -m samlan.bench.bare_desk JSON`."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from bson import Binary
from fastapi import FastAPI
from pydantic import BaseModel
from pymongo import AsyncMongoClient

DATABASE: Final = "samlan_bare_desk"
DOCUMENTS: Final = 500


class Loan(BaseModel):
    """The request's body, as far as an endpoint without rules reads it."""

    item: str
    card: str


def application(told: dict[str, Any]) -> FastAPI:
    """One endpoint that reads and writes as often as it is told, on average."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(told["mongodb"], w="majority")
    documents = client[DATABASE]["documents"]
    numbers = itertools.count()
    body = Binary(b"x" * int(told["write_bytes"]))

    @asynccontextmanager
    async def filled(_: FastAPI) -> AsyncIterator[None]:
        pad = Binary(b"x" * int(told["read_bytes"]))
        await documents.insert_many([{"_id": f"d{n}", "pad": pad} for n in range(DOCUMENTS)])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        yield
        await client.close()

    app = FastAPI(lifespan=filled)

    @app.post("/loans")
    async def lend(loan: Loan) -> dict[str, Any]:
        number = next(numbers)
        for n in range(whole(number, told["reads"])):
            await documents.find_one({"_id": f"d{(number + n) % DOCUMENTS}"})
        for n in range(whole(number, told["writes"])):
            key = {"_id": f"d{(number + n) % DOCUMENTS}"}
            await documents.update_one(key, {"$set": {"last": body, "number": number}})
        return {"loan": str(number), "item": loan.item}

    return app


def whole(number: int, rate: float) -> int:
    """How many the request of this number makes, so that all together make `rate` each."""
    return int((number + 1) * rate) - int(number * rate)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    uvicorn.run(
        application(wanted), host="127.0.0.1", port=int(wanted["port"]), loop="uvloop", log_config=None,
        access_log=False,
    )  # fmt: skip
