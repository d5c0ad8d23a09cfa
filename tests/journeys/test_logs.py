"""What is looked for in the logs of a journey would be found."""

import pytest

from tests.journeys.logs import faults_of, people, words_of

SOUND = '{"part": "billing", "event": "rpc", "trace_id": "0af7651916cd43dd8448eb211c80319c"}'
WORDS = words_of([*people(), "AbCdEfGhIjKlMnOp-token"])


@pytest.mark.parametrize(
    "told",
    [
        "Anna",
        "anna@poczta.example",
        "ktos.inny@poczta.example",
        "Gęsia Łąka",
        "zielony rower pod lipą",
        "+48600100200",
        "AbCdEfGhIjKlMnOp-token",
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJlLW9m",
        "$argon2id$v=19$m=19456",
        "otpauth://totp/eBOK",
        "postgresql://billing:secret@127.0.0.1/billing",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_what_names_people_or_opens_something_is_found(told: str):
    assert faults_of(SOUND, WORDS) == []
    assert faults_of(SOUND.replace("billing", told), WORDS)


@pytest.mark.parametrize("line", ['{"a": 1', "{broken}", '{"a": "\x1b[31m"}'])
def test_a_line_that_is_no_json_is_found(line: str):
    assert faults_of(line, WORDS) == ["no line of JSON"]
