"""The wiring of notify: `python -m services.notify serve | work | run | migrate | job NAME | config`."""

from pathlib import Path

from chassis.app import Part, Runtime
from chassis.rpc.server import Service
from chassis.sealing import load_sealing_key
from services.notify.api import announcements, campaigns, messages, pages, templates
from services.notify.clients.billing import Audiences, Dues
from services.notify.config import NotifyConfig
from services.notify.inbox import handlers
from services.notify.jobs import jobs
from services.notify.jobs.rooms import PostRoom


def services(runtime: Runtime) -> list[Service]:
    """Every door of notify, a line for each noun."""
    database, clock = runtime.database, runtime.clock
    board = announcements.AnnouncementService(database, clock)
    drives = campaigns.CampaignService(database, clock, runtime.config, Audiences(runtime.channel("billing")))
    return [
        (messages.rpc.add_MessageServiceServicer_to_server, messages.MessageService(database)),
        (announcements.rpc.add_AnnouncementServiceServicer_to_server, board),
        (pages.rpc.add_PageServiceServicer_to_server, pages.PageService(database, clock)),
        (templates.rpc.add_TemplateServiceServicer_to_server, templates.TemplateService(database, clock)),
        (campaigns.rpc.add_CampaignServiceServicer_to_server, drives),
    ]


def resources(runtime: Runtime) -> dict[str, object]:
    """What jobs ask for by name. The sealing key is notify's alone."""
    config: NotifyConfig = runtime.config
    key = load_sealing_key(config.sealing_key_path)
    billing = runtime.channel("billing")
    room = PostRoom(config, runtime.clock, runtime.metrics, key, Dues(billing))
    return {"room": room, "audiences": Audiences(billing)}


part = Part(
    "notify",
    NotifyConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=services,
    handlers=handlers,
    jobs=jobs,
    resources=resources,
)

if __name__ == "__main__":
    part.main()
