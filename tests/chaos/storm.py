"""`make chaos ROUNDS=10 SEED=1`: hundreds of payments under way while parts are killed, then the books are compared."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from deploy.local.rabbitmq import RabbitMQ
from tests.chaos.breaking import break_while, victims
from tests.chaos.judging import Books
from tests.chaos.payers import Payers, draw_forms
from tests.journeys.company import Company

FORMS_A_ROUND = 200


def rounds(
    company: Company, node: RabbitMQ | None, *, count: int, seed: int, say: Callable[[str], None]
) -> set[str]:
    """Lives through the rounds; answers what was killed. Raises AssertionError with the round when the books differ.

    The seed decides who pays what, how it ends and what is killed when; the machine decides how far each was then.
    """
    say(f"chaos: {count} rounds, seed {seed}")
    suite = company.suite
    judge, payers = Books(suite, node.url if node else ""), Payers(company.doors)
    before = judge.balances()
    next_ones, all_killed = victims(random.Random(f"{seed}/order"), with_broker=node is not None), set()
    for number in range(1, count + 1):
        rng = random.Random(f"{seed}/{number}")
        forms = draw_forms(rng, sorted(before), FORMS_A_ROUND)
        with ThreadPoolExecutor(1) as paying:
            paid = paying.submit(payers.pay, forms)
            killed = break_while(paid, suite, node, next_ones=next_ones, rng=rng, say=say)
        all_killed.update(killed)
        try:
            paid.result()
            judge.settle(say)
            judge.check(before, payers.payments)
        except AssertionError as fault:
            raise AssertionError(f"round {number} of seed {seed}, killed {killed}: {fault}") from fault
        say(f"round {number}: {len(forms)} payments, killed {', '.join(killed)}: the books agree")
    return all_killed
