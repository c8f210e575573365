"""What the audit log's dotted words mean, for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialer.audit_list import AuditRow
from dialer.rules.phone_number import national_format
from webui.translations import Words, marked

ACTIONS: Mapping[str, str] = {
    "login": marked("Logged in"),
    "login.failed": marked("Login refused"),
    "mybox.put": marked("Into MyBox"),
    "mybox.release": marked("Out of MyBox"),
    "mybox.hand_over": marked("MyBox handed over"),
    "mybox.expiry": marked("End in MyBox changed"),
    "prohibition.add": marked("Prohibited"),
    "prohibition.lift": marked("Prohibition lifted"),
    "prohibition.export": marked("Prohibitions exported"),
    "call.result": marked("Result chosen"),
    "memo.add": marked("Memo written"),
    "callback.set": marked("Callback set"),
    "callback.close": marked("Callback closed"),
    "recording.play": marked("Recording played"),
    "recording.pause": marked("Recording was paused"),
    "recording.resume": marked("Recording resumed"),
    "words.phrase_seen": marked("Watched phrases noted"),
    "recording.download": marked("Recording downloaded"),
    "recording.erase": marked("Recording erased"),
    "hold.place": marked("Legal hold placed"),
    "hold.lift": marked("Legal hold lifted"),
    "person.export": marked("Data of a person handed over"),
    "person.erase": marked("Data of a person erased"),
    "transcript.view": marked("Transcript read"),
    "transcript.ask": marked("Transcript asked for"),
    "comment.add": marked("Comment written"),
    "comment.edit": marked("Comment changed"),
    "comment.delete": marked("Comment deleted"),
    "example.add": marked("Good example chosen"),
    "example.edit": marked("Good example changed"),
    "example.remove": marked("Good example removed"),
    "lead.import": marked("Leads imported"),
    "lead.create": marked("Lead added"),
    "lead.edit": marked("Lead changed"),
    "lead.delete": marked("Lead deleted"),
    "lead.restore": marked("Lead restored"),
    "lead.move": marked("Lead moved to another project"),
    "lead.merge": marked("Leads merged"),
    "lead.import_undo": marked("Import taken back"),
    "lead.export": marked("Leads exported"),
    "lead.export_end": marked("Export of leads ended"),
    "campaign.running": marked("Campaign started"),
    "campaign.paused": marked("Campaign paused"),
    "campaign.stopped": marked("Campaign stopped"),
    "user.create": marked("User added"),
    "user.password": marked("Password changed"),
    "user.activate": marked("User let in"),
    "user.deactivate": marked("User shut out"),
    "user.edit": marked("User changed"),
    "user.roles": marked("Roles changed"),
    "user.workgroups": marked("Workgroups changed"),
    "user.manages": marked("Manager of workgroups changed"),
    "user.phone": marked("Phone changed"),
    "user.phone_password": marked("New password of the phone"),
    "user.sign_out": marked("Logged out by hand"),
    "user.invite_link": marked("Invitation link made"),
    "user.reset_link": marked("Password link made"),
    "user.second_factor_on": marked("Second factor on"),
    "user.second_factor_off": marked("Second factor off"),
    "user.recovery_codes": marked("Recovery codes renewed"),
    "user.recovery_code_used": marked("Recovery code used"),
    "workgroup.create": marked("Workgroup added"),
    "workgroup.rename": marked("Workgroup renamed"),
    "workgroup.delete": marked("Workgroup deleted"),
    "workgroup.add_users": marked("Users added to a workgroup"),
    "workgroup.add_managers": marked("Managers of a workgroup named"),
    "workgroup.remove_managers": marked("Managers of a workgroup released"),
    "workgroup.remove_users": marked("Users taken out of a workgroup"),
    "project.create": marked("Project added"),
    "project.assign": marked("Users assigned to a project"),
    "project.remove": marked("Users taken out of a project"),
    "project.edit": marked("Project changed"),
    "project.script": marked("Script changed"),
    "project.hours": marked("Calling hours changed"),
    "project.retention": marked("Keeping of recordings changed"),
    "project.zone": marked("Time zone changed"),
    "project.close": marked("Project closed"),
    "project.reopen": marked("Project reopened"),
    "campaign.create": marked("Campaign added"),
    "result_set.create": marked("Result set added"),
    "result_set.rename": marked("Result set renamed"),
    "result_set.delete": marked("Result set deleted"),
    "result_category.add": marked("Category of results added"),
    "result_category.rename": marked("Category of results renamed"),
    "result_category.delete": marked("Category of results deleted"),
    "result.add": marked("Result added"),
    "result.change": marked("Result changed"),
    "result.order": marked("Results put in order"),
    "result.retire": marked("Result retired"),
    "result.offer": marked("Result offered again"),
    "result.delete": marked("Result deleted"),
    "stage.add": marked("Stage added"),
    "stage.change": marked("Stage changed"),
    "stage.order": marked("Stages put in order"),
    "stage.delete": marked("Stage deleted"),
    "lead.stage": marked("Stage moved by a result"),
    "custom_field_set.create": marked("Set of fields added"),
    "custom_field_set.rename": marked("Set of fields renamed"),
    "custom_field_set.delete": marked("Set of fields deleted"),
    "custom_field.add": marked("Custom field added"),
    "custom_field.change": marked("Custom field changed"),
    "custom_field.order": marked("Custom fields put in order"),
    "custom_field.delete": marked("Custom field deleted"),
    "audit.export": marked("Audit log exported"),
    "history.export": marked("History exported"),
    "history.export_end": marked("Export of the history ended"),
}
# Beginnings of the words above, as the filter offers them.
GROUPS: Mapping[str, str] = {
    "mybox": marked("MyBox"),
    "prohibition": marked("Prohibitions"),
    "call": marked("Results of calls"),
    "memo": marked("Memos"),
    "callback": marked("Callbacks"),
    "recording": marked("Recordings"),
    "words": marked("Live words"),
    "transcript": marked("Transcripts"),
    "hold": marked("Legal holds"),
    "person": marked("Data of persons"),
    "comment": marked("Comments"),
    "example": marked("Good examples"),
    "lead": marked("Leads"),
    "campaign": marked("Campaigns"),
    "login": marked("Logins"),
    "user": marked("Users"),
    "workgroup": marked("Workgroups"),
    "project": marked("Projects"),
    "result": marked("Action results"),
    "stage": marked("Stages"),
    "custom_field": marked("Custom fields"),
    "history": marked("History"),
    "audit": marked("Audit log"),
}
_COLOURS: Mapping[str, str] = {
    "mybox": "violet",
    "prohibition": "red",
    "login.failed": "amber",
    "login": "grey",
    "campaign": "blue",
    "recording": "teal",
    "words": "red",
    "transcript": "teal",
    "hold": "violet",
    "person": "red",
    "call": "green",
    "user": "rose",
    "workgroup": "teal",
    "history": "amber",
    "audit": "amber",
}
_DETAILS: Mapping[str, str] = {
    "reason": marked("Reason"),
    "fields": marked("Fields"),
    "e164s": marked("Numbers"),
    "workgroup_ids": marked("For whom"),
    "workgroup_id": marked("For whom"),
    "user_id": marked("Holder"),
    "from_user_id": marked("From whom"),
    "to_user_id": marked("To whom"),
    "expires_at": marked("Until"),
    "file": marked("File"),
    "taken": marked("Taken"),
    "refused": marked("Refused"),
    "effect": marked("Effect"),
    "phrases": marked("Watched phrases"),
    "live": marked("While they talked"),
    "filter": marked("Filter"),
    "rows": marked("Rows"),
    "because": marked("Because of"),
    "records": marked("Records"),
    "lists": marked("Uploaded lists"),
    "recordings_days": marked("Audio (days)"),
    "transcripts_days": marked("Words (days)"),
    "leads": marked("Leads"),
    "actions": marked("Actions"),
    "recordings": marked("Recordings"),
    "whole": marked("To its end"),
    "replaced": marked("Replaced characters"),
    "name": marked("Name"),
    "login": marked("Login"),
    "lines": marked("Lines"),
    "may_administer": marked("May administer"),
    "may_call": marked("May call"),
    "added": marked("Added"),
    "removed": marked("Taken away"),
    "user_ids": marked("Users"),
    "account": marked("Account"),
    "phone_mode": marked("Phone mode"),
    "old": marked("Before"),
    "values": marked("Values"),
    "kind": marked("Type"),
    "title": marked("Title"),
    "right": marked("Heard as"),
    "form": marked("Format"),
    "from": marked("Before"),
    "to": marked("After"),
}
_SUBJECTS: Mapping[str, str] = {
    "lead": marked("Lead"),
    "number": marked("Number"),
    "call": marked("Call"),
    "project": marked("Project"),
    "campaign": marked("Campaign"),
    "user": marked("User"),
    "login": marked("Login"),
    "workgroup": marked("Workgroup"),
    "result_set": marked("Result set"),
    "result": marked("Result"),
    "stage": marked("Stage"),
    "custom_field_set": marked("Set of fields"),
    "custom_field": marked("Custom field"),
    "history": marked("History"),
    "audit": marked("Audit log"),
    "prohibitions": marked("Prohibitions"),
}
PHONE_MODES: Mapping[str, str] = {
    "held": marked("Held open"),
    "per_call": marked("Rung for each call"),
}
# dialer.rules.hearing.HearingRight
RIGHTS: Mapping[str, str] = {
    "admin": marked("Administrator"),
    "own": marked("Who spoke"),
    "manager": marked("Manager"),
    "example": marked("Good example"),
}
_NUMBERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what the ids of a line are."""

    users: Mapping[int, str]
    workgroups: Mapping[int, str]


