"""Whoever asks "why?" names a lead or a number: the answers of every campaign concerned."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign import CampaignSettings
from dialer.campaign_projects import campaigns_of
from dialer.messages import UserId
from dialer.rules.phone_number import PhoneNumber, UnusableReason, parse_phone_number
from dialer.running_campaign import CampaignNotReady, load_campaign
from dialer.users import User
from dialer.why import (
    Explanation,
    KnownNumber,
    LeadName,
    PastDecision,
    explain,
    known_number,
    lead_named,
    past_decisions,
)

# Shorter than any number that people write without its zero.
_LEAD_ID = re.compile(r"[1-9][0-9]{0,7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CampaignAnswer:
    """What one campaign's call would be told; `problem` where the campaign cannot run at all."""

    campaign: str
    told: Explanation | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LeadReport:
    """`answers` is empty when no campaign calls the lead's project."""

    lead: LeadName
    answers: tuple[CampaignAnswer, ...]
    past: tuple[PastDecision, ...]


@dataclass(frozen=True, slots=True)
class WhyReport:
    """`number` is None when a lead was asked about."""

    number: KnownNumber | None
    leads: tuple[LeadReport, ...]


def subject_of(text: str) -> int | PhoneNumber | UnusableReason:
    """A lead's id (up to eight digits, none of them a leading zero), or a phone number."""
    if _LEAD_ID.fullmatch(text.strip()):
        return int(text)
    number = parse_phone_number(text)
    return number if isinstance(number, PhoneNumber) else number.reason


async def report_on_lead(
    connection: AsyncConnection,
    lead_id: int,
    campaigns: Sequence[CampaignSettings],
    now: datetime,
    *,
    only: CampaignSettings | None = None,
    user: User | None = None,
    viewer: User | None = None,
) -> LeadReport | None:
    """The answers of the campaigns of the lead's project, or of `only` this one.

    With `user` for a call that he places by hand. None when there is no such lead, or
    `viewer` may not see it.
    """
    lead = await lead_named(connection, lead_id, viewer=viewer)
    if lead is None:
        return None
    wanted = [only] if only else await campaigns_of(connection, lead.project_id, campaigns)
    answers = [
        await _answer(connection, lead_id, settings, now, user, viewer) for settings in wanted
    ]
    return LeadReport(lead, tuple(answers), await past_decisions(connection, lead_id))


async def report_on_number(
    connection: AsyncConnection,
    e164: str,
    campaigns: Sequence[CampaignSettings],
    now: datetime,
    *,
    only: CampaignSettings | None = None,
    user: User | None = None,
    viewer: User | None = None,
) -> WhyReport:
    """What is known of the number, and the answers for each lead that has it."""
    number = await known_number(connection, e164, viewer=viewer)
    reports = [
        await report_on_lead(
            connection, lead.id, campaigns, now, only=only, user=user, viewer=viewer
        )
        for lead in number.leads
    ]
    return WhyReport(number, tuple(one for one in reports if one is not None))


async def _answer(
    connection: AsyncConnection,
    lead_id: int,
    settings: CampaignSettings,
    now: datetime,
    user: User | None,
    viewer: User | None,
) -> CampaignAnswer:
    try:
        campaign = await load_campaign(connection, settings)
    except CampaignNotReady as error:
        return CampaignAnswer(settings.name, None, str(error))
    request = campaign.claim_request
    if user is not None:
        request = campaign.request_held_for(UserId(user.id), user.workgroup_ids)
    told = await explain(connection, lead_id, request, now, viewer=viewer)
    return CampaignAnswer(settings.name, told)
