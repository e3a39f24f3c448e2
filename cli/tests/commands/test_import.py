"""`samlan import` as a process: against a consortium that runs, and with one of its own."""

from __future__ import annotations

import asyncio
import fcntl
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aio_pika
import httpx2

if TYPE_CHECKING:
    from conftest import Samlan

Row = dict[str, Any]
HOURS = {day: ["10:00", "19:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def branch(short: str) -> Row:
    return {
        "member": "vast", "branch": short, "name": f"{short} bibliotek", "timezone": "Europe/Stockholm",
        "opening": HOURS,
    }  # fmt: skip


def write_rows(folder: Path, **files: list[Row | str]) -> Path:
    """A folder of files to import; a row that is text stands there as it is."""
    folder.mkdir()
    for name, rows in files.items():
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def titles(prefix: str, count: int) -> list[Row | str]:
    return [{"title": f"{prefix}{n}", "name": f"Bok {n}", "author": "Ek, Eva"} for n in range(count)]


def device(name: str, at: str) -> Row:
    return {"device": name, "branch": at, "kind": "kiosk"}


def object_of(answer: Any) -> Row:
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("\n") == 1
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def test_a_folder_that_is_not_there_is_one_line(samlan: Samlan, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert samlan.refused("import", str(nowhere)) == f"samlan: {nowhere} is not a folder\n"
    assert not samlan.data.exists()


def test_a_folder_without_a_file_of_an_import_says_which_files_there_are(
    samlan: Samlan, tmp_path: Path
) -> None:
    folder = write_rows(tmp_path / "rows", loan=[{"item": "3517", "patron": "p1"}])
    said = samlan.refused("import", str(folder))
    assert said.startswith(f"samlan: {folder} holds no file of an import: branches.jsonl, titles.mrc, ")
    assert said.endswith(" fees.jsonl, devices.jsonl\n")
    assert not samlan.data.exists()


def test_services_that_do_not_answer_are_named(samlan: Samlan, tmp_path: Path) -> None:
    samlan.data.mkdir()
    (samlan.data / "keys").mkdir()
    folder = write_rows(tmp_path / "rows", titles=titles("t", 1))
    with (samlan.data / "lock").open("w") as lock:  # as a supervisor holds it
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "nothing runs on" in samlan.refused("import", str(folder))


async def test_refused_rows_are_named_and_the_rest_goes_on(town: Samlan, tmp_path: Path) -> None:
    folder = write_rows(
        tmp_path / "rows",
        branches=[branch("lerum"), {"member": "vast"}],
        titles=[*titles("t", 3), "{not json"],
        devices=[device("lerum-1", "vast/lerum"), device("nowhere-1", "vast/nowhere")],
    )
    answer = await asyncio.to_thread(town.run, "import", str(folder))
    assert answer.returncode == 0, answer.stderr
    assert "titles.jsonl" in answer.stdout
    assert "the row is not JSON" in answer.stdout
    refused = [
        json.loads(line) for line in (town.data / "imports" / "refused.jsonl").read_text().splitlines()
    ]
    assert [(row["file"], row["line"]) for row in refused] == [
        ("branches.jsonl", 2), ("titles.jsonl", 4), ("devices.jsonl", 2),
    ]  # fmt: skip

    known = town.addresses
    assert "nowhere-1" not in known["devices"]
    async with await aio_pika.connect(known["devices"]["lerum-1"]) as connection:
        channel = await connection.channel()
        await channel.get_queue("replies.lerum-1")
    async with httpx2.AsyncClient(trust_env=False) as client:
        desk = {"authorization": f"Bearer {known['tokens']['desk']['vast/lerum']}"}
        answered = await client.get(f"{known['gateway']}/v1/desk/exceptions", headers=desk)
    assert answered.status_code == 200


async def test_the_same_rows_again_change_nothing(town: Samlan, tmp_path: Path) -> None:
    folder = write_rows(tmp_path / "rows", branches=[branch("partille")], titles=titles("again", 3))
    first = object_of(await asyncio.to_thread(town.run, "import", str(folder), "--json"))
    assert first["files"]["titles.jsonl"] == {"stored": 3, "same": 0, "refused": 0}
    second = object_of(await asyncio.to_thread(town.run, "import", str(folder), "--json"))
    assert second["files"] == {
        "branches.jsonl": {"stored": 0, "same": 1, "refused": 0},
        "titles.jsonl": {"stored": 0, "same": 3, "refused": 0},
    }


async def test_an_import_that_was_stopped_goes_on_where_it_was(town: Samlan, tmp_path: Path) -> None:
    folder = write_rows(tmp_path / "rows", titles=titles("many", 6_000))
    imports = town.data / "imports"
    before = set(imports.glob("*.json"))
    stopped = await town.start("import", str(folder))
    while set(imports.glob("*.json")) <= before:  # the journal's first word
        assert stopped.returncode is None
        await asyncio.sleep(0.01)
    stopped.send_signal(signal.SIGINT)
    out, err = await stopped.communicate()
    assert stopped.returncode == 130, err
    assert f"`samlan import {folder}" in " ".join(out.decode().split())

    rest = object_of(await asyncio.to_thread(town.run, "import", str(folder), "--json"))
    counts = rest["files"]["titles.jsonl"]
    assert rest["earlier"] > 0
    assert rest["earlier"] + counts["stored"] + counts["same"] == 6_000
    assert counts["refused"] == 0
    assert set(imports.glob("*.json")) <= before


def test_without_a_consortium_one_is_started_and_ended(samlan: Samlan, tmp_path: Path) -> None:
    folder = write_rows(
        tmp_path / "rows", branches=[branch("ale")], devices=[device("ale-1", "vast/ale")]
    )  # fmt: skip
    outcome = object_of(samlan.run("import", str(folder), "--json"))
    assert (outcome["devices"], outcome["branches"]) == (1, 1)
    assert samlan.left() == []
    assert (samlan.data / "addresses.json").stat().st_mode & 0o777 == 0o600
