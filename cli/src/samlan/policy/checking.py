"""`samlan policy check`: every mistake of some books, each with file, line and remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from samlan_contracts.policy import Book, Mistake

from samlan.policy import books
from samlan.trouble import Trouble


def check_files(files: Sequence[Path], *, as_json: bool) -> None:
    """Prints what is wrong with these books, all of it at once; exits 1 if anything is."""
    read, mistakes = _read(files)
    if as_json:
        shown = [{"file": b_file, "member": b.member, "version": b.version} for b_file, b in read]
        sys.stdout.write(json.dumps({"books": shown, "mistakes": [asdict(one) for one in mistakes]}) + "\n")
    else:
        _show(read, mistakes)
    if mistakes:
        sys.exit(1)


def _read(files: Sequence[Path]) -> tuple[list[tuple[str, Book]], list[Mistake]]:
    read: list[tuple[str, Book]] = []
    mistakes: list[Mistake] = []
    for path in files:
        if path.is_dir():
            raise Trouble(f"{path} is a folder; name the books: {path}/*.yaml")
        book, found = books.read(path)
        mistakes += found
        if book is not None:
            mistakes += [_twice(str(path), file, one) for file, one in read if one.member == book.member]
            read.append((str(path), book))
    return read, sorted(mistakes)


def _twice(file: str, other: str, book: Book) -> Mistake:
    return Mistake(file, 0, f"{other} is of the member {book.member} as well", "one book for each member")


def _show(read: list[tuple[str, Book]], mistakes: list[Mistake]) -> None:
    console = Console(highlight=False)
    for file, book in read:
        console.print(f"[green]✓[/green] {file}: {book.name}, version {book.version}", soft_wrap=True)
    if not mistakes:
        return
    if not console.is_terminal:
        for one in mistakes:
            console.print(Text(f"{one}. {_sentence(one.remedy)}"), soft_wrap=True)
        return
    title = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
    table = Table("where", "what is wrong", "what to do", title=title, title_style="bold red")
    for one in mistakes:
        table.add_row(Text(f"{one.file}:{one.line}"), Text(one.text), Text(one.remedy))
    console.print(table)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""
