"""The wiring of notify: `python -m services.notify serve | work | run | migrate | job NAME | config`."""

from pathlib import Path

from chassis import areas
from chassis.app import Part, Runtime
from chassis.sealing import load_sealing_key
from services.notify.api import services
from services.notify.clients.billing import Audiences, Dues
from services.notify.config import NotifyConfig
from services.notify.inbox import handlers
from services.notify.jobs import jobs
from services.notify.jobs.rooms import PostRoom
from services.notify.storage.areas import CustomerArea


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
    areas=areas.guard(CustomerArea),
)

if __name__ == "__main__":
    part.main()
