"""The words for a lead's fields and contact points, and why something does not fit."""

from collections.abc import Mapping

from dialer.lead_changes import LeadChangeError, LeadIsDeleted, NoSuchLead
from dialer.lead_contacts import (
    AlreadyThere,
    ContactChanged,
    ContactDoesNotFit,
    NoSuchContact,
    TooManyContacts,
)
from dialer.lead_deletion import InABox, IsDeleted, NotDeleted
from dialer.lead_editing import ChangedMeanwhile, DoesNotFit, UnknownField
from dialer.lead_merging import MOST_AT_ONCE, BoxesOfSeveral, NothingToMerge, OtherProjects
from dialer.lead_moving import AlreadyInProject, HolderNotAssigned, IsBeingCalled
from dialer.rules.contact import ContactProblem
from dialer.rules.lead_fields import PRIORITIES
from dialer.rules.phone_number import UnusableReason
from webui.field_words import MISFITS
from webui.translations import Words, marked

FIELDS: Mapping[str, str] = {
    "name": marked("Lead name"),
    "name_kana": marked("Kana"),
    "contact_person": marked("Contact person"),
    "postal_code": marked("Postal code"),
    "prefecture": marked("Prefecture"),
    "city": marked("City and street"),
    "building": marked("Building"),
    "email": marked("E-mail"),
    "website": marked("Website"),
    "notes": marked("Notes"),
    "stage": marked("Stage"),
    "priority": marked("Priority"),
}
CONTACT_PROBLEMS: Mapping[str, str] = {
    ContactProblem.EMPTY: marked("Write the number or address."),
    ContactProblem.UNKNOWN_KIND: marked("Choose what kind of contact point it is."),
    ContactProblem.SEVERAL_NUMBERS: marked("One number for each contact point: add the others."),
    ContactProblem.NOT_AN_EMAIL: marked("This is no e-mail address."),
    ContactProblem.TOO_LONG: marked("This is too long."),
}


def contact_problem(reason: ContactProblem | UnusableReason, _: Words) -> str:
    """Why something is no contact point."""
    if isinstance(reason, UnusableReason):
        return reason.text(_.language)
    return _(CONTACT_PROBLEMS[reason])


def change_refusal(error: LeadChangeError, _: Words) -> str:
    """Why a lead was not changed."""
    match error:
        case DoesNotFit(field="priority"):
            return _(
                "Write a whole number from %(low)s to %(high)s.",
                low=PRIORITIES.start,
                high=PRIORITIES.stop - 1,
            )
        case DoesNotFit():
            return _(MISFITS[error.misfit])
        case ChangedMeanwhile(by_name=""):
            return _("Somebody else changed this meanwhile. Saving again puts yours in its place.")
        case ChangedMeanwhile():
            return _(
                "%(name)s changed this meanwhile. Saving again puts yours in its place.",
                name=error.by_name,
            )
        case ContactDoesNotFit():
            return contact_problem(error.reason, _)
        case ContactChanged() | NoSuchContact():
            return _("Somebody else changed this contact point meanwhile. Look at it again.")
        case AlreadyThere():
            return _("The lead has this contact point already.")
        case TooManyContacts():
            return _("The lead has too many contact points.")
        case LeadIsDeleted():
            return _("The lead is deleted. Restore it first.")
        case IsDeleted():
            return _("The lead is deleted already.")
        case NotDeleted():
            return _("The lead is not deleted.")
        case InABox(holder_name=""):
            return _("The lead is in another user's MyBox. Take it out first.")
        case InABox():
            return _(
                "The lead is in the MyBox of %(name)s. Take it out first.", name=error.holder_name
            )
        case HolderNotAssigned():
            return _(
                "%(name)s holds it and is not assigned to that project.", name=error.holder_name
            )
        case IsBeingCalled():
            return _("It is being called just now.")
        case AlreadyInProject():
            return _("It belongs to that project already.")
        case BoxesOfSeveral():
            names = ", ".join(name or "?" for name in error.names)
            return _("They are in the MyBox of different users: %(names)s.", names=names)
        case OtherProjects():
            return _("They belong to different projects: move one first.")
        case NothingToMerge():
            return _("Choose from 2 to %(n)s leads that are the same.", n=MOST_AT_ONCE)
        case UnknownField():
            return _("There is no such field (any more).")
        case NoSuchLead():
            return _("There is no such lead.")
        case _other:
            return _("You may not do this")
