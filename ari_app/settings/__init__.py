"""config/*.yaml + environment → typed settings; every error as file:line: key: what is wrong."""

from ari_app.settings.load import load_settings
from ari_app.settings.models import (
    AsteriskSettings,
    Settings,
    TrunkSettings,
    WebSettings,
)
from ari_app.settings.problems import Problem, SettingsError
from ari_app.settings.recordings import RecordingsSettings

__all__ = [
    "AsteriskSettings",
    "Problem",
    "RecordingsSettings",
    "Settings",
    "SettingsError",
    "TrunkSettings",
    "WebSettings",
    "load_settings",
]
