"""Zgłoszenia: the queue of cases, one beside it with its thread and the box to answer in, and who the customer is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ebok.common.v1.paging_pb2 import PageRequest
from ebok.tickets.v1 import canned_answers_pb2, categories_pb2, contacts_pb2, tickets_pb2
from ebok.tickets.v1 import desk_pb2 as pb
from flask import Response, g, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from gateway.console import console
from gateway.console.inputs import id_of
from gateway.console.ticket_facts import begin_facts
from gateway.web import attachments
from gateway.web.amounts import quantity
from gateway.web.calls import ahead, at_once, call, clients
from gateway.web.case_words import KINDS, MEDIA, STATUSES
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import DEFAULT_LANGUAGE, LANGUAGES
from gateway.web.languages import gettext as _
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request
from gateway.web.texts import in_language

QUERY_LENGTH_MAX = 100
CANNED_SHOWN_MAX = 40
CONTACTS_SHOWN = 3
VIEWS: dict[str, tuple[int, LazyString]] = {
    "moje": (pb.QUEUE_VIEW_MINE, _l("Mine")),
    "wolne": (pb.QUEUE_VIEW_FREE, _l("Nobody's")),
    "po-terminie": (pb.QUEUE_VIEW_LATE, _l("Late")),
    "zespol": (pb.QUEUE_VIEW_UNSPECIFIED, _l("Team")),
}
TITLES: dict[str, LazyString] = {
    "moje": _l("My cases"),
    "wolne": _l("Nobody's cases"),
    "po-terminie": _l("Late cases"),
    "zespol": _l("Cases of the team"),
}
KIND_KEYS = {
    "pytanie": tickets_pb2.TICKET_KIND_QUESTION,
    "reklamacja": tickets_pb2.TICKET_KIND_COMPLAINT,
    "wniosek": tickets_pb2.TICKET_KIND_APPLICATION,
    "awaria": tickets_pb2.TICKET_KIND_FAULT,
}
STATUS_KEYS = {
    "nowe": tickets_pb2.TICKET_STATUS_NEW,
    "w-toku": tickets_pb2.TICKET_STATUS_IN_PROGRESS,
    "czeka": tickets_pb2.TICKET_STATUS_WAITING,
    "odpowiedziane": tickets_pb2.TICKET_STATUS_ANSWERED,
    "zamkniete": tickets_pb2.TICKET_STATUS_CLOSED,
}
DEFAULT_VIEW = "moje"
NOBODY = "nikt"
ANSWER, GIVING, STEP = "odpowiedz", "przydziel", "stan"
Filters = Mapping[str, Any]


@dataclass(frozen=True)
class Ready:
    """A canned answer as it can be picked: its texts by language, the one for this customer first."""

    canned_answer_id: str
    title: str
    texts: Mapping[str, str]


def filters_of(values: MultiDict[str, str]) -> dict[str, Any]:
    """View, search and filters of an address; what cannot be is left out."""
    allowed: dict[str, Any] = {
        "widok": VIEWS,
        "rodzaj": KIND_KEYS,
        "stan": STATUS_KEYS,
        "medium": MEDIA,
    }
    chosen = {name: values.get(name, "") for name, known in allowed.items() if values.get(name, "") in known}
    category = id_of(Form(values), "kategoria")
    words = " ".join(values.get("szukaj", "").split())[:QUERY_LENGTH_MAX]
    words = "".join(sign for sign in words if sign.isprintable())
    found = {**chosen, "kategoria": category, "szukaj": words}
    return {name: value for name, value in found.items() if value}


def _queue(filters: Filters) -> pb.ListQueueRequest:
    status = STATUS_KEYS.get(filters.get("stan", ""))
    view = VIEWS[filters.get("widok", DEFAULT_VIEW)][0]
    if status == tickets_pb2.TICKET_STATUS_CLOSED and view != pb.QUEUE_VIEW_MINE:
        view = pb.QUEUE_VIEW_ALL
    return pb.ListQueueRequest(
        view=view,  # type: ignore[arg-type]
        query=filters.get("szukaj", ""),
        category_id=filters.get("kategoria", ""),
        kind=KIND_KEYS.get(filters.get("rodzaj", "")),
        status=status,
        commodity=filters.get("medium", ""),
        page=page_request(),
    )


def case_url(ticket_id: str, filters: Filters, **more: Any) -> str:
    """One case, with the view and the filters it was opened from."""
    return url_for("console.ticket", ticket_id=ticket_id, **filters, **more)


def _categories() -> tuple[Any, categories_pb2.ListCategoriesRequest]:
    return clients().tickets.categories.ListCategories, categories_pb2.ListCategoriesRequest(all=True)


@console.get("/zgloszenia")
def tickets() -> AnyResponse | str:
    """The queue; `kolejny` opens its first case."""
    filters = filters_of(request.args)
    found, categories = at_once((clients().tickets.desk.ListQueue, _queue(filters)), _categories())
    if request.args.get("kolejny") and found.tickets:
        return redirect(case_url(found.tickets[0].ticket.ticket_id, filters), code=303)
    context = _queue_context(found, categories.categories, filters)
    return render_template("console/tickets/queue.html", case=None, **context)


@console.get("/klienci/<uuid:customer_id>/pliki/<uuid:attachment_id>")
def ticket_file(customer_id: UUID, attachment_id: UUID) -> Response:
    """A file of a customer's case."""
    return attachments.give(str(customer_id), attachment_id)


