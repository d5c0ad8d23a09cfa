"""The wiring of notify: `python -m services.notify serve | work | run | migrate | job NAME | config`."""

from pathlib import Path

from ebok.notify.v1 import messages_pb2_grpc

from chassis.app import Part, Runtime
from chassis.messaging.inbox import Handlers
from chassis.rpc.server import Service
from chassis.sealing import load_sealing_key
from services.notify.api.messages import MessageService
from services.notify.config import NotifyConfig
from services.notify.inbox import customers, invoices, payments, readings, settings, users
from services.notify.jobs.messages import PostRoom, jobs

handlers = Handlers()
for heard in (users, settings, customers, invoices, payments, readings):
    handlers.include(heard.handlers)


def services(runtime: Runtime) -> list[Service]:
    """What is answered over gRPC."""
    return [
        (messages_pb2_grpc.add_MessageServiceServicer_to_server, MessageService(runtime.database)),
    ]


def resources(runtime: Runtime) -> dict[str, object]:
    """What jobs ask for by name. The sealing key is notify's alone."""
    config: NotifyConfig = runtime.config
    key = load_sealing_key(config.sealing_key_path)
    return {"room": PostRoom(config, runtime.clock, runtime.metrics, key)}


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
