"""The wiring of notify: `python -m services.notify serve | work | run | migrate | job NAME | config`."""

from pathlib import Path

from chassis.app import Part, Runtime
from chassis.jobs import Jobs
from chassis.messaging.inbox import Handlers
from chassis.rpc.server import Service
from chassis.sealing import load_sealing_key
from services.notify.api import announcements, messages, pages
from services.notify.clients.billing import Audiences
from services.notify.config import NotifyConfig
from services.notify.inbox import customers, invoices, payments, readings, settings, users
from services.notify.jobs import announcements as gathering
from services.notify.jobs import messages as sending

handlers, jobs = Handlers(), Jobs()
for heard in (users, settings, customers, invoices, payments, readings):
    handlers.include(heard.handlers)
for work in (sending, gathering):
    jobs.include(work.jobs)


def services(runtime: Runtime) -> list[Service]:
    """Every door of notify, a line for each noun."""
    database, clock = runtime.database, runtime.clock
    board = announcements.AnnouncementService(database, clock)
    return [
        (messages.rpc.add_MessageServiceServicer_to_server, messages.MessageService(database)),
        (announcements.rpc.add_AnnouncementServiceServicer_to_server, board),
        (pages.rpc.add_PageServiceServicer_to_server, pages.PageService(database, clock)),
    ]


def resources(runtime: Runtime) -> dict[str, object]:
    """What jobs ask for by name. The sealing key is notify's alone."""
    config: NotifyConfig = runtime.config
    key = load_sealing_key(config.sealing_key_path)
    room = sending.PostRoom(config, runtime.clock, runtime.metrics, key)
    return {"room": room, "audiences": Audiences(runtime.channel("billing"))}


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
