"""Why a change of users, workgroups, passwords or second factors is refused, in words."""

from dialer import mybox, second_factor, user_changes, user_links, users, workgroups
from dialer.rules.password import LONGEST_PASSWORD, SHORTEST_PASSWORD, PasswordProblem
from dialer.user_errors import NotAMember
from webui.refusals import refusal
from webui.translations import Words, marked

ERRORS: tuple[type[Exception], ...] = (
    users.UserError,
    workgroups.WorkgroupError,
    mybox.MyBoxError,
)
"""What `people_refusal` has words for."""

_PASSWORDS = {
    PasswordProblem.TOO_SHORT: marked("The password needs at least %(n)s characters."),
    PasswordProblem.TOO_LONG: marked("The password has at most %(n)s characters."),
    PasswordProblem.TOO_SIMPLE: marked(
        "The password repeats a few characters only. Take some words that you remember."
    ),
    PasswordProblem.OWN_NAME: marked(
        "The password is the login or the name. Everybody tries that."
    ),
    PasswordProblem.COMMON: marked("This password is one of those that are tried first."),
}


def password_refusal(problem: PasswordProblem, _: Words) -> str:
    """What is wrong with a password."""
    limit = LONGEST_PASSWORD if problem is PasswordProblem.TOO_LONG else SHORTEST_PASSWORD
    return _(_PASSWORDS[problem]) % {"n": limit}


def people_refusal(error: Exception, _: Words) -> str:
    """What to tell about one of `ERRORS`."""
    match error:
        case users.BadPassword():
            return password_refusal(error.problem, _)
        case users.LoginTaken():
            return _("Another user has this login.")
        case users.PhoneTaken():
            return _("Another user has this phone account.")
        case users.UnusableLogin():
            return _("Give a name, and a login without spaces, of 100 characters at most.")
        case users.UnusablePhone():
            return _(
                "A phone account has 40 letters, digits, dots or dashes at most, "
                "and begins neither with trunk- nor with browser."
            )
        case users.NoRole():
            return _("Choose a role: administrator, user, or both.")
        case NotAMember():
            return _("Who manages a workgroup must belong to it.")
        case users.LastAdmin():
            return _("Nobody else could administer then. Make another administrator first.")
        case users.NotAllowed():
            return _("You may not do this")
        case user_changes.HoldsLeads():
            return _.count(
                "%(n)s lead is in the MyBox: choose who gets it, or release it.",
                "%(n)s leads are in the MyBox: choose who gets them, or release them.",
                error.leads,
            )
        case user_changes.LeadsStay():
            first = next(iter(error.report.refused.values()))
            return _.count(
                "%(n)s lead cannot go there, so nothing was changed: %(why)s",
                "%(n)s leads cannot go there, so nothing was changed: %(why)s",
                len(error.report.refused),
                why=refusal(first, _),
            )
        case user_changes.UnknownGroup() | workgroups.UnknownWorkgroup():
            return _("There is no such workgroup (any more).")
        case user_links.LinkOver():
            return _("This link is no longer good. Ask your administrator for a new one.")
        case second_factor.WrongCode():
            return _("The code is wrong or was used already. Wait for the next one.")
        case second_factor.AlreadyOn():
            return _("The second factor is on already.")
        case second_factor.NotBegun():
            return _("The second factor is off. Begin again.")
        case workgroups.NameTaken():
            return _("There is a workgroup of this name already.")
        case workgroups.UnusableName():
            return _("Give the workgroup a name of 100 characters at most.")
        case workgroups.WorkgroupInUse():
            return in_use_words(error.use, _)
        case mybox.MyBoxError():
            return refusal(error, _)
        case users.UnknownUser():
            return _("There is no such user.")
        case _other:
            return _("This cannot be done (any more). Reload the page.")


def in_use_words(use: workgroups.InUse, _: Words) -> str:
    """What keeps a workgroup from being deleted, all of it."""
    reasons = []
    if use.users:
        reasons.append(_.count("%(n)s user belongs to it.", "%(n)s users belong to it.", use.users))
    if use.prohibitions:
        reasons.append(
            _.count(
                "%(n)s prohibition is in force for it.",
                "%(n)s prohibitions are in force for it.",
                use.prohibitions,
            )
        )
    if use.campaigns:
        reasons.append(_("Campaign files name it: %(names)s.", names=", ".join(use.campaigns)))
    return " ".join(reasons)
