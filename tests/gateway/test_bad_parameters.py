"""Every parameter of every page, wrong in every way; see `wrong_forms.py`."""

from tests.gateway import wrongs
from tests.gateway.forms import Field, Value, soup_of, with_query
from tests.gateway.test_stranger import annas_marks, says
from tests.gateway.wrong_forms import Town, message_faults, page_faults

# Names that a careless view hands on to `url_for`, a macro or a template.
HOSTILE_NAMES = (
    "kind", "endpoint", "self", "caller", "values", "_external", "_anchor", "_scheme", "_method", "filename",
    "customer_id", "invoice_id", "run_id", "import_id", "tariff_version_id", "page", "form", "csrf_token", "next",
)  # fmt: skip


def test_a_wrong_parameter_of_an_address_breaks_no_page(town: Town):
    found = []
    for (_endpoint, name), (url, who) in town.found.queries.items():
        field = Field(name, "text", options=(wrongs.UNKNOWN_ID,))
        for wrong in wrongs.wrongs(field, (), town.foreign_ids(who)):
            response = town.get(who, with_query(url, {name: list(wrong.values)}))
            faults = page_faults(response)
            if response.status_code >= 400 and response.mimetype == "text/html" and not faults:
                faults = message_faults(soup_of(response), None, field)
            found += [f"{url} as {who}: {name} {wrong.what}: {fault}" for fault in faults]
    assert not found, "\n".join(found)


def test_no_page_breaks_over_parameters_of_others(town: Town):
    """Each page with every parameter that any page knows, all wrong at once, and with names that views use inside."""
    names = {name for _endpoint, name in town.found.queries} | {"cursor"}
    names |= {one.name for form in town.found.forms if form.method == "GET" for one in form.fields}
    found = []
    for url, who in town.found.opened.values():
        tries: list[dict[str, list[Value]]] = [
            {name: [value] for name in names}
            for value in (
                wrongs.MARKUP,
                wrongs.HUGE,
                wrongs.NUL,
                wrongs.BROKEN,
                "9999-12-31",
                wrongs.UNKNOWN_ID,
            )
        ]
        tries += [{name: [wrongs.LONG]} for name in ("cursor",)]
        tries.append({name: ["javascript"] for name in HOSTILE_NAMES})
        for changes in tries:
            response = town.get(who, with_query(url, changes))
            faults = page_faults(response)
            if response.mimetype == "text/html" and "javascript:" in response.text:
                faults.append("lets an address become a script")
            found += [f"{with_query(url, changes)[:150]} as {who}: {fault}" for fault in faults]
    assert not found, "\n".join(found)


def test_links_of_anna_show_celina_nothing(town: Town):
    marks, found = annas_marks(town.world), []
    for (_endpoint, _name), (url, who) in town.found.queries.items():
        if who == "anna":
            response = town.get("celina", url)
            if fault := says(response, [mark for mark in marks if mark not in url]):
                found.append((url, response.status_code, fault))
    assert found == []
