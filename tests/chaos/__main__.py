"""`python -m tests.chaos --rounds 10 --seed 1`: see `tests/chaos/storm.py`."""

import argparse
import sys

from deploy.local import rabbitmq
from tests.chaos.storm import rounds
from tests.journeys.conftest import running_company


def main() -> int:
    """Read the numbers, start a suite, live through it."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--rounds", type=int, default=10, choices=range(1, 1001), metavar="1…1000")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with running_company(with_broker=rabbitmq.is_installed()) as (company, node):
        company.live_through()
        rounds(company, node, count=asked.rounds, seed=asked.seed, say=lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
