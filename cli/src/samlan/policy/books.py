"""Where the books in force are, and a draft read from a file."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from samlan_contracts.policy import Book, Mistake, PolicyBooks, PolicyError, check_book
from samlan_contracts.policy.book import SUBJECTS

from samlan.plan import POLICIES
from samlan.trouble import Trouble


def folder_in_force() -> Path:
    """The folder that the services of this machine read their books from."""
    return Path(os.environ.get("SAMLAN_POLICIES", POLICIES))


def in_force(folder: Path | None = None) -> PolicyBooks:
    """The books in force, or of a folder; `Trouble` where they cannot be used."""
    where = folder or folder_in_force()
    try:
        return PolicyBooks.load(where)
    except PolicyError as error:
        first = error.mistakes[0]
        more = f", and {len(error.mistakes) - 1} more" if len(error.mistakes) > 1 else ""
        check = f"`samlan policy check {where}/*.yaml` says what to do"
        raise Trouble(f"the books in {where} cannot be used: {first}{more}; {check}") from None


def read(path: Path) -> tuple[Book | None, tuple[Mistake, ...]]:
    """The book in a file, and its mistakes under the name that the person gave."""
    return check_book(path.read_bytes(), str(path))


def draft(path: Path) -> Book:
    """A book without mistakes, or `Trouble`."""
    book, mistakes = read(path)
    if book is None:
        raise Trouble(f"{mistakes[0]}; `samlan policy check {path}` lists all {len(mistakes)} mistakes")
    return book


def beside(books: PolicyBooks, book: Book) -> PolicyBooks:
    """The books in force with this one in place of its member's."""
    others = [books.book(member) for member in books.members if member != book.member]
    return PolicyBooks(*others, book)


def as_on(book: Book, day: date) -> Book:
    """The rules that a book has in force on a day, as if they had always been."""
    open_ended = {"in_force_from": None, "in_force_until": None}
    kept = {
        name: tuple(
            rule.model_copy(update=open_ended)
            for rule in getattr(book, name)
            if rule.first_day <= day <= rule.last_day
        )
        for name in SUBJECTS
    }
    return Book.model_construct(book.model_fields_set, **{**dict(book), **kept})
