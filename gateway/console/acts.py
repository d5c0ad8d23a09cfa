"""The audit log in words: a sentence for each act that is recorded, and where its subject is found.

Acts are names of RPCs and of jobs. Sentences have no subject, so that they read the same whoever acted:
„otworzono kartę klienta”.
"""

from typing import Any

from ebok.identity.v1 import audit_pb2
from flask import url_for
from flask_babel import LazyString

from gateway.web.languages import lazy_gettext as _l

ACTS: dict[str, LazyString] = {
    "ebok.identity.v1.SessionService/LogIn": _l("logged in"),
    "ebok.identity.v1.SessionService/CompleteLogIn": _l("logged in with a code"),
    "ebok.identity.v1.SessionService/StepUp": _l("proved once more who they are"),
    "ebok.identity.v1.SessionService/EndSessions": _l("logged out on other devices"),
    "ebok.identity.v1.SessionService/DenySignIn": _l("said that a log-in was not theirs"),
    "ebok.identity.v1.FactorService/EnrolTotp": _l("set up an app with codes"),
    "ebok.identity.v1.FactorService/RemoveTotp": _l("switched the codes of the log-in off"),
    "ebok.identity.v1.FactorService/RenewRecoveryCodes": _l("made new recovery codes"),
    "ebok.identity.v1.FactorService/ChangePassword": _l("changed the password"),
    "ebok.identity.v1.UserService/RequestEmailChange": _l("asked to log in with another address"),
    "ebok.identity.v1.UserService/ConfirmEmailChange": _l("confirmed another address to log in with"),
    "ebok.identity.v1.UserService/UndoEmailChange": _l("had another address to log in with undone"),
    "ebok.identity.v1.StaffService/ResetFactor": _l("took a colleague's app with codes away"),
    "ebok.identity.v1.SessionService/LogOut": _l("logged out"),
    "ebok.identity.v1.UserService/Register": _l("registered an account in the portal"),
    "ebok.identity.v1.UserService/ConfirmEmail": _l("confirmed the e-mail address of an account"),
    "ebok.identity.v1.UserService/RequestPasswordReset": _l("asked for a new password"),
    "ebok.identity.v1.UserService/ResetPassword": _l("set a new password"),
    "ebok.identity.v1.UserService/UpdateProfile": _l("changed the profile in the portal"),
    "ebok.identity.v1.GrantService/ClaimCustomer": _l("got access to the customer by proof"),
    "ebok.identity.v1.GrantService/ListCustomerGrants": _l("saw who has access to the customer"),
    "ebok.identity.v1.GrantService/ChangeGrantEnd": _l("gave a delegate another last day"),
    "ebok.identity.v1.GrantService/RevokeGrant": _l("ended somebody's access to the customer"),
    "ebok.identity.v1.GrantService/ResetHolderFactor": _l("took somebody's app with codes away"),
    "ebok.identity.v1.GrantService/GiveUpGrant": _l("gave the own access to the customer up"),
    "ebok.identity.v1.InvitationService/InviteDelegate": _l("invited a delegate"),
    "ebok.identity.v1.InvitationService/ListInvitations": _l("saw who is invited to the customer"),
    "ebok.identity.v1.InvitationService/CancelInvitation": _l("took the invitation of a delegate back"),
    "ebok.identity.v1.InvitationService/AcceptInvitation": _l("accepted an invitation and became a delegate"),
    "ebok.identity.v1.ConsentService/GetConsents": _l("saw the customer's consents"),
    "ebok.identity.v1.ConsentService/ListConsentChanges": _l("saw the history of the customer's consents"),
    "ebok.identity.v1.ConsentService/SaveConsents": _l("changed consents in the portal"),
    "ebok.identity.v1.ConsentService/RecordConsent": _l("wrote down a consent of the customer"),
    "ebok.identity.v1.AuditService/ListAuditEntries": _l("looked into the audit log"),
    "ebok.identity.v1.StaffService/ListStaff": _l("saw the list of staff"),
    "ebok.identity.v1.StaffService/ChangeStaff": _l("changed somebody's roles or area"),
    "ebok.identity.v1.RoleService/SaveRole": _l("made or changed a role"),
    "ebok.identity.v1.RoleService/DeleteRole": _l("deleted a role, or set it back"),
    "ebok.identity.v1.ApiClientService/CreateApiClient": _l("let another system in"),
    "ebok.identity.v1.ApiClientService/ChangeApiClient": _l("changed what another system may do"),
    "ebok.identity.v1.ApiClientService/RotateSecret": _l("made a second secret for another system"),
    "ebok.identity.v1.ApiClientService/RevokeSecret": _l("revoked a secret of another system"),
    "ebok.identity.v1.ApiClientService/RevokeApiClient": _l("shut another system out"),
    "ebok.identity.v1.PersonalTokenService/MakePersonalToken": _l("made a token for a program in the portal"),
    "ebok.identity.v1.PersonalTokenService/RevokePersonalToken": _l(
        "revoked a token of a program in the portal"
    ),
    "ebok.billing.v1.CustomerService/GetCustomer": _l("opened the customer's page"),
    "ebok.billing.v1.CustomerService/SearchCustomers": _l("searched for customers"),
    "ebok.billing.v1.CustomerService/UpdateContactData": _l("changed the contact data"),
    "ebok.billing.v1.ContractService/ListContracts": _l("saw the customer's contracts"),
    "ebok.billing.v1.ContractService/GetContractPdf": _l("fetched a contract as PDF"),
    "ebok.billing.v1.RecordService/GetRecord": _l("opened the master data of a record"),
    "ebok.billing.v1.RecordService/SearchRecords": _l("searched the master data"),
    "ebok.billing.v1.RecordService/SaveRecord": _l("made or changed master data"),
    "ebok.billing.v1.MeterService/ListServicePoints": _l("saw the customer's meters"),
    "ebok.billing.v1.MeterService/ReplaceMeter": _l("replaced a meter"),
    "ebok.billing.v1.ReadingService/ListReadings": _l("saw the customer's readings"),
    "ebok.billing.v1.ReadingService/GetUsage": _l("saw the customer's use"),
    "ebok.billing.v1.ReadingService/ListReadableMeters": _l("saw which meters the customer can read"),
    "ebok.billing.v1.ReadingService/SubmitReading": _l("handed in a reading"),
    "ebok.billing.v1.ReadingService/RecordReading": _l("wrote a reading down"),
    "ebok.billing.v1.ReadingService/GetReadingPhoto": _l("saw the photo of a reading"),
    "ebok.billing.v1.ReadingCheckService/ListWaitingReadings": _l("saw the readings that wait for a check"),
    "ebok.billing.v1.ReadingCheckService/GetReadingCase": _l("opened a reading that waits for a check"),
    "ebok.billing.v1.ReadingCheckService/AcceptReading": _l("accepted a reading"),
    "ebok.billing.v1.ReadingCheckService/RejectReading": _l("rejected a reading"),
    "ebok.billing.v1.ReadingCheckService/CorrectReading": _l("corrected a reading"),
    "ebok.billing.v1.ReadingCheckService/EstimateReading": _l("estimated a reading"),
    "ebok.billing.v1.ReadingWindowService/SaveReadingWindow": _l("planned or changed a reading window"),
    "ebok.billing.v1.ReadingWindowService/CancelReadingWindow": _l("took a reading window back"),
    "ebok.billing.v1.InvoiceService/ListInvoices": _l("saw the customer's invoices"),
    "ebok.billing.v1.InvoiceService/GetInvoice": _l("opened an invoice"),
    "ebok.billing.v1.InvoiceService/GetInvoicePdf": _l("fetched an invoice as PDF"),
    "ebok.billing.v1.InvoiceService/GetInvoicePdfs": _l("fetched several invoices as PDF"),
    "ebok.billing.v1.LedgerService/GetBalance": _l("saw the customer's balance"),
    "ebok.billing.v1.LedgerService/GetStatement": _l("saw the customer's statement"),
    "ebok.billing.v1.LedgerService/GetCharges": _l("saw the customer's charges"),
    "ebok.billing.v1.LedgerService/ListAllocations": _l("saw why money went where"),
    "ebok.billing.v1.LedgerService/GetOverview": _l("saw the customer's balance and last invoices"),
    "ebok.billing.v1.BillingRunService/CreateBillingRun": _l("started a billing run"),
    "ebok.billing.v1.BillingRunService/RecalculateBillingRun": _l("had a billing run calculated again"),
    "ebok.billing.v1.BillingRunService/IssueBillingRun": _l("issued the invoices of a run"),
    "ebok.billing.v1.BillingRunService/DiscardBillingRun": _l("discarded a billing run"),
    "ebok.billing.v1.BillingRunService/ListRunInvoices": _l("saw the drafts of a run"),
    "ebok.billing.v1.BillingRunService/GetRunInvoice": _l("opened a draft of a run"),
    "ebok.billing.v1.BillingRunService/ListParked": _l("saw the parked customers of a run"),
    "ebok.billing.v1.TariffService/CreateTariffVersion": _l("started a version of a tariff"),
    "ebok.billing.v1.TariffService/UpdateTariffVersion": _l("changed a draft of a tariff"),
    "ebok.billing.v1.TariffService/PublishTariffVersion": _l("published a version of a tariff"),
    "ebok.billing.v1.TariffService/DeleteTariffVersion": _l("deleted a draft of a tariff"),
    "ebok.billing.v1.ImportService/StartImport": _l("started an import"),
    "ebok.billing.v1.ImportService/FinishImport": _l("finished an import"),
    "ebok.billing.v1.ImportService/CancelImport": _l("stopped an import"),
    "ebok.billing.v1.ImportService/ListRejects": _l("saw the refused rows of an import"),
    "ebok.billing.v1.ImportService/GetReject": _l("opened a refused row of an import"),
    "ebok.billing.v1.ImportService/ResubmitReject": _l("mended a refused row of an import"),
    "ebok.billing.v1.ImportService/DismissReject": _l("set a refused row of an import aside"),
    "ebok.payments.v1.PaymentService/StartPayment": _l("started a payment"),
    "ebok.payments.v1.PaymentService/GetPayment": _l("opened a payment"),
    "ebok.payments.v1.PaymentService/ListPayments": _l("saw the customer's payments"),
    "ebok.payments.v1.PaymentService/GetConfirmationPdf": _l("fetched the confirmation of a payment"),
    "ebok.payments.v1.PaymentService/SearchPayments": _l("searched for payments"),
    "ebok.payments.v1.PaymentService/ListExchanges": _l("saw the messages of a payment with the operator"),
    "ebok.payments.v1.PaymentService/CheckPayment": _l("had the operator asked about a payment"),
    "ebok.payments.v1.RefundService/RefundPayment": _l("gave a payment back"),
    "ebok.payments.v1.RefundService/ListRefunds": _l("saw the refunds of a payment"),
    "ebok.notify.v1.AnnouncementService/SaveAnnouncement": _l("wrote or changed an announcement"),
    "ebok.notify.v1.AnnouncementService/PublishAnnouncement": _l("published an announcement"),
    "ebok.notify.v1.AnnouncementService/WithdrawAnnouncement": _l("took an announcement back"),
    "ebok.notify.v1.PageService/SavePageDraft": _l("changed a draft of a page"),
    "ebok.notify.v1.PageService/PublishPage": _l("published a page"),
    "ebok.notify.v1.PageService/HidePage": _l("hid a page"),
    "ebok.notify.v1.PageService/RestorePageVersion": _l("brought an earlier version of a page back"),
    "ebok.tickets.v1.TicketService/OpenTicket": _l("opened a case"),
    "ebok.tickets.v1.TicketService/ListTickets": _l("saw the customer's cases"),
    "ebok.tickets.v1.TicketService/WriteMessage": _l("wrote into a case"),
    "ebok.tickets.v1.TicketService/ReopenTicket": _l("opened a closed case again"),
    "ebok.tickets.v1.TicketService/RateTicket": _l("said how a case went"),
    "ebok.tickets.v1.TicketDeskService/ListQueue": _l("saw the queue of cases"),
    "ebok.tickets.v1.TicketDeskService/GetCase": _l("opened a case of the queue"),
    "ebok.tickets.v1.TicketDeskService/OpenCase": _l("opened a case for the customer"),
    "ebok.tickets.v1.TicketDeskService/AnswerCase": _l("answered a case, or noted something in it"),
    "ebok.tickets.v1.TicketDeskService/AssignCase": _l("gave a case to somebody"),
    "ebok.tickets.v1.TicketDeskService/AdvanceCase": _l("moved a case on"),
    "ebok.tickets.v1.AttachmentService/UploadAttachment": _l("handed a file in for a case"),
    "ebok.tickets.v1.AttachmentService/DownloadAttachment": _l("fetched a file of a case"),
    "ebok.tickets.v1.CategoryService/SaveCategory": _l("made or changed a category of cases"),
    "ebok.tickets.v1.WorkflowService/SaveWorkflowDraft": _l("changed a draft of a workflow"),
    "ebok.tickets.v1.WorkflowService/PublishWorkflow": _l("published a workflow"),
    "ebok.tickets.v1.WorkflowService/DiscardWorkflowDraft": _l("threw a draft of a workflow away"),
    "ebok.tickets.v1.CannedAnswerService/SaveCannedAnswer": _l("made or changed a ready answer"),
    "ebok.tickets.v1.CannedAnswerService/DeleteCannedAnswer": _l("took a ready answer away"),
    "ebok.tickets.v1.ContactService/RecordContact": _l("recorded a contact"),
    "ebok.tickets.v1.ContactService/ListContacts": _l("saw the customer's contacts"),
    "ebok.notify.v1.TemplateService/SaveTemplate": _l("wrote or changed a template of texts"),
    "ebok.notify.v1.TemplateService/RemoveTemplate": _l("took a template of texts away"),
    "ebok.notify.v1.SegmentService/SaveSegment": _l("kept a segment under a name"),
    "ebok.notify.v1.SegmentService/RemoveSegment": _l("took a saved segment away"),
    "ebok.notify.v1.CampaignService/SaveCampaign": _l("wrote or changed a campaign"),
    "ebok.notify.v1.CampaignService/RemoveCampaign": _l("threw a draft of a campaign away"),
    "ebok.notify.v1.CampaignService/CountRecipients": _l("counted the recipients of a campaign"),
    "ebok.notify.v1.CampaignService/PreviewCampaign": _l("saw what a recipient of a campaign would read"),
    "ebok.notify.v1.CampaignService/SendTestMessage": _l("sent a test of a campaign"),
    "ebok.notify.v1.CampaignService/ScheduleCampaign": _l("scheduled a campaign"),
    "ebok.notify.v1.CampaignService/UnscheduleCampaign": _l("made a scheduled campaign a draft again"),
    "ebok.notify.v1.CampaignService/PauseCampaign": _l("paused a campaign"),
    "ebok.notify.v1.CampaignService/ResumeCampaign": _l("let a campaign go on"),
    "ebok.notify.v1.CampaignService/CancelCampaign": _l("cancelled a campaign"),
    "ebok.notify.v1.CampaignService/ListRecipients": _l("saw the recipients of a campaign"),
    "ebok.billing.v1.AudienceService/CountAudience": _l("counted who is in a segment"),
    "ebok.notify.v1.PreferenceService/GetPreferences": _l("saw what the customer wants to be told"),
    "ebok.notify.v1.PreferenceService/SavePreferences": _l("chose notifications in the portal"),
    "ebok.notify.v1.PreferenceService/Unsubscribe": _l("refused offers by the link of a message"),
    "ebok.notify.v1.ReminderService/PreviewReminder": _l("saw what a customer would read in a reminder"),
    "ebok.notify.v1.ReminderService/SaveReminder": _l("changed a rule of reminders"),
    "ebok.notify.v1.MessageService/ListMessages": _l("saw the messages to the customer"),
}

