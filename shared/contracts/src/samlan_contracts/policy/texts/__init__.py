"""All that the rules say to people, in Swedish, Danish and English: texts only, and never a figure.

A sentence may use every input of its reason by name, as that language writes it.
"""

from samlan_contracts.policy.texts.fees import BY_FEES
from samlan_contracts.policy.texts.refusals import BY_THEMSELVES
from samlan_contracts.policy.texts.rules import BY_RULES
from samlan_contracts.policy.texts.words import (
    CURRENCIES,
    FEES,
    LANGUAGES,
    MARKS,
    NOUNS,
    THRESHOLDS,
    WORDS,
    Language,
    first_written,
)

SENTENCES: dict[str, dict[Language, str]] = {**BY_RULES, **BY_FEES, **BY_THEMSELVES}

__all__ = [
    "CURRENCIES",
    "FEES",
    "LANGUAGES",
    "MARKS",
    "NOUNS",
    "SENTENCES",
    "THRESHOLDS",
    "WORDS",
    "Language",
    "first_written",
]
