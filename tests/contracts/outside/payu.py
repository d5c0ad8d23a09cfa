"""Runs apart from the tests: a line in is a call of python-getpaid-payu, a line out what it led to."""

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any

import httpx
from getpaid_core.exceptions import GetPaidException
from getpaid_payu.client import PayUClient
from getpaid_payu.processor import PayUProcessor


async def hear(account: dict[str, Any], values: dict[str, Any]) -> dict[str, str] | None:
    """A notification, verified and understood as a shop that uses the library does it."""
    payment = SimpleNamespace(id=values["payment_id"], currency="PLN", external_id=None)
    config = {"second_key": account["second_key"], "allow_md5_callbacks": True}
    shop = PayUProcessor(payment, config)
    await shop.verify_callback({}, values["headers"], raw_body=values["body"])
    update = await shop.handle_callback(json.loads(values["body"]), values["headers"])
    if update is None:
        return None
    amounts = [update.paid_amount, update.locked_amount, update.refunded_amount]
    return {
        "event": str(update.payment_event.value),
        "amount": next((str(one) for one in amounts if one), ""),
    }


async def answer(client: PayUClient, account: dict[str, Any], line: str) -> dict[str, Any]:
    """What a line led to."""
    asked = json.loads(line)
    call, values = asked["call"], asked["values"]
    try:
        if call == "hear":
            return {"result": await hear(account, values)}
        return {"result": await getattr(client, call)(**values)}
    except GetPaidException as fault:
        raw = getattr(fault, "context", {}).get("raw_response")
        said = raw.text if isinstance(raw, httpx.Response) else str(fault)
        return {"refused": f"{type(fault).__name__} {said}"}


async def main() -> None:
    """Until the input ends."""
    account = json.loads(sys.argv[1])
    async with PayUClient(**account) as client:
        for line in sys.stdin:
            print(json.dumps(await answer(client, account, line), default=str), flush=True)


asyncio.run(main())
