"""Keys of the REST API for payments, cases, announcements and messages, written out as in `presenting`."""

from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import announcements_pb2, messages_pb2
from ebok.payments.v1 import payments_pb2
from ebok.tickets.v1 import categories_pb2, desk_pb2, tickets_pb2

from gateway.api.shapes import (
    ALL_TEXT,
    AMOUNT,
    CURRENCY,
    FLAG,
    ID,
    INSTANT,
    NUMBER,
    TEXT,
    TEXTS,
    Key,
    Shape,
    listed,
    maybe,
    nested,
    one_of,
)

PAYMENT_SHARE = Shape(
    "PaymentShare",
    "A part of a payment.",
    payments_pb2.PaymentShare,
    {
        "invoice_id": Key(ID, "The invoice."),
        "invoice_number": Key(TEXT, "Its number."),
        "amount": Key(AMOUNT, "How much of the payment is meant for it."),
    },
)
PAYMENT = Shape(
    "Payment",
    "A payment made here through a payment provider.",
    payments_pb2.Payment,
    {
        "payment_id": Key(ID, "The payment's id."),
        "customer_id": Key(ID, "Who pays."),
        "customer_number": Key(TEXT, "The customer's number."),
        "number": Key(TEXT, "What people quote."),
        "status": Key(one_of(payments_pb2.PaymentStatus), "How far it is."),
        "reason": Key(maybe(TEXT), "Why it is not paid, or why nobody knows yet."),
        "amount": Key(AMOUNT, "What is paid."),
        "refunded": Key(AMOUNT, "Given back of it so far."),
        "currency": CURRENCY,
        "provider": Key(TEXT, "The payment provider."),
        "provider_order_id": Key(maybe(TEXT), "The provider's own number of it."),
        "method_name": Key(maybe(TEXT), "The way chosen, in the provider's words."),
        "shares": Key(listed(PAYMENT_SHARE), "What it is for; empty: the oldest due first."),
        "started_at": Key(INSTANT, "When it was started."),
        "settled_at": Key(maybe(INSTANT), "When it was settled."),
        "booked_at": Key(maybe(INSTANT), "When it came into the ledger."),
    },
)

CLOCK = Shape(
    "Clock",
    "The time we have given ourselves, or the law has given us.",
    tickets_pb2.Clock,
    {
        "due_at": Key(INSTANT, "When an answer is due at the latest."),
        "days_total": Key(NUMBER, "Days in all."),
        "days_gone": Key(NUMBER, "Days gone."),
        "working_days": Key(FLAG, "Working days, not calendar days."),
        "is_paused": Key(FLAG, "It stands still: we wait for the customer."),
        "is_late": Key(FLAG, "The day has passed unanswered."),
        "is_met": Key(FLAG, "It was answered."),
    },
)
_TICKET = {
    "ticket_id": Key(ID, "The case's id."),
    "number": Key(TEXT, "Its number."),
    "customer_id": Key(ID, "Whose."),
    "kind": Key(one_of(tickets_pb2.TicketKind), "What kind of matter it is."),
    "category_id": Key(ID, "Its category."),
    "subject": Key(TEXT, "What it is about, in a few words."),
    "commodity": Key(maybe(TEXT), "What it concerns."),
    "status": Key(one_of(tickets_pb2.TicketStatus), "Where it stands."),
    "state": Key(TEXT, "The key of its state in its workflow."),
    "state_names": Key(TEXTS, "The state's name by language."),
    "channel": Key(one_of(tickets_pb2.Channel), "How it came."),
    "opened_at": Key(INSTANT, "When it was opened."),
    "changed_at": Key(maybe(INSTANT), "When something last happened that the customer sees."),
    "closed_at": Key(maybe(INSTANT), "When it was closed."),
    "clock": Key(maybe(nested(CLOCK)), "Its clock; null where the category has none."),
}
CUSTOMER_TICKET = Shape("CustomerTicket", "A case as its customer sees it.", tickets_pb2.Ticket, _TICKET)
TICKET = Shape(
    "Ticket",
    "A customer's matter as lists show it.",
    desk_pb2.QueuedTicket,
    {
        **{key: Key(one.kind, one.text, f"ticket.{key}") for key, one in _TICKET.items()},
        "customer_number": Key(TEXT, "The customer's number."),
        "customer_name": Key(TEXT, "The customer's name."),
        "assignee_id": Key(maybe(ID), "Who has it."),
    },
)
ATTACHMENT = Shape(
    "Attachment",
    "A file in a thread.",
    tickets_pb2.Attachment,
    {
        "attachment_id": Key(ID, "Its id."),
        "file_name": Key(TEXT, "Its name."),
        "media_type": Key(TEXT, "Its type."),
        "size_bytes": Key(NUMBER, "Its size."),
    },
)
TICKET_MESSAGE = Shape(
    "TicketMessage",
    "One entry of a thread.",
    tickets_pb2.TicketMessage,
    {
        "ticket_message_id": Key(ID, "The entry's id."),
        "written_at": Key(INSTANT, "When it was written."),
        "author": Key(one_of(tickets_pb2.Author), "Who wrote it."),
        "author_name": Key(maybe(TEXT), "Their name."),
        "body": Key(maybe(TEXT), "What was written; null for a step of the workflow."),
        "is_internal": Key(FLAG, "Only staff and other systems see it."),
        "attachments": Key(listed(ATTACHMENT), "What came with it."),
        "state_names": Key(TEXTS, "Of a step: the name of the state it led to, by language."),
    },
)
CASE = Shape(
    "Case",
    "A case with its thread.",
    desk_pb2.GetCaseResponse,
    {
        "ticket": Key(nested(TICKET), "The case.", "case"),
        "messages": Key(listed(TICKET_MESSAGE), "The whole thread with notes, the oldest first."),
    },
)
CASE_ANSWER = Shape(
    "CaseAnswer",
    "What was written, and the case as it is now.",
    desk_pb2.AnswerCaseResponse,
    {
        "ticket": Key(nested(TICKET), "The case.", "case"),
        "message": Key(nested(TICKET_MESSAGE), "What was written."),
    },
)
CATEGORY_CHOICE = Shape(
    "TicketCategoryChoice",
    "One of the choices of a field.",
    categories_pb2.CategoryChoice,
    {
        "key": Key(TEXT, "What is sent."),
        "labels": Key(TEXTS, "What a person reads, by language."),
    },
)
CATEGORY_FIELD = Shape(
    "TicketCategoryField",
    "A field that a category asks for.",
    categories_pb2.CategoryField,
    {
        "key": Key(TEXT, "Its key in `answers`."),
        "type": Key(one_of(categories_pb2.CategoryFieldType), "What can be filled in."),
        "labels": Key(TEXTS, "Its label by language."),
        "is_required": Key(FLAG, "It must be filled in."),
        "choices": Key(listed(CATEGORY_CHOICE), "What can be chosen."),
    },
)
TICKET_CATEGORY = Shape(
    "TicketCategory",
    "What a case can be about.",
    categories_pb2.Category,
    {
        "category_id": Key(ID, "The category's id."),
        "key": Key(TEXT, "A short key."),
        "kind": Key(one_of(tickets_pb2.TicketKind), "What kind of matter it is."),
        "names": Key(TEXTS, "Its name by language."),
        "commodities": Key(ALL_TEXT, "What it can concern; empty: asks for none."),
        "fields": Key(listed(CATEGORY_FIELD), "What is asked for."),
    },
)

