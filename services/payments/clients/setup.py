"""The providers that the configuration sets up."""

from chassis.clock import Clock
from chassis.database import Database
from services.payments.clients import payu, przelewy24
from services.payments.clients.lines import Line
from services.payments.config import PaymentsConfig
from services.payments.domain.providers import PaymentProvider


def set_up_providers(config: PaymentsConfig, database: Database, clock: Clock) -> dict[str, PaymentProvider]:
    """By name, in the order of offering; a provider without an address is left out."""
    found: dict[str, PaymentProvider] = {}

    def line(name: str, url: str) -> Line:
        timeouts_s = (config.provider_connect_s, config.provider_answer_s)
        return Line(name, url, database, clock, timeouts_s=timeouts_s)

    if config.przelewy24_url:
        found[przelewy24.NAME] = przelewy24.Przelewy24(
            przelewy24.Account(
                merchant_id=config.przelewy24_merchant_id,
                pos_id=config.przelewy24_pos_id or config.przelewy24_merchant_id,
                crc=config.przelewy24_crc.get_secret_value(),
                api_key=config.przelewy24_api_key.get_secret_value(),
                return_url=config.return_url,
                notify_url=config.webhook("przelewy24"),
                refund_url=config.webhook("przelewy24/zwrot"),
            ),
            line(przelewy24.NAME, config.przelewy24_url),
            methods_wait_s=config.methods_wait_s,
        )
    if config.payu_url:
        found[payu.NAME] = payu.PayU(
            payu.Account(
                pos_id=config.payu_pos_id,
                second_key=config.payu_second_key.get_secret_value(),
                client_id=config.payu_client_id,
                client_secret=config.payu_client_secret.get_secret_value(),
                return_url=config.return_url,
                notify_url=config.webhook("payu"),
            ),
            line(payu.NAME, config.payu_url),
            methods_wait_s=config.methods_wait_s,
        )
    return found
