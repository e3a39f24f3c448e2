"""What accounts decides, as sentences about named people."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samlan_accounts.api import BAD_INPUT, NOT_THERE, NOT_YOU, status_of
from samlan_accounts.domain import changing
from samlan_accounts.domain.changing import Case
from samlan_accounts.domain.handles import Handle, handles
from samlan_accounts.domain.identity import canonical_card, canonical_identity, identity_candidates
from samlan_accounts.domain.importing import Known, Taken, Tools, read_rows, take_all
from samlan_accounts.domain.patron import Card, HashedPin, Patron, Person, SealedPin, described
from samlan_accounts.domain.refusal import REASONS, Refusal
from samlan_accounts.domain.registering import Registration, borrower_id, register
from samlan_accounts.domain.rows import PatronRow, read_row
from samlan_accounts.domain.throttling import (
    ACCOUNT,
    FORGOTTEN_AFTER,
    LONGEST,
    SOURCE,
    Attempts,
    attempt,
    refund,
)
from samlan_contracts.policy import PolicyBooks
from samlan_contracts.refusing import in_words

BOOKS = PolicyBooks.load(Path(__file__).parents[3] / "policies")
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
ASTRID = {
    "patron": "astrid", "member": "vast", "name": "Astrid Ericsson", "born": "1980-02-29",
    "identity": "19800229-2384", "borrower_id": "L4711", "cards": ["2000 0000 01", "2000000002"],
    "pin": "1234", "email": "astrid@example.org", "mobile": "+46 70 174 06 05", "channels": ["email"],
    "language": "sv", "registered_at": "2020-01-02T10:00:00+01:00",
}  # fmt: skip
EMIL = {
    "patron": "emil", "member": "vast", "name": "Emil Svensson", "born": "2015-05-23", "borrower_id": "L4712",
    "cards": ["2000000003"], "pin": "4321", "guardian": "astrid",
}  # fmt: skip


def tools(now: datetime = NOW) -> Tools:
    return Tools(
        books=BOOKS,
        now=now,
        seal_pin=lambda patron, pin: SealedPin(f"{patron}:{pin}".encode()),
        digest=lambda stated: hashlib.sha256(stated).digest(),
    )


def importing(*rows: Any, known: Known | None = None, now: datetime = NOW) -> list[Taken]:
    """The rows taken one after another, as one request would."""
    known = known or Known(patrons={}, owners={})
    batch = read_rows(enumerate(rows, start=1), tools(now))
    taken = [*batch.refused, *(one for _, one in take_all(batch.drafts, known, tools(now)))]
    return sorted(taken, key=lambda one: one.line)


def imported(row: dict[str, Any], **more: Any) -> Patron:
    (taken,) = importing({**row, **more})
    assert taken.patron is not None, taken.reasons
    return taken.patron


def words(outcome: Taken | tuple[Refusal, ...] | Patron) -> list[str]:
    reasons = outcome.reasons if isinstance(outcome, Taken) else outcome
    assert not isinstance(reasons, Patron)
    return [one.reason for one in reasons]


def case(patron: Patron, now: datetime = NOW, guardian_lives: bool = True, **change: Any) -> Case:
    form = changing.DeskChange.model_validate(change)
    return Case(
        patron=patron, change=changing.stated(form), books=BOOKS, now=now, guardian_lives=guardian_lives
    )


def at_the_desk(patron: Patron, **change: Any) -> Patron:
    after = changing.change_at_the_desk(case(patron, **change))
    assert isinstance(after, Patron), after
    return after


def losing(patron: Patron, card: str, origin: str = "patron") -> Patron | tuple[Refusal, ...]:
    return changing.block_card(
        Case(patron=patron, change={"card": card, "origin": origin}, books=BOOKS, now=NOW)
    )


# -- rows ---------------------------------------------------------------------------------------------------


def test_a_row_becomes_a_patron_with_numbers_in_one_form() -> None:
    astrid = imported(ASTRID)
    assert astrid.person.identity == "198002292384"
    assert [card.number for card in astrid.cards] == ["2000000001", "2000000002"]
    assert astrid.born == date(1980, 2, 29)
    assert astrid.registered_at == datetime(2020, 1, 2, 9, 0, tzinfo=UTC)
    assert astrid.pin == SealedPin(b"astrid:1234")


def test_the_same_row_again_is_the_same_even_after_the_patron_changed_everything() -> None:
    astrid = imported(ASTRID)
    moved = replace(astrid, person=replace(astrid.person, email="new@example.org"), pin=HashedPin("x"))
    (again,) = importing(ASTRID, known=Known(patrons={"astrid": moved}, owners={}))
    assert (again.outcome, again.patron) == ("same", moved)


def test_a_changed_row_overwrites_what_it_states_and_leaves_the_rest() -> None:
    astrid = replace(imported(ASTRID, history=True, pickup="vast/lerum"), pin=HashedPin("her own"))
    row = {**ASTRID, "name": "Astrid Ek", "pin": "9999"}
    del row["email"]
    (changed,) = importing(row, known=Known(patrons={"astrid": astrid}, owners={}))
    assert changed.outcome == "changed"
    assert changed.patron is not None
    assert changed.patron.person.name == "Astrid Ek"
    assert changed.patron.person.email == "astrid@example.org"
    assert (changed.patron.history, changed.patron.pickup) == (True, "vast/lerum")
    assert changed.patron.pin == HashedPin("her own")


def test_an_import_opens_no_card_that_was_blocked_here() -> None:
    astrid = imported(ASTRID)
    lost = losing(astrid, "2000000001")
    assert isinstance(lost, Patron)
    (changed,) = importing({**ASTRID, "name": "A"}, known=Known(patrons={"astrid": lost}, owners={}))
    assert changed.patron is not None
    assert changed.patron.card("2000000001") == Card(number="2000000001", blocked=True)


def test_a_block_set_by_staff_survives_an_import() -> None:
    stopped = at_the_desk(imported(ASTRID), blocks=[{"cause": "staff"}])
    (changed,) = importing({**ASTRID, "blocks": []}, known=Known(patrons={"astrid": stopped}, owners={}))
    assert changed.patron is not None
    assert [one.cause for one in changed.patron.blocks] == ["staff"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"member": "atlantis"}, "unknown_member"),
        ({"born": "1980-02-30"}, "bad_date"),
        ({"born": "19800229"}, "bad_date"),
        ({"born": "2030-01-01"}, "bad_date"),
        ({"born": "1780-01-01"}, "bad_date"),
        ({"registered_at": "yesterday"}, "bad_date"),
        ({"registered_at": "2026-11-22T10:00:00"}, "bad_date"),
        ({"pin": "123"}, "bad_pin"),
        ({"pin": "12345"}, "bad_pin"),
        ({"pin": "١٢٣٤"}, "bad_pin"),
        ({"pin": 1234}, "bad_value"),
        ({"identity": "12"}, "bad_identity"),
        ({"identity": "1980$229-2384"}, "bad_identity"),
        ({"cards": ["2"]}, "bad_card"),
        ({"cards": "2000000001"}, "bad_value"),
        ({"cards": [str(n) * 5 for n in range(30)]}, "bad_value"),
        ({"email": "no address"}, "bad_contact"),
        ({"email": "a@b\r\nBcc: all@example.org"}, "bad_contact"),
        ({"mobile": "call me"}, "bad_contact"),
        ({"name": "Astrid\nErik"}, "bad_value"),
        ({"name": ""}, "bad_value"),
        ({"name": "one\u2028two"}, "bad_value"),
        ({"name": "one\x85two"}, "bad_value"),
        ({"borrower_id": "x" * 41}, "bad_value"),
        ({"patron": "a/b"}, "bad_value"),
        ({"patron": None}, "bad_value"),
        ({"status": "erased"}, "bad_status"),
        ({"channels": ["pigeon"]}, "bad_value"),
        ({"language": "svenska"}, "bad_value"),
        ({"guardian": "astrid"}, "unknown_guardian"),
        ({"blocks": [{"cause": "dislike"}]}, "unknown_cause"),
        ({"blocks": [{"cause": "staff", "stops": ["breathe"]}]}, "bad_value"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(change: dict[str, Any], reason: str) -> None:
    (taken,) = importing({**ASTRID, **change})
    assert (taken.outcome, words(taken)) == ("refused", [reason])


@pytest.mark.parametrize("field", ["patron", "member", "name", "born", "borrower_id", "cards", "pin"])
def test_a_row_needs_its_fields(field: str) -> None:
    (taken,) = importing({key: value for key, value in ASTRID.items() if key != field})
    assert words(taken) == ["missing_field"]
    assert field in in_words(taken.reasons)


@pytest.mark.parametrize("row", [None, 7, "row", [], {}, {"patron": {}}, [ASTRID]])
def test_what_is_no_row_is_refused_and_nothing_breaks(row: Any) -> None:
    (taken,) = importing(row)
    assert taken.outcome == "refused"
    assert taken.reasons


def test_all_reasons_are_told_at_once_and_none_repeats_what_was_written() -> None:
    (taken,) = importing({**ASTRID, "born": "29/2 1980", "pin": "secret", "cards": ["%"], "status": "x"})
    assert words(taken) == ["bad_date", "bad_card", "bad_pin", "bad_status"]
    for secret in ("29/2 1980", "secret", "2384", "Ericsson"):
        assert secret not in in_words(taken.reasons)


FIELDS = st.sampled_from(sorted(PatronRow.model_fields))
SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(SCALARS, lambda one: st.lists(one) | st.dictionaries(FIELDS, one)))
def test_whatever_a_file_holds_is_a_patron_or_reasons(row: Any) -> None:
    read = read_row(row, BOOKS, NOW)
    assert not isinstance(read, tuple) or read


# -- who is who ---------------------------------------------------------------------------------------------


def test_a_number_belongs_to_one_patron() -> None:
    twin = {**ASTRID, "patron": "britta", "cards": ["2000000002", "2000000009"]}
    _, taken = importing(ASTRID, twin)
    assert words(taken) == ["duplicate_card", "duplicate_identity", "duplicate_borrower_id"]


def test_one_person_may_be_a_patron_of_two_members() -> None:
    other = {**ASTRID, "patron": "astrid-2", "member": "orebro", "cards": []}
    assert [one.outcome for one in importing(ASTRID, other)] == ["new", "new"]


def test_a_card_is_one_patrons_in_the_whole_consortium() -> None:
    other = {**ASTRID, "patron": "astrid-2", "member": "orebro", "cards": ["2000000001"]}
    assert words(importing(ASTRID, other)[1]) == ["duplicate_card"]


def test_a_card_given_up_in_a_row_may_be_given_to_another_in_the_next() -> None:
    known = Known(patrons={}, owners={})
    importing(ASTRID, known=known)
    later = importing({**ASTRID, "cards": ["2000000002"]}, {**EMIL, "cards": ["2000000001"]}, known=known)
    assert [one.outcome for one in later] == ["changed", "new"]


def test_a_guardian_may_stand_in_an_earlier_row_or_an_earlier_run() -> None:
    assert [one.outcome for one in importing(ASTRID, EMIL)] == ["new", "new"]
    known = Known(patrons={"astrid": imported(ASTRID)}, owners={})
    assert [one.outcome for one in importing(EMIL, known=known)] == ["new"]


def test_a_guardian_nobody_knows_is_refused() -> None:
    assert words(importing(EMIL)[0]) == ["unknown_guardian"]


def test_a_refused_guardian_guards_nobody() -> None:
    bad, child = importing({**ASTRID, "pin": "?"}, EMIL)
    assert (words(bad), words(child)) == (["bad_pin"], ["unknown_guardian"])


def test_an_erased_patron_does_not_come_back_by_an_import() -> None:
    gone = replace(imported(ASTRID), status="erased", imported=None)
    assert handles(gone) == ()
    assert words(importing(ASTRID, known=Known(patrons={"astrid": gone}, owners={}))[0]) == ["erased"]


@pytest.mark.parametrize(
    ("written", "born", "kept"),
    [
        ("19800229-2384", date(1980, 2, 29), "198002292384"),
        ("800229-2384", date(1980, 2, 29), "198002292384"),
        ("8002292384", date(1980, 2, 29), "198002292384"),
        ("100229+2384", date(1910, 2, 28), "1002292384"),
        ("210101+1234", date(1921, 1, 1), "192101011234"),
        ("290280-1234", date(1980, 2, 29), "2902801234"),
        ("t 19800229-T123", date(1980, 2, 29), "T19800229T123"),
    ],
)
def test_an_identity_number_is_kept_in_one_form(written: str, born: date, kept: str) -> None:
    assert canonical_identity(written, born) == kept


@pytest.mark.parametrize("written", ["19800229-2384", "800229-2384", "198002292384", "8002292384"])
def test_however_it_is_written_at_log_in_it_may_mean_what_is_kept(written: str) -> None:
    assert "198002292384" in identity_candidates(written)


@pytest.mark.clause("V06", "V17")
def test_a_number_of_somebody_over_a_hundred_is_found() -> None:
    assert canonical_identity("210101+1234", date(1921, 1, 1)) in identity_candidates("210101+1234")


@given(st.text())
def test_whatever_is_shown_as_a_number_is_read_or_refused(text: str) -> None:
    assert canonical_card(text) is None or canonical_card(text).isalnum()  # type: ignore[union-attr]
    assert all(one.isalnum() for one in identity_candidates(text))


def test_neither_person_card_pin_nor_number_shows_itself() -> None:
    shown = repr(imported(ASTRID)) + repr(handles(imported(ASTRID))) + repr(PatronRow.model_validate(ASTRID))
    for secret in ("Ericsson", "2384", "2000000001", "1234", "example.org", "174"):
        assert secret not in shown


def test_what_others_hear_holds_no_name_contact_card_or_number() -> None:
    told = described(imported(ASTRID)).model_dump_json()
    for secret in ("Ericsson", "2384", "2000000001", "1234", "example.org", "174"):
        assert secret not in told


# -- standing -----------------------------------------------------------------------------------------------


@pytest.mark.clause("V04")
def test_a_temporary_account_lives_seven_days() -> None:
    berit = imported(ASTRID, status="temporary", registered_at="2026-11-20T10:00:00+01:00")
    ends = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    assert (berit.status, berit.valid_until) == ("temporary", ends)
    assert changing.expire(berit, ends - timedelta(seconds=1)) == berit
    assert changing.expire(berit, ends).status == "inactive"


def test_a_full_account_does_not_end_by_itself() -> None:
    astrid = imported(ASTRID)
    assert astrid.valid_until is None
    assert changing.expire(astrid, NOW + timedelta(days=4000)) == astrid


@pytest.mark.clause("V07")
def test_the_desk_makes_a_temporary_account_full() -> None:
    berit = imported(ASTRID, status="temporary", registered_at="2026-11-20T10:00:00+01:00")
    full = at_the_desk(berit, status="full", cards=["2000000001"])
    assert (full.status, full.valid_until) == ("full", None)


def test_a_block_stops_what_the_members_book_says_and_explains_itself() -> None:
    stopped = imported(ASTRID, blocks=[{"cause": "staff"}])
    (block,) = stopped.blocks
    assert block.stops == ("book_computer", "borrow", "hold", "renew", "staffless")
    assert block.because[0]["rule"] == "vast/blocked_by_staff"
    assert [one.cause for one in described(stopped).blocks] == ["staff"]


def test_a_row_may_state_what_a_block_stops() -> None:
    (block,) = imported(ASTRID, blocks=[{"cause": "staff", "stops": ["hold"]}]).blocks
    assert block.stops == ("hold",)


def test_a_debt_in_a_row_is_billings_to_say() -> None:
    assert imported(ASTRID, blocks=[{"cause": "debt"}]).blocks == ()


@pytest.mark.clause("K09")
def test_a_lost_card_in_a_row_is_blocked_and_the_other_is_not() -> None:
    astrid = imported(ASTRID, blocks=[{"cause": "lost_card", "card": "2000-000001", "stops": ["borrow"]}])
    assert [card.blocked for card in astrid.cards] == [True, False]


@pytest.mark.clause("K09", "V15")
def test_a_patron_with_two_cards_blocks_each() -> None:
    astrid = imported(ASTRID)
    first = losing(astrid, "2000000001")
    assert isinstance(first, Patron)
    assert (first.blocks, first.has_usable_card) == ((), True)
    both = losing(first, "2000000002")
    assert isinstance(both, Patron)
    assert [one.cause for one in both.blocks] == ["lost_card"]
    assert "borrow" in both.blocks[0].stops


def test_blocking_a_blocked_card_again_changes_nothing() -> None:
    once = losing(imported(ASTRID), "2000000001")
    assert isinstance(once, Patron)
    assert losing(once, "2000000001") == once


def test_nobody_blocks_the_card_of_another() -> None:
    outcome = losing(imported(ASTRID), "2000000003")
    assert isinstance(outcome, tuple)
    assert words(outcome) == ["card_not_yours"]


@pytest.mark.clause("O04")
def test_a_new_card_lifts_what_the_lost_one_stopped() -> None:
    emil = replace(imported(ASTRID, cards=["2000000001"]))
    lost = losing(emil, "2000000001")
    assert isinstance(lost, Patron)
    issued = at_the_desk(lost, cards=["2000000007"])
    assert issued.blocks == ()
    assert {card.number: card.blocked for card in issued.cards} == {"2000000007": False, "2000000001": True}


def test_a_cause_that_stands_keeps_its_date() -> None:
    stopped = at_the_desk(imported(ASTRID), blocks=[{"cause": "staff"}])
    later = changing.change_at_the_desk(
        case(stopped, now=NOW + timedelta(days=3), blocks=[{"cause": "staff"}])
    )
    assert later == stopped


def test_staff_lift_a_block_by_leaving_it_out() -> None:
    stopped = at_the_desk(imported(ASTRID), blocks=[{"cause": "staff"}])
    assert at_the_desk(stopped, blocks=[]).blocks == ()


# -- changes ------------------------------------------------------------------------------------------------


@pytest.mark.clause("V16", "D07")
def test_a_patron_changes_contact_details_and_wishes_and_an_explicit_null_removes() -> None:
    change = changing.ContactChange.model_validate({"email": None, "channels": ["sms"], "receipts": True})
    after = changing.change_contact(
        Case(patron=imported(ASTRID), change=changing.stated(change), books=BOOKS, now=NOW)
    )
    assert isinstance(after, Patron)
    assert after.person.email is None
    assert after.person.mobile == "+46 70 174 06 05"
    assert (after.channels, after.receipts) == (("sms",), True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": None}, "missing_field"),
        ({"born": None}, "missing_field"),
        ({"born": "2027-01-01"}, "bad_date"),
        ({"pin": None}, "bad_pin"),
        ({"pin": "12"}, "bad_pin"),
        ({"identity": "1"}, "bad_identity"),
        ({"cards": ["%"]}, "bad_card"),
        ({"blocks": [{"cause": "weather"}]}, "unknown_cause"),
        ({"guardian": "astrid"}, "unknown_guardian"),
    ],
)
def test_the_desk_is_told_why_not(change: dict[str, Any], reason: str) -> None:
    outcome = changing.change_at_the_desk(case(imported(ASTRID), **change))
    assert isinstance(outcome, tuple)
    assert words(outcome) == [reason]


def test_an_erased_patron_is_changed_no_more() -> None:
    gone = replace(imported(ASTRID), status="erased")
    for change in (changing.change_at_the_desk, changing.change_contact):
        outcome = change(case(gone, language="da"))
        assert isinstance(outcome, tuple)
        assert words(outcome) == ["erased"]


@pytest.mark.clause("D04", "V13")
def test_registration_at_the_desk_gives_full_rights_at_once_and_a_borrower_id() -> None:
    fields = {key: value for key, value in ASTRID.items() if key not in ("patron", "borrower_id", "cards")}
    patron = register(Registration(patron="p-1", fields=fields), BOOKS, NOW, guardian_lives=False)
    assert isinstance(patron, Patron)
    assert (patron.patron, patron.status, patron.pin, patron.imported) == ("p-1", "full", None, None)
    assert patron.borrower_id == borrower_id("p-1")
    assert len(patron.borrower_id) == 8


def test_a_registration_tells_all_that_is_wrong() -> None:
    outcome = register(
        Registration(patron="p-1", fields={"member": "vast", "name": "x", "born": "soon", "pin": "1"}),
        BOOKS, NOW, guardian_lives=False,
    )  # fmt: skip
    assert isinstance(outcome, tuple)
    assert words(outcome) == ["bad_date", "bad_pin"]


def changing_contact(patron: Patron, now: datetime = NOW, **change: Any) -> Patron | tuple[Refusal, ...]:
    form = changing.ContactChange.model_validate(change)
    return changing.change_contact(Case(patron=patron, change=changing.stated(form), books=BOOKS, now=now))


@pytest.mark.clause("G03")
def test_contact_details_change_alone_from_the_eighteenth_birthday_by_the_members_own_day() -> None:
    gote = imported(EMIL, member="gothenburg", guardian=None, born="2008-11-24")
    late_on_the_23rd = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)
    refused = changing_contact(gote, late_on_the_23rd, email="g@example.org")
    assert isinstance(refused, tuple)
    assert (words(refused), refused[0].because[0]["cites"]) == (["only_through_staff"], ["G03"])
    assert isinstance(changing_contact(gote, late_on_the_23rd, language="en"), Patron)
    midnight = late_on_the_23rd + timedelta(minutes=1)
    assert isinstance(changing_contact(gote, midnight, email="g@example.org"), Patron)


@pytest.mark.parametrize("language", ["nb", "svenska", "sv-SE", "SV"])
def test_a_language_that_nobody_writes_in_is_refused_with_those_there_are(language: str) -> None:
    astrid = imported(ASTRID)
    for outcome in (
        changing_contact(astrid, language=language),
        changing.change_at_the_desk(case(astrid, language=language)),
    ):
        assert isinstance(outcome, tuple)
        assert words(outcome) == ["bad_value"]
        assert outcome[0].says == "language is one of sv, da, en, or null for the library's own"
    norwegian = imported(ASTRID, language="nb")
    assert changing_contact(norwegian, language="nb") == norwegian
    assert isinstance(changing_contact(norwegian, language=None), Patron)


@pytest.mark.clause("G03")
def test_the_desk_changes_contact_details_at_any_age() -> None:
    gote = imported(EMIL, member="gothenburg", guardian=None)
    assert at_the_desk(gote, email="g@example.org").person.email == "g@example.org"


@pytest.mark.clause("D08")
def test_in_gladsaxe_the_library_blocks_a_lost_card() -> None:
    ib = imported(ASTRID, member="gladsaxe")
    refused = losing(ib, "2000000001")
    assert isinstance(refused, tuple)
    assert (words(refused), refused[0].because[0]["cites"]) == (["only_through_staff"], ["D08"])
    assert isinstance(losing(ib, "2000000001", origin="staff"), Patron)


def registering(member: str, born: str, guardian: str | None = None) -> list[str]:
    fields = {"member": member, "name": "X", "born": born, "pin": "1234", "guardian": guardian}
    outcome = register(
        Registration(patron="p", fields=fields), BOOKS, NOW, guardian_lives=guardian == "astrid"
    )
    return [] if isinstance(outcome, Patron) else words(outcome)


@pytest.mark.clause("K07", "O34", "O35")
@pytest.mark.parametrize(
    ("member", "born", "guardian", "refused"),
    [
        ("kungsbacka", "2021-11-24", "astrid", ["too_young"]),
        ("kungsbacka", "2021-11-23", "astrid", []),
        ("kungsbacka", "2021-11-24", None, ["too_young", "guardian_needed"]),
        ("kungsbacka", "2008-11-24", None, ["guardian_needed"]),
        ("kungsbacka", "2008-11-23", None, []),
        ("orebro", "2011-11-24", None, ["guardian_needed"]),
        ("orebro", "2011-11-23", None, []),
        ("orebro", "2011-11-24", "nobody", ["unknown_guardian"]),
    ],
)
def test_a_child_registers_from_an_age_and_with_a_guardian(
    member: str, born: str, guardian: str | None, refused: list[str]
) -> None:
    assert registering(member, born, guardian) == refused


@pytest.mark.clause("K07")
def test_a_childs_guardian_is_changed_but_not_taken_away() -> None:
    barn = imported(EMIL, member="kungsbacka", guardian=None)
    refused = changing.change_at_the_desk(case(barn, guardian=None))
    assert isinstance(refused, tuple)
    assert words(refused) == ["guardian_needed"]
    assert at_the_desk(barn, guardian="astrid").guardian == "astrid"


# -- guessing -----------------------------------------------------------------------------------------------


def misses(count: int) -> Attempts:
    attempts: Attempts | None = None
    now = NOW
    for _ in range(count):
        now = max(now, attempts.next_at) if attempts else now
        paid = attempt(attempts, ACCOUNT, now)
        assert isinstance(paid, Attempts)
        attempts = paid
    assert attempts is not None
    return attempts


def test_the_first_misses_cost_nothing_and_each_further_one_doubles_the_wait() -> None:
    waits = [(tried.next_at - tried.last_at).total_seconds() for tried in map(misses, range(1, 10))]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_the_wait_never_grows_beyond_the_longest() -> None:
    tried = misses(40)
    assert tried.next_at - tried.last_at == LONGEST


def test_an_attempt_before_its_time_is_not_heard_and_costs_nothing() -> None:
    tried = misses(8)
    assert attempt(tried, ACCOUNT, tried.last_at + timedelta(seconds=3)) == timedelta(seconds=5)


def test_the_right_pin_takes_back_what_the_attempt_cost() -> None:
    tried = misses(8)
    assert refund(tried, tried.last_at).next_at == tried.last_at


def test_right_pins_from_one_source_at_one_moment_are_all_heard() -> None:
    """Clocks are read a little apart: who is heard second with an earlier time is no guess."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first = attempt(None, SOURCE, now)
    assert isinstance(first, Attempts)
    second = attempt(refund(first, now + timedelta(milliseconds=40)), SOURCE, now + timedelta(milliseconds=1))
    assert isinstance(second, Attempts)


def test_misses_are_forgotten_after_a_day() -> None:
    tried = misses(12)
    later = attempt(tried, ACCOUNT, tried.last_at + FORGOTTEN_AFTER)
    assert isinstance(later, Attempts)
    assert later.misses == 1


def test_guessing_all_pins_of_an_account_takes_months() -> None:
    assert timedelta(days=100) < LONGEST * 10_000


# -- words --------------------------------------------------------------------------------------------------


def test_every_reason_meets_http_once() -> None:
    assert not (NOT_YOU & BAD_INPUT) and not (NOT_THERE & (NOT_YOU | BAD_INPUT))
    assert {status_of({reason}) for reason in REASONS} == {403, 404, 409, 422}  # type: ignore[arg-type]


def test_a_handle_is_hidden() -> None:
    assert "2000000001" not in repr(Handle("card", "2000000001"))
    assert "Astrid" not in repr(Person(name="Astrid"))
