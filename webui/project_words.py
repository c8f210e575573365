"""Why a project's page refuses something, in the viewer's language."""

from dialer import projects
from dialer.project_changes import LONGEST_SCRIPT, ScriptTooLong
from dialer.project_retention import UnusableDays
from dialer.rules.retention import LONGEST_DAYS
from webui.script import ScriptProblem
from webui.translations import Words


def refusal(error: projects.ProjectError, _: Words) -> str:
    """What to tell, and what to do."""
    match error:
        case projects.NameTaken():
            return _("Another project has this name. Choose another one.")
        case projects.NoName():
            return _("Give the project a name of up to %(n)s characters.", n=projects.LONGEST_NAME)
        case projects.UnknownTimeZone():
            return _("This is no time zone. Write it as Asia/Tokyo.")
        case UnusableDays():
            return _("Days are whole, from 1 to %(n)s; empty keeps for ever.", n=LONGEST_DAYS)
        case ScriptTooLong():
            return _("The script is too long: %(n)s characters at most.", n=LONGEST_SCRIPT)
    return _("This cannot be done any more. Reload the page.")


def script_problem(problem: ScriptProblem, _: Words) -> str:
    """What is wrong with a script, and on which line."""
    return _("Line %(n)s: %(what)s", n=problem.line, what=_what(problem, _))


def _what(problem: ScriptProblem, _: Words) -> str:
    match problem.kind:
        case "unknown_name":
            return _("there is no %(name)s. Choose a name from the list.", name=problem.what)
        case "unknown_field":
            return _("the project has no custom field %(name)s.", name=problem.what)
        case "not_allowed":
            return _("%(name)s cannot be used in a script.", name=problem.what)
        case "failed":
            return _("it cannot be shown for this lead (%(why)s).", why=problem.what)
        case "too_much":
            return _(
                "“%(name)s” has no place here: between the braces stands one name.",
                name=problem.what,
            )
        case "unclosed":
            return _("{%% %(name)s %%} has no {%% end%(name)s %%}.", name=problem.what)
    return _("this cannot be read. Each {{ needs its }}, each {% its %}.")
