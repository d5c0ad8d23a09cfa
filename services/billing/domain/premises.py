"""Premises: addresses that are served."""

import re
from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.billing.domain import masters
from services.billing.domain.rows import Batch, RowKind, RowReader, SourceRow
from services.billing.storage.premises import Premises

POSTCODE = re.compile(r"[0-9]{2}-[0-9]{3}", re.ASCII)


def read_postcode(reader: RowReader, name: str = "postcode") -> str:
    """ "57-000", or nothing."""
    postcode = reader.text(name, length_max=10)
    if postcode and not POSTCODE.fullmatch(postcode):
        reader.fault(name, "MALFORMED")
    return postcode


def _read(reader: RowReader, batch: Batch) -> masters.Values:  # noqa: ARG001 - the shape of all nouns
    return {
        "street": reader.text("street", length_max=100),
        "building": reader.text("building", length_max=20, required=True),
        "flat": reader.text("flat", length_max=20),
        "postcode": read_postcode(reader),
        "town": reader.text("town", length_max=80, required=True),
    }


NOUN = masters.Noun(kind=RowKind.PREMISES, model=Premises, identity="premises_id", read=_read)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in a round of premises. Refuses by row: REQUIRED, TOO_LONG, MALFORMED."""
    masters.count(batch, masters.take_round(session, NOUN, rows, batch))
