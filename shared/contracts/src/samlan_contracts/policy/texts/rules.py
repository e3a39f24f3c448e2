"""What the rules of the books say when they decide."""

from __future__ import annotations

from samlan_contracts.policy.texts.words import Language

BY_RULES: dict[str, dict[Language, str]] = {
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
    "due_at_a_visit": {
        "sv": "Återlämningsdagen {counted} flyttas till {due}, nästa besök av {branch}.",
        "da": "Afleveringsdagen {counted} flyttes til {due}, næste besøg af {branch}.",
        "en": "The due date {counted} moves to {due}, the next visit of {branch}.",
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
    "may_borrow_more_of_these": {
        "sv": "{on_loan} av {materials}; högst {max_loans} åt gången.",
        "da": "{on_loan} af {materials}; højst {max_loans} ad gangen.",
        "en": "{on_loan} of {materials}; at most {max_loans} at a time.",
    },
    "too_many_of_these": {
        "sv": "Har redan {on_loan} av {materials}; högst {max_loans} åt gången.",
        "da": "Har allerede {on_loan} af {materials}; højst {max_loans} ad gangen.",
        "en": "Already has {on_loan} of {materials}; at most {max_loans} at a time.",
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
    "not_accepted_without_staff": {
        "sv": "Utan personal tar {branch} bara emot av den som är registrerad för meröppet; "
        "lånet är inte avslutat.",
        "da": "Uden personale modtager {branch} kun fra den, der er registreret til åbent bibliotek; "
        "lånet er ikke afsluttet.",
        "en": "Without staff {branch} accepts items only from those registered for staffless hours; "
        "the loan is not closed.",
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
    "local_first": {
        "sv": "Bland de {local_first_places} första i kön går de före som hämtas där exemplaret är.",
        "da": "Blandt de {local_first_places} første i køen går de forud, der afhentes, hvor eksemplaret er.",
        "en": "Among the first {local_first_places} in the queue those picked up where the item is go first.",
    },
    "asked_elsewhere": {
        "sv": "Ingen i samarbetet har titeln: den beställs som fjärrlån från ett annat bibliotek.",
        "da": "Ingen i samarbejdet har titlen: den bestilles som fjernlån fra et andet bibliotek.",
        "en": "Nobody in the consortium has the title: it is asked for as an interlibrary loan.",
    },
    "need_is_over": {
        "sv": "Behövdes senast {last_needed} och fick inget exemplar till dess.",
        "da": "Skulle bruges senest {last_needed} og fik intet eksemplar inden da.",
        "en": "Needed by {last_needed}, and no item came by then.",
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
}
