"""The parts around an invoice's tables: head, what to pay and how, for whom and why, doubts, formal data."""

from chassis.money import Money
from services.billing.documents.explaining import what_else, what_it_is_for, why_it_changed
from services.billing.documents.fonts import BOLD, REGULAR, SEMIBOLD, text_width
from services.billing.documents.layout import (
    BRAND,
    FORMAL,
    HINT,
    INK,
    LEAD,
    LEFT,
    MUTED,
    NOTE,
    PAGE_NUMBER_Y,
    PANEL,
    RIGHT,
    TEXT,
    TOP,
    WHITE,
    Block,
    Sheet,
    Style,
    gap,
    joined,
    paragraph,
    wrap,
)
from services.billing.documents.transfer_qr import (
    AMOUNT_MAX,
    QUIET_MODULES,
    TransferUnsound,
    qr_modules,
    transfer_qr_text,
)
from services.billing.documents.wording import (
    account_number,
    amount,
    day_range,
    grouped,
    long_day,
    short_day,
    tax_number,
    weekday_of,
    zloty,
)
from services.billing.domain.printed import PrintedInvoice, PrintedSeller

NAME = Style(BOLD, 13, 14)
TITLE = Style(BOLD, 12, 14)
NAME_X = 87.87  # beside the mark
PANEL_TOP, PANEL_BOTTOM = 759.7, 606.6
PANEL_X = 70.87
PANEL_TEXT_WIDTH = 340.0
WHO_TOP = 589.0
WHO_WIDTH = 133.0
WHY_X = 198.43
BOX_LEFT, BOX_BOTTOM, BOX_SIDE = 420.94, 636.38, 110.55


def document_name(invoice: PrintedInvoice) -> str:
    """ "Faktura FV/2026/11/003950" """
    kind = "Faktura korygująca" if invoice.correction else "Faktura"
    return f"{kind} {invoice.number}"


def draw_head(sheet: Sheet, invoice: PrintedInvoice) -> None:
    """The provider on the left, the document and its days on the right."""
    title = document_name(invoice)
    period = day_range(invoice.period_from, invoice.period_until)
    days = f"wystawiona {long_day(invoice.issued_on)}, za okres {period}"
    _draw_mark(sheet, invoice.seller)
    name_room = RIGHT - NAME_X - text_width(title, TITLE.font, TITLE.size) - 16
    tagline_room = RIGHT - NAME_X - text_width(days, HINT.font, HINT.size) - 12
    _draw_seller(sheet, invoice.seller, name_room, tagline_room)
    sheet.right(RIGHT, TOP, title, TITLE)
    sheet.right(RIGHT, 780.1, days, HINT)
    if invoice.correction:
        corrected = invoice.correction
        said = f"do faktury {corrected.corrected_number} z {long_day(corrected.corrected_issued_on)}"
        sheet.right(RIGHT, 768.2, said, HINT)


def _draw_seller(sheet: Sheet, seller: PrintedSeller, name_room: float, tagline_room: float) -> None:
    """Its name, smaller and in up to three lines when it is long; the whole of it is in the formal data."""
    if text_width(seller.name, NAME.font, NAME.size) <= name_room:
        sheet.text(NAME_X, TOP, seller.name, NAME)
        if text_width(seller.tagline, HINT.font, HINT.size) <= tagline_room:
            sheet.text(NAME_X, 780.1, seller.tagline, HINT)
        return
    small = Style(BOLD, 10, 12)
    sheet.lines(NAME_X, TOP + 4, wrap(seller.name, small, min(name_room, tagline_room))[:3], small)


def _draw_mark(sheet: Sheet, seller: PrintedSeller) -> None:
    """The provider's sign: a drop, or the first letter of its name."""
    sheet.box(LEFT, 776.69, 28.35, 28.35, BRAND, radius=8.5)
    if seller.mark != "drop":
        sheet.centre(65.2, 784.6, seller.name[:1].upper(), Style(BOLD, 17, 17, WHITE))
        return
    sheet.canvas.setStrokeColor(WHITE)
    sheet.canvas.setLineWidth(1.5)
    drop = sheet.canvas.beginPath()
    drop.moveTo(65.2, 799.37)
    drop.curveTo(69.73, 793.7, 71.72, 790.87, 71.72, 787.46)
    drop.curveTo(71.72, 778.96, 58.68, 778.96, 58.68, 787.46)
    drop.curveTo(58.68, 790.87, 60.66, 793.7, 65.2, 799.37)
    drop.close()
    sheet.canvas.drawPath(drop, stroke=1, fill=0)


