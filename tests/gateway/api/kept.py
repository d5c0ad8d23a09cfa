"""`python -m tests.gateway.api.kept`: keep what the REST API promises as it is now, in `surface.txt`."""

from pathlib import Path

from pydantic import SecretStr

from gateway.api.document import document
from gateway.app import create_app
from gateway.config import GatewayConfig
from tests.gateway.api.said import surface


def main() -> None:
    """Write it beside the tests."""
    app = create_app(GatewayConfig(secret_key=SecretStr("s" * 40), keys_dir=Path("/nowhere")))
    with app.app_context():
        Path(__file__).with_name("surface.txt").write_text(surface(document()), "utf-8")


if __name__ == "__main__":
    main()
