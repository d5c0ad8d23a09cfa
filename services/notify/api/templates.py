"""The door for templates."""

from ebok.notify.v1 import templates_pb2 as pb
from ebok.notify.v1 import templates_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Violation, refuse_if
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.notify.api.texts import check_subjects, pack_texts, unpack_texts
from services.notify.domain import templates
from services.notify.storage import templates as stored
from services.notify.storage.templates import Template

LIST = "templates"


class TemplateService(rpc.TemplateServiceServicer):
    """Front door for templates: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListTemplates(self, request: pb.ListTemplatesRequest, context: Context) -> pb.ListTemplatesResponse:
        window = unpack_window(request.page, of=LIST, kinds=stored.TEMPLATE_KEY)
        with self._database.reading() as session:
            page = stored.list_templates(session, window)
        return pb.ListTemplatesResponse(
            templates=[_pack(one) for one in page.rows],
            page=pack_page(page, of=LIST, key_of=lambda one: (one.name, one.template_id)),
        )

    def GetTemplate(self, request: pb.GetTemplateRequest, context: Context) -> pb.GetTemplateResponse:
        with self._database.reading() as session:
            found = templates.get(session, wire.unpack_id(request.template_id, field="template_id"))
        return pb.GetTemplateResponse(template=_pack(found))

    def SaveTemplate(self, request: pb.SaveTemplateRequest, context: Context) -> pb.SaveTemplateResponse:
        wanted = request.template
        texts = unpack_texts(wanted.texts, field="template.texts")
        faults = check_subjects(texts, field="template.texts")
        refuse_if(faults if texts else [Violation("template.texts", "REQUIRED")])
        with self._database.transaction() as session:
            saved = templates.save(
                session,
                wire.unpack_id(wanted.template_id, field="template.template_id"),
                name=wanted.name.strip(),
                texts=texts,
                version=wanted.version,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.SaveTemplateResponse(template=_pack(saved))

    def RemoveTemplate(
        self, request: pb.RemoveTemplateRequest, context: Context
    ) -> pb.RemoveTemplateResponse:
        with self._database.transaction() as session:
            templates.remove(session, wire.unpack_id(request.template_id, field="template_id"))
        return pb.RemoveTemplateResponse()


def _pack(template: Template) -> pb.Template:
    return pb.Template(
        template_id=wire.pack_id(template.template_id),
        name=template.name,
        texts=pack_texts(template.texts),
        version=template.version,
        written_by=template.written_by,
        written_at=wire.pack_instant(template.written_at),
    )