def draw_payment(sheet: Sheet, invoice: PrintedInvoice) -> None:
    """Amount, day, account and code: the four things needed to pay."""
    sheet.box(LEFT, PANEL_BOTTOM, RIGHT - LEFT, PANEL_TOP - PANEL_BOTTOM, PANEL, radius=11.3)
    big, currency = Style(BOLD, 36, 43), Style(BOLD, 18, 22)
    due = Style(SEMIBOLD, 13, 15.6)
    shown = amount(abs(invoice.to_pay))
    sheet.text(PANEL_X, 734.2, _asked(invoice), Style(REGULAR, 10.5, 12.6, MUTED))
    sheet.text(PANEL_X, 697.3, shown, big)
    sheet.text(PANEL_X + text_width(shown, BOLD, 36) + 6.2, 697.3, "zł", currency)
    if invoice.to_pay <= Money.zero():
        said = "Nic nie musisz teraz płacić."
        if invoice.to_pay < Money.zero():
            said = "Zaliczymy tę kwotę na kolejne rachunki albo zwrócimy na konto, jak wolisz."
        sheet.lines(PANEL_X, 676.1, wrap(said, due, RIGHT - PANEL_X - 20), due)
        return
    sheet.text(PANEL_X, 676.1, f"do {weekday_of(invoice.due_on)}, {long_day(invoice.due_on)}", due)
    _draw_transfer(sheet, invoice)


def _asked(invoice: PrintedInvoice) -> str:
    if invoice.to_pay < Money.zero():
        return "Do zwrotu"
    return "Do dopłaty" if invoice.correction else "Do zapłaty"


def _draw_transfer(sheet: Sheet, invoice: PrintedInvoice) -> None:
    payment = invoice.payment
    own = "Przelew na Twój własny numer rachunku:" if payment.own_account else "Przelew na rachunek:"
    sheet.text(PANEL_X, 654.8, own, HINT)
    sheet.text(PANEL_X, 639.2, account_number(payment.nrb), Style(SEMIBOLD, 11.5, 13.8))
    to_whom = f"Odbiorca: {payment.recipient.rstrip('.')}.  Tytuł: {payment.title}"
    sheet.lines(PANEL_X, 623.6, wrap(to_whom, HINT, PANEL_TEXT_WIDTH)[:2], Style(REGULAR, 8.5, 10.4, MUTED))
    modules = _transfer_code(invoice)
    if modules is None:
        return
    side = BOX_SIDE * len(modules) / (len(modules) + 2 * QUIET_MODULES)
    margin = (BOX_SIDE - side) / 2
    sheet.box(BOX_LEFT, BOX_BOTTOM, BOX_SIDE, BOX_SIDE, WHITE, radius=5.67)
    sheet.modules(BOX_LEFT + margin, BOX_BOTTOM + margin, side, modules)
    caption = "Zeskanuj w aplikacji banku" if invoice.to_pay <= AMOUNT_MAX else "Zeskanuj i wpisz kwotę"
    sheet.centre(BOX_LEFT + BOX_SIDE / 2, 621.4, caption, Style(SEMIBOLD, 8.5, 10.2))


def _transfer_code(invoice: PrintedInvoice) -> tuple[tuple[int, ...], ...] | None:
    """The modules; None where no bank would take the account or the NIP.

    An issued document cannot be mended and must still be shown: then without a code that would not work.
    """
    payment = invoice.payment
    try:
        text = transfer_qr_text(
            invoice.seller.nip, payment.nrb, invoice.to_pay, payment.recipient, payment.title
        )
    except TransferUnsound:
        return None
    return qr_modules(text)