CONDITION = Shape(
    "SegmentCondition",
    "What must hold of a customer.",
    segments_pb2.SegmentCondition,
    {
        "field": Key(one_of(segments_pb2.SegmentField), "What is looked at."),
        "operator": Key(one_of(segments_pb2.SegmentOperator), "How it is compared."),
        "values": Key(ALL_TEXT, "Any of these."),
        "amount": Key(maybe(AMOUNT), "Of arrears: more than this is past its due day."),
    },
)
ANNOUNCEMENT = Shape(
    "Announcement",
    "What the provider has to say to all, to a segment, or to one.",
    announcements_pb2.WrittenAnnouncement,
    {
        "announcement_id": Key(ID, "Its id."),
        "status": Key(one_of(announcements_pb2.AnnouncementStatus), "Where it stands."),
        "version": Key(NUMBER, "Grows with each change; a change names the one it began from."),
        "titles": Key(TEXTS, "Titles by language."),
        "bodies": Key(TEXTS, "The text by language, Markdown; empty in lists."),
        "live_from": Key(maybe(INSTANT), "From when people see it."),
        "live_until": Key(maybe(INSTANT), "Until when; null: until it is withdrawn."),
        "is_pinned": Key(FLAG, "It stays on top."),
        "is_urgent": Key(FLAG, "Shown on the first page until it was read."),
        "before_login": Key(FLAG, "Shown before log-in too."),
        "conditions": Key(listed(CONDITION), "Whom it is for; none: everybody.", "segment.conditions"),
        "written_by": Key(maybe(TEXT), "Who wrote it last."),
        "written_at": Key(maybe(INSTANT), "When."),
        "published_at": Key(maybe(INSTANT), "When it was published."),
        "recipient_count": Key(NUMBER, "Customers it is for, as far as they were gathered; 0 for all."),
        "read_count": Key(NUMBER, "How many customers have seen it."),
    },
)
MESSAGE = Shape(
    "Message",
    "A mail or text message to a customer.",
    messages_pb2.Message,
    {
        "message_id": Key(ID, "The message's id."),
        "rule": Key(TEXT, "Why it is sent."),
        "channel": Key(TEXT, "email or sms."),
        "recipient_hint": Key(maybe(TEXT), "Where it goes, shortened."),
        "subject": Key(maybe(TEXT), "Its subject line; of a text message its text."),
        "status": Key(one_of(messages_pb2.MessageStatus), "What became of it."),
        "reason": Key(maybe(TEXT), "Why it was held back or failed."),
        "reference": Key(maybe(TEXT), "The number printed in it."),
        "planned_at": Key(INSTANT, "When it was planned."),
        "sent_at": Key(maybe(INSTANT), "When it left."),
    },
)