def case_page(ticket_id: UUID, typed: Mapping[str, Form]) -> tuple[str, int]:
    """The queue, a case and its customer. `typed`: the form that was sent and refused, by its name."""
    filters, stub = filters_of(request.args), clients().tickets.desk
    found, case, people, categories = at_once(
        (stub.ListQueue, _queue(filters)),
        (stub.GetCase, pb.GetCaseRequest(ticket_id=str(ticket_id))),
        (stub.ListAssignees, pb.ListAssigneesRequest()),
        _categories(),
    )
    one: pb.QueuedTicket = case.case
    of_case = next(
        (each for each in categories.categories if each.category_id == one.ticket.category_id), None
    )
    facts = begin_facts(one.ticket, of_case)
    asked = canned_answers_pb2.ListCannedAnswersRequest(
        category_id=one.ticket.category_id, language=one.customer_language
    )
    ready = ahead(clients().tickets.canned_answers.ListCannedAnswers, asked)
    contacts = ahead(
        clients().tickets.contacts.ListContacts,
        contacts_pb2.ListContactsRequest(
            customer_id=one.ticket.customer_id, page=PageRequest(page_size=CONTACTS_SHOWN)
        ),
    )
    canned, had = _filled(ready(), one), contacts()
    before, after = _neighbours(found, str(ticket_id))
    page = render_template(
        "console/tickets/queue.html",
        case=case,
        one=one,
        ticket=one.ticket,
        forms=_forms(one, typed, canned),
        people=_people(people.assignees),
        canned=canned[:CANNED_SHOWN_MAX],
        facts=facts(),
        contacts=had.contacts if had is not None else None,
        previous_id=before,
        next_id=after,
        **_queue_context(found, categories.categories, filters),
    )
    return page, max((form.status for form in typed.values()), default=200)


def get_case(ticket_id: UUID) -> pb.GetCaseResponse:
    """The case alone."""
    found: pb.GetCaseResponse = call(
        clients().tickets.desk.GetCase, pb.GetCaseRequest(ticket_id=str(ticket_id))
    )
    return found