def who_and_why(invoice: PrintedInvoice) -> Block:
    """For whom on the left; where the amount comes from on the right."""
    buyer = invoice.buyer
    who = [
        paragraph("Dla kogo", NOTE, width=WHO_WIDTH),
        gap(0.5),
        paragraph(buyer.name, LEAD, width=WHO_WIDTH),
        *(paragraph(line, TEXT, width=WHO_WIDTH) for line in buyer.address_lines),
        paragraph(f"Klient {grouped(buyer.customer_number)}", TEXT, width=WHO_WIDTH),
    ]
    if buyer.premises:
        who.append(paragraph(f"Dotyczy: {buyer.premises}", TEXT, width=WHO_WIDTH))
    return beside(joined(who), joined(_why(invoice)))


def _why(invoice: PrintedInvoice) -> list[Block]:
    width = RIGHT - WHY_X
    if invoice.correction:
        first = f"Poprawiamy fakturę {invoice.correction.corrected_number}: {invoice.correction.reason.rstrip('.')}."
        before, after = invoice.correction.total_gross_before, invoice.total_gross
        rest = [f"Było {zloty(before)}, jest {zloty(after)}, różnica {zloty(after - before)}."]
    else:
        first = what_it_is_for(invoice)
        rest = [why_it_changed(invoice), what_else(invoice)]
    blocks = [paragraph("Skąd ta kwota", NOTE, x=WHY_X, width=width), gap(0.5)]
    if first:
        blocks.append(paragraph(first, LEAD, x=WHY_X, width=width))
    blocks += [paragraph(said, TEXT, x=WHY_X, width=width) for said in rest if said]
    return blocks if len(blocks) > 2 else []


def beside(left: Block, right: Block) -> Block:
    """Two blocks next to each other; each knows its own column."""

    def draw(sheet: Sheet, top: float) -> None:
        left.draw(sheet, top)
        right.draw(sheet, top)

    return Block(max(left.height, right.height), draw)


def doubts(invoice: PrintedInvoice) -> Block:
    """How to disagree and what to do when one cannot pay; before the small print."""
    contact = invoice.contact
    ways = []
    if contact.portal:
        ways.append(f"napisz na {contact.portal}")
    if contact.phone:
        ways.append(f"zadzwoń {contact.phone}" + (f" ({contact.phone_hours})" if contact.phone_hours else ""))
    if contact.office:
        ways.append(f"przyjdź: {contact.office}")
    how = ", ".join(ways[:-1]) + (" albo " if len(ways) > 1 else "") + "".join(ways[-1:])
    said = [f"{how[0].upper()}{how[1:]}."] if how else []
    said.append(f"Reklamacja nie wymaga formularza, odpowiadamy w {contact.complaint_days} dni.")
    if contact.emergency:
        said.append(f"Awarie: {contact.emergency}.")
    text = Style(REGULAR, 8.5, 11.9, INK)
    blocks = [paragraph("Coś się nie zgadza?", Style(BOLD, 10, 14)), paragraph(" ".join(said), text)]
    if contact.instalments and invoice.to_pay > Money.zero():
        late = "Nie możesz zapłacić w terminie? Rozłożymy na raty, zanim pojawią się odsetki."
        blocks += [gap(2.3), paragraph(late, text)]
    return joined(blocks)


def formal_data(invoice: PrintedInvoice) -> Block:
    """Everything else the law wants to see: complete, small and last."""
    seller, buyer = invoice.seller, invoice.buyer
    sold = [seller.name, *seller.address_lines, f"NIP {tax_number(seller.nip)}"]
    bought = [buyer.name, *buyer.address_lines, *([f"NIP {tax_number(buyer.nip)}"] if buyer.nip else [])]
    facts = [
        f"Data wystawienia {short_day(invoice.issued_on)}.",
        f"Koniec okresu dostawy {short_day(invoice.period_until)}.",
        "Forma: przelew.",
        *(f"Taryfa {tariff.name} od {short_day(tariff.valid_from)}." for tariff in invoice.tariffs),
    ]
    texts = [
        f"Sprzedawca: {', '.join(sold)}.  Nabywca: {', '.join(bought)}.",
        "  ".join(facts),
        *([seller.register_text] if seller.register_text else []),
    ]
    return joined([paragraph(text, FORMAL) for text in texts])


def draw_page_number(sheet: Sheet, page: int, pages: int) -> None:
    """ "Strona 1 z 2" at the foot."""
    sheet.text(LEFT, PAGE_NUMBER_Y, f"Strona {page} z {pages}", FORMAL)
