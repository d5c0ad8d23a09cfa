"""What gunicorn loads: `gunicorn gateway.wsgi:app`."""

import gc

from chassis.config import load_config
from gateway.app import create_app
from gateway.config import GatewayConfig
from gateway.web.metrics import serve_metrics

config = load_config(GatewayConfig)
app = create_app(config)
serve_metrics(app, config.metrics_listen)
gc.collect()
gc.freeze()  # What was loaded stays: a page waits for every look through it for garbage.
