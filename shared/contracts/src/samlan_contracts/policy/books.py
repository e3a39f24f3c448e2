"""The consortium's books together: which one answers, and which of its rules."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from samlan_contracts.policy.book import Book
from samlan_contracts.policy.facts import Case, Parties
from samlan_contracts.policy.reading import Mistake, PolicyError, check_book
from samlan_contracts.policy.rules import Rule
from samlan_contracts.policy.says import Named

R = TypeVar("R", bound=Rule)


class UnknownMember(LookupError):
    """No policy book was loaded for this member."""


class BookSilent(LookupError):
    """A book has no rule for this case; the checks at loading leave this to materials it does not know."""


class PolicyBooks:
    """Every member's book, found by member."""

    def __init__(self, *books: Book) -> None:
        self._books = {book.member: book for book in books}

    @classmethod
    def load(cls, folder: Path) -> PolicyBooks:
        """Read every `<member>.yaml` of a folder, or raise PolicyError with all mistakes of all files."""
        books: list[Book] = []
        mistakes: list[Mistake] = []
        for path in sorted(folder.glob("*.yaml")):
            book, found = check_book(path.read_bytes(), path.name)
            mistakes.extend(found)
            if book is not None:
                books.append(book)
        if not (books or mistakes):
            mistakes.append(Mistake(str(folder), 0, "no policy book (*.yaml) in this folder"))
        mistakes.extend(_claimed_twice(books, folder))
        if mistakes:
            raise PolicyError(mistakes)
        return cls(*books)

    @property
    def members(self) -> tuple[str, ...]:
        """All members that have a book, by name."""
        return tuple(sorted(self._books))

    def book(self, member: str) -> Book:
        """One member's book."""
        try:
            return self._books[member]
        except KeyError:
            raise UnknownMember(f"no policy book for the member {member!r}") from None

    def named(self, member: str) -> Named:
        """A member by the name people know, or by its id when it has no book."""
        book = self._books.get(member)
        return Named(member, book.name if book else member)

    def answering(self, subject: str, parties: Parties) -> Book:
        """The book that answers a subject.

        Whose that is says the branch's book, or else the item's, or the patron's.
        """
        deciding = parties.branch or parties.item or parties.patron or ""
        whose: str | None = getattr(parties, getattr(self.book(deciding).whose_rule, subject))
        return self.book(whose or deciding)


def rule_for(book: Book, kind: type[R], case: Case) -> R:
    """The rule that decides a case that must be decided, or BookSilent."""
    rule = book.subject(kind).first(case)
    if rule is None:
        raise BookSilent(f"{book.member}: no {kind.__name__} for {case}")
    return rule


def _claimed_twice(books: list[Book], folder: Path) -> list[Mistake]:
    members = [book.member for book in books]
    return [
        Mistake(str(folder), 0, f"several books say they are of the member {member!r}")
        for member in sorted({member for member in members if members.count(member) > 1})
    ]
