"""`kakeru why …`: why a lead or a number is called, or not, for people at a terminal."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ari_app.commands.failures import CommandFailed, WrongUsage
from ari_app.commands.installation import database_of, settings_of
from ari_app.commands.tables import FittingTable
from ari_app.settings import Settings
from ari_app.settings.validate import did_you_mean
from dialer.campaign import CampaignSettings
from dialer.rules.phone_number import PhoneNumber
from dialer.users import User, user_by_login
from dialer.why import Explanation, KnownNumber, PastDecision
from dialer.why_json import report_json
from dialer.why_report import (
    CampaignAnswer,
    LeadReport,
    WhyReport,
    report_on_lead,
    report_on_number,
    subject_of,
)
from webui import labels
from webui.formats import Formats
from webui.translations import words
from webui.why_words import WhyWords


@dataclass(frozen=True, slots=True)
class WhyAnswer:
    """A report, and the words to tell it in."""

    report: WhyReport
    words: WhyWords

    def as_json(self) -> str:
        """One line for programs; docs/why.md describes it."""
        return json.dumps(report_json(self.report, self.words.verdict), ensure_ascii=False)

    def print_to(self, console: Console) -> None:
        """Tables for people, the answer of each campaign first."""
        for part in _report(self.report, self.words):
            console.print(part, crop=False)


def why(config: Path, subject: str, campaign: str | None, login: str | None) -> WhyAnswer:
    """`subject` is a lead's id or a number in any writing.

    Raises WrongUsage when it is neither; CommandFailed when there is no such lead,
    campaign or user.
    """
    settings = settings_of(config)
    return asyncio.run(_why(settings, subject, _campaign(settings, campaign), login))


async def _why(
    settings: Settings, subject: str, only: CampaignSettings | None, login: str | None
) -> WhyAnswer:
    now, asked = datetime.now(UTC), subject_of(subject)
    if not isinstance(asked, int | PhoneNumber):
        raise WrongUsage(
            f"{subject!r} is neither a lead's id nor a phone number: "
            f"{asked.text(settings.language)}"
        )
    async with database_of(settings) as database, database.read() as connection:
        user = None if login is None else await user_by_login(connection, login)
        if login is not None and user is None:
            raise CommandFailed(f"no user logs in as {login!r}")
        _check_may_call(user)
        if isinstance(asked, PhoneNumber):
            report = await report_on_number(
                connection, asked.e164, settings.campaigns, now, only=only, user=user
            )
        else:
            lead = await report_on_lead(
                connection, asked, settings.campaigns, now, only=only, user=user
            )
            if lead is None:
                raise CommandFailed(f"there is no lead {asked}; a number needs its leading zero")
            report = WhyReport(None, (lead,))
    say = words(settings.language)
    return WhyAnswer(report, WhyWords(say, Formats(say.language, settings.time_zone, now)))


def _campaign(settings: Settings, name: str | None) -> CampaignSettings | None:
    if name is None:
        return None
    found = settings.campaign(name)
    if found is None:
        hint = did_you_mean(name, [one.name for one in settings.campaigns])
        raise CommandFailed(f"no campaign {name!r}{hint or '; config/campaigns/ is empty'}")
    return found


def _check_may_call(user: User | None) -> None:
    if user is not None and not (user.may_call and user.active):
        raise CommandFailed(f"{user.login} is no user who calls")


# --- tables -------------------------------------------------------------------------------


def _report(report: WhyReport, told_in: WhyWords) -> Iterator[RenderableType]:
    if report.number is not None:
        yield from _number(report.number, told_in)
    for lead in report.leads:
        yield from _lead(lead, told_in)


def _number(number: KnownNumber, told_in: WhyWords) -> Iterator[RenderableType]:
    yield Text(told_in.formats.phone(number.e164), style="bold")
    prohibited, others = told_in.number(number)
    for line in prohibited:
        yield Text(f"  ✗ {line}", style="red")
    for line in others:
        yield Text(f"  {line}")


def _lead(lead: LeadReport, told_in: WhyWords) -> Iterator[RenderableType]:
    _ = told_in._
    yield Text(f"\n{_('Lead')} {lead.lead.id}  {lead.lead.name}  ({lead.lead.project})", "bold")
    if not lead.answers:
        yield Text(f"  {_('No campaign calls the leads of this project.')}")
    for answer in lead.answers:
        yield Padding(_answer(answer, told_in), (1, 0, 0, 2), expand=False)
    if lead.past:
        yield Padding(_past(lead.past, told_in), (1, 0, 0, 2), expand=False)


def _answer(answer: CampaignAnswer, told_in: WhyWords) -> RenderableType:
    if answer.told is None:
        return Text(f"{answer.campaign}: {answer.problem}", style="red")
    told = answer.told
    return Group(_verdict(told, told_in), _rules(told, told_in))


def _verdict(told: Explanation, told_in: WhyWords) -> Text:
    text = Text(f"{told.campaign}: ", style="bold")
    text.append(told_in.verdict(told), style="bold green" if told.allowed else "bold red")
    for more in (told_in.when(told), told_in.state(told)):
        if more:
            text.append(f"\n{more}", style="not bold")
    return text


def _rules(told: Explanation, told_in: WhyWords) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for _place in range(3):
        table.add_column(overflow="fold")
    for line in told_in.lines(told):
        mark = Text("✓", style="green") if line.passes else Text("✗", style="bold red")
        name = Text(line.name, style="" if line.passes else "bold")
        table.add_row(mark, name, Text("\n".join(line.facts), style="dim" if line.passes else ""))
    return table


def _past(past: tuple[PastDecision, ...], told_in: WhyWords) -> FittingTable:
    _ = told_in._
    header = (_("Time"), _("Campaign"), _("Number"), _("Outcome"), _("Allowed then:").rstrip(":"))
    rows = []
    for one in past:
        outcome = _(labels.OUTCOMES[one.outcome]) if one.outcome else ""
        rows.append(
            (
                f"{told_in.formats.day(one.at)} {told_in.formats.clock(one.at)}",
                one.campaign,
                told_in.formats.phone(one.e164),
                " · ".join(filter(None, (outcome, one.result))),
                " · ".join(told_in.past(one)),
            )
        )
    return FittingTable(header, rows, _("Decisions about past calls"))
