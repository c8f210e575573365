"""The answers to "why?" as JSON for programs: ids and names of rules, times in UTC."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from dialer.rules.eligibility import Allowed, Refused
from dialer.rules.explanation import RuleVerdict
from dialer.why import Explanation
from dialer.why_report import CampaignAnswer, LeadReport, WhyReport

Sentence = Callable[[Explanation], str]


def report_json(report: WhyReport, sentence: Sentence) -> dict[str, Any]:
    """The whole report; `sentence` puts each answer into words."""
    return {
        "number": plain(report.number),
        "leads": [_lead(one, sentence) for one in report.leads],
    }


def _lead(report: LeadReport, sentence: Sentence) -> dict[str, Any]:
    return {
        "lead": plain(report.lead),
        "answers": [_answer(one, sentence) for one in report.answers],
        "past": plain(report.past),
    }


def _answer(answer: CampaignAnswer, sentence: Sentence) -> dict[str, Any]:
    told = answer.told
    if told is None:
        return {"campaign": answer.campaign, "problem": answer.problem}
    return {
        "campaign": told.campaign,
        "campaign_state": told.campaign_state,
        "by": "user" if told.user_id else "campaign",
        "user_id": told.user_id,
        "user": told.user,
        "at": plain(told.at),
        "decision": _decision(told.decision),
        "sentence": sentence(told),
        "callable_from": plain(told.callable_from),
        "for_owner_only": told.for_owner_only,
        "rules": [_rule(one) for one in told.rules],
        "facts": plain(told.facts),
    }


def _decision(decision: Allowed | Refused) -> dict[str, Any]:
    if isinstance(decision, Allowed):
        return {"verdict": "allowed", "reason": None, "retry_at": None}
    return {
        "verdict": "refused",
        "reason": decision.reason.value,
        "retry_at": plain(decision.retry_at),
    }


def _rule(verdict: RuleVerdict) -> dict[str, Any]:
    refused = verdict.refused
    return {
        "rule": verdict.rule.value,
        "verdict": "refuses" if refused else "passes",
        "retry_at": plain(refused.retry_at) if refused else None,
    }


def plain(value: Any) -> Any:
    """A value with its dataclasses as objects, and times as ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(one) for one in value]
    return value
