"""Why a set of fields or results is not changed, in the viewer's language; what results do."""

from collections.abc import Mapping

from dialer import custom_field_values, custom_fields
from dialer import result_set_errors as results
from dialer.custom_fields import LONGEST_NAME, MOST_CHOICES, MOST_FIELDS
from webui.field_words import MISFITS
from webui.translations import Words, marked

EFFECTS: Mapping[str, str] = {
    "none": marked("Nothing: the network's outcome decides"),
    "retry": marked("Call again after a while"),
    "callback": marked("Callback at an agreed time"),
    "appointment": marked("Appointment: no more calls"),
    "mybox": marked("Into the agent's MyBox"),
    "final": marked("Final: no more calls"),
    "prohibit": marked("Prohibit the number for the agent's workgroups"),
}
# As a short mark beside a result.
EFFECT_MARKS: Mapping[str, str] = {
    "none": "",
    "retry": marked("Again"),
    "callback": marked("Callback"),
    "appointment": marked("Appointment"),
    "mybox": marked("MyBox"),
    "final": marked("Final"),
    "prohibit": marked("Prohibition"),
}
EFFECT_ICONS: Mapping[str, str] = {
    "retry": "refresh",
    "callback": "clock",
    "appointment": "star",
    "mybox": "box",
    "final": "check",
    "prohibit": "ban",
}
COLOURS: Mapping[str, str] = {
    "grey": marked("Grey"),
    "green": marked("Green"),
    "teal": marked("Teal"),
    "blue": marked("Blue"),
    "violet": marked("Violet"),
    "amber": marked("Amber"),
    "orange": marked("Orange"),
    "rose": marked("Rose"),
    "red": marked("Red"),
    "brown": marked("Brown"),
}


def span(seconds: int, _: Words) -> str:
    """A time as people set it: ``3日``, ``2 hours``."""
    if seconds % 86_400 == 0:
        return _.count("%(n)s day", "%(n)s days", seconds // 86_400)
    if seconds % 3600 == 0:
        return _.count("%(n)s hour", "%(n)s hours", seconds // 3600)
    return _.count("%(n)s minute", "%(n)s minutes", seconds // 60)


def field_refusal(error: custom_fields.CustomFieldError, _: Words) -> str:
    """What to tell about a set of fields, or a field, that is not changed."""
    match error:
        case custom_fields.NameTaken():
            return _("There is one of this name already.")
        case custom_fields.BadName():
            return _("Give it a name of at most %(n)s characters.", n=LONGEST_NAME)
        case custom_fields.TooMany():
            return _(
                "A set takes %(fields)s fields, and a field %(choices)s choices.",
                fields=MOST_FIELDS,
                choices=MOST_CHOICES,
            )
        case custom_fields.BadChoices():
            return _("Write at least one choice; none may be empty, and no two may be alike.")
        case custom_fields.BadDefault():
            return _("The default does not fit: %(why)s", why=_(MISFITS[error.misfit]))
        case custom_fields.ImportAtWork():
            return _("A list is being imported into a project of this set. Wait until it is done.")
        case custom_fields.SetInUse():
            return _in_use(error.projects, _)
        case custom_field_values.ChoiceInUse():
            return _(
                "%(leads)s leads hold the choice “%(choice)s”. Rename it, or change them first.",
                leads=error.leads,
                choice=error.choice,
            )
        case custom_field_values.DoesNotFit():
            return _("%(n)s values do not fit the new type; nothing was changed.", n=error.misfits)
        case _other:
            return _("It is not there any more. Reload the page.")


def result_refusal(error: results.ResultSetError, _: Words) -> str:
    """What to tell about a result set, or what is in it, that is not changed."""
    match error:
        case results.NameTaken():
            return _("There is one of this name already.")
        case results.BadName():
            return _("Give it a name of at most %(n)s characters.", n=LONGEST_NAME)
        case results.HotkeyTaken():
            return _("The key %(key)s belongs to “%(name)s”.", key=error.hotkey, name=error.by)
        case results.BadDelay():
            return _("The time until the next call is between a minute and a year.")
        case results.TooMany():
            return _("The set is full.")
        case results.NotEmpty():
            return _("The category still has results. Move or delete them first.")
        case results.ResultInUse():
            return _("History has this result. Retire it: then it is no longer offered.")
        case results.StageInUse():
            return _(
                "%(n)s leads are in this stage. Move them to another one first.", n=error.leads
            )
        case results.SetInUse(projects=()):
            return _("History needs this set, so it stays.")
        case results.SetInUse():
            return _in_use(error.projects, _)
        case _other:
            return _("It is not there any more. Reload the page.")


def _in_use(projects: tuple[str, ...], _: Words) -> str:
    return _("Projects use this set: %(names)s", names=", ".join(projects))
