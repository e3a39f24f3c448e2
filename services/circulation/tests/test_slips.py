"""What a device prints."""

from __future__ import annotations

from typing import get_args

import pytest
from samlan_circulation.domain.outcomes import SUPERSEDED, ExceptionReason, exception_answer
from samlan_circulation.domain.slips import WHY, slip


@pytest.mark.parametrize("language", sorted(WHY))
@pytest.mark.parametrize("reason", [*get_args(ExceptionReason), SUPERSEDED])
def test_every_reason_is_told_in_the_language_of_the_branch(language: str, reason: str) -> None:
    lines = slip(exception_answer(reason, "vast/lerum"), "i1", None, language, "Lerum")
    assert "_" not in "".join(lines)
    assert WHY[language][reason] in lines[2]
