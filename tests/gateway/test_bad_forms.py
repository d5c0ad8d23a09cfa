"""Every field of every form of customers' pages, wrong in every way, and right; see `wrong_forms.py`."""

import pytest

from tests.gateway import form_samples as samples
from tests.gateway import urls
from tests.gateway.forms import soup_of
from tests.gateway.wrong_forms import Town, pairs_of, sound_pairs, wrong_fields


def test_every_form_is_found_and_has_its_samples(town: Town):
    missing = []
    for form in town.found.forms:
        try:
            sound_pairs(town, form)
        except samples.SampleMissing as fault:
            missing.append(str(fault))
    assert missing == []
    seen = {form.endpoint for form in town.found.forms if form.method == "POST"}
    rules = urls.rules(town.world.app, method="POST")
    all_of_them = {rule.endpoint for rule in rules if not rule.endpoint.startswith("api.")}
    assert seen | samples.WITHOUT_FORM.keys() == all_of_them
    assert all(one.why for one in samples.SAMPLES.values())


@pytest.mark.timeout(1500)  # Thousands of requests: each field of each form, wrong in each way.
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_wrong_field_is_said_and_the_rest_is_kept(town: Town, method: str):
    found = wrong_fields(town, "portal", method)
    assert not found, "\n".join(found)


def test_a_sound_form_is_taken(town: Town):
    """What the tests above rest on: the one wrong field was refused. It ends runs and drafts, so it is last."""
    found = []
    # A claimed customer is the selected one from then on.
    ends = ("portal.claim", "console.replace_meter", "console.publish_tariff", "console.issue_run")
    for form in sorted(town.found.forms, key=lambda one: one.endpoint in ends):
        if form.method == "POST" and any(one.typed for one in form.fields):
            opened = town.again(form) or form
            response = town.send(opened, pairs_of(sound_pairs(town, opened)))
            if response.status_code == 200 and form.endpoint in samples.ON_THE_SPOT:
                samples.forget_annas_app(town.world)
                continue
            if response.status_code != 303:
                said = soup_of(response).select("[role=alert], .eb-error")
                found.append(
                    (form.name, response.status_code, [one.get_text(" ", strip=True) for one in said])
                )
            else:
                town.after_success(opened, response)
    assert found == []
