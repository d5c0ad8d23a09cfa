"""What of a provider's words may be shown: everything but what one could sign or call with."""

import re

MASK = "••••"
_SECRET = re.compile(
    r'("(?:sign|signature|token|access_token|refresh_token|crc|client_secret|second_key|authorizationCode)"\s*:\s*")'
    r'(?:[^"\\]|\\.)*(")',
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"((?:[?&](?:token|sign)=)|(?:/trnRequest/))[^\"&\s]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def shown(said: bytes) -> str:
    """The words as text: signatures and tokens masked, what is no letter replaced."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", said.decode("utf-8", "replace"))
    return _IN_ADDRESS.sub(rf"\1{MASK}", _SECRET.sub(rf"\1{MASK}\2", text))
