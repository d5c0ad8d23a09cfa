"""Files that nobody wants are thrown away, and no others."""

import os
import time
from datetime import timedelta

import pytest

from chassis.errors import NotFound
from chassis.files import Directory
from chassis.ids import new_id
from tests.tickets.samples import PDF
from tests.tickets.shelves import Shelf

A_DAY_S = 86_400


@pytest.fixture
def annas(served, as_anna):
    return Shelf(served, as_anna, as_anna.customer_id)


def kept(served):
    return {path.name for path in served.config.files_dir.rglob("*") if path.is_file()}


def age(served):
    """All files are two days old by the machine's clock."""
    for path in served.config.files_dir.rglob("*"):
        os.utime(path, (time.time() - 2 * A_DAY_S, time.time() - 2 * A_DAY_S))


def test_a_file_that_no_message_names_is_gone_after_a_day(office, served, annas, clock):
    sent, waiting = annas.upload(PDF, "a.pdf"), annas.upload(PDF, "b.pdf")
    office.open(attachment_ids=[sent.attachment_id])
    clock.advance(timedelta(hours=23))
    served.run_job("attachments.sweep")
    assert len(kept(served)) == 2
    later = annas.upload(PDF, "c.pdf")
    clock.advance(timedelta(hours=1, seconds=1))

    served.run_job("attachments.sweep")

    assert kept(served) == {one.attachment_id.replace("-", "") for one in (sent, later)}
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        annas.download(waiting.attachment_id)


def test_a_file_that_no_row_names_is_deleted_when_it_is_old(office, served, annas):
    sent = annas.upload(PDF, "a.pdf")
    office.open(attachment_ids=[sent.attachment_id])
    Directory(served.config.files_dir).put(new_id(), [b"left behind"])
    served.run_job("attachments.sweep")
    assert len(kept(served)) == 2
    age(served)

    served.run_job("attachments.sweep")

    assert kept(served) == {sent.attachment_id.replace("-", "")}
    assert annas.download(sent.attachment_id)[1] == PDF


def test_more_files_than_are_looked_at_at_once_are_all_looked_at(served):
    files = Directory(served.config.files_dir)
    for _ in range(450):
        files.put(new_id(), [b"x"])
    age(served)
    served.run_job("attachments.sweep")
    assert kept(served) == set()
