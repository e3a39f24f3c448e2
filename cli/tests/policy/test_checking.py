"""`samlan policy check`: every mistake, its line and its remedy."""

from __future__ import annotations

import json
from pathlib import Path


def test_the_five_books_are_in_order(run, policies: Path) -> None:
    result = run("check", *map(str, sorted(policies.glob("*.yaml"))))
    assert result.exit_code == 0
    assert "Örebro bibliotek, version 1+" in result.stdout


def broken(policies: Path, folder: Path) -> Path:
    text = (policies / "orebro.yaml").read_text(encoding="utf-8")
    text = text.replace("period: 60 days", "period: 60").replace("cites: [O21]", "cites: [K21]")
    text = text.replace("materials: [daisy]", "materials: [daysi]").replace("waivers:", "waivings:")
    path = folder / "orebro.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path: Path, part: str) -> int:
    text = path.read_text(encoding="utf-8")
    return text[: text.index(part)].count("\n") + 1


def test_all_mistakes_are_listed_with_file_line_and_remedy(run, policies: Path, tmp_path: Path) -> None:
    path = broken(policies, tmp_path)
    result = run("check", str(path))
    assert result.exit_code == 1
    for part, said, remedy in (
        ("period: 60", "rule book_club_bag: `period`: a period has a unit", "is written as a period"),
        ("materials: [daysi]", "unknown material 'daysi'", "Did you mean `daisy`?"),
        ("waivings:", "`waivings` is not known here: no service reads it", "Did you mean `waivers`?"),
    ):
        (line,) = [one for one in result.stdout.splitlines() if said in one]
        assert line.startswith(f"{path}:{line_of(path, part)}: ")
        assert remedy in line


def test_the_same_for_programs(run, policies: Path, tmp_path: Path) -> None:
    good, bad = policies / "vast.yaml", broken(policies, tmp_path)
    result = run("check", str(good), str(bad), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [one["member"] for one in told["books"]] == ["vast"]
    assert all(one["file"] == str(bad) and one["line"] and one["remedy"] for one in told["mistakes"])


def test_two_books_of_one_member_are_a_mistake(run, policies: Path, tmp_path: Path) -> None:
    twin = tmp_path / "again.yaml"
    twin.write_text((policies / "vast.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    result = run("check", str(policies / "vast.yaml"), str(twin))
    assert result.exit_code == 1
    assert "is of the member vast as well" in result.stdout


def test_a_file_that_is_not_there_is_one_line(run, trouble, tmp_path: Path) -> None:
    assert isinstance(run("check", str(tmp_path / "none.yaml")).exception, FileNotFoundError)
    assert "is a folder; name the books" in trouble("check", str(tmp_path))


def test_what_is_no_book_is_a_mistake_and_no_traceback(run, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(b"\xff\xfe\x00 not: [a book")
    result = run("check", str(path))
    assert result.exit_code == 1
    assert str(path) in result.stdout
