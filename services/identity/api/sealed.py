"""Sealing for the part that writes the mails."""

from functools import partial
from pathlib import Path

from chassis.keys import KeyMissing
from chassis.sealing import seal
from services.identity.domain.links import Seal


def sealer_for(part: str, keys_dir: Path) -> Seal:
    """Seals for a part, with its public key. Raises KeyMissing."""
    path = keys_dir / "public" / "sealing" / f"{part}.pem"
    try:
        public_pem = path.read_bytes()
    except OSError as fault:
        raise KeyMissing(f"{path}: {type(fault).__name__}") from None
    return partial(seal, public_pem)
