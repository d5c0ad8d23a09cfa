"""How gunicorn serves the gateway, under `make run` and in its image; what differs comes from the environment."""

import os

bind = os.environ["EBOK_LISTEN"]
workers = 2
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
# Answers hold pages with personal data: heartbeat files belong to memory, not to the disk of temporary files.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
control_socket_disable = True
proc_name = "ebok-gateway"
loglevel = "info"
