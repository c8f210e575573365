"""A campaign as a form on its project's page describes it, before there is a file."""

from dataclasses import dataclass

from dialer.campaign import Mode


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """What the form asks; everything else of the file is as it is when left out."""

    name: str
    project: str
    workgroups: tuple[str, ...]
    mode: Mode
    lines_per_agent: float
    trunk: str
    caller_ids: tuple[str, ...]
    title: str = ""  # what people call it, where that is not its name


class CampaignDraftError(Exception):
    """The campaign is not made; the message says why.

    CampaignDraftError
    ├── BadCampaign         `field` of the file is wrong
    ├── CampaignExists
    └── NotWritable         the folder takes no file: `text` is what would stand there
    """


class BadCampaign(CampaignDraftError):
    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class CampaignExists(CampaignDraftError):
    """A file or a running campaign has this name: files are never overwritten."""


class NotWritable(CampaignDraftError):
    """For ops to put into place."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(why)
        self.text = text
