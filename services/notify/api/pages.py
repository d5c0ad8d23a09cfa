"""The door for the provider's own pages."""

from collections.abc import Mapping

from ebok.notify.v1 import pages_pb2 as pb
from ebok.notify.v1 import pages_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.notify.documents.markdown import render_texts
from services.notify.domain import pages
from services.notify.domain.pages import PAGES_MAX, Draft, PageNotFound
from services.notify.storage import pages as stored
from services.notify.storage.pages import Page, PageVersion

MENU_MAX = 50
VERSIONS_MAX = 100


class PageService(rpc.PageServiceServicer):
    """Front door for pages: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListMenu(self, request: pb.ListMenuRequest, context: Context) -> pb.ListMenuResponse:
        """What people see in the menu."""
        with self._database.reading() as session:
            found = stored.list_menu(session, limit=MENU_MAX)
        return pb.ListMenuResponse(
            pages=[
                pb.Page(slug=one.slug, titles=one.titles, published_at=wire.pack_instant(one.published_at))
                for one in found
            ]
        )

    def GetPage(self, request: pb.GetPageRequest, context: Context) -> pb.GetPageResponse:
        """What people see at an address."""
        with self._database.reading() as session:
            found = stored.find_published(session, request.slug)
        if found is None:
            raise PageNotFound
        return pb.GetPageResponse(
            page=pb.Page(
                slug=found.slug,
                titles=found.titles,
                bodies_html=render_texts(found.bodies),
                published_at=wire.pack_instant(found.published_at),
            )
        )

    def ListWrittenPages(
        self, request: pb.ListWrittenPagesRequest, context: Context
    ) -> pb.ListWrittenPagesResponse:
        """All pages for those who write."""
        with self._database.reading() as session:
            found = stored.list_written(session, limit=PAGES_MAX)
        return pb.ListWrittenPagesResponse(pages=[_pack(one, bodies={}) for one in found])

    def GetWrittenPage(
        self, request: pb.GetWrittenPageRequest, context: Context
    ) -> pb.GetWrittenPageResponse:
        """One page with its versions."""
        page_id = wire.unpack_id(request.page_id, field="page_id")
        with self._database.reading() as session:
            found = stored.get_page(session, page_id)
            if found is None:
                raise PageNotFound(page_id=request.page_id)
            versions = stored.list_versions(session, page_id, limit=VERSIONS_MAX)
        return pb.GetWrittenPageResponse(
            page=_pack(found, bodies=found.bodies), versions=[_pack_version(one) for one in versions]
        )

    def SavePageDraft(self, request: pb.SavePageDraftRequest, context: Context) -> pb.SavePageDraftResponse:
        """Keep a draft."""
        wanted = request.page
        with self._database.transaction() as session:
            saved = pages.save_draft(
                session,
                wire.unpack_id(wanted.page_id, field="page.page_id"),
                Draft(
                    slug=wanted.slug,
                    titles=wanted.titles,
                    bodies=wanted.bodies,
                    in_menu=wanted.in_menu,
                    position=wanted.position,
                    revision=wanted.revision,
                ),
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.SavePageDraftResponse(page=_pack(saved, bodies=saved.bodies))

    def PublishPage(self, request: pb.PublishPageRequest, context: Context) -> pb.PublishPageResponse:
        """Publish the draft."""
        with self._database.transaction() as session:
            published = pages.publish(
                session,
                wire.unpack_id(request.page_id, field="page_id"),
                revision=request.revision,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.PublishPageResponse(page=_pack(published, bodies=published.bodies))

    def RestorePageVersion(
        self, request: pb.RestorePageVersionRequest, context: Context
    ) -> pb.RestorePageVersionResponse:
        """An earlier version is the draft again."""
        with self._database.transaction() as session:
            restored = pages.restore(
                session,
                wire.unpack_id(request.page_id, field="page_id"),
                request.version,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.RestorePageVersionResponse(page=_pack(restored, bodies=restored.bodies))

    def HidePage(self, request: pb.HidePageRequest, context: Context) -> pb.HidePageResponse:
        """People see it no more."""
        with self._database.transaction() as session:
            pages.hide(session, wire.unpack_id(request.page_id, field="page_id"))
        return pb.HidePageResponse()


def _pack(one: Page, *, bodies: Mapping[str, str]) -> pb.WrittenPage:
    return pb.WrittenPage(
        page_id=wire.pack_id(one.page_id),
        slug=one.slug,
        titles=one.titles,
        bodies=bodies,
        bodies_html=render_texts(bodies),
        in_menu=one.in_menu,
        position=one.position,
        revision=one.revision,
        has_draft=one.has_draft,
        is_published=one.version > 0,
        version=one.version,
        written_by=one.written_by,
        written_at=wire.pack_instant(one.written_at),
    )


def _pack_version(one: PageVersion) -> pb.PageVersion:
    return pb.PageVersion(
        version=one.version,
        published_by=one.published_by,
        published_at=wire.pack_instant(one.published_at),
        title=one.titles["pl"],
    )
