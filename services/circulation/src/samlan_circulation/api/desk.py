"""Commands: lending, renewing, taking in, marking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from samlan_contracts.forms import Name
from samlan_contracts.policy import Service
from samlan_plumbing.http import Problem, problem

from samlan_circulation.domain.model import Item, Loan
from samlan_circulation.domain.refusals import Refused
from samlan_circulation.handlers.loans import DeskLoan, Lent, Loans, RenewalOutcome
from samlan_circulation.handlers.marks import Marks
from samlan_circulation.handlers.returns import DeskReturn, Returns
from samlan_circulation.views import Views, shown_item

MOST_RENEWALS: Final = 500  # a patron's page has no more


class Body(BaseModel):
    """A request: unknown fields are ignored, as everywhere on the surface."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


class LoanBody(Body):
    """Lend this item to this patron."""

    item: Name
    patron: Name
    branch: Name
    channel: Name = "desk"
    agent: Name | None = None
    service: Service = "branch"
    happened_at: AwareDatetime | None = None
    command: Name | None = None


class RenewalBody(Body):
    """Renew these loans; `patron` is whose they must be, null when staff ask."""

    loans: Annotated[list[Name], Field(min_length=1, max_length=MOST_RENEWALS)]
    patron: Name | None = None
    channel: Name = "web"
    command: Name | None = None


class ReturnBody(Body):
    """Take this item in."""

    item: Name
    branch: Name
    happened_at: AwareDatetime | None = None
    command: Name | None = None


class MarkBody(Body):
    """Say what became of an item."""

    state: Name
    branch: Name
    command: Name | None = None


def desk_routes(router: APIRouter, loans: Loans, returns: Returns, marks: Marks, views: Views) -> None:
    """Adds the commands to a router."""

    @router.post("/loans", status_code=201)
    async def lend(body: LoanBody) -> Any:
        """Lends an item, or refuses with every reason."""
        wish = DeskLoan(
            item=body.item, patron=body.patron, branch=body.branch, agent=body.agent, service=body.service,
            happened_at=_utc(body.happened_at), command=body.command,
        )  # fmt: skip
        match await loans.check_out(wish):
            case Refused() as refused:
                raise _problem(refused)
            case Lent(item, loan):
                return await views.lent(item, loan)

    @router.post("/renewals")
    async def renew(body: RenewalBody) -> Any:
        """Renews each loan on its own and says for each how it went."""
        outcomes = await loans.renew(body.loans, patron=body.patron, command=body.command)
        return {"outcomes": [_renewal(one) for one in outcomes]}

    @router.post("/returns")
    async def take_in(body: ReturnBody) -> Any:
        """Takes an item in and says which bin it belongs in, within 700 ms."""
        wish = DeskReturn(
            item=body.item, branch=body.branch, happened_at=_utc(body.happened_at), command=body.command
        )
        return _or_problem(await returns.at_the_desk(wish))

    @router.patch("/items/{barcode}")
    async def mark(barcode: str, body: MarkBody) -> Any:
        """Marks an item lost, damaged, missing, claimed returned, withdrawn or found."""
        item: Item = _or_problem(await marks.mark(barcode, body.state, body.branch, body.command))
        return shown_item(item, body.branch)


def _renewal(one: RenewalOutcome) -> dict[str, Any]:
    match one.outcome:
        case Refused(refusals):
            reasons = [refusal.as_json() for refusal in refusals]
            return {"loan": one.loan, "renewed": False, "due": None, "reasons": reasons, "because": []}
        case Loan() as loan:
            return {
                "loan": one.loan, "renewed": True, "due": loan.due, "renewals": loan.renewals,
                "reasons": [], "because": loan.because,
            }  # fmt: skip


def _problem(refused: Refused) -> Problem:
    return problem(refused.status, [one.as_json() for one in refused.refusals])


def _or_problem(answer: Any) -> Any:
    if isinstance(answer, Refused):
        raise _problem(answer)
    return answer


def _utc(instant: datetime | None) -> datetime | None:
    return instant.astimezone(UTC) if instant else None
