"""Short keys of states, transitions, categories and fields: lower-case words, each once."""

import re
from collections.abc import Sequence

from chassis.errors import Violation

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


def check_keys(keys: Sequence[str], *, at: str) -> list[Violation]:
    """MALFORMED and DUPLICATE at `<at>[i].key`."""
    faults = []
    for place, key in enumerate(keys):
        if not KEY.fullmatch(key):
            faults.append(Violation(f"{at}[{place}].key", "MALFORMED"))
        elif key in keys[:place]:
            faults.append(Violation(f"{at}[{place}].key", "DUPLICATE"))
    return faults
