"""The town the other tests rely on is as its story says."""

from ebok.billing.v1 import invoices_pb2

from tests.gateway.world import World


def test_everybody_has_what_the_story_says(world: World) -> None:
    assert [len(one.invoices) for one in (world.annas, world.celinas, world.bartek)] == [23, 16, 16]
    assert world.annas.last_invoice.paid_state == invoices_pb2.PAID_STATE_DUE
    assert invoices_pb2.PAID_STATE_OVERDUE in {one.paid_state for one in world.celinas.invoices}
    assert {one.paid_state for one in world.bartek.invoices} == {invoices_pb2.PAID_STATE_PAID}
    assert len(world.annas.contracts) == 2
