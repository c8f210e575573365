"""The answer to "why is it (not) called?" in sentences: for the page, the API and the terminal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dialer.prohibitions import StandingProhibition
from dialer.rules.eligibility import Refusal, Refused
from dialer.why import Explanation, KnownNumber, PastDecision
from dialer.why_facts import BoxFact, NumberFact
from webui import labels
from webui.formats import Formats
from webui.translations import Words


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One clause of the gate. `until` is when it lets the lead through by itself."""

    rule: Refusal
    name: str
    passes: bool
    until: datetime | None
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhyWords:
    """Speaks to one person, in his language and zone."""

    _: Words  # as everywhere, so that the catalogues know its texts
    formats: Formats

    def verdict(self, told: Explanation) -> str:
        """``Not called: Prohibited.``; the whole answer in one sentence."""
        _ = self._
        if not isinstance(told.decision, Refused):
            if told.user:
                return _("%(name)s may call now.", name=told.user)
            return _("It may be called now.")
        if told.for_owner_only:
            return _("The campaign calls it for one agent only.")
        reason = _(labels.REFUSALS[told.decision.reason])
        return _("Not called: %(reason)s", reason=reason)

    def when(self, told: Explanation) -> str:
        """From when it may be called, or what else must happen first; empty where it may now."""
        _ = self._
        if told.allowed:
            return ""
        if told.for_owner_only:
            return _("When he who holds it, or has promised to call back, is ready.")
        if told.callable_from is None:
            return " ".join(_(labels.REMEDIES[reason]) for reason in _lasting(told)[:1])
        return _("It may be called from %(time)s on.", time=self.formats.ahead(told.callable_from))

    def state(self, told: Explanation) -> str:
        """What else keeps the campaign from calling; empty while it runs, or by hand."""
        _ = self._
        if told.campaign_state == "running" or told.user:
            return ""
        state = _(labels.CAMPAIGN_STATES[told.campaign_state])
        return _("The campaign calls nobody: %(state)s", state=state)

    def lines(self, told: Explanation) -> tuple[RuleLine, ...]:
        """Every clause in the gate's order, with the facts that it looked at."""
        return tuple(
            RuleLine(
                rule=verdict.rule,
                name=self._(labels.RULES[verdict.rule]),
                passes=verdict.passes,
                until=verdict.refused.retry_at if verdict.refused else None,
                facts=tuple(one for one in _FACTS[verdict.rule](self, told) if one),
            )
            for verdict in told.rules
        )

    def past(self, past: PastDecision) -> tuple[str, ...]:
        """What the gate knew when it let a call through."""
        _, known = self._, past.decision
        if not known:
            return (_("What the gate knew then was not written down yet."),)
        callback = known.get("callback_at")
        return tuple(
            filter(
                None,
                (
                    _("for %(name)s", name=past.for_user)
                    if past.for_user
                    else _("for whoever is free"),
                    self._used(known.get("attempts", 0), known.get("max_attempts", 0)),
                    str(known.get("time_zone", "")),
                    callback and self._agreed(datetime.fromisoformat(str(callback))),
                ),
            )
        )

    def number(self, number: KnownNumber) -> tuple[list[str], list[str]]:
        """Its prohibitions, and what else is to say of it."""
        _ = self._
        prohibited = _(labels.REFUSALS[Refusal.PROHIBITED])
        found = [f"{prohibited}: {self.prohibition(one)}" for one in number.prohibitions]
        others = [] if found else [_("This number is not prohibited.")]
        if not number.leads:
            others.append(_("No lead has this number."))
        if number.more:
            n = len(number.leads)
            others.append(_("More leads have it; these are the first %(n)s.", n=n))
        return found, others

    # --- the facts of each clause -------------------------------------------------------------

    def prohibited(self, told: Explanation) -> list[str]:
        _, seen = self._, told.facts.prohibitions
        found = [
            self.prohibition(one.prohibition)
            + ("" if one.binds else f" ({_('does not bind this campaign')})")
            for one in seen
        ]
        refuses = any(one.rule is Refusal.PROHIBITED and one.refused for one in told.rules)
        if refuses and not any(one.binds for one in seen):
            found.append(_("For a workgroup that is not yours."))
        return found or [_("None of its numbers is prohibited.")]

    def prohibition(self, one: StandingProhibition) -> str:
        """Which number, for whom, since when, by whom and why."""
        whom = one.workgroup or self._("the whole company")
        parts = (whom, self.formats.moment(one.prohibited_at), one.prohibited_by, one.reason)
        return " · ".join([self.formats.phone(one.e164), *filter(None, parts)])

    def boxed(self, told: Explanation) -> list[str]:
        boxes = told.facts.boxes
        return [self._box(box, told) for box in boxes] or [self._("It is in nobody's MyBox.")]

    def _box(self, box: BoxFact, told: Explanation) -> str:
        _, since = self._, self.formats.moment(box.since)
        holder = box.holder or _("somebody of another workgroup")
        if box.lead_id == told.lead.id:
            text = _("%(name)s, since %(time)s", name=holder, time=since)
        else:
            text = _(
                "%(name)s, since %(time)s, with %(lead)s of the same number",
                name=holder,
                time=since,
                lead=box.lead or _("a lead of another project"),
            )
        if box.expires_at:
            text += f" · {_('until %(time)s', time=self.formats.ahead(box.expires_at))}"
        return text

    def other_project(self, told: Explanation) -> list[str]:
        if told.campaign_project == told.lead.project:
            return [told.lead.project]
        return [
            self._(
                "The lead is in %(own)s, the campaign calls %(other)s.",
                own=told.lead.project,
                other=told.campaign_project,
            )
        ]

    def deleted(self, told: Explanation) -> list[str]:
        at = told.facts.deleted_at
        if at is None:
            return [self._("It is not deleted.")]
        return [self._("Deleted %(time)s", time=self.formats.moment(at))]

    def closed(self, told: Explanation) -> list[str]:
        at = told.facts.project_closed_at
        if at is None:
            return [self._("The project is open.")]
        return [self._("Closed %(time)s", time=self.formats.moment(at))]

    def assigned(self, told: Explanation) -> list[str]:
        _ = self._
        if not told.user:
            return [_("The campaign calls for whoever of its agents is free.")]
        values = {"name": told.user, "project": told.campaign_project}
        if told.facts.assigned:
            return [_("%(name)s is assigned to %(project)s.", **values)]
        return [_("%(name)s is not assigned to %(project)s.", **values)]

    def hours(self, told: Explanation) -> list[str]:
        _, hours = self._, told.facts.hours
        if hours.opens and hours.closes:
            closes = "24:00" if hours.closes.microsecond else f"{hours.closes:%H:%M}"
            today = _("today %(from)s–%(to)s", **{"from": f"{hours.opens:%H:%M}", "to": closes})
        else:
            today = _("closed today")
        opening = ""
        if not hours.is_open:
            opening = (
                _("opens %(time)s", time=self.formats.ahead(hours.next_opening))
                if hours.next_opening
                else _("does not open within a year")
            )
        return [" · ".join(filter(None, (today, hours.time_zone, opening)))]

    def callback_time(self, told: Explanation) -> list[str]:
        callback = told.facts.callback
        if callback is None:
            return [self._("No callback is agreed.")]
        parts = (self._agreed(callback.due_at), callback.made_by, callback.note)
        return [" · ".join(filter(None, parts))]

    def callback_user(self, told: Explanation) -> list[str]:
        callback = told.facts.callback
        if callback is None:
            return [self._("No callback is agreed.")]
        if callback.user:
            return [self._("%(name)s calls back.", name=callback.user)]
        return [self._("Anyone may call back.")]

    def finished(self, told: Explanation) -> list[str]:
        _, last, at = self._, told.facts.last, told.facts.finished_at
        outcome = _(labels.OUTCOMES[last.outcome]) if last.outcome else ""
        called = self.formats.moment(last.called_at) if last.called_at else ""
        final = _("Finished %(time)s", time=self.formats.moment(at)) if at else ""
        said = " · ".join(filter(None, (final, outcome, last.result, called)))
        return [said or _("Nothing has come of it yet.")]

    def attempts(self, told: Explanation) -> list[str]:
        return [self._used(told.facts.attempts, told.facts.max_attempts)]

    def waiting(self, told: Explanation) -> list[str]:
        at = told.facts.next_attempt_at
        if at is None or at <= told.at:
            return [self._("It need not wait.")]
        return [self._("next attempt from %(time)s on", time=self.formats.ahead(at))]

    def abandoned(self, told: Explanation) -> list[str]:
        _, at, until = self._, told.facts.abandoned_at, told.facts.abandoned_until
        if at is None or until is None:
            return [_("No call to it was abandoned.")]
        said = _("Abandoned %(time)s", time=self.formats.moment(at))
        if until <= told.at:
            return [said]
        rest = _("left alone until %(time)s", time=self.formats.ahead(until))
        held = _("not where an agent is held for the call") if told.user else ""
        return [" · ".join(filter(None, (said, rest, held)))]

    def in_call(self, told: Explanation) -> list[str]:
        call = told.facts.open_call
        if call is None:
            return [self._("It is in no call.")]
        since = self._("since %(time)s", time=self.formats.moment(call.since))
        parts = (self.formats.phone(call.e164), self.formats.campaign(call.campaign), since)
        return [" · ".join(filter(None, parts))]

    def telephones(self, told: Explanation) -> list[str]:
        some = [self.formats.phone(one.e164) for one in told.facts.numbers if one.kind != "fax"]
        return some or [self._("It has no telephone number.")]

    def kinds(self, told: Explanation) -> list[str]:
        return [self._kind(one) for one in told.facts.numbers] or [
            self._("It has no telephone number.")
        ]

    def _kind(self, number: NumberFact) -> str:
        fax = labels.CONTACT_KINDS["fax"] if number.kind == "fax" else ""
        kind = self._(fax or labels.NUMBER_KINDS[number.number_kind])
        never = "" if number.callable else self._("never called")
        return " · ".join(filter(None, (self.formats.phone(number.e164), kind, never)))

    def _used(self, attempts: object, of: object) -> str:
        return self._("%(n)s of %(max)s attempts used", n=attempts, max=of)

    def _agreed(self, at: datetime) -> str:
        return self._("agreed for %(time)s", time=self.formats.ahead(at))


