"""Whose tokens count no more, as identity announced."""

from typing import Any

from chassis import revocations
from services.tickets.storage.base import Base

Revocation: Any = revocations.table(Base)
