"""One transfer for everything that is open: amount, account, title, and the code for a bank's app."""

from ebok.billing.v1 import customers_pb2, invoices_pb2, ledger_pb2
from flask import render_template
from flask_login import current_user

from gateway.portal import portal
from gateway.web.brand import provider
from gateway.web.calls import at_once, clients
from gateway.web.qr import GROSZE_MAX, transfer_text

INVOICES_MAX = 100


@portal.get("/przelew")
def transfer() -> str:
    """What is open together, and each open invoice by itself."""
    customer_id = current_user.customer_id
    asked = invoices_pb2.ListInvoicesRequest(customer_id=customer_id)
    asked.page.page_size = INVOICES_MAX
    balance, customer, listed = at_once(
        (clients().billing.ledger.GetBalance, ledger_pb2.GetBalanceRequest(customer_id=customer_id)),
        (clients().billing.customers.GetCustomer, customers_pb2.GetCustomerRequest(customer_id=customer_id)),
        (clients().billing.invoices.ListInvoices, asked),
    )
    amount = balance.balance.open_amount.grosze
    account = customer.customer.account_number or provider().account_number
    title = f"Klient {customer.customer.number}"  # Read by the provider, so always in Polish.
    code = ""
    if 0 < amount <= GROSZE_MAX and account:
        code = transfer_text(
            account=account,
            grosze=amount,
            recipient=provider().provider_name,
            title=title,
            nip=provider().nip,
        )
    return render_template(
        "portal/transfers/index.html",
        balance=balance.balance,
        account=account,
        title=title,
        code=code,
        invoices=[one for one in listed.invoices if one.open_amount.grosze > 0],
    )
