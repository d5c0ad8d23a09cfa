"""What is said under the readings of an invoice: settled estimates in words, and what went to the garden."""

from collections.abc import Iterable

from services.billing.documents.wording import commodity_name, measure, meter_name
from services.billing.domain.printed import PrintedReading, PrintedShare


def reading_title(reading: PrintedReading) -> str:
    """What the meter is called: "Wodomierz", "Podlicznik ogrodowy"."""
    return "Podlicznik ogrodowy" if reading.garden else meter_name(reading.commodity)


def reading_notes(reading: PrintedReading) -> list[str]:
    """Why the use is not the plain difference of the two values, and what is still to be taken off."""
    notes = []
    if reading.left_over > 0:
        more = measure(reading.left_over, reading.unit)
        notes.append(
            f"Odczyt szacowany był za wysoki: zafakturowano już o {more} więcej, niż wskazuje licznik."
            " Dopóki licznik tego nie przekroczy, nic nie doliczamy."
        )
    elif reading.previous_settled:
        notes.append("Poprzedni odczyt był szacowany. Liczymy od wartości, która jest już zafakturowana.")
    if reading.credited > 0:
        off = measure(reading.credited, reading.unit)
        notes.append(f"Odczyt szacowany był za wysoki: odjęliśmy {off}, które są już zafakturowane.")
    if reading.credited < 0:
        on = measure(-reading.credited, reading.unit)
        notes.append(f"Odczyt szacowany był za niski: doliczyliśmy {on}, których wtedy nie zafakturowano.")
    return notes


def share_notes(reading: PrintedReading, shares: Iterable[PrintedShare]) -> list[str]:
    """Under a garden meter: how the sewage was reckoned, "Ścieki: woda 27,4 m³ − ogród 6,1 m³ = 21,3 m³"."""
    if not reading.garden:
        return []
    return [
        f"{commodity_name(share.commodity).capitalize()}: {commodity_name(share.source)} "
        f"{measure(share.whole, share.unit)} − ogród {measure(share.less, share.unit)} = "
        f"{measure(share.rest, share.unit)}"
        for share in shares
        if share.source == reading.commodity
    ]
