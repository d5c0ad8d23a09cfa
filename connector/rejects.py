"""The rejects file: the refused rows as they came, each with its reasons, to be mended and sent again."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from ebok.billing.v1 import imports_pb2 as pb

from connector.faults import CannotImport

HEAD = ("kind", "row_number", "external_id", "reasons", "row")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_place(path: Path) -> None:
    """Raises CannotImport when no file can be written there: known before the import, not after it."""
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CannotImport(f"{path}: refused rows cannot be written there; name another file with --rejects")


def write_rejects(path: Path, rejects: Iterable[pb.Reject]) -> int:
    """Write them as CSV and answer how many there were."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        for reject in rejects:
            out.writerow(_line(reject))
            count += 1
    return count


def _line(reject: pb.Reject) -> list[str]:
    reasons = "; ".join(
        f"{reason.field}: {reason.reason}" + (f" ({reason.value})" if reason.value else "")
        for reason in reject.reasons
    )
    row = "; ".join(f"{name}={value}" for name, value in sorted(reject.row.items()))
    cells = (reject.kind, str(reject.row_number), reject.external_id, reasons, row)
    return [harmless(cell) for cell in cells]


def harmless(cell: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
