"""The provider's own pages through gRPC."""

from typing import Any

import pytest
from ebok.notify.v1 import pages_pb2 as pb
from ebok.notify.v1.pages_pb2_grpc import PageServiceStub

from chassis import errors
from chassis.ids import new_id


class Press:
    """Writes as Edward; anybody reads."""

    def __init__(self, served: Any, edward: Any) -> None:
        self.desk = served.stub(PageServiceStub, edward)
        self.anybody = served.stub(PageServiceStub)

    def draft(self, slug: str = "cennik", **values: Any) -> pb.WrittenPage:
        wanted = {
            "page_id": str(new_id()),
            "titles": {"pl": "Cennik"},
            "bodies": {"pl": "Woda: **6,53 zł**"},
            "in_menu": True,
            **values,
        }
        return self.save(pb.WrittenPage(slug=slug, **wanted))

    def save(self, page: pb.WrittenPage) -> pb.WrittenPage:
        return self.desk.SavePageDraft(pb.SavePageDraftRequest(page=page)).page

    def publish(self, page: pb.WrittenPage) -> pb.WrittenPage:
        request = pb.PublishPageRequest(page_id=page.page_id, revision=page.revision)
        return self.desk.PublishPage(request).page

    def read(self, slug: str = "cennik") -> str:
        return self.anybody.GetPage(pb.GetPageRequest(slug=slug)).page.bodies_html["pl"]

    def menu(self) -> list[str]:
        return [one.slug for one in self.anybody.ListMenu(pb.ListMenuRequest()).pages]


@pytest.fixture
def press(served, as_edward) -> Press:
    return Press(served, as_edward)


@pytest.mark.repeats("PageService/SavePageDraft", "PageService/PublishPage")
def test_a_draft_is_seen_by_nobody_until_it_is_published(press):
    page = press.draft()
    again = pb.WrittenPage()
    again.CopyFrom(page)
    assert press.save(again) == page
    with pytest.raises(errors.NotFound, match="PAGE_NOT_FOUND"):
        press.read()

    published = press.publish(page)
    assert press.publish(page) == published

    assert press.read() == "<p>Woda: <strong>6,53 zł</strong></p>"
    assert press.menu() == ["cennik"]
    assert (published.version, published.has_draft) == (1, False)


def test_a_new_draft_leaves_what_people_see(press):
    page = press.publish(press.draft())
    page.bodies["pl"] = "Woda: 7,05 zł"
    page = press.save(page)
    assert "6,53" in press.read()

    press.publish(page)

    assert "7,05" in press.read()


@pytest.mark.repeats("PageService/RestorePageVersion")
def test_every_version_is_kept_and_can_be_had_back(press):
    page = press.publish(press.draft())
    page.bodies["pl"] = "Woda: 7,05 zł"
    page = press.publish(press.save(page))

    request = pb.RestorePageVersionRequest(page_id=page.page_id, version=1)
    restored = press.desk.RestorePageVersion(request).page
    assert press.desk.RestorePageVersion(request).page == restored

    assert restored.has_draft
    assert "6,53" in restored.bodies["pl"]
    assert "7,05" in press.read()
    press.publish(restored)
    assert "6,53" in press.read()
    found = press.desk.GetWrittenPage(pb.GetWrittenPageRequest(page_id=page.page_id))
    assert [(one.version, one.published_by, one.title) for one in found.versions] == [
        (3, "Edward", "Cennik"),
        (2, "Edward", "Cennik"),
        (1, "Edward", "Cennik"),
    ]
    with pytest.raises(errors.NotFound, match="VERSION_NOT_FOUND"):
        press.desk.RestorePageVersion(pb.RestorePageVersionRequest(page_id=page.page_id, version=9))


@pytest.mark.repeats("PageService/HidePage")
def test_a_hidden_page_is_gone_and_can_be_published_again(press):
    page = press.publish(press.draft())
    for _ in range(2):
        press.desk.HidePage(pb.HidePageRequest(page_id=page.page_id))
    with pytest.raises(errors.NotFound):
        press.read()
    assert press.menu() == []

    press.publish(page)

    assert "6,53" in press.read()


@pytest.mark.parametrize("slug", ["Cennik", "a b", "../x", "-a", "a--b", "ą", "a/b"])
def test_an_address_is_plain_words_with_hyphens(press, slug):
    with pytest.raises(errors.Invalid) as refused:
        press.draft(slug)
    assert [(one.field, one.reason) for one in refused.value.violations] == [("slug", "MALFORMED")]


def test_an_address_has_one_page_in_writing_and_as_it_is_seen(press):
    page = press.publish(press.draft())
    page.slug = "ceny"
    press.save(page)
    for slug in ("ceny", "cennik"):
        with pytest.raises(errors.Invalid) as refused:
            press.draft(slug)
        assert [(one.field, one.reason) for one in refused.value.violations] == [("slug", "ADDRESS_TAKEN")]


def test_of_two_who_change_one_the_slower_is_told(press):
    page = press.draft()
    first, second = pb.WrittenPage(), pb.WrittenPage()
    first.CopyFrom(page)
    second.CopyFrom(page)
    first.titles["pl"] = "Ceny"
    press.save(first)
    second.titles["pl"] = "Opłaty"
    with pytest.raises(errors.Conflict, match="PAGE_CHANGED"):
        press.save(second)
    with pytest.raises(errors.Conflict, match="PAGE_CHANGED"):
        press.publish(page)


def test_nothing_written_is_nothing_to_publish(press):
    page = press.publish(press.draft())
    page.revision += 1
    with pytest.raises(errors.FailedPrecondition, match="NO_DRAFT"):
        press.publish(page)


def test_the_menu_goes_by_place(press):
    for slug, position in (("b", 2), ("a", 2), ("c", 1)):
        press.publish(press.draft(slug, position=position))
    press.publish(press.draft("poza-menu", in_menu=False))

    assert press.menu() == ["c", "a", "b"]
    assert [one.slug for one in press.desk.ListWrittenPages(pb.ListWrittenPagesRequest()).pages] == [
        "poza-menu",
        "c",
        "a",
        "b",
    ]
