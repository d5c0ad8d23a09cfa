"""Every field of every form of the console, wrong in every way; see `wrong_forms.py`."""

import pytest

from tests.gateway.wrong_forms import Town, wrong_fields


@pytest.mark.timeout(1500)  # Thousands of requests: each field of each form, wrong in each way.
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_wrong_field_is_said_and_the_rest_is_kept(town: Town, method: str):
    found = wrong_fields(town, "console", method)
    assert not found, "\n".join(found)
