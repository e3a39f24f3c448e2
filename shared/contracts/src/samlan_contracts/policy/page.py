"""The text of a policy book as plain values: YAML without its traps, and the line of each value."""

from __future__ import annotations

import re
from typing import Any

import yaml

from samlan_contracts.policy.money import Bare

# A book of a thousand rules is below this; larger is not a policy book.
MAX_BOOK_BYTES = 1_000_000
MAX_DEPTH = 12
MAX_NODES_DEEP = 100
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})")
_BARE_DECIMALS = re.compile(r"-?\d+\.\d+")
_PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}
_NOT_A_BOOK = "compare the line with another member's book: spaces, colons, quotes and brackets"
_NOT_TEXT = "save the file as UTF-8 text, without control characters"

Location = tuple[str | int, ...]


class Unreadable(Exception):
    """A text that holds no book: the line that says so, and what to do."""

    def __init__(self, line: int, text: str, remedy: str = _NOT_A_BOOK) -> None:
        self.line, self.text, self.remedy = line, text, remedy
        super().__init__(text)


def parse(text: str | bytes) -> tuple[dict[str, Any], Page]:
    """The plain values of a text and the page that knows their lines, or Unreadable."""
    if len(text) > MAX_BOOK_BYTES:
        raise Unreadable(0, f"is larger than {MAX_BOOK_BYTES} bytes")
    try:
        _refuse_abysses(text)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise Unreadable(line, f"is not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = _lines_before(text, error.position) + 1
        raise Unreadable(line, f"is not text: {error.reason}", _NOT_TEXT) from None
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError) as error:
        raise Unreadable(0, f"is not YAML: {error}") from None
    page = Page()
    data = page.read(root, ()) if root is not None else None
    if not isinstance(data, dict):
        raise Unreadable(1, "a policy book starts with fields such as `member: orebro`")
    return data, page


def _lines_before(text: str | bytes, position: int) -> int:
    read = text[:position]
    return read.count(b"\n") if isinstance(read, bytes) else read.count("\n")


def _refuse_abysses(text: str | bytes) -> None:
    """The quick reader builds its nodes by recursion, which a text of a thousand brackets would overflow."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NODES_DEEP:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise Unreadable(line, f"is nested deeper than {MAX_DEPTH} levels")


class Page:
    """Plain values out of YAML nodes, and the line of each; `no`, `3.00` and `10:00` stay what is written."""

    def __init__(self) -> None:
        self._lines: dict[Location, int] = {}
        self._seen: set[int] = set()
        self._left_out: list[Location] = []
        self.mistakes: list[tuple[int, str, str]] = []

    def line_of(self, where: Location) -> int:
        """The line of the nearest enclosing thing that stands in the file."""
        while where and where not in self._lines:
            where = where[:-1]
        return self._lines.get(where, 1)

    def left_out(self, where: Location) -> bool:
        """Whether something is said of a part that was not read, which has its own mistake."""
        return any(where[: len(part)] == part for part in self._left_out)

    def read(self, node: yaml.Node, where: Location) -> Any:
        """The value of a node, its lines kept; what is not read is a mistake of the page."""
        line = node.start_mark.line + 1
        self._lines.setdefault(where, line)
        if id(node) in self._seen or len(where) > MAX_DEPTH:
            text = "anchors, aliases and deep nesting are not read; write it out"
            self.mistakes.append((line, text, "write the rule out in full, without & and *"))
            self._left_out.append(where)
            return None
        self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, where)
            case yaml.SequenceNode():
                return [self.read(part, (*where, index)) for index, part in enumerate(node.value)]
            case _:
                return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, where: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                text = "a list or fields stand where the name of a field should"
                self.mistakes.append((line, text, "write a name and a colon: `period: 28 days`"))
                continue
            if key in found:
                self.mistakes.append((line, f"`{key}` is written twice", "keep one of the two"))
            self._lines[(*where, key)] = line
            found[key] = self.read(value_node, (*where, key))
        return found


def _scalar(node: yaml.Node) -> Any:
    written = str(node.value)
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return written
    if _WHOLE_NUMBER.fullmatch(written):
        return int(written)
    if _BARE_DECIMALS.fullmatch(written):
        return Bare(written)
    return _PLAIN.get(written, written)
