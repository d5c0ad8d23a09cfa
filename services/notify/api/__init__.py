"""The doors of notify: a line for each noun."""

from chassis.app import Runtime
from chassis.rpc.server import Service
from chassis.sealing import load_sealing_key
from services.notify.api import (
    announcements,
    campaigns,
    messages,
    pages,
    preferences,
    reminders,
    reports,
    segments,
    templates,
)
from services.notify.clients.billing import Audiences, Dues
from services.notify.config import NotifyConfig
from services.notify.domain.references import key_of


def services(runtime: Runtime) -> list[Service]:
    """What is answered over gRPC."""
    config: NotifyConfig = runtime.config
    database, clock = runtime.database, runtime.clock
    key = key_of(load_sealing_key(config.sealing_key_path).private_bytes_raw())
    billing = runtime.channel("billing")
    board = announcements.AnnouncementService(database, clock)
    drives = campaigns.CampaignService(database, clock, config, Audiences(billing))
    choices = preferences.PreferenceService(database, clock, key=key, has_sms=config.has_sms)
    rules = reminders.ReminderService(database, clock, config, Dues(billing))
    return [
        (messages.rpc.add_MessageServiceServicer_to_server, messages.MessageService(database, clock)),
        (announcements.rpc.add_AnnouncementServiceServicer_to_server, board),
        (pages.rpc.add_PageServiceServicer_to_server, pages.PageService(database, clock)),
        (templates.rpc.add_TemplateServiceServicer_to_server, templates.TemplateService(database, clock)),
        (segments.rpc.add_SegmentServiceServicer_to_server, segments.SegmentService(database, clock)),
        (campaigns.rpc.add_CampaignServiceServicer_to_server, drives),
        (preferences.rpc.add_PreferenceServiceServicer_to_server, choices),
        (reminders.rpc.add_ReminderServiceServicer_to_server, rules),
        (reports.rpc.add_ReportServiceServicer_to_server, reports.ReportService(database, clock, config)),
    ]
