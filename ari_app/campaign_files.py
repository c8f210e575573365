"""New campaigns from a form become files in config/campaigns, where ops own them from then on.

Only a new file is ever written, whole or not at all: an existing one is never touched. What
is written is read back and checked as at a start, so that the next start takes it too.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ari_app.settings.validate import validate
from ari_app.settings.yaml_file import read_yaml
from dialer.campaign import CampaignSettings
from dialer.campaign_draft import BadCampaign, CampaignDraft, CampaignExists, NotWritable

_HEAD = """\
# yaml-language-server: $schema=../schemas/campaign.schema.json
#
# Made on the project's page. From here on it is yours: a change counts from the next start on.
# Everything left out is as docs/settings.md says: calling hours 8:00 to 21:00, three attempts.

"""


class CampaignFiles:
    """`prepare` makes what the campaign needs besides its file, `take_up` lets the running
    program call it. `folder` None: there are no files, as in the demo."""

    def __init__(
        self,
        *,
        folder: Path | None,
        trunks: Sequence[str],
        prepare: Callable[[CampaignSettings], Awaitable[None]],
        take_up: Callable[[CampaignSettings], Awaitable[None]],
    ) -> None:
        self.trunks = tuple(trunks)
        self._folder = folder
        self._prepare = prepare
        self._take_up = take_up

    async def add(self, draft: CampaignDraft) -> None:
        """Raises CampaignDraftError; nothing has changed then."""
        text = yaml_of(draft)
        if self._folder is None:
            raise NotWritable("this installation has no folder of settings", text)
        folder = self._folder
        campaign, waiting = await asyncio.to_thread(_written_aside, folder, draft, text)
        try:
            await self._prepare(campaign)
            await asyncio.to_thread(_put_into_place, waiting, folder / f"{draft.name}.yaml", text)
        finally:
            with suppress(FileNotFoundError):
                waiting.unlink()
        await self._take_up(campaign)


def yaml_of(draft: CampaignDraft) -> str:
    """The file's text. Each value is JSON, which YAML reads as it is meant."""
    values = {
        **({"title": draft.title} if draft.title else {}),
        "project": draft.project,
        "workgroups": list(draft.workgroups),
        "mode": draft.mode.value,
        "lines_per_agent": draft.lines_per_agent,
        "trunk": draft.trunk,
        "caller_ids": list(draft.caller_ids),
    }
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    return _HEAD + "".join(lines)


def _written_aside(folder: Path, draft: CampaignDraft, text: str) -> tuple[CampaignSettings, Path]:
    """The campaign as the file says, and the file under a name that no start looks at."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise NotWritable(f"{folder}: {error.strerror}", text) from error
    waiting = Path(name)
    read = read_yaml(waiting, f"{draft.name}.yaml")
    read.values["name"] = draft.name
    campaign = validate(CampaignSettings, read) if not read.problems else None
    if campaign is None:
        waiting.unlink()
        problem = read.problems[0]
        raise BadCampaign(problem.key.partition("[")[0], problem.message)
    return campaign, waiting


def _put_into_place(waiting: Path, target: Path, text: str) -> None:
    waiting.chmod(0o640)
    try:
        os.link(waiting, target)  # unlike a rename, never over another file
    except FileExistsError as error:
        raise CampaignExists(f"there is a file {target.name} already") from error
    except OSError as error:
        raise NotWritable(f"{target.parent}: {error.strerror}", text) from error
