"""A folder of YAML becomes typed settings."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from ari_app.settings import Settings, load_settings
from ari_app.settings.schemas import FOLDER, schemas
from dialer.campaign import Mode
from dialer.rules.hangup_cause import CallOutcome
from tests.checkout import ROOT
from tests.unit.settings.conftest import CAMPAIGN, ConfigFolder


def test_the_examples_pass(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    settings = load_settings(tmp_path / "config" / "kakeru.yaml", {})
    assert [campaign.name for campaign in settings.campaigns] == ["example"]
    assert settings.data_folder == tmp_path / "var"
    example = settings.campaign("example")
    assert example is not None
    assert example.mode is Mode.POWER
    assert example.retries.delay_minutes[CallOutcome.BUSY] == 15


def test_everything_listens_on_loopback_unless_told_otherwise(config: ConfigFolder) -> None:
    settings = config.load()
    assert settings.web.host == "127.0.0.1"
    assert settings.asterisk.sip_host == "127.0.0.1"


def test_what_is_left_out_lies_in_the_data_folder(config: ConfigFolder) -> None:
    settings = config.load()
    data = config.path.parent.resolve() / "var"
    assert settings.database_url == f"sqlite:///{data}/kakeru.db"
    assert settings.recordings_folder == data / "recordings"
    assert settings.run_folder == data / "run"


def test_empty_sections_mean_their_defaults(config: ConfigFolder) -> None:
    config.write_main(
        "business_name: x\nweb:\nasterisk:\ndatabase:\nrecordings:\n"
        "trunks:\n  main: {host: sip.example.jp}\n"
    )
    config.write_campaign(CAMPAIGN + "hours:\nretries:\n")
    assert config.load().web.port == 8080


def test_a_campaigns_name_is_that_of_its_file(config: ConfigFolder) -> None:
    config.write_campaign(CAMPAIGN, "summer_2027")
    assert [one.name for one in config.load().campaigns] == ["spring", "summer_2027"]
    assert config.load().campaign("autumn") is None


def test_without_a_folder_of_campaigns_there_are_none(config: ConfigFolder) -> None:
    shutil.rmtree(config.path / "campaigns")
    assert config.load().campaigns == ()


def test_what_an_editor_leaves_behind_is_passed_over(config: ConfigFolder) -> None:
    for name in (".#spring.yaml", "spring.yaml~", "spring.yaml.bak", ".hidden.yaml", "README.md"):
        (config.path / "campaigns" / name).write_text("{")
    assert len(config.load().campaigns) == 1


def test_a_file_with_a_byte_order_mark_is_read(config: ConfigFolder) -> None:
    config.main.write_text(config.main.read_text("utf-8"), encoding="utf-8-sig")
    assert config.load().business_name == "サンプル株式会社"


@pytest.mark.parametrize("word", ["no", "off", "NO", "22:30", "2026-11-24", "0x1f", "1_000"])
def test_words_that_other_readers_of_yaml_mistake_are_text(config: ConfigFolder, word: str) -> None:
    config.write_campaign(CAMPAIGN.replace("Spring", word))
    assert config.load().campaigns[0].project == word


def test_times_of_day_need_no_quotes(config: ConfigFolder) -> None:
    config.write_campaign(CAMPAIGN + "hours: {weekdays: {mon: 09:00-22:30}}\n")
    assert config.load().campaigns[0].hours.weekdays == {"mon": "09:00-22:30"}


def test_dates_are_keys_with_quotes_and_without(config: ConfigFolder) -> None:
    config.write_campaign(
        CAMPAIGN + "hours: {exceptions: {2026-12-29: closed, '2026-12-30': 10:00-15:00}}\n"
    )
    assert config.load().campaigns[0].hours.exceptions == {
        date(2026, 12, 29): "closed",
        date(2026, 12, 30): "10:00-15:00",
    }


def test_a_result_is_followed_up_as_the_campaign_says(config: ConfigFolder) -> None:
    config.write_campaign(
        CAMPAIGN + "retries: {limits: {busy: 4}, results: {見込みあり: {delay_minutes: 1440}}}\n"
    )
    retries = config.load().campaigns[0].retries
    assert retries.limits == {CallOutcome.BUSY: 4}
    assert retries.results["見込みあり"].delay_minutes == 1440


def test_anchors_save_typing(config: ConfigFolder) -> None:
    config.write_campaign(
        CAMPAIGN + "hours: {weekdays: {mon: &day 09:00-18:00, tue: *day, wed: *day}}\n"
    )
    assert config.load().campaigns[0].hours.weekdays["wed"] == "09:00-18:00"


def test_the_environment_wins_over_the_file(config: ConfigFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    settings = config.load(
        {
            "KAKERU_DATABASE_URL": "postgresql://kakeru@db/kakeru",
            "KAKERU_WEB_PORT": "9090",
            "KAKERU_DATA_FOLDER": "/srv/kakeru",
            "KAKERU_TRUNK_MAIN_PASSWORD_FILE": str(tmp_path / "secret"),
            "KAKERU_CACHE": "/tmp",
            "HOME": "/nowhere",
        }
    )
    assert settings.database_url == "postgresql://kakeru@db/kakeru"
    assert settings.web.port == 9090
    assert settings.data_folder == Path("/srv/kakeru")
    assert settings.trunks["main"].password.get_secret_value() == "s3cret"


def test_a_campaigns_sound_is_meant_from_its_own_folder(config: ConfigFolder) -> None:
    (config.path / "campaigns" / "sorry.wav").write_bytes(b"")
    config.write_campaign(CAMPAIGN + "abandoned_sound: sorry.wav\n")
    assert config.load().campaigns[0].abandoned_sound == config.path / "campaigns" / "sorry.wav"


def test_the_sound_of_a_notice_is_meant_from_there_too(config: ConfigFolder) -> None:
    (config.path / "campaigns" / "notice.wav").write_bytes(b"")
    config.write_campaign(CAMPAIGN + "recording_notice_sound: notice.wav\n")
    [campaign] = config.load().campaigns
    assert campaign.recording_notice_sound == config.path / "campaigns" / "notice.wav"
    assert campaign.has_notice


def test_secrets_are_not_shown(config: ConfigFolder) -> None:
    settings = config.load({"KAKERU_TRUNK_MAIN_PASSWORD": "s3cret"})
    assert "s3cret" not in repr(settings) + str(settings.model_dump())


def test_https_on_the_outside_means_cookies_over_https_only(config: ConfigFolder) -> None:
    assert not config.load().cookies_over_https_only
    settings = config.load({"KAKERU_WEB_PUBLIC_URL": "https://kakeru.example.jp/"})
    assert settings.cookies_over_https_only
    assert settings.web.public_url == "https://kakeru.example.jp"


def test_an_external_asterisk_is_reached_by_url(config: ConfigFolder) -> None:
    config.write_main(
        config.main.read_text("utf-8")
        + "asterisk: {mode: external, ari_url: 'http://10.0.0.5:8088/ari/'}\n"
    )
    settings: Settings = config.load({"KAKERU_ARI_PASSWORD": "s3cret"})
    assert settings.asterisk.ari_url == "http://10.0.0.5:8088/ari"


def test_schemas_are_those_of_the_models() -> None:
    """Write them anew with: python -m ari_app.settings.schemas"""
    assert sorted(one.name for one in FOLDER.iterdir()) == sorted(schemas())
    for name, text in schemas().items():
        assert (FOLDER / name).read_text("utf-8") == text


def test_the_examples_name_their_schema() -> None:
    for path in [ROOT / "config" / "kakeru.yaml", *(ROOT / "config/campaigns").glob("*.yaml")]:
        first = path.read_text("utf-8").splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / schema).resolve().parent == FOLDER
