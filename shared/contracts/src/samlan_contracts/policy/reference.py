"""The page that says what may stand in a policy book, made from the classes that read one.

python -m samlan_contracts.policy.reference policies/README.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from typing_extensions import Doc

from samlan_contracts.policy.book import SUBJECTS, WhoseRule
from samlan_contracts.policy.checks import BINDING_TOGETHER, MAY_BE_SILENT
from samlan_contracts.policy.conditions import CONDITIONS
from samlan_contracts.policy.figures import STANDARD_MATERIALS
from samlan_contracts.policy.rules import Rule

_OPENING = """\
# Policy books

One file per member, `<member>.yaml`, with every figure of its rules; no code knows a figure or a member.
A new member is a new file. `samlan policy check FILE` names the line of every mistake. This page is made
from the classes in `shared/contracts` that read a book; the books themselves show how it looks.

**At the top**: `member` (the id that branches, items and patrons carry), `name`, `version` (your own; a
hash of the content is added), `source`, `clauses` (the range that may be cited, such as `K01-K57`),
`language`, `currency`, `timezone`, `municipalities`, `materials` (a list of your own, beside the
standard ones), and `whose_rule`: for {whose} the member that answers when patron, item and branch belong
to different ones: `item`, `patron` or `branch`. The book of the branch where it happens says so. Some cases
have no such party, and the branch's own book answers: whoever hands an item in is not known (`returns` and
`book_drops`), and a shelf keeps a hold whatever item it is of (`pickup_shelf`). A block is the patron's
wherever the patron stands: the book of the patron's member says whose `blocks` count, its own or, with
`item`, those of the member to whom the debt is owed.

**Every rule** has an `id`; `cites`, the clauses it carries out; and `from` and `until`, the days it is
in force, both included, open when left out. A change is a second rule with the same id and the next
dates: no overlap, no gap. `assumed: true` says that no source states the rule, `assumed: [period]` that
none states that figure.

**The first rule that fits decides**, so the particular stands above the general; in {together} every
rule that fits binds. A rule fits when all its conditions hold, and one without conditions always fits.
Each subject must answer every case, except {silent}, where silence means that there is no such thing.

**Amounts** are in the book's currency with all decimals (`3.00 SEK`, or `"3.00"`), never a bare number;
**periods** have their unit. A month is a calendar month: 31 January and a month is the last day of
February.

**Standard materials**: {materials}.
"""


_TABLE_HEAD = ("| Field | What it is | Written |", "| --- | --- | --- |")


def reference() -> str:
    """The whole page, in Markdown."""
    opening = _OPENING.format(
        whose=_listed(WhoseRule.model_fields),
        together=_listed(sorted(BINDING_TOGETHER)),
        silent=_listed(sorted(MAY_BE_SILENT)),
        materials=_listed(sorted(STANDARD_MATERIALS)),
    )
    return "\n".join([opening, *(_subject(name, kind) for name, kind in SUBJECTS.items())])


def _subject(name: str, kind: type[Rule]) -> str:
    promise = (kind.__doc__ or "").partition("\n")[0]
    return "\n".join([f"## {name}", "", promise, "", *_TABLE_HEAD, *_rows(kind), ""])


def _rows(kind: type[Rule]) -> Iterator[str]:
    hints = get_type_hints(kind, include_extras=True)
    for name, field in kind.model_fields.items():
        if name in Rule.model_fields:
            continue
        if name in CONDITIONS:
            role = f"when: {CONDITIONS[name].says}"
        else:
            role = "figure" if field.is_required() else "figure, may be left out"
        yield f"| `{name}` | {role} | {written(hints[name])} |"


def written(hint: Any) -> str:
    """How a value of this type is written in a book, in Markdown."""
    if get_origin(hint) is Annotated:
        docs = [extra.documentation for extra in get_args(hint)[1:] if isinstance(extra, Doc)]
        return docs[0] if docs else written(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return " or ".join(f"`{str(value).lower()}`" for value in get_args(hint))
    if get_origin(hint) in (frozenset, tuple):
        return f"a list of {written(get_args(hint)[0])}"
    parts = [part for part in get_args(hint) if part not in (NoneType, Ellipsis)]
    return " or ".join(written(part) for part in parts) or {bool: "`true` or `false`", int: "a number"}[hint]


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
