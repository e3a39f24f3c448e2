"""All that the rules say to people, in Swedish, Danish and English: texts only, and never a figure.

A sentence may use every input of its reason by name, as that language writes it.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["sv", "da", "en"]

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
    "invoice": {"sv": "Räkning", "da": "Regning", "en": "Invoice"},
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

SENTENCES: dict[str, dict[Language, str]] = {
    "due": {
        "sv": "Åter senast {due}: lånetiden är {period} från {from_day}.",
        "da": "Skal afleveres senest {due}: lånetiden er {period} fra {from_day}.",
        "en": "Due {due}: the loan period is {period} from {from_day}.",
    },
    "due_imported": {
        "sv": "Åter senast {due}, som bibliotekets tidigare system bestämde.",
        "da": "Skal afleveres senest {due}, som bibliotekets tidligere system bestemte.",
        "en": "Due {due}, as the library's earlier system decided.",
    },
    "due_printed": {
        "sv": "Åter senast {due}, som automaten skrev på kvittot när den inte kunde fråga.",
        "da": "Skal afleveres senest {due}, som automaten skrev på kvitteringen, da den ikke kunne spørge.",
        "en": "Due {due}, as the machine printed on the receipt when it could not ask.",
    },
    "reserved_for_others": {
        "sv": "Kan inte lånas ut: {holds_waiting} väntar.",
        "da": "Kan ikke udlånes: {holds_waiting} venter.",
        "en": "Cannot be lent: {holds_waiting} waiting.",
    },
    "due_with_queue": {
        "sv": "Åter senast {due}: {period} från {from_day}, för {holds_waiting} väntar.",
        "da": "Skal afleveres senest {due}: {period} fra {from_day}, for {holds_waiting} venter.",
        "en": "Due {due}: {period} from {from_day}, with {holds_waiting} waiting.",
    },
    "due_on_opening_day": {
        "sv": "Återlämningsdagen {counted} flyttas till {due}, nästa dag då {branch} har öppet.",
        "da": "Afleveringsdagen {counted} flyttes til {due}, næste dag hvor {branch} har åbent.",
        "en": "The due date {counted} moves to {due}, the next day on which {branch} is open.",
    },
    "renewals_left": {
        "sv": "Omlånat {renewals} av högst {max_renewals} gånger.",
        "da": "Fornyet {renewals} af højst {max_renewals} gange.",
        "en": "Renewed {renewals} of at most {max_renewals} times.",
    },
    "no_renewals_left": {
        "sv": "Kan inte lånas om: redan omlånat {renewals} av högst {max_renewals} gånger.",
        "da": "Kan ikke fornyes: allerede fornyet {renewals} af højst {max_renewals} gange.",
        "en": "Cannot be renewed: already renewed {renewals} of at most {max_renewals} times.",
    },
    "not_renewable": {
        "sv": "Den här sortens lån kan inte lånas om.",
        "da": "Denne slags lån kan ikke fornyes.",
        "en": "This kind of loan cannot be renewed.",
    },
    "queue_allows_renewal": {
        "sv": "Kan lånas om: {holds_waiting} väntar.",
        "da": "Kan fornyes: {holds_waiting} venter.",
        "en": "May be renewed: {holds_waiting} waiting.",
    },
    "others_are_waiting": {
        "sv": "Kan inte lånas om: {holds_waiting} väntar.",
        "da": "Kan ikke fornyes: {holds_waiting} venter.",
        "en": "Cannot be renewed: {holds_waiting} waiting.",
    },
    "old_enough": {
        "sv": "Lånas ut från {min_age} år.",
        "da": "Udlånes fra {min_age} år.",
        "en": "Lent from age {min_age}.",
    },
    "too_young": {
        "sv": "Lånas ut från {min_age} år; låntagaren är {age} år.",
        "da": "Udlånes fra {min_age} år; låneren er {age} år.",
        "en": "Lent from age {min_age}; the patron is {age}.",
    },
    "may_borrow_more": {
        "sv": "{on_loan} av högst {max_loans} samtidigt.",
        "da": "{on_loan} af højst {max_loans} ad gangen.",
        "en": "{on_loan} of at most {max_loans} at a time.",
    },
    "too_many_loans": {
        "sv": "Har redan {on_loan}; högst {max_loans} åt gången.",
        "da": "Har allerede {on_loan}; højst {max_loans} ad gangen.",
        "en": "Already has {on_loan}; at most {max_loans} at a time.",
    },
    "accepted_here": {
        "sv": "{branch} tar emot material från {item_member}.",
        "da": "{branch} modtager materialer fra {item_member}.",
        "en": "{branch} accepts items of {item_member}.",
    },
    "not_accepted_here": {
        "sv": "{branch} tar inte emot material från {item_member}; lånet är inte avslutat.",
        "da": "{branch} modtager ikke materialer fra {item_member}; lånet er ikke afsluttet.",
        "en": "{branch} does not accept items of {item_member}; the loan is not closed.",
    },
    "returned_when_dropped": {
        "sv": "Räknas som återlämnat {returned_at}, när det lades i inkastet.",
        "da": "Regnes som afleveret {returned_at}, da det blev lagt i kassen.",
        "en": "Counts as returned {returned_at}, when it was left in the book drop.",
    },
    "returned_when_opening": {
        "sv": "Räknas som återlämnat {returned_at}, vid öppning: inkastet användes efter stängning.",
        "da": "Regnes som afleveret {returned_at}, ved åbning: kassen blev brugt efter lukketid.",
        "en": "Counts as returned {returned_at}, at opening: the drop was used after closing.",
    },
    "overdue_fee": {
        "sv": "Förseningsavgift {amount}: {days_late} ({first_day} till {last_day}) à {per_day}.",
        "da": "Gebyr for sen aflevering {amount}: {days_late} ({first_day} til {last_day}) à {per_day}.",
        "en": "Overdue fee {amount}: {days_late} ({first_day} to {last_day}) at {per_day} a day.",
    },
    "overdue_fee_capped": {
        "sv": "Förseningsavgift {amount}: {days_late} à {per_day}, men högst {at_most} för ett lån.",
        "da": "Gebyr for sen aflevering {amount}: {days_late} à {per_day}, dog højst {at_most} for et lån.",
        "en": "Overdue fee {amount}: {days_late} at {per_day} a day, but at most {at_most} for one loan.",
    },
    "no_overdue_fee": {
        "sv": "Ingen förseningsavgift för {days_late} ({first_day} till {last_day}).",
        "da": "Intet gebyr for sen aflevering for {days_late} ({first_day} til {last_day}).",
        "en": "No overdue fee for {days_late} ({first_day} to {last_day}).",
    },
    "late_days_counted": {
        "sv": "Sedan {due} räknas {days_late}: bara dagar då biblioteket har öppet.",
        "da": "Siden {due} tælles {days_late}: kun dage hvor biblioteket har åbent.",
        "en": "Since {due} only days on which the library is open count: {days_late}.",
    },
    "fee": {
        "sv": "{kind}: {amount}.",
        "da": "{kind}: {amount}.",
        "en": "{kind}: {amount}.",
    },
    "fee_for_pages": {
        "sv": "{kind}: {amount} för {pages} à {each}.",
        "da": "{kind}: {amount} for {pages} à {each}.",
        "en": "{kind}: {amount} for {pages} at {each} each.",
    },
    "fee_for_pages_not_free": {
        "sv": "{kind}: {amount} för {pages} à {each}, varav {free_pages} gratis ur det som inte lånas ut.",
        "da": "{kind}: {amount} for {pages} à {each}, heraf {free_pages} gratis af det, der ikke udlånes.",
        "en": "{kind}: {amount} for {pages} at {each} each, with {free_pages} free of what is not lent.",
    },
    "fee_at_cost": {
        "sv": "{kind}: den faktiska kostnaden.",
        "da": "{kind}: den faktiske pris.",
        "en": "{kind}: at actual cost.",
    },
    "standard_price": {
        "sv": "Ersättning {amount}, schablonpriset.",
        "da": "Erstatning {amount}, standardprisen.",
        "en": "Replacement {amount}, the standard price.",
    },
    "new_price": {
        "sv": "Ersättning {amount}, nypriset, som är högre än schablonpriset {standard_price}.",
        "da": "Erstatning {amount}, nyprisen, som er højere end standardprisen {standard_price}.",
        "en": "Replacement {amount}, the new price, which is above the standard price {standard_price}.",
    },
    "stage_due": {
        "sv": "{stage}: {after_due} efter återlämningsdagen {due}.",
        "da": "{stage}: {after_due} efter afleveringsdagen {due}.",
        "en": "{stage}: {after_due} after the due date {due}.",
    },
    "invoice_terms": {
        "sv": "Betalas inom {payable_within}; inkasso {collection_after} efter förfallodagen.",
        "da": "Betales inden {payable_within}; inkasso {collection_after} efter forfaldsdagen.",
        "en": "Payable within {payable_within}; debt collection {collection_after} after it falls due.",
    },
    "invoice_terms_and_returns": {
        "sv": "Betalas inom {payable_within}; inkasso {collection_after} efter förfallodagen; "
        "lämnas lånet tillbaka faller bort: {dropped_on_return}.",
        "da": "Betales inden {payable_within}; inkasso {collection_after} efter forfaldsdagen; "
        "afleveres lånet, bortfalder: {dropped_on_return}.",
        "en": "Payable within {payable_within}; debt collection {collection_after} after it falls due; "
        "dropped when the loan is returned: {dropped_on_return}.",
    },
    "debt_blocks": {
        "sv": "Skulden på {balance} {threshold} och hindrar: {stops}; spärren hävs genom: {lifted_by}.",
        "da": "Gælden på {balance} {threshold} og hindrer: {stops}; spærringen ophæves ved: {lifted_by}.",
        "en": "The debt of {balance} {threshold} and stops: {stops}; the block is lifted by: {lifted_by}.",
    },
    "debt_does_not_block": {
        "sv": "Skulden på {balance} hindrar ingenting förrän den {threshold}.",
        "da": "Gælden på {balance} hindrer intet, før den {threshold}.",
        "en": "The debt of {balance} stops nothing until it {threshold}.",
    },
    "never_blocked": {
        "sv": "Den som är under {never_under} år hindras aldrig.",
        "da": "Den, der er under {never_under} år, hindres aldrig.",
        "en": "Nobody under {never_under} is ever stopped.",
    },
    "invoice_blocks": {
        "sv": "En faktura på förkommet eller skadat material hindrar: {stops}.",
        "da": "En regning på bortkommet eller beskadiget materiale hindrer: {stops}.",
        "en": "An invoice for lost or damaged items stops: {stops}.",
    },
    "lost_card_blocks": {
        "sv": "Kortet är spärrat som förlorat och hindrar: {stops}.",
        "da": "Kortet er spærret som mistet og hindrer: {stops}.",
        "en": "The card is blocked as lost and stops: {stops}.",
    },
    "staff_blocks": {
        "sv": "Personalen har spärrat kontot, vilket hindrar: {stops}.",
        "da": "Personalet har spærret kontoen, hvilket hindrer: {stops}.",
        "en": "Staff have blocked the account, which stops: {stops}.",
    },
    "invoice_blocks_until": {
        "sv": "En faktura på förkommet eller skadat material hindrar: {stops}; "
        "spärren hävs genom: {lifted_by}.",
        "da": "En regning på bortkommet eller beskadiget materiale hindrer: {stops}; "
        "spærringen ophæves ved: {lifted_by}.",
        "en": "An invoice for lost or damaged items stops: {stops}; the block is lifted by: {lifted_by}.",
    },
    "lost_card_blocks_until": {
        "sv": "Kortet är spärrat som förlorat och hindrar: {stops}; spärren hävs genom: {lifted_by}.",
        "da": "Kortet er spærret som mistet og hindrer: {stops}; spærringen ophæves ved: {lifted_by}.",
        "en": "The card is blocked as lost and stops: {stops}; the block is lifted by: {lifted_by}.",
    },
    "staff_blocks_until": {
        "sv": "Personalen har spärrat kontot, vilket hindrar: {stops}; spärren hävs genom: {lifted_by}.",
        "da": "Personalet har spærret kontoen, hvilket hindrer: {stops}; "
        "spærringen ophæves ved: {lifted_by}.",
        "en": "Staff have blocked the account, which stops: {stops}; the block is lifted by: {lifted_by}.",
    },
    "owing_blocks": {
        "sv": "En obetald skuld hindrar: {stops}.",
        "da": "En ubetalt gæld hindrer: {stops}.",
        "en": "An unpaid debt stops: {stops}.",
    },
    "account_blocks": {
        "sv": "Kontot är spärrat, vilket hindrar: {stops}.",
        "da": "Kontoen er spærret, hvilket hindrer: {stops}.",
        "en": "The account is blocked, which stops: {stops}.",
    },
    "debt_limit": {
        "sv": "En skuld som {threshold} spärrar kontot.",
        "da": "En gæld, der {threshold}, spærrer kontoen.",
        "en": "A debt that {threshold} blocks the account.",
    },
    "block_lifted_by": {
        "sv": "Spärren hävs genom: {lifted_by}.",
        "da": "Spærringen ophæves ved: {lifted_by}.",
        "en": "The block is lifted by: {lifted_by}.",
    },
    "shelf_deadline": {
        "sv": "Hämtas senast {last_day}: {shelf_time} från {ready_day}.",
        "da": "Afhentes senest {last_day}: {shelf_time} fra {ready_day}.",
        "en": "Collect by {last_day}: {shelf_time} from {ready_day}.",
    },
    "may_serve": {
        "sv": "Material från {item_member} får gå till reservationer hos {member}.",
        "da": "Materialer fra {item_member} må gå til reserveringer hos {member}.",
        "en": "Items of {item_member} may serve holds of {member}.",
    },
    "may_not_serve": {
        "sv": "Material från {item_member} går inte till reservationer hos {member}.",
        "da": "Materialer fra {item_member} går ikke til reserveringer hos {member}.",
        "en": "Items of {item_member} do not serve holds of {member}.",
    },
    "hold_terms": {
        "sv": "Reservationer tas emot genom: {channels}.",
        "da": "Reserveringer modtages gennem: {channels}.",
        "en": "Holds are taken by: {channels}.",
    },
    "notice_sent": {
        "sv": "Meddelas genom: {channels}.",
        "da": "Meddeles gennem: {channels}.",
        "en": "Told by: {channels}.",
    },
    "notice_not_sent": {
        "sv": "Meddelas inte.",
        "da": "Meddeles ikke.",
        "en": "Not told.",
    },
    "retention": {
        "sv": "Avgiftens uppgifter sparas {disputes}; ersättning betalas tillbaka inom {refunds}.",
        "da": "Gebyrets oplysninger gemmes {disputes}; erstatning betales tilbage inden {refunds}.",
        "en": "A fee's particulars are kept for {disputes}; a replacement is paid back within {refunds}.",
    },
    "waiver_limit": {
        "sv": "Personalen får efterskänka högst {limit}.",
        "da": "Personalet må eftergive højst {limit}.",
        "en": "Staff may waive at most {limit}.",
    },
    "temporary_may": {
        "sv": "Ett tillfälligt konto får: {may}.",
        "da": "En midlertidig konto må: {may}.",
        "en": "A temporary account may: {may}.",
    },
    "temporary_may_not": {
        "sv": "Ett tillfälligt konto får bara: {may}.",
        "da": "En midlertidig konto må kun: {may}.",
        "en": "A temporary account may only: {may}.",
    },
    "temporary_expires": {
        "sv": "Ett tillfälligt konto gäller i {lasts}.",
        "da": "En midlertidig konto gælder i {lasts}.",
        "en": "A temporary account is valid for {lasts}.",
    },
    "pin_digits": {
        "sv": "En PIN-kod har {pin_digits} siffror.",
        "da": "En pinkode har {pin_digits} cifre.",
        "en": "A PIN has {pin_digits} digits.",
    },
    "card_from": {
        "sv": "Lånekort från {card_from} år.",
        "da": "Lånerkort fra {card_from} år.",
        "en": "A card from age {card_from}.",
    },
    "too_young_for_a_card": {
        "sv": "Lånekort från {card_from} år; låntagaren är {age} år.",
        "da": "Lånerkort fra {card_from} år; låneren er {age} år.",
        "en": "A card from age {card_from}; the patron is {age}.",
    },
    "guardian_consents": {
        "sv": "Under {guardian_under} år behövs vårdnadshavarens godkännande.",
        "da": "Under {guardian_under} år kræves værgens samtykke.",
        "en": "Under {guardian_under} a guardian's consent is needed.",
    },
    "own_identification": {
        "sv": "Från {guardian_under} år räcker egen legitimation.",
        "da": "Fra {guardian_under} år er egen legitimation nok.",
        "en": "From {guardian_under} one's own identification is enough.",
    },
    "contact_alone": {
        "sv": "Från {contact_alone_from} år ändras kontaktuppgifter på egen hand.",
        "da": "Fra {contact_alone_from} år ændres kontaktoplysninger på egen hånd.",
        "en": "From {contact_alone_from} contact details are changed without staff.",
    },
    "contact_at_the_desk": {
        "sv": "Under {contact_alone_from} år ändras kontaktuppgifter av bibliotekets personal.",
        "da": "Under {contact_alone_from} år ændres kontaktoplysninger af bibliotekets personale.",
        "en": "Under {contact_alone_from} contact details are changed by library staff.",
    },
    "card_blocked_alone": {
        "sv": "Ett borttappat kort spärras på egen hand.",
        "da": "Et mistet kort spærres på egen hånd.",
        "en": "A lost card is blocked without staff.",
    },
    "card_blocked_at_the_desk": {
        "sv": "Ett borttappat kort spärras av biblioteket.",
        "da": "Et mistet kort spærres af biblioteket.",
        "en": "A lost card is blocked by the library.",
    },
    "staffless_hours": {
        "sv": "Meröppet {hours} för den som är registrerad.",
        "da": "Selvbetjent åbent {hours} for den, der er registreret.",
        "en": "Staffless hours {hours} for those registered.",
    },
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
