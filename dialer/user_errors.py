"""What is refused about users, their logins and their rights."""

from dialer.rules.password import PasswordProblem


class UserError(Exception):
    """What was asked of a user cannot be done; the message says why."""


class LoginTaken(UserError):
    """Another user has this login."""


class PhoneTaken(UserError):
    """Another user has this phone account."""


class UnusablePhone(UserError):
    """A phone account cannot be called that."""


class UnusableLogin(UserError):
    """A login or a name is empty, too long, or has spaces or signs that nobody can type."""


class NoRole(UserError):
    """A user must be an admin, a user, or both."""


class BadPassword(UserError):
    """The password is refused for this `problem`."""

    def __init__(self, problem: PasswordProblem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


class NotAMember(UserError):
    """Who manages a workgroup must belong to it."""


class LastAdmin(UserError):
    """Without him nobody could administer."""


class UnknownUser(UserError):
    """There is no such user."""


class NotAllowed(UserError):
    """The user may not do this; the message says what and who may."""
