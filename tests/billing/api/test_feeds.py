"""Watched sources: what is known of them, and when the next word is late."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Invalid, PermissionDenied
from chassis.ids import new_id
from tests.billing.import_rows import premises

QUARTER = Duration(seconds=900)


@pytest.fixture
def connector(billing: Callable[..., Any], as_system: Callable[..., Any]) -> Any:
    return billing(ImportServiceStub, as_system("connector"))


@pytest.fixture
def feeds(billing: Callable[..., Any], as_daria: Any) -> Callable[[], list[pb.Feed]]:
    stub = billing(ImportServiceStub, as_daria)
    return lambda: list(stub.ListFeeds(pb.ListFeedsRequest()).feeds)


def _start(connector: Any, **given: Any) -> str:
    import_id = str(new_id())
    values: dict[str, Any] = {"source": "erp", "feed": "odczyty", "every": QUARTER} | given
    connector.StartImport(pb.StartImportRequest(import_id=import_id, **values))
    return import_id


def test_a_feed_is_known_by_its_newest_import_and_its_last_word(connector, feeds, clock):
    _start(connector)
    clock.advance(timedelta(minutes=5))
    since = Timestamp()
    since.FromDatetime(clock.now() - timedelta(hours=1))
    newest = _start(connector, since=since)
    _start(connector, dry_run=True)
    _start(connector, feed="", every=None)
    clock.advance(timedelta(minutes=20))
    connector.TouchFeed(pb.TouchFeedRequest(feed="odczyty", every=QUARTER))
    connector.TouchFeed(pb.TouchFeedRequest(feed="klienci", every=Duration(seconds=60)))

    clients, readings = feeds()

    assert (clients.feed, clients.HasField("newest"), clients.every.seconds) == ("klienci", False, 60)
    assert (readings.newest.import_id, readings.newest.feed) == (newest, "odczyty")
    assert readings.newest.since == since
    assert readings.looked_at.ToDatetime(clock.now().tzinfo) == clock.now()
    assert not readings.late


def test_a_feed_is_late_when_nothing_was_heard_for_more_than_twice_the_time(connector, feeds, clock):
    import_id = _start(connector)
    clock.advance(timedelta(minutes=30))
    assert [feed.late for feed in feeds()] == [False]
    clock.advance(timedelta(seconds=1))
    assert [feed.late for feed in feeds()] == [True]

    # A batch of a long import is a word, too.
    connector.ImportRows(iter([pb.ImportRowsRequest(import_id=import_id, batch_number=1, rows=[premises()])]))
    assert [feed.late for feed in feeds()] == [False]
    clock.advance(timedelta(minutes=31))
    assert [feed.late for feed in feeds()] == [True]
    connector.TouchFeed(pb.TouchFeedRequest(feed="odczyty", every=QUARTER))
    assert [feed.late for feed in feeds()] == [False]


@pytest.mark.repeats("ImportService/TouchFeed")
def test_a_touch_repeated_moves_only_the_time(connector, feeds, clock):
    touch = pb.TouchFeedRequest(feed="odczyty", every=QUARTER)
    connector.TouchFeed(touch)
    [before] = feeds()
    connector.TouchFeed(touch)
    assert feeds() == [before]
    clock.advance(timedelta(minutes=5))
    connector.TouchFeed(touch)

    [feed] = feeds()

    assert feed.looked_at.ToDatetime(clock.now().tzinfo) == clock.now()
    before.looked_at.CopyFrom(feed.looked_at)
    assert feed == before


def test_a_feed_that_was_given_up_is_forgotten_after_a_quarter(connector, feeds, clock):
    _start(connector)
    clock.advance(timedelta(days=90))
    assert [feed.late for feed in feeds()] == [True]
    clock.advance(timedelta(seconds=1))
    assert feeds() == []


@pytest.mark.parametrize(
    ("every", "reason"),
    [
        (Duration(), "OUT_OF_RANGE"),
        (Duration(seconds=-5), "OUT_OF_RANGE"),
        (Duration(seconds=367 * 86_400), "OUT_OF_RANGE"),
        (Duration(seconds=315_576_000_000), "OUT_OF_RANGE"),
        (None, "REQUIRED"),
    ],
)
def test_a_feed_says_how_often_it_is_looked_at(connector, feeds, every, reason):
    for call in (
        lambda: _start(connector, every=every),
        lambda: connector.TouchFeed(pb.TouchFeedRequest(feed="odczyty", every=every)),
    ):
        with pytest.raises(Invalid) as refused:
            call()
        assert [(one.field, one.reason) for one in refused.value.violations] == [("every", reason)]
    assert feeds() == []


def test_feeds_are_touched_by_the_connector_and_seen_by_staff(
    billing, as_anna, as_celina, as_daria, as_system
):
    touch = pb.TouchFeedRequest(feed="odczyty", every=QUARTER)
    for who in (as_celina, as_daria):
        with pytest.raises(PermissionDenied):
            billing(ImportServiceStub, who).TouchFeed(touch)
    for who in (as_anna, as_system("connector")):
        with pytest.raises(PermissionDenied):
            billing(ImportServiceStub, who).ListFeeds(pb.ListFeedsRequest())
