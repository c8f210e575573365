"""Every table, by what it is about.

What must never happen is forbidden here rather than hoped for in code: the
partial unique indexes allow one open call per number, one holder per boxed
lead, one standing prohibition per number and workgroup and one open callback
per lead; triggers let nobody change or remove a line of the audit log.
"""

from dialer.storage.tables.audit import audit_log
from dialer.storage.tables.gate import gate_lanes, mybox_entries, prohibitions
from dialer.storage.tables.history import actions, calls
from dialer.storage.tables.imports import lead_import_notes, lead_imports
from dialer.storage.tables.lead_grams import CREATE_LEAD_GRAMS
from dialer.storage.tables.leads import (
    callbacks,
    contact_points,
    custom_values,
    lead_changes,
    leads,
    saved_views,
)
from dialer.storage.tables.metadata import E164, RowId, metadata
from dialer.storage.tables.people import (
    recovery_codes,
    user_links,
    user_workgroups,
    users,
    workgroups,
)
from dialer.storage.tables.projects import (
    action_results,
    custom_field_sets,
    custom_fields,
    project_users,
    projects,
    result_sets,
    stages,
)
from dialer.storage.tables.recordings import (
    bookmarks,
    comments,
    good_examples,
    legal_holds,
    phrase_flags,
    recording_jobs,
    recording_peaks,
    recordings,
    transcripts,
)
from dialer.storage.tables.searching import action_texts
from dialer.storage.tables.work import agent_sessions, campaigns

__all__ = [
    "CREATE_LEAD_GRAMS",
    "E164",
    "RowId",
    "action_results",
    "action_texts",
    "actions",
    "agent_sessions",
    "audit_log",
    "bookmarks",
    "callbacks",
    "calls",
    "campaigns",
    "comments",
    "contact_points",
    "custom_field_sets",
    "custom_fields",
    "custom_values",
    "gate_lanes",
    "good_examples",
    "lead_changes",
    "lead_import_notes",
    "lead_imports",
    "leads",
    "legal_holds",
    "metadata",
    "mybox_entries",
    "phrase_flags",
    "prohibitions",
    "project_users",
    "projects",
    "recording_jobs",
    "recording_peaks",
    "recordings",
    "recovery_codes",
    "result_sets",
    "saved_views",
    "stages",
    "transcripts",
    "user_links",
    "user_workgroups",
    "users",
    "workgroups",
]
