"""A folder of settings to write right and wrong things into."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ari_app.settings import Settings, SettingsError, load_settings

MAIN = """\
business_name: サンプル株式会社
trunks:
  main: {host: sip.example.jp}
"""
CAMPAIGN = """\
project: Spring
workgroups: [Tokyo]
trunk: main
caller_ids: ["03-1234-5678"]
"""


class ConfigFolder:
    """A valid installation with the campaign `spring`, until a test overwrites something."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.main = path / "kakeru.yaml"
        (path / "campaigns").mkdir()
        self.main.write_text(MAIN, encoding="utf-8")
        self.write_campaign(CAMPAIGN)

    def write_main(self, text: str) -> None:
        self.main.write_text(text, encoding="utf-8")

    def write_campaign(self, text: str, name: str = "spring") -> None:
        (self.path / "campaigns" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def load(self, environment: Mapping[str, str] | None = None) -> Settings:
        return load_settings(self.main, environment or {})

    def problems(self, environment: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong, with file names relative to the folder."""
        with pytest.raises(SettingsError) as caught:
            self.load(environment)
        return [str(one).removeprefix(f"{self.path}/") for one in caught.value.problems]


@pytest.fixture
def config(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)
