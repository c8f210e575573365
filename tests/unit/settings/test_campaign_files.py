"""A campaign from a form becomes a file that the next start reads, or nothing at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from ari_app.campaign_files import CampaignFiles, yaml_of
from ari_app.settings.load import load_settings
from dialer.campaign import CampaignSettings, Mode
from dialer.campaign_draft import BadCampaign, CampaignDraft, CampaignExists, NotWritable

MAIN = "business_name: サンプル\ntrunks: {main: {host: sip.example.jp}}\n"
DRAFT = CampaignDraft(
    name="autumn-2026",
    project='光回線 "秋" #1: {a}',
    workgroups=("営業 第1", "no", "12"),
    mode=Mode.POWER,
    lines_per_agent=1.5,
    trunk="main",
    caller_ids=("03-1234-5678", "0312345679"),
    title="2026年秋: 新規 #1",
)


class Program:
    """What the running program was told."""

    def __init__(self, folder: Path | None) -> None:
        self.told: list[tuple[str, CampaignSettings]] = []
        self.files = CampaignFiles(
            folder=folder, trunks=["main"], prepare=self._prepare, take_up=self._take_up
        )

    async def _prepare(self, campaign: CampaignSettings) -> None:
        self.told.append(("prepare", campaign))

    async def _take_up(self, campaign: CampaignSettings) -> None:
        self.told.append(("take up", campaign))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "kakeru.yaml").write_text(MAIN, encoding="utf-8")
    return tmp_path


async def test_the_next_start_reads_what_the_form_said(config: Path) -> None:
    settings = load_settings(config / "kakeru.yaml", {})
    assert settings.campaign_folder == config / "campaigns"
    program = Program(settings.campaign_folder)
    await program.files.add(DRAFT)
    (read,) = load_settings(config / "kakeru.yaml", {}).campaigns
    assert program.told == [("prepare", read), ("take up", read)]
    assert (read.name, read.project, tuple(read.workgroups)) == (
        DRAFT.name,
        DRAFT.project,
        DRAFT.workgroups,
    )
    assert read.title == DRAFT.title
    assert (read.mode, read.lines_per_agent, read.trunk, tuple(read.caller_ids)) == (
        DRAFT.mode,
        DRAFT.lines_per_agent,
        DRAFT.trunk,
        DRAFT.caller_ids,
    )
    assert [path.name for path in (config / "campaigns").iterdir()] == ["autumn-2026.yaml"]


async def test_a_file_is_never_overwritten(config: Path) -> None:
    program = Program(config / "campaigns")
    await program.files.add(DRAFT)
    written = (config / "campaigns" / "autumn-2026.yaml").read_text(encoding="utf-8")
    with pytest.raises(CampaignExists, match=r"autumn-2026\.yaml"):
        await program.files.add(replace(DRAFT, project="Other"))
    assert (config / "campaigns" / "autumn-2026.yaml").read_text(encoding="utf-8") == written
    assert len(list((config / "campaigns").iterdir())) == 1


@pytest.mark.parametrize(
    ("field", "draft"),
    [
        ("name", replace(DRAFT, name="../kakeru")),
        ("name", replace(DRAFT, name="秋")),
        ("name", replace(DRAFT, name="")),
        ("workgroups", replace(DRAFT, workgroups=())),
        ("lines_per_agent", replace(DRAFT, lines_per_agent=11)),
        ("caller_ids", replace(DRAFT, caller_ids=())),
    ],
)
async def test_what_a_start_would_refuse_is_not_written(
    config: Path, field: str, draft: CampaignDraft
) -> None:
    program = Program(config / "campaigns")
    with pytest.raises(BadCampaign) as caught:
        await program.files.add(draft)
    assert caught.value.field == field
    assert list((config / "campaigns").iterdir()) == []
    assert program.told == []


async def test_a_folder_that_takes_no_file_gives_the_text_for_operations(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(NotWritable, match="file") as caught:
        await Program(tmp_path / "file" / "campaigns").files.add(DRAFT)
    assert caught.value.text == yaml_of(DRAFT)
    with pytest.raises(NotWritable, match="no folder"):
        await Program(None).files.add(DRAFT)


async def test_what_cannot_be_prepared_leaves_no_file(config: Path) -> None:
    async def fails(campaign: CampaignSettings) -> None:
        raise RuntimeError("no speech")

    async def never(campaign: CampaignSettings) -> None:
        raise AssertionError

    files = CampaignFiles(folder=config / "campaigns", trunks=[], prepare=fails, take_up=never)
    with pytest.raises(RuntimeError, match="no speech"):
        await files.add(DRAFT)
    assert list((config / "campaigns").iterdir()) == []
