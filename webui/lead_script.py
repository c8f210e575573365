"""The script as it reads for one lead: on the desk, and as a preview."""

from collections.abc import Iterable, Mapping

import structlog
from markupsafe import Markup

from dialer.lead_detail import LeadDetail
from dialer.projects import Project
from dialer.rules.custom_field import CustomField, FieldKind, Value
from webui.formats import national
from webui.script import ScriptFailed, as_html, render_script
from webui.translations import Words

log = structlog.get_logger(__name__)


def script_for(
    project: Project, lead: LeadDetail, *, number: str, user: str, company: str, _: Words
) -> Markup:
    """For the desk: a script that fails is shown as it was written, for a call is no time to wait.

    `number` is what is called, in E.164.
    """
    try:
        return render_script(
            project.script,
            lead_values(project, lead, number=number, user=user, company=company),
            custom_texts(lead.custom, _),
        )
    except ScriptFailed as error:
        log.warning("a script cannot be used", project=project.name, problem=str(error))
        return as_html(project.script)


def lead_values(
    project: Project, lead: LeadDetail, *, number: str, user: str, company: str
) -> Mapping[str, str]:
    """What the names of `webui.script.VARIABLES` stand for."""
    row = lead.row
    return {
        "name": row.name,
        "kana": row.name_kana,
        "contact_person": row.contact_person,
        "phone": national(number) if number else "",
        "email": lead.email,
        "postal_code": lead.postal_code,
        "prefecture": row.prefecture,
        "city": row.city,
        "building": lead.building,
        "website": lead.website,
        "notes": lead.notes,
        "user": user,
        "project": project.name,
        "company": company,
    }


def custom_texts(custom: Iterable[tuple[CustomField, Value | None]], _: Words) -> Mapping[str, str]:
    """Custom values by their fields' names; a box that is not ticked is empty, as is no value."""
    return {field.name: _text(field, value, _) for field, value in custom}


def _text(field: CustomField, value: Value | None, _: Words) -> str:
    if field.kind is FieldKind.CHECK_BOX:
        return _("Yes") if value == "1" else ""
    if isinstance(value, list):
        return ("、" if _.language == "ja" else ", ").join(value)
    return value or ""
