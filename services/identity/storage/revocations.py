"""Whose tokens count no more."""

from typing import Any

from chassis import revocations
from services.identity.storage.base import Base

Revocation: Any = revocations.table(Base)
