"""Reads and writes of single documents that travel together where several are wanted at once.

::

    nothing on its way ──▶ goes at once, alone
    a batch on its way ──▶ waits for it to come back, then goes with all that waited too

So a quiet service waits for nothing, and a busy one pays a round trip and a sync of the disk for many writes
instead of for each (measured on the embedded server: a fifth of its time, and of ours). Each write keeps its
own guard, its own outcome and its own error; it is answered when the server has stored it, never before.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from pymongo import AsyncMongoClient, InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import ClientBulkWriteException, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.results import UpdateResult

Doc = dict[str, Any]
Collection = AsyncCollection[Doc]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]
A = TypeVar("A")
R = TypeVar("R")

MOST_AT_ONCE: Final = 100
WRITES_TOGETHER_SINCE: Final = 25  # the wire version of MongoDB 8, which has the command
DUPLICATE_KEY: Final = 11000


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one update: whether it met its document, changed it, or inserted it."""

    matched: bool = False
    modified: bool = False
    upserted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One insert (`document`) or one update (`guard` and `update`)."""

    collection: Collection
    document: Doc | None = None
    guard: Mapping[str, Any] = field(default_factory=dict)
    update: Any = None
    upsert: bool = False

    async def alone(self) -> Written:
        """Writes this by itself."""
        if self.document is not None:
            await self.collection.insert_one(self.document)
            return Written()
        return _written(await self.collection.update_one(self.guard, self.update, upsert=self.upsert))

    def among_others(self) -> InsertOne[Doc] | UpdateOne:
        """This write as part of a command with others."""
        if self.document is not None:
            return InsertOne(self.document, namespace=self.collection.full_name)
        return UpdateOne(self.guard, self.update, upsert=self.upsert, namespace=self.collection.full_name)


class Together(Generic[A, R]):
    """Runs `many` for all that is asked while the last one is on its way; each gets its own outcome."""

    def __init__(self, many: Callable[[list[A]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._many = many
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._going: asyncio.Task[None] | None = None

    async def ask(self, one: A) -> R:
        """The outcome of this one; a question nobody waits for any more is not asked."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._going is None:
            self._going = asyncio.create_task(self._go())
        return await answer

    async def _go(self) -> None:
        try:
            while self._waiting:
                part, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                if wanted := [(one, answer) for one, answer in part if not answer.done()]:
                    await self._settle(wanted)
        finally:
            self._going = None
            left, self._waiting = self._waiting, []
            for _, answer in left:
                answer.cancel()

    async def _settle(self, wanted: list[tuple[A, asyncio.Future[R]]]) -> None:
        try:
            outcomes = await self._many([one for one, _ in wanted])
        except Exception as error:  # whoever waits decides what it means
            outcomes = [error] * len(wanted)
        except asyncio.CancelledError:
            for _, answer in wanted:
                answer.cancel()
            raise
        for (_, answer), outcome in zip(wanted, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)


class Batches:
    """The one way to read and write single documents on the hot path; `one_by_one` is for counting them."""

    def __init__(self, client: AsyncMongoClient[Doc], *, one_by_one: bool = False) -> None:
        self._client = client
        self._one_by_one = one_by_one
        self._writes: Together[Write, Written] = Together(self._write_many)
        self._reads: dict[tuple[str, str], Together[str, Doc | None]] = {}
        self._together = False

    async def prepare(self) -> None:
        """Learns whether the server takes writes to several collections in one command."""
        hello = await self._client.admin.command("hello")
        self._together = not self._one_by_one and hello.get("maxWireVersion", 0) >= WRITES_TOGETHER_SINCE

    async def insert(self, collection: Collection, document: Doc) -> None:
        """Inserts a document; `DuplicateKeyError` where its key, or a unique one, is taken."""
        await self._writes.ask(Write(collection=collection, document=document))

    async def update(
        self, collection: Collection, guard: Mapping[str, Any], update: Update, *, upsert: bool = False
    ) -> Written:
        """Updates the one document that the guard names."""
        return await self._writes.ask(Write(collection=collection, guard=guard, update=update, upsert=upsert))

    async def read(
        self, collection: Collection, key: str, projection: Mapping[str, Any] | None = None
    ) -> Doc | None:
        """The document of this key as it stands now, or None."""
        if self._one_by_one:
            return await collection.find_one({"_id": key}, projection)
        name = (collection.name, repr(projection))
        if name not in self._reads:

            async def many(keys: list[str]) -> Sequence[Doc | None]:
                return await _read_many(collection, keys, projection)

            self._reads[name] = Together(many)
        return await self._reads[name].ask(key)

    async def _write_many(self, writes: list[Write]) -> Sequence[Written | Exception]:
        if len(writes) == 1:
            return [await writes[0].alone()]
        if not self._together:
            return await asyncio.gather(*(one.alone() for one in writes), return_exceptions=True)  # type: ignore[return-value]  # no BaseException: a cancellation ends the gathering
        models = [one.among_others() for one in writes]
        try:
            done = await self._client.bulk_write(models, ordered=False, verbose_results=True)
        except ClientBulkWriteException as failure:
            return _outcomes(failure, writes)
        return [_outcome(done.update_results.get(n)) for n in range(len(writes))]


async def _read_many(
    collection: Collection, keys: list[str], projection: Mapping[str, Any] | None
) -> Sequence[Doc | None]:
    if len(keys) == 1:
        return [await collection.find_one({"_id": keys[0]}, projection)]
    wanted = list(dict.fromkeys(keys))
    found = {doc["_id"]: doc for doc in await collection.find({"_id": {"$in": wanted}}, projection).to_list()}
    if len(wanted) == len(keys):
        return [found.get(key) for key in keys]
    return [copy.deepcopy(found.get(key)) for key in keys]  # nobody shares a document with another


def _outcomes(failure: ClientBulkWriteException, writes: list[Write]) -> Sequence[Written | Exception]:
    """Who failed by itself hears its own error; where more is unknown, everybody not done does."""
    done = failure.partial_result
    write_errors = cast("list[Mapping[str, Any]]", failure.write_errors or [])
    errors = {one["idx"]: _error(one) for one in write_errors}
    unknown = failure.error if isinstance(failure.error, Exception) else None
    if failure.write_concern_errors:
        return [failure] * len(writes)
    updates = done.update_results if done is not None and done.has_verbose_results else {}
    inserts = done.insert_results if done is not None and done.has_verbose_results else {}
    answers: list[Written | Exception] = []
    for n in range(len(writes)):
        if n in errors:
            answers.append(errors[n])
        elif n in updates or n in inserts:
            answers.append(_outcome(updates.get(n)))
        else:
            answers.append(unknown or failure)
    return answers


def _error(one: Mapping[str, Any]) -> PyMongoError:
    kind = DuplicateKeyError if one.get("code") == DUPLICATE_KEY else OperationFailure
    return kind(str(one.get("errmsg", "")), one.get("code"), dict(one))


def _outcome(result: UpdateResult | None) -> Written:
    return Written() if result is None else _written(result)


def _written(result: UpdateResult) -> Written:
    upserted = result.did_upsert
    return Written(matched=result.matched_count == 1, modified=result.modified_count == 1, upserted=upserted)
