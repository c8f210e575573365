"""`kakeru check`"""

from pathlib import Path

from ari_app.commands.installation import settings_of


def check(config: Path) -> str:
    """What was found fine. Raises SettingsError with everything that is wrong."""
    settings = settings_of(config)
    campaigns = ", ".join(campaign.name for campaign in settings.campaigns) or "none"
    trunks = ", ".join(settings.trunks) or "none"
    return f"{config} is fine. Trunks: {trunks}. Campaigns: {campaigns}."
