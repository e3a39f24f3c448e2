"""What is written once: facts with their answers, named exceptions, and the histories patrons asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from samlan_contracts.events.circulation import LoanRemembered
from samlan_plumbing.copies import Once
from samlan_plumbing.facts import FactLog
from samlan_plumbing.ids import derive
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.outcomes import ROUTING_PENDING, Answer, NamedException, Outcome

Doc = dict[str, Any]
LISTED_AT_ONCE: Final = 500
LEFT_OPEN_AFTER: Final = timedelta(seconds=30)  # nobody works on a fact for so long


class Facts(FactLog):
    """The log of facts. The answer names a hold by its id: a row keeps no patron."""

    async def prepare(self) -> None:
        """Creates the indexes: by id, and by being open still."""
        await super().prepare()
        await self.collection.create_index("open")

    async def close(self, key: str, outcome: Outcome) -> None:
        """Marks a fact done, with what came of it."""
        fields = {
            "did": outcome.did, "exception": outcome.exception, "sequence": outcome.sequence,
            "loan": outcome.loan,
        }  # fmt: skip
        await self.finish(key, fields)

    async def answer_first(self, key: str, answer: Answer) -> bool:
        """Stores the answer; False says that another stands already, and this one must not be sent."""
        return await self.answer_unless(key, {**asdict(answer), "at": self._machine.now()})

    async def note_routing(self, key: str, going: Answer) -> None:
        """Stores where the item of a fact went whose asker had been told that its routing is pending."""
        noted = {**asdict(going), "at": self._machine.now()}
        first = {"$cond": [{"$eq": ["$answer.reason", ROUTING_PENDING]}, {"$literal": noted}, "$$REMOVE"]}
        fields = {"routed": {"$ifNull": ["$routed", first]}}
        await self._batches.update(self.collection, {"_id": key}, [{"$set": fields}])

    async def left_open(self, prefix: str) -> list[Doc]:
        """Facts of such devices that a crash left without an end."""
        before = self._machine.now() - LEFT_OPEN_AFTER
        found = await self.collection.find({"open": True}).limit(LISTED_AT_ONCE).to_list()
        return [row for row in found if row["_id"].startswith(prefix) and row["taken_at"] < before]

    async def counts(self) -> Doc:
        """How many facts were taken, and how many of them have not come to their end."""
        taken = await self.collection.estimated_document_count()
        return {"taken": taken, "open": await self.collection.count_documents({"open": True})}

    async def answered(self, key: str) -> Answer | None:
        """The answer that stands."""
        row = await self._batches.read(self.collection, key, {"answer": 1, "open": 1})
        return answer_of(row) if row else None


def answer_of(row: Mapping[str, Any], name: str = "answer") -> Answer | None:
    """The answer on a row, or with `routed` as name the routing that came after it."""
    found = row.get(name)
    return Answer(**{part: value for part, value in found.items() if part != "at"}) if found else None


class Exceptions:
    """Named exceptions, listed by branch until somebody resolves them."""

    def __init__(self, resources: Resources) -> None:
        self._once = Once(resources, "exceptions")
        self._collection = self._once.collection
        self._clock = resources.library_clock

    async def prepare(self) -> None:
        """Creates the indexes: by which a branch finds its own, and a fact what it became."""
        await self._collection.create_index([("open", 1), ("branch", 1)])
        await self._collection.create_index("fact")

    async def note(self, one: NamedException) -> str:
        """Stores an exception once, and returns its id."""
        key = derive("exception", one.key, one.reason)
        await self._once.store(key, {**_fields(one), "noted_at": self._clock.now(), "open": 1})
        return key

    async def listed(self, branch: str | None) -> list[Doc]:
        """The open exceptions of a branch, or of all, oldest first."""
        wanted = {"open": 1} if branch is None else {"open": 1, "branch": branch}
        found = await self._collection.find(wanted).limit(LISTED_AT_ONCE).to_list()
        return sorted(found, key=lambda doc: (doc["noted_at"], doc["_id"]))

    async def of_fact(self, fact: str) -> Doc | None:
        """What a fact's id first became, open or resolved; None when no exception names it."""
        found = await self._collection.find({"fact": fact}).limit(LISTED_AT_ONCE).to_list()
        return min(found, key=lambda doc: (doc["noted_at"], doc["_id"]), default=None)

    async def count(self) -> int:
        """How many exceptions there ever were."""
        return int(await self._collection.estimated_document_count())

    async def resolve(self, key: str) -> bool:
        """Takes an exception off the list; False when there is none. The second time changes nothing."""
        done = {"$set": {"open": 0, "resolved_at": self._clock.now()}}
        return (await self._collection.update_one({"_id": key}, done)).matched_count == 1


def _fields(one: NamedException) -> Doc:
    fields = asdict(one)
    del fields["key"]
    return fields


class History:
    """Ended loans of the patrons who turned their history on; nobody else's (V18, K11, K42)."""

    def __init__(self, resources: Resources) -> None:
        self._collection = resources.database["history"]

    async def prepare(self) -> None:
        """Creates the index by which a patron finds the own loans."""
        await self._collection.create_index("patron")

    async def remember(self, loan: LoanRemembered) -> None:
        """Stores an ended loan, with the earliest end that any news told."""
        fields = loan.model_dump(exclude={"loan", "returned_at"})
        await self._store(loan.loan, {"$set": fields, "$min": {"returned_at": loan.returned_at}})

    async def ended_by(self, loan: str, at: datetime) -> None:
        """Notes an earlier end of a loan, before or after it is remembered; it names nobody."""
        await self._store(loan, {"$min": {"returned_at": at}})

    async def _store(self, loan: str, news: Doc) -> None:
        await self._collection.update_one({"_id": loan}, news, upsert=True)

    async def forget(self, patrons: Iterable[str]) -> None:
        """Deletes the histories of patrons who want none (K43)."""
        await self._collection.delete_many({"patron": {"$in": list(patrons)}})

    async def of(self, patron: str) -> list[Doc]:
        """A patron's ended loans, newest first."""
        found = await self._collection.find({"patron": patron}).limit(LISTED_AT_ONCE).to_list()
        return sorted(found, key=lambda doc: doc["returned_at"], reverse=True)
