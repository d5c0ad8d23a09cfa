"""The door of canned answers."""

from typing import Any

import pytest
from ebok.tickets.v1 import canned_answers_pb2 as pb
from ebok.tickets.v1.canned_answers_pb2_grpc import CannedAnswerServiceStub

from chassis.errors import Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from tests.tickets.office import ANSWER

HIGH_BILL, FAULT = "01930000-0000-7000-8000-00000000b001", "01930000-0000-7000-8000-00000000b004"


@pytest.fixture
def answers(served, as_edward):
    return served.stub(CannedAnswerServiceStub, as_edward)


def canned(**changes: Any) -> pb.CannedAnswer:
    values = {"canned_answer_id": str(new_id()), "title": "Ząb", "body": "Dzień dobry, {name}."}
    return pb.CannedAnswer(**{**values, **changes})


def save(stub, wanted: pb.CannedAnswer) -> pb.CannedAnswer:
    return stub.SaveCannedAnswer(pb.SaveCannedAnswerRequest(canned_answer=wanted)).canned_answer


def delete(stub, answer: pb.CannedAnswer) -> None:
    stub.DeleteCannedAnswer(pb.DeleteCannedAnswerRequest(canned_answer_id=answer.canned_answer_id))


def listed(stub, **wanted: Any) -> list[pb.CannedAnswer]:
    return list(stub.ListCannedAnswers(pb.ListCannedAnswersRequest(**wanted)).canned_answers)


def titles(stub, **wanted: Any) -> list[str]:
    return [one.title for one in listed(stub, **wanted)]


def test_a_provider_begins_with_a_few(answers):
    assert titles(answers) == [
        "Awaria przyjęta",
        "Dziękujemy, sprawa zakończona",
        "Prośba o zdjęcie licznika",
        "Skąd się bierze kwota",
        "Sprawdzamy wodomierz",
    ]


def test_those_of_the_category_come_first_then_those_for_all(answers):
    save(answers, canned(category_ids=[HIGH_BILL]))
    assert titles(answers, category_id=FAULT)[:2] == ["Awaria przyjęta", "Dziękujemy, sprawa zakończona"]
    assert titles(answers, category_id=HIGH_BILL) == [
        "Prośba o zdjęcie licznika",
        "Sprawdzamy wodomierz",
        "Ząb",
        "Dziękujemy, sprawa zakończona",
        "Awaria przyjęta",
        "Skąd się bierze kwota",
    ]


def test_they_are_found_by_words_of_title_and_text_without_marks(answers):
    assert titles(answers, query="PROSBA licznika") == ["Prośba o zdjęcie licznika"]
    assert titles(answers, query="taryfy") == ["Skąd się bierze kwota"]
    assert titles(answers, query="taryfy wodomierz") == []


@pytest.mark.repeats("CannedAnswerService/SaveCannedAnswer")
def test_saving_one_twice_makes_one(answers):
    wanted = canned(category_ids=[FAULT])
    assert save(answers, wanted) == save(answers, wanted) == wanted
    assert titles(answers).count("Ząb") == 1

    wanted.title = "Zmieniona"
    save(answers, wanted)
    assert titles(answers, query="zmieniona") == ["Zmieniona"]
    assert "Ząb" not in titles(answers)


@pytest.mark.repeats("CannedAnswerService/DeleteCannedAnswer")
def test_one_taken_away_is_gone_and_is_not_saved_back(answers):
    made = save(answers, canned())
    delete(answers, made)
    delete(answers, made)
    delete(answers, canned())
    assert "Ząb" not in titles(answers)
    with pytest.raises(NotFound) as refusal:
        save(answers, made)
    assert refusal.value.reason == "CANNED_ANSWER_NOT_FOUND"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"title": ""}, {("canned_answer.title", "REQUIRED")}),
        ({"title": "x" * 81}, {("canned_answer.title", "TOO_LONG")}),
        ({"body": "x" * 4001}, {("canned_answer.body", "TOO_LONG")}),
        ({"body": "Witaj, {imię}"}, {("canned_answer.body", "UNKNOWN_PLACEHOLDER")}),
        ({"body": "{name.__class__}"}, {("canned_answer.body", "UNKNOWN_PLACEHOLDER")}),
        ({"category_ids": ["x"]}, {("canned_answer.category_ids[0]", "MALFORMED")}),
        ({"canned_answer_id": ""}, {("canned_answer.canned_answer_id", "REQUIRED")}),
    ],
)
def test_one_is_refused_field_by_field(answers, changes, found):
    with pytest.raises(Invalid) as refusal:
        save(answers, canned(**changes))
    assert {(one.field, one.reason) for one in refusal.value.violations} == found


