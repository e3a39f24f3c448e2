"""The words that sentences are made of: things that are counted, acts, channels, fees, currencies."""

from __future__ import annotations

from typing import Final, Literal, get_args

Language = Literal["sv", "da", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


def first_written(*wanted: str | None) -> Language:
    """The first of these languages that texts are written in, whatever country it is of; else English."""
    asked = [(one or "").lower().partition("-")[0] for one in wanted]
    return next((written for one in asked for written in LANGUAGES if written == one), "en")


NOUNS: dict[str, dict[Language, tuple[str, str]]] = {
    "hold": {
        "sv": ("reservation", "reservationer"),
        "da": ("reservering", "reserveringer"),
        "en": ("hold", "holds"),
    },
    "renewal": {"sv": ("omlån", "omlån"), "da": ("fornyelse", "fornyelser"), "en": ("renewal", "renewals")},
    "loan": {"sv": ("lån", "lån"), "da": ("lån", "lån"), "en": ("loan", "loans")},
    "day": {"sv": ("dag", "dagar"), "da": ("dag", "dage"), "en": ("day", "days")},
    "second": {"sv": ("sekund", "sekunder"), "da": ("sekund", "sekunder"), "en": ("second", "seconds")},
    "month": {"sv": ("månad", "månader"), "da": ("måned", "måneder"), "en": ("month", "months")},
    "year": {"sv": ("år", "år"), "da": ("år", "år"), "en": ("year", "years")},
    "page": {"sv": ("sida", "sidor"), "da": ("side", "sider"), "en": ("page", "pages")},
}

WORDS: dict[str, dict[Language, str]] = {
    "email": {"sv": "e-post", "da": "e-mail", "en": "e-mail"},
    "sms": {"sv": "sms", "da": "sms", "en": "text message"},
    "web": {"sv": "webbplatsen", "da": "hjemmesiden", "en": "the website"},
    "phone": {"sv": "telefon", "da": "telefon", "en": "telephone"},
    "desk": {"sv": "disken", "da": "skranken", "en": "the desk"},
    "payment": {"sv": "betalning", "da": "betaling", "en": "payment"},
    "return": {"sv": "återlämning", "da": "aflevering", "en": "return"},
    "staff": {"sv": "personalen", "da": "personalet", "en": "staff"},
    "overdue": {"sv": "förseningsavgift", "da": "gebyr for sen aflevering", "en": "overdue fee"},
    "reminder": {"sv": "påminnelseavgift", "da": "rykkergebyr", "en": "reminder fee"},
    "invoice": {"sv": "fakturaavgift", "da": "regningsgebyr", "en": "invoice fee"},
    "replacement": {
        "sv": "ersättning för exemplaret",
        "da": "erstatning for eksemplaret",
        "en": "replacement of the item",
    },
    "borrow": {"sv": "låna", "da": "låne", "en": "borrow"},
    "renew": {"sv": "låna om", "da": "forny", "en": "renew"},
    "hold": {"sv": "reservera", "da": "reservere", "en": "place holds"},
    "book_computer": {"sv": "boka dator", "da": "booke computer", "en": "book a computer"},
    "staffless": {"sv": "använda meröppet", "da": "bruge åbent bibliotek", "en": "use staffless hours"},
    "book": {"sv": "böcker", "da": "bøger", "en": "books"},
    "audiobook": {"sv": "ljudböcker", "da": "lydbøger", "en": "audiobooks"},
    "daisy": {"sv": "DAISY-talböcker", "da": "DAISY-lydbøger", "en": "DAISY talking books"},
    "music_cd": {"sv": "musik-cd", "da": "musik-cd'er", "en": "music CDs"},
    "periodical": {"sv": "tidskrifter", "da": "tidsskrifter", "en": "periodicals"},
    "feature_film": {"sv": "spelfilmer", "da": "spillefilm", "en": "feature films"},
    "documentary_film": {"sv": "dokumentärfilmer", "da": "dokumentarfilm", "en": "documentary films"},
    "childrens_film": {"sv": "barnfilmer", "da": "børnefilm", "en": "children's films"},
    "factual_film": {"sv": "faktafilmer", "da": "faktafilm", "en": "factual films"},
    "tv_series": {"sv": "tv-serier", "da": "tv-serier", "en": "TV series"},
    "dvd": {"sv": "dvd-filmer", "da": "dvd-film", "en": "DVDs"},
    "video_game": {"sv": "tv-spel", "da": "videospil", "en": "video games"},
    "board_game": {"sv": "brädspel", "da": "brætspil", "en": "board games"},
    "book_club_bag": {"sv": "bokcirkelpåsar", "da": "læsekredsposer", "en": "book-circle bags"},
    "theme_bag": {"sv": "temapåsar", "da": "temaposer", "en": "theme bags"},
    "quick_loan": {"sv": "snabblån", "da": "hurtiglån", "en": "quick loans"},
    "ebook": {"sv": "e-böcker", "da": "e-bøger", "en": "e-books"},
}

# what stands between thousands and before decimals
MARKS: dict[Language, tuple[str, str]] = {"sv": (" ", ","), "da": (".", ","), "en": (",", ".")}

# a currency whose plain name would be taken for the reader's own keeps its code
CURRENCIES: dict[Language, dict[str, str]] = {
    "sv": {"SEK": "kr", "DKK": "Dkr", "NOK": "Nkr"},
    "da": {"DKK": "kr."},
    "en": {},
}

THRESHOLDS: dict[str, dict[Language, str]] = {
    ">": {"sv": "är mer än", "da": "er mere end", "en": "is more than"},
    ">=": {"sv": "är minst", "da": "er mindst", "en": "is at least"},
}

FEES: dict[str, dict[Language, str]] = {
    "due_reminder": {"sv": "Förvarning", "da": "Påmindelse før tiden", "en": "Reminder before the due date"},
    "reminder_1": {"sv": "Första påminnelsen", "da": "Første rykker", "en": "First reminder"},
    "reminder_2": {"sv": "Andra påminnelsen", "da": "Anden rykker", "en": "Second reminder"},
    "invoice": {"sv": "Fakturaavgift", "da": "Regningsgebyr", "en": "Invoice fee"},
    "invoiced": {"sv": "Räkning", "da": "Regning", "en": "Invoice"},
    "card": {"sv": "Nytt bibliotekskort", "da": "Nyt lånerkort", "en": "New library card"},
    "hold": {"sv": "Reservation", "da": "Reservering", "en": "Hold"},
    "interlibrary": {"sv": "Fjärrlån", "da": "Fjernlån", "en": "Interlibrary loan"},
    "interlibrary_copy": {"sv": "Fjärrlånekopia", "da": "Fjernlånskopi", "en": "Interlibrary copy"},
    "interlibrary_abroad": {
        "sv": "Fjärrlån från utlandet",
        "da": "Fjernlån fra udlandet",
        "en": "Interlibrary loan from abroad",
    },
    "print_a4_bw": {"sv": "Utskrift A4 svartvitt", "da": "Print A4 sort-hvid", "en": "Print A4 black"},
    "print_a4_colour": {"sv": "Utskrift A4 färg", "da": "Print A4 farve", "en": "Print A4 colour"},
    "print_a3_bw": {"sv": "Utskrift A3 svartvitt", "da": "Print A3 sort-hvid", "en": "Print A3 black"},
    "print_a3_colour": {"sv": "Utskrift A3 färg", "da": "Print A3 farve", "en": "Print A3 colour"},
}
