"""`python -m bench [NAME …]`: measure and print one JSON line for each figure."""

import importlib
import sys

from bench.figures import Figure

MODULES = {
    "start-page": "bench.pages",
    "invoice-list": "bench.pages",
    "use-chart": "bench.use_chart",
    "invoice-pdf": "bench.invoice_pdf",
    "outbox-relay": "bench.outbox_relay",
    "token-check": "bench.token_check",
    "rpc-pipeline": "bench.token_check",
    "webhook": "bench.webhook",
    "rest-list": "bench.rest_list",
    "settled-to-balance": "bench.settled_to_balance",
    "import-readings": "bench.import_readings",
    "campaign-send": "bench.campaign_send",
    "ticket-queue": "bench.ticket_queue",
    "ticket-search": "bench.ticket_queue",
    "login": "bench.login",
    "session-check": "bench.session_check",
}


def main(names: list[str]) -> int:
    """0 when every figure was measured; whether an aim is reached is said, not judged."""
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        sys.stderr.write(f"no such figure: {', '.join(unknown)}; there are {', '.join(MODULES)}\n")
        return 2
    wanted = names or list(MODULES)
    modules = dict.fromkeys(MODULES[name] for name in wanted)
    for module in modules:
        of_module = [name for name in wanted if MODULES[name] == module]
        figures: list[Figure] = importlib.import_module(module).measure(of_module)
        for figure in figures:
            sys.stdout.write(f"{figure.line()}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
