"""What `samlan policy explain` says beside the rules' own sentences, in Swedish, Danish and English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from samlan_contracts.policy.texts import LANGUAGES, WORDS
from samlan_contracts.shapes import Because

from samlan.policy.cases import Sentence

TEXTS: Final[Mapping[str, Sentence]] = {
    "borrow_yes": {"sv": "Får lånas.", "da": "Må lånes.", "en": "May be borrowed."},
    "borrow_no": {"sv": "Får inte lånas:", "da": "Må ikke lånes:", "en": "May not be borrowed:"},
    "renew_yes": {"sv": "Får lånas om.", "da": "Må fornyes.", "en": "May be renewed."},
    "renew_no": {"sv": "Kan inte lånas om:", "da": "Kan ikke fornyes:", "en": "Cannot be renewed:"},
    "hold_yes": {"sv": "Får reserveras.", "da": "Må reserveres.", "en": "May be held."},
    "hold_no": {"sv": "Får inte reserveras:", "da": "Må ikke reserveres:", "en": "May not be held:"},
    "blocked": {
        "sv": "Kontot är spärrat: {cause}.", "da": "Kontoen er spærret: {cause}.",
        "en": "The account is blocked: {cause}.",
    },
    "due_stays": {
        "sv": "Återlämningsdagen {due} står kvar.", "da": "Afleveringsdagen {due} bliver stående.",
        "en": "The due date {due} stays.",
    },
    "not_on_loan": {"sv": "Exemplaret är inte utlånat.", "da": "Eksemplaret er ikke udlånt.",
                    "en": "The item is not on loan."},
    "channel_not_offered": {
        "sv": "Reservationer tas inte emot den vägen.", "da": "Reserveringer modtages ikke ad den vej.",
        "en": "Holds are not taken that way.",
    },
    "in_time": {
        "sv": "Återlämnas det {returned} kostar det ingenting: sista dag är {due}.",
        "da": "Afleveres det {returned}, koster det intet: sidste dag er {due}.",
        "en": "Returned on {returned} it costs nothing: the last day is {due}.",
    },
    "late": {
        "sv": "Återlämnas det {returned} kostar det {amount}.",
        "da": "Afleveres det {returned}, koster det {amount}.",
        "en": "Returned on {returned} it costs {amount}.",
    },
    "counts_at_once": {
        "sv": "Räknas som återlämnat när det lämnas in.", "da": "Regnes som afleveret, når det afleveres.",
        "en": "Counts as returned when it is handed in.",
    },
    "not_told": {"sv": "{notice}: meddelas inte.", "da": "{notice}: meddeles ikke.",
                 "en": "{notice}: not told."},
    "told": {
        "sv": "{notice}{when}: till {whom}, genom {channels}.",
        "da": "{notice}{when}: til {whom}, ved {channels}.",
        "en": "{notice}{when}: to {whom}, by {channels}.",
    },
    "if_wanted": {
        "sv": "{notice}{when}: till {whom}, genom {channels}, för den som bett om det.",
        "da": "{notice}{when}: til {whom}, ved {channels}, for den der har bedt om det.",
        "en": "{notice}{when}: to {whom}, by {channels}, for those who asked for it.",
    },
    "no_rule": {
        "sv": "Boken har ingen regel för detta.", "da": "Bogen har ingen regel for dette.",
        "en": "The book has no rule for this.",
    },
}  # fmt: skip
NAMES: Final[Mapping[str, Sentence]] = {
    "due_soon": {"sv": "Förvarning", "da": "Påmindelse før tiden", "en": "Reminder before the due date"},
    "overdue_1": {"sv": "Första påminnelsen", "da": "Første rykker", "en": "First reminder"},
    "overdue_2": {"sv": "Andra påminnelsen", "da": "Anden rykker", "en": "Second reminder"},
    "invoice": {"sv": "Räkning", "da": "Regning", "en": "Invoice"},
    "hold_ready": {"sv": "Klar att hämta", "da": "Klar til afhentning", "en": "Ready to collect"},
    "fee_charged": {"sv": "Avgift", "da": "Gebyr", "en": "Fee charged"},
    "receipt": {"sv": "Kvitto", "da": "Kvittering", "en": "Receipt"},
    "patron": {"sv": "låntagaren", "da": "låneren", "en": "the patron"},
    "guardian": {"sv": "vårdnadshavaren", "da": "værgen", "en": "the guardian"},
    "borrow": {"sv": "LÅNA", "da": "LÅN", "en": "BORROW"},
    "renew": {"sv": "LÅNA OM", "da": "FORNY", "en": "RENEW"},
    "return": {"sv": "LÄMNA TILLBAKA", "da": "AFLEVER", "en": "RETURN"},
    "hold": {"sv": "RESERVERA", "da": "RESERVER", "en": "HOLD"},
    "rule": {"sv": "regel", "da": "regel", "en": "rule"},
    "version": {"sv": "version", "da": "version", "en": "version"},
    "always": {"sv": "gäller tills vidare", "da": "gælder indtil videre", "en": "always in force"},
    "in_force": {"sv": "gäller", "da": "gælder", "en": "in force"},
    "lost_card": {"sv": "förlorat kort", "da": "mistet kort", "en": "a lost card"},
    "staff": {"sv": "av personalen", "da": "af personalet", "en": "by staff"},
    "debt": {"sv": "skuld", "da": "gæld", "en": "a debt"},
}  # fmt: skip


def text(name: str, **inputs: Sentence | str) -> Sentence:
    """A sentence in every language; an input may differ by language."""
    return {
        language: said.format(**{key: _in(value, language) for key, value in inputs.items()})
        for language, said in TEXTS[name].items()
    }


def sentences(because: Because) -> list[Sentence]:
    """The sentences in which rules say what they decide."""
    return [why["says"] for why in because if why.get("says")]


def name(key: str) -> Sentence:
    """A word in every language, or the key itself where it has no other name."""
    return NAMES.get(key) or dict.fromkeys(LANGUAGES, key)


def joined(sentences: Iterable[Sentence]) -> Sentence:
    """Sentences after each other, none of them twice."""
    told = list(sentences)
    return {
        language: " ".join(dict.fromkeys(one.get(language, "") for one in told if one.get(language)))
        for language in LANGUAGES
    }


def after(opening: str, sentences: Iterable[Sentence]) -> Sentence:
    """An opening and what follows it; a sentence that opens with the same words does not say them again."""
    opened, told = TEXTS[opening], list(sentences)
    short = [
        {language: said.removeprefix(opened[language]).strip() for language, said in one.items()}
        for one in told
    ]
    later = [{language: f"{said[:1].upper()}{said[1:]}" for language, said in one.items()} for one in short]
    return joined([opened, *short[:1], *later[1:]])


def listed(words: Iterable[str]) -> Sentence:
    """Words of the books in a row, as each language writes them."""
    found = list(words)
    return {
        language: ", ".join(WORDS.get(one, {}).get(language, one) for one in found) for language in LANGUAGES
    }


def _in(value: Sentence | str, language: str) -> str:
    return value if isinstance(value, str) else value[language]
