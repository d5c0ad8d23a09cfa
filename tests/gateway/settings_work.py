"""Settings of cases in the town: a workflow that somebody is drafting, and how all are put back as they were."""

from typing import Any

from ebok.tickets.v1 import workflows_pb2, workflows_pb2_grpc
from sqlalchemy import text

from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served

DRAFTED_WORKFLOW = "01930000-0000-7000-8000-00000000a002"
CANNED_ANSWER = "01930000-0000-7000-8000-00000000c002"
KEPT = ("categories", "workflows", "workflow_versions", "canned_answers")


def begin(served: Served, persona: Persona) -> None:
    """The manager drafts the next version of complaints; how everything stands then is remembered."""
    stub: Any = served.stub(workflows_pb2_grpc.WorkflowServiceStub, persona)
    asked = workflows_pb2.GetWorkflowRequest(workflow_id=DRAFTED_WORKFLOW)
    draft = stub.GetWorkflow(asked).workflow
    draft.states[3].names["pl"] = "Sprawdzamy u Ciebie"
    stub.SaveWorkflowDraft(workflows_pb2.SaveWorkflowDraftRequest(workflow=draft, request_id=str(new_id())))
    with served.database.transaction() as session:
        for table in KEPT:
            session.execute(text(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}"))  # noqa: S608 - names of ours


def begin_anew(served: Served) -> None:
    """Whatever forms did to settings is undone: made ones are gone, changed ones stand as they stood."""
    with served.database.transaction() as session:
        session.execute(text("ALTER TABLE workflow_versions DISABLE TRIGGER USER"))
        for statement in _ANEW:
            session.execute(text(statement))
        session.execute(text("ALTER TABLE workflow_versions ENABLE TRIGGER USER"))


_ANEW = (
    "DELETE FROM canned_answers WHERE canned_answer_id NOT IN (SELECT canned_answer_id FROM kept_canned_answers)",
    "UPDATE canned_answers c SET (title, body, translations, category_ids, is_deleted) ="
    " (SELECT title, body, translations, category_ids, is_deleted FROM kept_canned_answers k"
    " WHERE k.canned_answer_id = c.canned_answer_id)",
    "DELETE FROM categories WHERE category_id NOT IN (SELECT category_id FROM kept_categories)",
    "UPDATE categories c SET (names, hints, commodities, fields, workflow_id, kind, days, working_days, sentences,"
    " reopen_days, for_customers, is_active, position, version) = (SELECT names, hints, commodities, fields,"
    " workflow_id, kind, days, working_days, sentences, reopen_days, for_customers, is_active, position, version"
    " FROM kept_categories k WHERE k.category_id = c.category_id)",
    "DELETE FROM workflow_versions WHERE (workflow_id, version) NOT IN"
    " (SELECT workflow_id, version FROM kept_workflow_versions)",
    "DELETE FROM workflows WHERE workflow_id NOT IN (SELECT workflow_id FROM kept_workflows)",
    "UPDATE workflows w SET (current_version, draft, revision) = (SELECT current_version, draft, revision"
    " FROM kept_workflows k WHERE k.workflow_id = w.workflow_id)",
)