# What the parts do by themselves, by the names of their jobs.
JOBS: dict[str, LazyString] = {
    "announcements.gather": _l("gathered whom an announcement is for"),
    "attachments.sweep": _l("erased files that nobody sent"),
    "audit.seal": _l("sealed days of the audit log"),
    "audit.verify": _l("checked the seals of the audit log"),
    "campaigns.forget": _l("erased recipients of old campaigns"),
    "campaigns.gather": _l("put the recipients of a campaign down"),
    "campaigns.release": _l("let messages of a campaign go"),
    "consents.publish": _l("published texts of consents"),
    "customers.announce": _l("told the other services all customers anew"),
    "exchanges.forget": _l("erased old messages with payment operators"),
    "messages.forget": _l("erased old messages"),
    "messages.send": _l("sent messages"),
    "methods.remember": _l("fetched the ways to pay"),
    "notifications.judge": _l("judged notifications of payment operators"),
    "payments.measure": _l("measured payments"),
    "payments.reconcile": _l("followed up payments at their operators"),
    "permits.tidy": _l("erased used permits of programs"),
    "photos.forget": _l("erased old photos of meters"),
    "reading_windows.count": _l("counted the readings of a window"),
    "reading_windows.open": _l("opened, announced or closed a reading window"),
    "reminders.plan": _l("planned reminders"),
    "runs.advance": _l("calculated or issued a part of a run"),
    "settings.load": _l("loaded the provider's settings"),
    "sms.ask": _l("asked whether text messages arrived"),
    "sms.send": _l("sent text messages"),
    "staff.add": _l("added a colleague"),
    "staff.reset_factor": _l("took a colleague's app with codes away"),
    "tickets.advance": _l("moved cases on after their days"),
    "tickets.deadlines": _l("noticed deadlines of cases"),
    "tokens.tidy": _l("erased links and sessions that have ended"),
    "use.derive": _l("derived daily use"),
}