def _queue_context(
    found: pb.ListQueueResponse, categories: list[categories_pb2.Category], filters: Filters
) -> dict[str, Any]:
    counts = found.counts
    g.nav_counts = {"tickets": counts.mine}
    numbers = {
        "moje": counts.mine,
        "wolne": counts.free,
        "po-terminie": counts.late,
        "zespol": counts.open,
    }
    view = filters.get("widok", DEFAULT_VIEW)
    kept = {name: value for name, value in filters.items() if name != "widok"}
    views = [
        (
            word,
            url_for("console.tickets", widok=key, **kept),
            key == view,
            quantity(numbers[key]),
            key == "po-terminie" and numbers[key] > 0,
        )
        for key, (_number, word) in VIEWS.items()
    ]
    named = {one.category_id: in_language(one.names) for one in categories}
    words: dict[str, Mapping[str, Any]] = {
        "stan": {key: STATUSES[number] for key, number in STATUS_KEYS.items()},
        "rodzaj": {key: KINDS[number] for key, number in KIND_KEYS.items()},
        "kategoria": named,
        "medium": MEDIA,
    }
    chips = [
        (words[name].get(filters[name], filters[name]), _without(filters, name))
        for name in words
        if name in filters
    ]
    return {
        "queue": found.tickets,
        "view": view,
        "views": views,
        "queue_title": TITLES[view],
        "filters": dict(filters),
        "filter_form": Form(initial={name: str(value) for name, value in filters.items()}),
        "filter_words": words,
        "filter_chips": chips,
        "links": page_links(found.page),
        "case_url": case_url,
    }


def _without(filters: Filters, name: str) -> str:
    rest = {key: value for key, value in filters.items() if key != name}
    return url_for("console.tickets", **rest)


def _neighbours(found: pb.ListQueueResponse, present: str) -> tuple[str, str]:
    """The cases before and after this one in the list as it is filtered; empty where there is none."""
    ids = [one.ticket.ticket_id for one in found.tickets]
    if present not in ids:
        return "", ids[0] if ids else ""
    place = ids.index(present)
    following = ids[place + 1 :] or ids[:place][:1]
    return ids[place - 1] if place else "", following[0] if following else ""


def _forms(one: pb.QueuedTicket, typed: Mapping[str, Form], canned: list[Ready]) -> dict[str, Form]:
    """The forms of a case; `gotowa` in the address puts a canned answer into the box, `jezyk` in which language."""
    kept = take_all_kept()
    chosen = request.args.get("gotowa", "")
    texts = next((ready.texts for ready in canned if ready.canned_answer_id == chosen), {})
    text = texts.get(request.args.get("jezyk", "")) or next(iter(texts.values()), "")
    initial: dict[str, str | list[str]] = {
        "tryb": "odpowiedz",
        "tresc": text,
        "gotowa": chosen if text else "",
    }
    mode = request.args.get("tryb", "")
    if mode in ("pytanie", "notatka"):
        initial["tryb"] = mode
    if kept.get("form") == [ANSWER]:
        initial = {**initial, **kept}
    return {
        ANSWER: typed.get(ANSWER) or Form(initial=initial),
        GIVING: typed.get(GIVING) or Form(initial={"komu": one.assignee_id or current_user.staff.staff_id}),
        STEP: typed.get(STEP) or Form(),
    }


def _people(assignees: list[pb.Assignee]) -> list[tuple[str, str]]:
    """Who can be given the case: nobody, oneself, the others."""
    me = current_user.staff
    others = [
        (one.staff_id, f"{one.name} ({quantity(one.open_count)})")
        for one in assignees
        if one.staff_id != me.staff_id
    ]
    return [(NOBODY, _("nobody")), (me.staff_id, _("me, %(name)s", name=me.name)), *others]


def _filled(answer: canned_answers_pb2.ListCannedAnswersResponse | None, one: pb.QueuedTicket) -> list[Ready]:
    """Canned answers with the words in braces filled in, the customer's language first of each."""
    values = {
        "{name}": one.customer_name,
        "{number}": one.ticket.number,
        "{clerk}": current_user.staff.name,
    }
    found = []
    for canned in answer.canned_answers if answer is not None else []:
        bodies = {DEFAULT_LANGUAGE: canned.body, **canned.translations}
        order = sorted(bodies, key=lambda code: (code != one.customer_language, list(LANGUAGES).index(code)))
        texts = {}
        for code in order:
            texts[code] = bodies[code]
            for mark, value in values.items():
                texts[code] = texts[code].replace(mark, value)
        found.append(Ready(canned.canned_answer_id, canned.title, texts))
    return found


Act = Callable[[Form, pb.GetCaseResponse], AnyResponse | None]
