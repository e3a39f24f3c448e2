"""`samlan policy`: check books, explain one decision, try a draft out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from samlan.commands.options import HERE, Data, Json

Files = Annotated[list[Path], typer.Argument(help="Policy books.", show_default=False)]


class Language(StrEnum):
    """The languages of the answers."""

    sv = "sv"
    da = "da"
    en = "en"


class Act(StrEnum):
    """What a patron does."""

    borrow = "borrow"
    renew = "renew"
    return_ = "return"
    hold = "hold"


class Audience(StrEnum):
    """Whom an item is for."""

    adult = "adult"
    child = "child"


class BranchKind(StrEnum):
    """What kind of branch it is."""

    library = "library"
    mobile = "mobile"
    partner = "partner"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    policy = typer.Typer(help="Read, ask and try out policy books.", no_args_is_help=True)
    app.add_typer(policy, name="policy")
    _check(policy)
    _explain(policy)
    _simulate(policy)


def _check(policy: typer.Typer) -> None:
    @policy.command()
    def check(files: Files, as_json: Json = False) -> None:
        """List every mistake of some books with its line and what to do; exits 1 if there is any."""
        from samlan.policy.checking import check_files

        check_files(files, as_json=as_json)


def _explain(policy: typer.Typer) -> None:
    @policy.command()
    def explain(
        branch: Annotated[str, typer.Option(help="Where it happens: member/branch.")],
        on: Annotated[str | None, typer.Option(help="A day, or a local time; now if left out.")] = None,
        patron: Annotated[str | None, typer.Option(help="A patron of the running consortium.")] = None,
        item: Annotated[str | None, typer.Option(help="A barcode of the running consortium.")] = None,
        act: Annotated[list[Act] | None, typer.Option(help="Only this; may be repeated.")] = None,
        returned: Annotated[str | None, typer.Option(help="What if it is returned then?")] = None,
        due: Annotated[str | None, typer.Option(help="An open loan's due date.")] = None,
        renewals: Annotated[int | None, typer.Option(min=0, help="How often it was renewed.")] = None,
        material: Annotated[str | None, typer.Option(help="Without --item: what it is.")] = None,
        audience: Annotated[Audience | None, typer.Option(help="Whom it is for.")] = None,
        issued: Annotated[str | None, typer.Option(help="A periodical's day of issue.")] = None,
        item_age: Annotated[int | None, typer.Option(min=0, help="The age marked on the item.")] = None,
        price: Annotated[str | None, typer.Option(help="Its new price, such as 249.00.")] = None,
        home: Annotated[str | None, typer.Option(help="Its home branch: member/branch.")] = None,
        member: Annotated[str | None, typer.Option(help="Without --patron: whose patron.")] = None,
        born: Annotated[str | None, typer.Option(help="The patron's birth date.")] = None,
        temporary: Annotated[bool, typer.Option("--temporary", help="A temporary account.")] = False,
        holds_waiting: Annotated[int | None, typer.Option(min=0, help="How many others wait.")] = None,
        on_loan: Annotated[list[str] | None, typer.Option(help="What else is lent: video_game=1.")] = None,
        owes: Annotated[list[str] | None, typer.Option(help="A debt: 120.00, or orebro=120.00.")] = None,
        blocked: Annotated[list[str] | None, typer.Option(help="A cause: lost_card, staff.")] = None,
        branch_kind: Annotated[BranchKind | None, typer.Option(help="What kind of branch.")] = None,
        closed: Annotated[list[str] | None, typer.Option(help="A day on which it is closed.")] = None,
        drop: Annotated[bool, typer.Option("--drop", help="Left in a book drop.")] = False,
        home_delivery: Annotated[bool, typer.Option("--home-delivery", help="Brought home.")] = False,
        channel: Annotated[str, typer.Option(help="How the hold is placed: web, phone or desk.")] = "web",
        policies: Annotated[Path | None, typer.Option(help="Another folder of books.")] = None,
        language: Annotated[
            Language | None, typer.Option(help="Of the sentences; the branch's member's if left out.")
        ] = None,
        data: Data = HERE,
        as_json: Json = False,
    ) -> None:
        """Say what would be decided in one case, and because of which rules.

        With --patron or --item the running consortium is asked for what it knows; without them the books
        alone answer, from the facts given. Facts given go before what is known. Nothing is changed.
        """
        from samlan.policy.explaining import explain_command
        from samlan.policy.wishes import Wish

        wish = Wish(
            branch=branch, on=on, patron=patron, item=item, acts=tuple(one.value for one in act or ()),
            returned=returned, due=due, renewals=renewals, material=material,
            audience=audience.value if audience else None, issued=issued, item_age=item_age, price=price,
            home=home, member=member, born=born, temporary=temporary, holds_waiting=holds_waiting,
            on_loan=tuple(on_loan or ()), owes=tuple(owes or ()), blocked=tuple(blocked or ()),
            branch_kind=branch_kind.value if branch_kind else None, closed=tuple(closed or ()), drop=drop,
            home_delivery=home_delivery, channel=channel, policies=policies,
        )  # fmt: skip
        explain_command(wish, data, language=language.value if language else None, as_json=as_json)


def _simulate(policy: typer.Typer) -> None:
    @policy.command()
    def simulate(
        file: Annotated[Path, typer.Argument(help="The draft of one member's book.")],
        since: Annotated[str, typer.Option(help="From which day on.")],
        as_on: Annotated[
            str | None,
            typer.Option(help="Judge every case by the draft's rules of this day, not of its own."),
        ] = None,
        language: Annotated[Language, typer.Option(help="Of the sentences.")] = Language.en,
        data: Data = HERE,
        as_json: Json = False,
    ) -> None:
        """Run a draft book over what is recorded, and show what it would have changed; it changes nothing."""
        from samlan.policy.simulating import simulate_command

        simulate_command(file, data, since=since, as_on=as_on, language=language.value, as_json=as_json)
