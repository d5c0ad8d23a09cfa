"""Reasons of refusals in words: what happened, said as at the counter. The one table; pages add theirs with
`say`.

A reason comes from a service (`chassis.errors.Refusal.reason`, `Violation.reason`); the words are
translated here. A sentence may use the refusal's metadata: `%(minimum)s`; without them the plainer words of
its class are used.
"""

from collections.abc import Mapping

from flask_babel import LazyString

from chassis.errors import (
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    RateLimited,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from gateway.web.languages import lazy_gettext as _l

# By the class of a refusal, when its reason has no words of its own.
FAMILY: dict[type[Refusal], LazyString] = {
    NotFound: _l("We cannot find it. It may have been moved, or it belongs to another account."),
    Invalid: _l("Something in the form is not right."),
    FailedPrecondition: _l("This cannot be done now."),
    Conflict: _l("Somebody changed this a moment ago. See how it looks now and try again."),
    PermissionDenied: _l("You have no access to this."),
    Unauthenticated: _l("Log in again, please."),
    RateLimited: _l("Too many attempts in a short time."),
    Unavailable: _l("Part of the service is not answering at the moment. Try again in a while."),
}

# By reason: what people can run into. The order is that of the services.
REASONS: dict[str, LazyString] = {
    # identity
    "LOGIN_REFUSED": _l("The e-mail address and the password do not fit together."),
    "TOO_MANY_ATTEMPTS": _l("Too many attempts in a short time. We stop them to keep your account safe."),
    "SESSION_ENDED": _l("You were away for long, so we logged you out. Log in again, please."),
    "LOGIN_REQUIRED": _l("Log in to see this."),
    "CUSTOMER_NOT_GRANTED": _l("Your account has no access to this customer."),
    "PASSWORD_TOO_WEAK": _l("This password is too easy to guess. Add a few words."),
    "STEP_UP_REQUIRED": _l("Prove once more that it is you, then go on."),
    "CHALLENGE_ENDED": _l("This took too long, or it was done already. Begin again."),
    "CODE_REFUSED": _l("This code does not fit, or it has expired. Type the one shown now."),
    "PASSWORD_WRONG": _l("This is not your password."),
    "FACTOR_REQUIRED": _l("Staff always log in with a code. You can set up another app, but not do without."),
    "NO_FACTOR": _l("Recovery codes go with an app with codes. Set one up first."),
    "OWN_FACTOR": _l("You change your own app under “Security”."),
    "EMAIL_IN_FORCE": _l("This link was used already: you log in with the new address."),
    "LINK_NOT_VALID": _l(
        "This link no longer works: it was used, replaced by a newer one, or it is too old."
    ),
    "PROOF_NOT_ACCEPTED": _l("These data do not fit together. Copy them from your latest invoice."),
    "TOO_MANY_CUSTOMERS": _l("One account cannot hold more customers. Call us and we will help."),
    "USER_NOT_FOUND": _l("This account no longer exists."),
    "STAFF_CHANGED": _l("Somebody else changed this person meanwhile. Open it anew and look."),
    "LAST_ADMINISTRATOR": _l(
        "Nobody could undo this: somebody must stay administrator without a limited area."
    ),
    "ROLE_FIXED": _l("The administrator can do everything, always."),
    "ROLE_CHANGED": _l("Somebody else changed this role meanwhile. Open it anew and look."),
    "ROLE_IN_USE": _l("Somebody has this role. Give them another one first."),
    "TOO_MANY_ROLES": _l("There are fifty roles already. Change one of them instead."),
    "HASHING_BUSY": _l("Many people are logging in just now. Try again in a moment."),
    # billing
    "INVOICE_NOT_FOUND": _l("We cannot find this invoice. It may belong to another account."),
    "INVOICE_DISCARDED": _l("This draft was discarded, so it cannot be issued."),
    "CUSTOMER_NOT_FOUND": _l("We cannot find this customer."),
    "CONTRACT_NOT_FOUND": _l("We cannot find this contract."),
    "SERVICE_POINT_NOT_FOUND": _l("We cannot find this meter. It may belong to another account."),
    "RANGE_TOO_LONG": _l("There are too many entries between these days. Choose a shorter time."),
    "TARIFF_VERSION_NOT_FOUND": _l("We cannot find this version of the tariff."),
    "TARIFF_VERSION_EXISTS": _l(
        "There is already a version from this day. Choose another day or change that one."
    ),
    "TARIFF_VERSION_PUBLISHED": _l(
        "This version is published and can no longer be changed. Start a new one."
    ),
    "TARIFF_VERSION_EMPTY": _l("This version has no components yet, so it cannot be published."),
    "TARIFF_PERIOD_BILLED": _l("Invoices for these days are already issued. Choose a later day."),
    "RUN_NOT_FOUND": _l("We cannot find this billing run."),
    "RUN_NOT_READY": _l("The run is still being calculated. Wait until it is ready."),
    "RUN_ISSUED": _l("The invoices of this run are issued, so it can no longer be discarded."),
    "RUN_OVERLAPS": _l("Another open run covers these days. Issue or discard it first."),
    "PERIOD_IN_FUTURE": _l("This period has not ended yet."),
    "INVOICE_COUNT_DIFFERS": _l("The number you typed is not the number of invoices in this run."),
    "ENTRY_NOT_FOUND": _l("We cannot find this entry. It may belong to another account."),
    "IMPORT_NOT_FOUND": _l("We cannot find this import."),
    "REJECT_NOT_FOUND": _l("We cannot find this refused row."),
    "REJECT_SETTLED": _l("Somebody has already settled this row. See what came of it."),
    "TRIAL_ONLY": _l("This row is of a trial: nothing of it is kept, so there is nothing to mend."),
    "IMPORT_FINISHED": _l("This import is finished."),
    "IMPORT_CANCELLED": _l("This import was cancelled."),
    "IMPORT_DIFFERS": _l("This number belongs to another import."),
    "UNREADABLE_DOCUMENT": _l("This document cannot be shown now. Call us and we will look into it."),
    # payments
    "PAYMENT_NOT_FOUND": _l("We cannot find this payment. It may belong to another account."),
    "PAYMENT_NOT_SETTLED": _l("This payment is not paid yet."),
    "NOTHING_TO_PAY": _l("These invoices are paid already. There is nothing to pay."),
    "INVOICE_NOT_PAYABLE": _l(
        "One of these invoices cannot be paid here. Open the page anew and choose again."
    ),
    "METHOD_NOT_OFFERED": _l("This way to pay is closed at the moment. Choose another one."),
    "REQUEST_DIFFERS": _l("Something else was begun with this form. Open the page anew."),
    "TOO_MANY_UNFINISHED": _l(
        "Too many payments of this account are under way. Finish one of them, or wait until they end."
    ),
    "PROVIDER_AWAY": _l("The payment operator is not answering at the moment."),
    "PROVIDER_FAULT": _l("The payment operator answered with something we do not understand."),
    "REFUSED_BY_PROVIDER": _l("The payment operator refused this."),
    "CANCELLED": _l("It was given up before it was paid."),
    "REFUND_TOO_LARGE": _l("This is more than is left of the payment."),
    "PAYING_NOT_GRANTED": _l("You may look at this account, but not pay for it."),
    # tickets
    "TICKET_NOT_FOUND": _l("We cannot find this case. It may belong to another account."),
    "TICKET_CLOSED": _l("This case is closed. Open it again, or open a new one."),
    "TICKET_OPEN": _l("This case is not closed yet."),
    "TICKET_CHANGED": _l("Somebody else did something with this case meanwhile. See how it stands now."),
    "TOO_MANY_TICKETS": _l("These are many cases for one day. Write into one that is open, or call us."),
    "TOO_MANY_MESSAGES": _l("There are too many messages in this case. Open a new one."),
    "TOO_MANY_ATTACHMENTS": _l("There are too many files. Send a few at a time."),
    "ATTACHMENT_NOT_FOUND": _l("A file is not there any more. Choose your files again."),
    "TYPE_NOT_ALLOWED": _l("We do not take files of this kind."),
    "IMAGE_NOT_READABLE": _l("This picture cannot be opened. Take another photo, or save it as JPG."),
    "CONTENT_SUSPICIOUS": _l("This file could do harm, so we do not take it. Save it as PDF."),
    "EMPTY": _l("There is nothing in this file."),
    "CATEGORY_NOT_FOUND": _l("We cannot find this category."),
    "CATEGORY_CLOSED": _l("This matter is not offered any more. Choose another one."),
    "CATEGORY_CHANGED": _l("Somebody else changed this category meanwhile. Open it anew."),
    "TRANSITION_NOT_ALLOWED": _l("This step cannot be taken from here. See where the case stands now."),
    "STAFF_NOT_FOUND": _l("We know nobody of that kind among those who work on cases."),
    "WORKFLOW_NOT_FOUND": _l("We cannot find this workflow, or none of its versions is published."),
    "WORKFLOW_CHANGED": _l("Somebody else changed this workflow meanwhile. Open it anew."),
    "NO_DRAFT": _l("There is no draft to publish."),
    "CANNED_ANSWER_NOT_FOUND": _l("We cannot find this ready answer."),
    "CONSENT_EXISTS": _l("Another consent was written down with this form. Open the page anew."),
    "CONTACT_EXISTS": _l("This entry belongs to another customer. Open the form anew."),
    # any service
    "TOKEN_REFUSED": _l("Log in again, please."),
    "ACCESS_REFUSED": _l("You have no access to this."),
    "OUTSIDE_AREA": _l("This is outside your area."),
    "NO_ANSWER": _l("Part of the service is not answering at the moment. Try again in a while."),
    "DATABASE_AWAY": _l("Part of the service is not answering at the moment. Try again in a while."),
    "FILES_AWAY": _l("Part of the service is not answering at the moment. Try again in a while."),
    "DATABASE_BUSY": _l("The service is very busy just now. Try again in a moment."),
    "MESSAGE_TOO_LARGE": _l("This is larger than we can take."),
    # why a customer was parked in a billing run
    "NO_READING": _l("No reading"),
    "READING_WAITS": _l("A reading waits to be checked"),
    "NO_TARIFF": _l("No tariff"),
    "NO_PRICE": _l("No price for a day"),
    "NO_METER": _l("No meter"),
    "ALREADY_BILLED": _l("Already billed"),
    "USE_UNUSUAL": _l("More than three times the usual use"),
    "TOTALS_DIFFER": _l("The sums do not agree"),
    "CONTRACT_BROKEN": _l("The contract has a gap or an overlap"),
    # why a message was not sent
    "NO_ADDRESS": _l("No address"),
    "NO_CONSENT": _l("No consent"),
    "OVERTAKEN": _l("Paid after all"),
    "NO_PHONE": _l("No telephone number"),
    "NOT_WANTED": _l("Switched off by the customer"),
    "CHANNEL_OFF": _l("No SMS are sent here"),
    "PAID_MEANWHILE": _l("Paid meanwhile"),
    "NUMBER_REFUSED": _l("This number takes no SMS"),
    "NOT_DELIVERED": _l("It did not arrive"),
    "NEVER_REACHED": _l("The telephone was not reached"),
    "NO_FUNDS": _l("The account for SMS is empty"),
    "REPORT_REFUSED": _l("This address takes no reports."),
    "REPORT_EARLY": _l("This report came too early. Send it again."),
    "EXPIRED": _l("Too late to be of use"),
    "REFUSED_BY_SERVER": _l("Refused by the recipient's server"),
    "ADDRESS_MALFORMED": _l("This is no e-mail address"),
    "SEAL_BROKEN": _l("The link in it could not be opened"),
    "SERVER_BUSY": _l("The recipient's server asked to wait"),
    "SENDER_REFUSED": _l("Our mail server does not take our mail"),
    "IN_DOUBT": _l("The connection broke: it may have arrived"),
    "NOT_WRITTEN": _l("It could not be written: a fault of ours"),
}

# What is wrong with one field.
FIELDS: dict[str, LazyString] = {
    "REQUIRED": _l("Fill this in."),
    "TOO_LONG": _l("This is too long."),
    "TOO_SHORT": _l("This is too short."),
    "TOO_MANY": _l("There are too many of these."),
    "TOO_LARGE": _l("This file is too large."),
    "MALFORMED": _l("Check this, something is missing or mistyped."),
    "OUT_OF_RANGE": _l("This value is out of range."),
    "UNKNOWN": _l("Choose one of the values from the list."),
    "TAKEN": _l("This is already taken."),
    "IN_FUTURE": _l("This day has not come yet."),
    "IN_PAST": _l("This day has passed."),
    "WRONG_CHECKSUM": _l("Check the digits, one of them is wrong."),
    "TOO_WEAK": _l("This password is too easy to guess. Add a few words."),
    "WRONG_TYPE": _l("We do not take files of this kind."),
    "OWN_DATA": _l("Leave out your name, your e-mail address and our name: they are guessed first."),
    "COMMON": _l("Many people use this password, so it is guessed first. Choose another."),
    "PATTERN": _l("This follows a simple pattern. Choose a few words that do not belong together."),
    "SAME_EMAIL": _l("This is the address you have now."),
    "DATE": _l("A date is guessed soon. Choose a few words that do not belong together."),
    "GUESSABLE": _l("This is guessed soon. Choose a few words that do not belong together."),
    "LEAKED": _l("This password stands in a list of stolen ones, so it is tried first. Choose another one."),
    "BELOW_PREVIOUS": _l("This is lower than the last reading. Check the digits and the meter's number."),
    "ABOVE_DIGITS": _l("The meter has fewer digits than that."),
    "SECOND_OF_DAY": _l("There is already a reading for this day."),
    "OUTSIDE_METER_LIFE": _l("The meter was not in use on this day."),
    "UNKNOWN_CUSTOMER": _l("There is no such customer."),
    "UNKNOWN_METER": _l("There is no such meter."),
    "NUMBER_TAKEN": _l("This number is already taken."),
    "UNKNOWN_PERMISSION": _l("Choose one of the values from the list."),
    "NOT_A_CHOICE": _l("Choose one of the values from the list."),
    "UNKNOWN_FIELD": _l("This category does not ask for that."),
    "DUPLICATE": _l("This is there twice."),
    "UNKNOWN_PLACEHOLDER": _l("Nothing is known for one of the words in braces."),
    "NO_INITIAL_STATE": _l("Cases have no state to begin in."),
    "NO_CLOSED_STATE": _l("No state ends a case."),
    "UNREACHABLE": _l("No way leads to this state."),
    "DEAD_END": _l("No way leads on from this state, and it does not end the case."),
    "UNKNOWN_STATE": _l("There is no such state."),
    "DIFFERS": _l("This does not belong together. Open the page anew."),
}


def say(table: Mapping[str, LazyString]) -> None:
    """Add the words of a page's reasons: `reasons.say({"INVOICE_DISCARDED": _l("This draft was discarded.")})`."""
    REASONS.update(table)


def say_fields(table: Mapping[str, LazyString]) -> None:
    """Add the words of field reasons that only some pages know."""
    FIELDS.update(table)


def sentence(refusal: Refusal) -> str:
    """What happened, in the language of the page."""
    known = REASONS.get(refusal.reason)
    if known is not None:
        text = str(known)
        if "%(" not in text:
            return text
        try:
            return text % refusal.metadata
        except KeyError:
            # The service did not tell what the sentence needs: the plainer words are true without it.
            return family_sentence(refusal)
    return family_sentence(refusal)


def family_sentence(refusal: Refusal) -> str:
    """What happened by the refusal's class alone."""
    for family, plain in FAMILY.items():
        if isinstance(refusal, family):
            return str(plain)
    return str(FAMILY[FailedPrecondition])


def field_sentence(reason: str) -> str:
    """What is wrong with a field; an unknown reason asks to check it."""
    text = str(FIELDS.get(reason) or REASONS.get(reason) or FIELDS["MALFORMED"])
    return str(FIELDS["MALFORMED"]) if "%(" in text else text


def words(reason: str) -> str:
    """`|reason`: a reason that a message carries (why it waits, why it was parked), in words; else as it is."""
    known = FIELDS.get(reason) or REASONS.get(reason)
    return str(known) if known is not None else reason
