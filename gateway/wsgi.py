"""What gunicorn loads: `gunicorn gateway.wsgi:app`."""

import gc

from chassis.config import load_config
from gateway.app import create_app
from gateway.config import GatewayConfig

app = create_app(load_config(GatewayConfig))
gc.collect()
gc.freeze()  # What was loaded stays: a page waits for every look through it for garbage.