def action_words(action: str, _: Words) -> str:
    """A kind that nobody gave words to is shown as it is."""
    return _(ACTIONS[action]) if action in ACTIONS else action


def colour(action: str) -> str:
    return _COLOURS.get(action) or _COLOURS.get(action.partition(".")[0], "grey")


def subject_words(row: AuditRow, names: Names, _: Words) -> str:
    """``lead:17`` → “Lead 17”; a number as people write it; a user by his name."""
    kind, _colon, what = row.subject.partition(":")
    if kind == "number":
        number, _space, rest = what.partition(" ")
        others = rest.removeprefix("and ").removesuffix(" more")
        return national_format(number) + (f" +{others}" if others else "")
    if kind == "user" and what.isdecimal():
        what = names.users.get(int(what), what)
    if kind == "workgroup" and what.isdecimal():
        what = str(row.detail.get("name") or names.workgroups.get(int(what), what))
    return f"{_(_SUBJECTS[kind])} {what}".strip() if kind in _SUBJECTS else row.subject


def subject_link(row: AuditRow) -> str:
    """Where the subject is shown; empty when nowhere."""
    kind, _colon, what = row.subject.partition(":")
    if kind == "lead" and what.isdecimal():
        return f"/leads/{what}"
    if kind == "call" and what:
        return f"/recordings/{what}"
    if kind in ("user", "workgroup") and what.isdecimal():
        return f"/{kind}s/{what}"
    if kind == "number":
        digits = what.partition(" ")[0].removeprefix("+")
        return f"/prohibitions?state=all&q=%2B{digits}" if digits.isdecimal() else ""
    return ""


