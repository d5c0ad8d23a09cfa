"""The REST API against its own document: requests made of it, right and wrong ones, in a town of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

from chassis.testing.databases import Databases
from tests.gateway.api import said
from tests.gateway.api.office import Office, Program
from tests.gateway.visitors import somewhere
from tests.gateway.world import World, making_world

CALLS_OF_A_CLIENT = 500  # Of the 600 of a minute, which never ends here.
# What the document allows is never answered 400: it is done, or a service says why not.
ALLOWED = ["2xx", "304", "401", "403", "404", "409", "422"]
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ALLOWED}}}
)
# Proven for every path in test_callers, with addresses that are not counted together.
APART = [ignored_auth]


@pytest.fixture(scope="module")
def own_world(
    databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("own")) as made:
        yield made


class Tried:
    """Calls with fresh clients, on paths that exist every other time."""

    def __init__(self, world: World) -> None:
        self.world, self.office = world, Office(world)
        self.schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app, config=CONFIG)
        self.known = {one.path + one.method: said.path_of(world, one) for one in said.operations(world.app)}
        self._programs: dict[bool, tuple[Program, int]] = {}
        self.statuses: dict[int, int] = {}

    def _token(self, *, personal: bool) -> str:
        program, calls = self._programs.get(personal, (None, 0))
        if program is None or calls >= CALLS_OF_A_CLIENT // (10 if personal else 1):
            program, calls = (self.office.program("anna") if personal else self.office.system("GIS")), 0
        self._programs[personal] = (program, calls + 1)
        return program.token

    def check(self, case: Any, *, real: bool) -> None:
        operation = case.operation
        if real and case.path_parameters:
            known = self.known.get(operation.path + operation.method.upper())
            if known:
                case.path_parameters = _sample(operation.path, "/api/v1" + known)
        headers = {"Authorization": f"Bearer {self._token(personal='/my/' in operation.path)}"}
        response = case.call(headers=headers, environ_base=somewhere())
        assert response.status_code != 429
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        case.validate_response(response, excluded_checks=APART)


def _sample(template: str, path: str) -> dict[str, str]:
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return {name[1:-1]: value for name, value in pairs if name.startswith("{")}


def try_all(world: World, *, examples: int) -> tuple[list[str], dict[int, int]]:
    """Every operation with right and with wrong requests: what was found, and how often each status came."""
    tried, found = Tried(world), []
    for result in tried.schema.get_all_operations():
        operation: Any = cast(Any, result).ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _try(tried, operation, mode, examples)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # Nothing of it can be wrong.
            except (AssertionError, FailureGroup) as fault:
                found.append(f"{operation.label}: {fault}")
    return found, tried.statuses


def _try(tried: Tried, operation: Any, mode: GenerationMode, examples: int) -> None:
    turns = iter(range(1_000_000))

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        tried.check(case, real=next(turns) % 2 == 0 and mode is GenerationMode.POSITIVE)

    run()


def test_nothing_is_found(own_world: World):
    found, statuses = try_all(own_world, examples=6)
    assert found == []
    assert set(statuses) & {200, 400, 404, 422} == {200, 400, 404, 422}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_is_found_in_a_longer_time(own_world: World):
    found, statuses = try_all(own_world, examples=60)
    assert found == []
    assert statuses[200] > 100