@pytest.mark.parametrize(
    ("translations", "found"),
    [
        ({"de": "Guten Tag"}, {("canned_answer.translations[de]", "MALFORMED")}),
        ({"pl": "Dzień dobry"}, {("canned_answer.translations[pl]", "MALFORMED")}),
        ({"uk": "Добрий день, {ім'я}"}, {("canned_answer.translations[uk]", "UNKNOWN_PLACEHOLDER")}),
    ],
)
def test_its_translations_are_refused_language_by_language(answers, translations, found):
    with pytest.raises(Invalid) as refusal:
        save(answers, canned(translations=translations))
    assert {(one.field, one.reason) for one in refusal.value.violations} == found


def test_one_says_the_same_in_other_languages_and_is_found_by_their_words(answers):
    made = save(answers, canned(translations={"en": "Good morning, {name}.", "uk": " "}))
    assert dict(made.translations) == {"en": "Good morning, {name}."}
    assert titles(answers, query="morning ząb") == ["Ząb"]


def test_those_in_the_language_of_the_customer_come_first_where_they_fit_alike(answers):
    save(answers, canned(title="A tylko po polsku", category_ids=[FAULT]))
    assert titles(answers, category_id=FAULT)[:2] == ["A tylko po polsku", "Awaria przyjęta"]
    assert titles(answers, category_id=FAULT, language="pl")[:2] == ["A tylko po polsku", "Awaria przyjęta"]
    assert titles(answers, category_id=FAULT, language="uk")[:2] == ["Awaria przyjęta", "A tylko po polsku"]


def test_those_of_a_new_provider_speak_all_languages(answers):
    for one in listed(answers):
        assert set(one.translations) == {"en", "uk"}


def test_its_categories_must_be_there(answers):
    with pytest.raises(NotFound) as refusal:
        save(answers, canned(category_ids=[str(new_id())]))
    assert refusal.value.reason == "CATEGORY_NOT_FOUND"


def test_there_is_an_end_to_how_many_there_are(answers):
    for number in range(495):
        save(answers, canned(title=f"Odpowiedź {number}"))
    with pytest.raises(Invalid) as refusal:
        save(answers, canned())
    assert {(one.field, one.reason) for one in refusal.value.violations} == {("canned_answer", "TOO_MANY")}
    assert len(titles(answers)) == 500


@pytest.mark.repeats("TicketDeskService/AnswerCase")
def test_how_often_one_was_given_is_counted_once_for_each_answer(answers, office):
    made = save(answers, canned())
    request = office.answering(office.open(), "Dzień dobry.", ANSWER, canned_answer_id=made.canned_answer_id)
    office.desk.AnswerCase(request)
    office.desk.AnswerCase(request)
    office.answer(office.open(), canned_answer_id=made.canned_answer_id)
    office.answer(office.open(), canned_answer_id=str(new_id()))
    [own] = [one for one in listed(answers) if one.title == "Ząb"]
    assert own.used_count == 2
    made.title = "Dąb"
    assert save(answers, made).used_count == 2


def test_a_clerk_picks_and_does_not_change(served, as_daria):
    clerk = served.stub(CannedAnswerServiceStub, as_daria.allowed("tickets.tickets.work"))
    assert titles(clerk)
    for act in (lambda: save(clerk, canned()), lambda: delete(clerk, canned())):
        with pytest.raises(PermissionDenied):
            act()


def test_customers_have_no_business_here(served, as_celina):
    with pytest.raises(PermissionDenied):
        titles(served.stub(CannedAnswerServiceStub, as_celina))
