"""How long a text message is, as protobuf."""

from ebok.notify.v1 import campaigns_pb2 as pb

from services.notify.documents.sms_lengths import measure, plain


def pack_length(text: str, *, normalize: bool) -> pb.SmsLength:
    """As it is paid for: where `normalize` says so, the provider makes plain letters of marked ones itself."""
    length = measure(plain(text) if normalize else text)
    return pb.SmsLength(
        characters=length.characters,
        parts=length.parts,
        is_unicode=length.is_unicode,
        parts_when_plain=measure(plain(text)).parts,
    )
