"""What gunicorn loads: `gunicorn gateway.wsgi:app`."""

from chassis.config import load_config
from gateway.app import create_app
from gateway.config import GatewayConfig

app = create_app(load_config(GatewayConfig))
