"""Every knob has a sentence, and every part that is configured says its own name."""

from importlib import import_module

import pytest

from chassis.config import PartConfig
from tests.architecture.sources import PRODUCT, ROOT, files

MODULES = [
    ".".join(path.with_suffix("").parts)
    for path in files(*PRODUCT)
    if path.name == "config.py" and path.parts[0] != "sandbox"
]


def configs(module):
    found = import_module(module)
    return [
        one
        for one in vars(found).values()
        if isinstance(one, type) and issubclass(one, PartConfig) and one.__module__ == module
    ]


@pytest.mark.parametrize("module", MODULES)
def test_every_knob_has_a_sentence(module):
    assert configs(module)
    for config in configs(module):
        for name, field in config.model_fields.items():
            sentence = field.description or ""
            assert sentence.endswith("."), f"{module}: {name}"
            assert sentence[0].isupper() or sentence.startswith(("host:port", "amqp", "production")), name


def test_a_service_knows_its_name_by_itself():
    for module in MODULES:
        for config in configs(module):
            if config is not PartConfig:
                assert config.model_fields["part"].default == module.split(".")[-2]


def test_every_service_has_its_knobs_in_one_module():
    assert {path.parent.name for path in (ROOT / "services").glob("*/config.py")} == {
        path.parent.name for path in (ROOT / "services").glob("*/__main__.py")
    }
