"""The door for answers that are given often."""

from ebok.tickets.v1 import canned_answers_pb2 as pb
from ebok.tickets.v1 import canned_answers_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.tickets.domain import canned_answers
from services.tickets.domain.canned_answers import Wording
from services.tickets.storage.canned_answers import CannedAnswer


class CannedAnswerService(rpc.CannedAnswerServiceServicer):
    """Front door for answers that are given often: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListCannedAnswers(
        self, request: pb.ListCannedAnswersRequest, context: Context
    ) -> pb.ListCannedAnswersResponse:
        category_id = wire.unpack_optional_id(request.category_id, field="category_id")
        with self._database.reading() as session:
            found = canned_answers.find(
                session, category_id=category_id, query=request.query, language=request.language
            )
        return pb.ListCannedAnswersResponse(canned_answers=[_pack(one) for one in found])

    def SaveCannedAnswer(
        self, request: pb.SaveCannedAnswerRequest, context: Context
    ) -> pb.SaveCannedAnswerResponse:
        wanted = request.canned_answer
        canned_answer_id = wire.unpack_id(wanted.canned_answer_id, field="canned_answer.canned_answer_id")
        category_ids = tuple(
            dict.fromkeys(
                wire.unpack_id(one, field=f"canned_answer.category_ids[{place}]")
                for place, one in enumerate(wanted.category_ids)
            )
        )
        wording = Wording(wanted.title.strip(), wanted.body.strip(), dict(wanted.translations), category_ids)
        with self._database.transaction() as session:
            saved = canned_answers.save(session, canned_answer_id, wording)
            acts.name_subject(wire.pack_id(canned_answer_id))
            return pb.SaveCannedAnswerResponse(canned_answer=_pack(saved))

    def DeleteCannedAnswer(
        self, request: pb.DeleteCannedAnswerRequest, context: Context
    ) -> pb.DeleteCannedAnswerResponse:
        canned_answer_id = wire.unpack_id(request.canned_answer_id, field="canned_answer_id")
        with self._database.transaction() as session:
            canned_answers.delete(session, canned_answer_id)
            return pb.DeleteCannedAnswerResponse()


def _pack(answer: CannedAnswer) -> pb.CannedAnswer:
    return pb.CannedAnswer(
        canned_answer_id=wire.pack_id(answer.canned_answer_id),
        title=answer.title,
        body=answer.body,
        category_ids=[wire.pack_id(one) for one in answer.category_ids],
        used_count=answer.used_count,
        translations=answer.translations,
    )