def _lasting(told: Explanation) -> list[Refusal]:
    """The reasons that time alone does not end."""
    refused = (verdict.refused for verdict in told.rules if verdict.refused)
    return [refusal.reason for refusal in refused if refusal.retry_at is None]


_FACTS: Mapping[Refusal, Callable[[WhyWords, Explanation], list[str]]] = {
    Refusal.PROHIBITED: WhyWords.prohibited,
    Refusal.BOXED: WhyWords.boxed,
    Refusal.OTHER_PROJECT: WhyWords.other_project,
    Refusal.LEAD_DELETED: WhyWords.deleted,
    Refusal.PROJECT_CLOSED: WhyWords.closed,
    Refusal.NOT_ASSIGNED: WhyWords.assigned,
    Refusal.OUTSIDE_HOURS: WhyWords.hours,
    Refusal.CALLBACK_NOT_DUE: WhyWords.callback_time,
    Refusal.CALLBACK_OF_ANOTHER: WhyWords.callback_user,
    Refusal.FINISHED: WhyWords.finished,
    Refusal.ATTEMPTS_USED: WhyWords.attempts,
    Refusal.WAITING: WhyWords.waiting,
    Refusal.ABANDONED_REST: WhyWords.abandoned,
    Refusal.IN_CALL: WhyWords.in_call,
    Refusal.NO_NUMBER: WhyWords.telephones,
    Refusal.NUMBER_KIND: WhyWords.kinds,
}
