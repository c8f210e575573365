"""Failures that a person at the terminal can understand: one sentence, no traceback."""


class CommandFailed(Exception):
    """The command could not do its work; the message says why and what to do."""


class WrongUsage(Exception):
    """The command was called wrongly; the message says how."""


def explanation(error: BaseException) -> str | None:
    """What to tell a person about `error`; None when it should not have happened."""
    if isinstance(error, _explained()):
        return str(error)
    if isinstance(error, OSError):
        return _about_the_system(error)
    return None


def _explained() -> tuple[type[BaseException], ...]:
    # Imported only now: most commands end well and should start fast.
    from ari_app.ari.errors import AriError
    from ari_app.coordination.leases import CoordinationUnavailable
    from ari_app.runtime.errors import RuntimeFault
    from ari_app.settings.problems import SettingsError
    from dialer.campaign_state import UnknownCampaign
    from dialer.ports import RecordingFault
    from dialer.projects import ProjectError
    from dialer.storage.engine import StorageError
    from dialer.users import UserError
    from dialer.workgroups import WorkgroupError

    return (
        AriError,
        CommandFailed,
        CoordinationUnavailable,
        ProjectError,
        RecordingFault,
        RuntimeFault,
        SettingsError,
        StorageError,
        UnknownCampaign,
        UserError,
        WorkgroupError,
        WrongUsage,
    )


def _about_the_system(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}" if error.filename else what
