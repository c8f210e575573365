"""Why MyBox and prohibitions refuse something, in the viewer's language."""

from dialer import mybox, prohibitions
from webui.translations import Words


def refusal(error: Exception, _: Words) -> str:
    """What to tell about an error of MyBox, of prohibitions, or about what one may not do."""
    match error:
        case mybox.HeldByAnother(holder_name=""):
            return _("The lead is in another user's MyBox.")
        case mybox.HeldByAnother():
            return _("The lead is in the MyBox of %(name)s.", name=error.holder_name)
        case mybox.NotAssigned():
            return _("Only who is assigned to the project may hold the lead.")
        case mybox.NotHeld():
            return _("The lead is in nobody's MyBox.")
        case mybox.UnknownLead():
            return _("There is no such lead.")
        case mybox.BoxFull():
            return _(
                "The MyBox of %(name)s is full: it takes %(limit)s leads. Take some out first.",
                name=error.name,
                limit=error.limit,
            )
        case mybox.ExpiresTooLate():
            return _("Only an administrator may choose a later end.")
        case mybox.MyBoxError():
            return _("The lead cannot go into this MyBox.")
        case prohibitions.NoNumber():
            return _("This lead has no phone number that could be prohibited.")
        case prohibitions.NotStanding():
            return _("The number is not prohibited there (any more).")
        case prohibitions.NoReason():
            return _("Give a reason for lifting the prohibition.")
        case prohibitions.ProhibitionError():
            return _("You belong to no workgroup, so say for whom it is prohibited.")
        case _other:
            return _("You may not do this")
