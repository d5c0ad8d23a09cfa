"""The wiring of tickets: `python -m services.tickets serve | work | run | migrate | job NAME | config`."""

from pathlib import Path
from typing import Any

from chassis import areas
from chassis.app import Part, Runtime
from chassis.jobs import Jobs
from chassis.messaging.inbox import Handlers
from chassis.rpc.server import Service
from services.tickets.api import attachments, canned_answers, categories, contacts, desk, tickets, workflows
from services.tickets.config import TicketsConfig
from services.tickets.inbox import access, customers
from services.tickets.jobs import attachments as sweeping
from services.tickets.jobs import tickets as waiting
from services.tickets.storage.customers import Customer

handlers, jobs = Handlers(), Jobs()
for noun in (access, customers):
    handlers.include(noun.handlers)
for work in (waiting, sweeping):
    jobs.include(work.jobs)


def services(runtime: Runtime) -> list[Service]:
    """Every door of tickets, a line for each noun."""
    database, clock = runtime.database, runtime.clock
    files: Any = runtime.resources["files"]
    return [
        (tickets.rpc.add_TicketServiceServicer_to_server, tickets.TicketService(database, clock)),
        (
            attachments.rpc.add_AttachmentServiceServicer_to_server,
            attachments.AttachmentService(database, clock, files),
        ),
        (categories.rpc.add_CategoryServiceServicer_to_server, categories.CategoryService(database, clock)),
        (workflows.rpc.add_WorkflowServiceServicer_to_server, workflows.WorkflowService(database, clock)),
        (desk.rpc.add_TicketDeskServiceServicer_to_server, desk.TicketDeskService(database, clock)),
        (
            canned_answers.rpc.add_CannedAnswerServiceServicer_to_server,
            canned_answers.CannedAnswerService(database, clock),
        ),
        (contacts.rpc.add_ContactServiceServicer_to_server, contacts.ContactService(database, clock)),
    ]


part = Part(
    "tickets",
    TicketsConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=services,
    handlers=handlers,
    jobs=jobs,
    areas=areas.guard(Customer),
    resources=lambda runtime: {"files": runtime.config.open_files()},
)

if __name__ == "__main__":
    part.main()
