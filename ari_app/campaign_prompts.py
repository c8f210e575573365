"""What campaigns say to people before, or instead of, a conversation: sounds for Asterisk."""

import asyncio
from pathlib import Path

from ari_app.runtime import speech
from ari_app.runtime.errors import RuntimeFault
from ari_app.settings.models import Settings
from ari_app.telephony import LONGEST_NOTICE_SECONDS
from dialer.campaign import CampaignSettings

_ABANDONED = {
    "ja": "{business}です。おでんわに、おでいただき、ありがとうございます。"
    "ただいま、たんとうしゃに、おつなぎできませんでした。"
    "あらためて、おかけいたします。しつれいいたします。",
    "en": "This is {business}. Thank you for answering. We are sorry that nobody is free to talk "
    "to you just now. We will call you again another day. Goodbye.",
}


class CampaignPrompts:
    """Sound files without ending, by campaign: `messages` for whom no agent was free, `notices`
    for who is about to be recorded. Telephony reads them as they stand."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.messages: dict[str, Path] = {}
        self.notices: dict[str, Path] = {}

    async def prepare(self, *campaigns: CampaignSettings) -> None:
        """Makes what these campaigns say. Raises RuntimeFault where that cannot be."""
        for campaign in campaigns:
            await asyncio.to_thread(self._prepare, campaign)

    def _prepare(self, campaign: CampaignSettings) -> None:
        self.messages[campaign.name] = self._message(campaign)
        if campaign.has_notice:
            self.notices[campaign.name] = self._notice(campaign)

    def _message(self, campaign: CampaignSettings) -> Path:
        if campaign.abandoned_sound is not None:
            return speech.prompt_from_recording(campaign.abandoned_sound)
        standard = _ABANDONED[self._settings.language].format(business=self._settings.business_name)
        return self._said(campaign.abandoned_message or standard)

    def _notice(self, campaign: CampaignSettings) -> Path:
        if campaign.recording_notice_sound is not None:
            notice = speech.prompt_from_recording(campaign.recording_notice_sound)
        else:
            notice = self._said(campaign.recording_notice)
        if (seconds := speech.seconds_of(notice)) > LONGEST_NOTICE_SECONDS:
            raise RuntimeFault(
                f"campaign {campaign.name}: recording_notice takes {seconds:.0f} s to say; nobody "
                f"listens that long. Make it shorter than {LONGEST_NOTICE_SECONDS} s"
            )
        return notice

    def _said(self, text: str) -> Path:
        return speech.prompt(text, language=self._settings.language)
