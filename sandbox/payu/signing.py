"""PayU's signatures of notifications: a hash over the raw body and the second key."""

import hashlib

ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def sign(body: bytes, second_key: str, algorithm: str = "MD5") -> str:
    """Lower-case hex. Raises KeyError for an algorithm that PayU does not use."""
    return hashlib.new(ALGORITHMS[algorithm], body + second_key.encode()).hexdigest()


def header(signature: str, algorithm: str = "MD5") -> str:
    """The value of OpenPayu-Signature."""
    return f"sender=checkout;signature={signature};algorithm={algorithm};content=DOCUMENT"
