"""What rules about money say: late days, single fees, prices of items, stages and invoices."""

from __future__ import annotations

from samlan_contracts.policy.texts.words import Language

BY_FEES: dict[str, dict[Language, str]] = {
    "overdue_fee": {
        "sv": "Förseningsavgift {amount}: {days_late} ({first_day} till {last_day}) à {per_day}.",
        "da": "Gebyr for sen aflevering {amount}: {days_late} ({first_day} til {last_day}) à {per_day}.",
        "en": "Overdue fee {amount}: {days_late} ({first_day} to {last_day}) at {per_day} a day.",
    },
    "overdue_fee_for_a_day": {
        "sv": "Förseningsavgift {amount}: {days_late} ({first_day}).",
        "da": "Gebyr for sen aflevering {amount}: {days_late} ({first_day}).",
        "en": "Overdue fee {amount}: {days_late} ({first_day}).",
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
    "no_overdue_fee_for_a_day": {
        "sv": "Ingen förseningsavgift för {days_late} ({first_day}).",
        "da": "Intet gebyr for sen aflevering for {days_late} ({first_day}).",
        "en": "No overdue fee for {days_late} ({first_day}).",
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
    "fee_at_known_cost": {
        "sv": "{kind}: {amount}, den faktiska kostnaden.",
        "da": "{kind}: {amount}, den faktiske pris.",
        "en": "{kind}: {amount}, the actual cost.",
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
    "added_since_invoice": {
        "sv": "Av detta togs {charged} ut med räkningen; {added} tillkommer för dagarna därefter.",
        "da": "Heraf blev {charged} opkrævet med regningen; {added} lægges til for dagene derefter.",
        "en": "Of this {charged} was charged with the invoice; {added} is added for the days since then.",
    },
}
