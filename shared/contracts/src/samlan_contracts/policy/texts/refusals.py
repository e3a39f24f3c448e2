"""What a refusal says that no rule of a book stands behind."""

from __future__ import annotations

from samlan_contracts.policy.texts.words import Language

BY_THEMSELVES: dict[str, dict[Language, str]] = {
    "wrong_credentials": {
        "sv": "Kort eller personnummer och pinkod hör inte ihop.",
        "da": "Kort eller cpr-nummer og pinkode hører ikke sammen.",
        "en": "Card or identity number and PIN do not belong together.",
    },
    "account_rests": {
        "sv": "Kontot vilar; biblioteket öppnar det igen.",
        "da": "Kontoen er sat i bero; biblioteket åbner den igen.",
        "en": "The account rests; the library opens it again.",
    },
    "too_many_attempts": {
        "sv": "För många försök; försök igen om {wait}.",
        "da": "For mange forsøg; prøv igen om {wait}.",
        "en": "Too many attempts; try again in {wait}.",
    },
    "unknown_item": {
        "sv": "Exemplaret är okänt.",
        "da": "Eksemplaret er ukendt.",
        "en": "The item is not known.",
    },
    "unknown_loan": {
        "sv": "Lånet är okänt eller redan avslutat.",
        "da": "Lånet er ukendt eller allerede afsluttet.",
        "en": "The loan is not known, or it is over.",
    },
    "unknown_patron": {
        "sv": "Låntagaren är okänd.",
        "da": "Låneren er ukendt.",
        "en": "The patron is not known.",
    },
    "unknown_branch": {
        "sv": "Biblioteket är okänt.",
        "da": "Biblioteket er ukendt.",
        "en": "The branch is not known.",
    },
    "unknown_state": {
        "sv": "Ett exemplar kan inte märkas så.",
        "da": "Et eksemplar kan ikke mærkes sådan.",
        "en": "An item cannot be marked like that.",
    },
    "unknown_title": {
        "sv": "Titeln är okänd.",
        "da": "Titlen er ukendt.",
        "en": "The title is not known.",
    },
    "unknown_hold": {
        "sv": "Reservationen är okänd.",
        "da": "Reserveringen er ukendt.",
        "en": "The hold is not known.",
    },
    "unknown_fee": {
        "sv": "Avgiften är okänd.",
        "da": "Gebyret er ukendt.",
        "en": "The fee is not known.",
    },
    "unknown_kind": {
        "sv": "Biblioteket har ingen sådan avgift.",
        "da": "Biblioteket har intet sådant gebyr.",
        "en": "The library has no such fee.",
    },
    "unknown_member": {
        "sv": "Det finns inget sådant bibliotek i samarbetet.",
        "da": "Der er intet sådant bibliotek i samarbejdet.",
        "en": "There is no such member of the consortium.",
    },
    "not_for_loan": {
        "sv": "Exemplaret lånas inte ut.",
        "da": "Eksemplaret udlånes ikke.",
        "en": "The item is not lent.",
    },
    "already_on_loan": {
        "sv": "Exemplaret är redan utlånat.",
        "da": "Eksemplaret er allerede udlånt.",
        "en": "The item is on loan already.",
    },
    "reserved": {
        "sv": "Exemplaret står för någon annan.",
        "da": "Eksemplaret er sat til side til en anden.",
        "en": "The item is kept for somebody else.",
    },
    "not_your_loan": {
        "sv": "Lånet är någon annans.",
        "da": "Lånet er en andens.",
        "en": "The loan is somebody else's.",
    },
    "too_old_to_place": {
        "sv": "Det hände för länge sedan för att skrivas in bland det som har hänt exemplaret sedan dess.",
        "da": "Det skete for længe siden til at skrives ind mellem det, der er sket med eksemplaret siden.",
        "en": "It happened too long ago to be placed among what has happened to the item since.",
    },
    "no_rule": {
        "sv": "Biblioteket har ingen regel för detta.",
        "da": "Biblioteket har ingen regel for dette.",
        "en": "The library has no rule for this.",
    },
    "command_reused": {
        "sv": "Samma begäran har redan använts till något annat.",
        "da": "Samme anmodning er allerede brugt til noget andet.",
        "en": "The same request was used for something else already.",
    },
    "in_the_future": {
        "sv": "Det kan inte ha hänt ännu.",
        "da": "Det kan ikke være sket endnu.",
        "en": "It cannot have happened yet.",
    },
    "account_expired": {
        "sv": "Det tillfälliga kontot gäller inte längre.",
        "da": "Den midlertidige konto gælder ikke længere.",
        "en": "The temporary account is not valid any more.",
    },
    "account_inactive": {
        "sv": "Kontot vilar, för det har inte använts på länge.",
        "da": "Kontoen er sat i bero, for den har ikke været brugt længe.",
        "en": "The account rests, since it has not been used for long.",
    },
    "already_allotted": {
        "sv": "Reservationen har redan fått sitt exemplar.",
        "da": "Reserveringen har allerede fået sit eksemplar.",
        "en": "The hold has its item already.",
    },
    "already_ready": {
        "sv": "Exemplaret står redan på hämthyllan.",
        "da": "Eksemplaret står allerede på afhentningshylden.",
        "en": "The item stands on the pickup shelf already.",
    },
    "already_ended": {
        "sv": "Reservationen har redan upphört.",
        "da": "Reserveringen er allerede ophørt.",
        "en": "The hold has ended already.",
    },
    "already_held": {
        "sv": "Låntagaren har redan reserverat titeln.",
        "da": "Låneren har allerede reserveret titlen.",
        "en": "The patron holds the title already.",
    },
    "frozen": {
        "sv": "Reservationen är fryst.",
        "da": "Reserveringen er sat på pause.",
        "en": "The hold is frozen.",
    },
    "has_it_on_loan": {
        "sv": "Låntagaren har titeln hemma.",
        "da": "Låneren har titlen hjemme.",
        "en": "The patron has the title on loan.",
    },
    "no_pickup": {
        "sv": "Inget hämtställe är valt.",
        "da": "Intet afhentningssted er valgt.",
        "en": "No pickup branch is chosen.",
    },
    "not_needed_any_more": {
        "sv": "Det sista datum då den behövs har passerat.",
        "da": "Den sidste dato, hvor den skal bruges, er passeret.",
        "en": "The last day on which it is needed has passed.",
    },
    "already_paid": {
        "sv": "Avgiften är redan betald.",
        "da": "Gebyret er allerede betalt.",
        "en": "The fee is paid already.",
    },
    "amount_above_outstanding": {
        "sv": "Beloppet är högre än det som återstår att betala.",
        "da": "Beløbet er højere end det, der mangler at blive betalt.",
        "en": "The amount is more than what is left to pay.",
    },
    "other_currency": {
        "sv": "Avgifter i olika valutor betalas var för sig.",
        "da": "Gebyrer i forskellige valutaer betales hver for sig.",
        "en": "Fees in different currencies are paid separately.",
    },
    "blocked_card": {
        "sv": "Kortet är spärrat.",
        "da": "Kortet er spærret.",
        "en": "The card is blocked.",
    },
    "pin_required": {
        "sv": "Vid en automat behövs pinkoden.",
        "da": "Ved en automat skal pinkoden bruges.",
        "en": "A machine asks for the PIN.",
    },
    "other_member": {
        "sv": "Det tillhör ett annat bibliotek i samarbetet.",
        "da": "Det hører til et andet bibliotek i samarbejdet.",
        "en": "It belongs to another member of the consortium.",
    },
    "unknown_exception": {
        "sv": "Ärendet är okänt eller redan avslutat.",
        "da": "Sagen er ukendt eller allerede afsluttet.",
        "en": "The exception is not known, or it is settled.",
    },
    "only_through_staff": {
        "sv": "Det görs av bibliotekets personal.",
        "da": "Det gøres af bibliotekets personale.",
        "en": "Library staff do this.",
    },
}
