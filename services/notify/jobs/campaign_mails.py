"""Mails of campaigns: written out of a mould, and reported many at once where a journal is kept."""

from collections.abc import Mapping

from chassis.database import Database
from services.notify.documents import campaigns as texts
from services.notify.documents.mails import Encoded
from services.notify.documents.moulds import cast
from services.notify.domain import batches
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.domain.receipts import Outcome
from services.notify.domain.references import token_of
from services.notify.jobs.journals import Journal, left_behind
from services.notify.jobs.rooms import PostRoom, Run
from services.notify.storage.in_hand import InHand
from services.notify.storage.messages import Rule


def campaign_letter(run: Run, message: InHand) -> Encoded:
    """What staff wrote for this recipient, in the layout of our mails."""
    of_campaign = texts.texts_of(message, run.texts.get(message.subject_id))
    written = texts.write_mail(message.facts["customer"], of_campaign, run.settings, message.language)
    marketing = bool(message.facts.get(MARKETING_FACT))
    key = (written.language, marketing)
    if key not in run.moulds:
        run.moulds[key] = cast(run.settings, written.language, marketing=marketing)
    token = token_of(message.message_id, run.room.link_key) if marketing else ""
    return run.moulds[key].fill(message, written, token)


def report_sent(run: Run, journal: Journal | None, sent: Mapping[InHand, str]) -> None:
    """Write down that the server took these of campaigns, each with its subject; the journal may forget them then."""
    if not sent:
        return
    with run.database.transaction() as session:
        batches.mark_sent(session, sent, now=run.room.clock.now())
    if journal is not None:
        journal.clear()
    run.room.handled.labels(Rule.CAMPAIGN.value, Outcome.TAKEN.value).inc(len(sent))


def report_left_behind(database: Database, room: PostRoom) -> None:
    """Report what a process that died had handed over, before anything is sent again."""
    with left_behind(room.config.send_journal_dir) as message_ids:
        if message_ids:
            with database.transaction() as session:
                found = batches.find_in_hand(session, message_ids)
                batches.mark_sent(session, dict.fromkeys(found, ""), now=room.clock.now())
            room.log.warning("mails reported from a journal", count=len(found))
