"""Where customers are served with what: staff limited to an area see no others."""

from typing import Any

from chassis import areas
from services.notify.storage.base import Base

CustomerArea: Any = areas.table(Base)