def detail_words(row: AuditRow, names: Names, _: Words) -> Iterator[tuple[str, str]]:
    """What the line tells more, as pairs of a word and its value; what is empty is left out."""
    for key, value in row.detail.items():
        words = _value(key, value, names, _)
        if words:
            yield _(_DETAILS[key]) if key in _DETAILS else key, words


def _value(key: str, value: object, names: Names, _: Words) -> str:
    match key, value:
        case (("added" | "removed" | "user_ids" | "workgroup_ids"), []):
            return ""
        case (("added" | "removed" | "workgroup_ids"), list(groups)):
            return ", ".join(_group(one, names, _) for one in groups)
        case "user_ids", list(people):
            return ", ".join(names.users.get(one, str(one)) for one in people)
        case "workgroup_id", _any:
            return _group(value, names, _)
        case (("user_id" | "from_user_id" | "to_user_id"), int(user_id)):
            return names.users.get(user_id, str(user_id))
        case "e164s", list(numbers):
            shown = ", ".join(national_format(str(one)) for one in numbers[:_NUMBERS_SHOWN])
            more = len(numbers) - _NUMBERS_SHOWN
            return f"{shown} +{more}" if more > 0 else shown
        case "phone_mode", str(mode) if mode in PHONE_MODES:
            return _(PHONE_MODES[mode])
        case "right", str(right) if right in RIGHTS:
            return _(RIGHTS[right])
        case _key, (None | "" | False):
            return ""
        case _key, True:
            return "✓"
        case _key, _any:
            return str(value)


def _group(value: object, names: Names, _: Words) -> str:
    if isinstance(value, int):
        return names.workgroups.get(value, str(value))
    return _("Whole company")