ACTOR_KINDS: dict[str, LazyString] = {
    "user": _l("portal"),
    "customer": _l("portal"),
    "staff": _l("staff"),
    "client": _l("other system"),
    "system": _l("system"),
    "nobody": _l("before login"),
}

# A service's acts lead to the page of what they touched; the argument takes the subject's id.
_SUBJECTS = {
    "StaffService": ("console.colleague", "staff_id"),
    "RoleService": ("console.role", "role_key"),
    "ApiClientService": ("console.api_client", "client_id"),
    "BillingRunService": ("console.run", "run_id"),
    "TariffService": ("console.tariff", "tariff_version_id"),
    "ImportService": ("console.import_", "import_id"),
    "TicketDeskService": ("console.ticket", "ticket_id"),
    "TicketService": ("console.ticket", "ticket_id"),
    "CategoryService": ("console.ticket_category", "category_id"),
    "WorkflowService": ("console.ticket_workflow", "workflow_id"),
    "CannedAnswerService": ("console.canned_answer", "canned_answer_id"),
    "SegmentService": ("console.segment", "segment_id"),
}
_OF_CUSTOMER = {
    "InvoiceService/GetInvoice": ("console.customer_invoice", "invoice_id"),
    "InvoiceService/GetInvoicePdf": ("console.customer_invoice", "invoice_id"),
    "PaymentService/StartPayment": ("console.payment", "payment_id"),
    "PaymentService/GetPayment": ("console.payment", "payment_id"),
    "PaymentService/GetConfirmationPdf": ("console.payment", "payment_id"),
    "PaymentService/CheckPayment": ("console.payment", "payment_id"),
    "RefundService/RefundPayment": ("console.payment", "payment_id"),
}
_GONE = frozenset(
    {
        "TariffService/DeleteTariffVersion",
        "CannedAnswerService/DeleteCannedAnswer",
        "RoleService/DeleteRole",
        "SegmentService/RemoveSegment",
    }
)


def act_words(act: str) -> str:
    """The sentence of an act or a job; what is newer than this page prints by its own name."""
    words = ACTS.get(act) or JOBS.get(act)
    return act if words is None else str(words)


def actor_kind_word(kind: str) -> str:
    """The kind of who acted."""
    return str(ACTOR_KINDS.get(kind, kind))


def subject_url(entry: audit_pb2.AuditEntry) -> str:
    """The page of what an act touched; empty when there is none."""
    name = entry.act.rpartition(".")[2]
    if not entry.subject_id or name in _GONE:
        return ""
    if name in _OF_CUSTOMER and entry.customer_id:
        endpoint, argument = _OF_CUSTOMER[name]
        values: dict[str, Any] = {"customer_id": entry.customer_id, argument: entry.subject_id}
        return url_for(endpoint, **values)
    endpoint, argument = _SUBJECTS.get(name.partition("/")[0], ("", ""))
    subject: dict[str, Any] = {argument: entry.subject_id}
    return url_for(endpoint, **subject) if endpoint else ""
