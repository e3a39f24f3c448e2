"""What is written down about events equals what the classes say, and every sample parses for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import samlan_contracts.events  # noqa: F401 (importing fills the registry)
import yaml
from faststream.specification.asyncapi.v3_0_0.schema.schema import ApplicationSchema
from pydantic import TypeAdapter, ValidationError
from samlan_contracts.catalogue import asyncapi, listing, samples
from samlan_contracts.catalogue.__main__ import DOCUMENTS, SAMPLES, main
from samlan_contracts.devices import FACTS, DeviceAnswer
from samlan_contracts.event import REGISTRY, Envelope, Event, Reading, event_class

ROOT = Path(__file__).parents[3]
EVENTS = sorted(REGISTRY.values(), key=lambda one: one.key())
FROZEN = sorted((ROOT / SAMPLES).glob("*.json"))
SERVICES = {"accounts", "catalog", "circulation", "holds", "billing", "notify"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_committed_as_it_is_generated(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == DOCUMENTS[name](REGISTRY.values()), (
        "run python -m samlan_contracts.catalogue"
    )


def test_the_command_writes_what_is_missing_and_checks_without_writing(tmp_path: Path) -> None:
    (tmp_path / "shared" / "contracts").mkdir(parents=True)
    assert main(["--root", str(tmp_path), "--check"]) == 1
    assert list(tmp_path.glob("docs/**/*.md")) == []
    assert main(["--root", str(tmp_path)]) == 0
    assert main(["--root", str(tmp_path), "--check"]) == 0
    assert len(list((tmp_path / SAMPLES).glob("*.json"))) == 2 * len(EVENTS)


def test_the_command_never_touches_a_frozen_sample(tmp_path: Path) -> None:
    (tmp_path / "shared" / "contracts").mkdir(parents=True)
    frozen = samples.sample_path(EVENTS[0], "complete", tmp_path / SAMPLES)
    frozen.parent.mkdir(parents=True)
    frozen.write_text("as it was")
    main(["--root", str(tmp_path)])
    assert frozen.read_text() == "as it was"


def test_the_command_refuses_a_folder_that_is_not_the_repository(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--root", str(tmp_path)])


# -- samples -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.key())
@pytest.mark.parametrize("kind", samples.KINDS)
def test_every_event_has_its_samples(event: type[Event], kind: str) -> None:
    assert samples.sample_path(event, kind, ROOT / SAMPLES).exists(), (
        "run python -m samlan_contracts.catalogue"
    )


@pytest.mark.parametrize("path", FROZEN, ids=lambda one: one.name)
def test_a_frozen_sample_parses_and_nothing_in_it_is_lost(path: Path) -> None:
    written = json.loads(path.read_text("utf-8"))
    envelope = Envelope.model_validate(written)
    event = event_class(envelope.type, envelope.version).model_validate(envelope.data)
    assert path.name.startswith(f"{event.key()}.")
    assert_holds(event.model_dump(mode="json"), written["data"])
    assert_holds(envelope.model_dump(mode="json"), {**written, "data": written["data"]})


@pytest.mark.parametrize("path", FROZEN, ids=lambda one: one.name)
def test_a_reader_ignores_what_it_does_not_know(path: Path) -> None:
    written = json.loads(path.read_text("utf-8"))
    more = {**written, "of_tomorrow": 1, "data": {**written["data"], "of_tomorrow": {"x": 1}}}
    envelope = Envelope.model_validate(more)
    event_class(envelope.type, envelope.version).model_validate(envelope.data)


@pytest.mark.parametrize(
    "path", [one for one in FROZEN if ".required." in one.name], ids=lambda one: one.name
)
def test_what_is_required_is_required(path: Path) -> None:
    written = json.loads(path.read_text("utf-8"))
    for name in written["data"]:
        less = {key: value for key, value in written["data"].items() if key != name}
        with pytest.raises(ValidationError):
            event_class(written["type"], written["version"]).model_validate(less)


def assert_holds(parsed: Any, written: Any) -> None:
    """Every field that was written is still read, with the same value."""
    if isinstance(written, dict):
        for name, value in written.items():
            assert name in parsed, f"{name} is not read any more"
            assert_holds(parsed[name], value)
    elif isinstance(written, list):
        assert len(parsed) == len(written)
        for one, other in zip(parsed, written, strict=True):
            assert_holds(one, other)
    else:
        assert parsed == written


# -- the registry --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.key())
def test_an_event_is_told_by_its_owner_and_says_what_it_is(event: type[Event]) -> None:
    noun_and_verb = event.NAME.partition(".")[2]
    assert event.owner() in SERVICES
    assert set(event.READERS) <= SERVICES
    assert noun_and_verb.replace("_", "").isalpha()
    assert event.__module__.endswith(event.owner())
    assert event.__doc__


def test_nobody_is_told_by_name_contact_card_or_number() -> None:
    private = {"name", "email", "mobile", "identity", "card", "cards", "pin", "address", "contact"}
    told = {one.key(): private & set(one.model_fields) for one in EVENTS}
    assert {key: found for key, found in told.items() if found} == {
        "catalog.branch_described.v1": {"name"},
        "catalog.title_described.v1": {"name"},
    }


# -- asyncapi ------------------------------------------------------------------------------------------------


def test_the_document_is_whole_and_every_reference_leads_somewhere() -> None:
    document = yaml.safe_load(asyncapi.rendered(REGISTRY.values()))
    assert document["asyncapi"] == "3.0.0"
    references = list(references_in(document))
    assert references
    for reference in references:
        assert resolved(document, reference), reference
    assert {one.key() for one in EVENTS} <= {one["address"] for one in document["channels"].values()}


def test_the_document_is_one_that_asyncapi_tools_read() -> None:
    ApplicationSchema.model_validate(asyncapi.document(REGISTRY.values()))


def test_every_reader_and_every_owner_has_its_operation() -> None:
    operations = asyncapi.document(REGISTRY.values())["operations"]
    for event in EVENTS:
        name = event.key().replace(".", "_")
        assert operations[f"{event.owner()}_tells_{name}"]["action"] == "send"
        readers = {key for key in operations if key.endswith(f"_reads_{name}")}
        assert readers == {f"{reader}_reads_{name}" for reader in event.READERS}


def test_the_catalogue_names_every_event_its_reading_and_its_fields() -> None:
    text = listing.rendered(REGISTRY.values())
    for event in EVENTS:
        assert f"### {event.key()}\n" in text
    for reading in Reading:
        assert f"*{reading.value.capitalize()}*" in text
    assert "| `because` |" in text


def references_in(part: Any) -> Any:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for one in part.values():
            yield from references_in(one)
    elif isinstance(part, list):
        for one in part:
            yield from references_in(one)


def resolved(document: Any, reference: str) -> Any:
    for name in reference.removeprefix("#/").split("/"):
        document = document[name]
    return document


# -- devices -------------------------------------------------------------------------------------------------

RETURNED = {
    "id": "0190f3a4-1", "type": "item_returned", "version": 1, "device": "lerum-1", "branch": "vast/lerum",
    "sequence": 4711, "item": "35177001234567", "happened_at": "2026-11-22T10:15:03+01:00", "mode": "kiosk",
}  # fmt: skip


@pytest.mark.parametrize(
    "fact",
    [
        RETURNED,
        {**RETURNED, "type": "item_borrowed_offline", "card": "2001", "due": "2026-12-01", "mode": "offline"},
        {**RETURNED, "type": "door_entered", "card": "2001"},
        {**RETURNED, "type": "device_seen"},
    ],
)
def test_a_fact_as_outsiders_write_it_is_one_of_those_described(fact: dict[str, Any]) -> None:
    found = [one for one in FACTS if _fits(one, fact)]
    assert len(found) == 1


def _fits(shape: Any, fact: dict[str, Any]) -> bool:
    try:
        TypeAdapter(shape).validate_python(fact)
    except ValidationError:
        return False
    return True


def test_an_answer_as_devices_get_it_is_the_one_described() -> None:
    DeviceAnswer.model_validate(
        {
            "id": "0190f3a4-1", "item": "35177001234567", "bin": "shelf", "branch": "vast/lerum",
            "hold": {"borrower_id": "L4711"}, "reason": None, "slip": ["L4711"],
        }
    )  # fmt: skip
