"""The words for what the rules call things, and the colour each of them is shown in.

Colours are names of tokens in ``static/css/tokens.css``, never values.
"""

from collections.abc import Mapping

from dialer.rules.agent_state import PHONE_DID_NOT_ANSWER, PHONE_LOST, AgentState
from dialer.rules.eligibility import Refusal
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from webui.translations import marked

OUTCOMES: Mapping[str, str] = {
    CallOutcome.CONNECTED: marked("Connected"),
    CallOutcome.NO_ANSWER: marked("No answer"),
    CallOutcome.BUSY: marked("Busy"),
    CallOutcome.REJECTED: marked("Declined"),
    CallOutcome.UNREACHABLE: marked("Unreachable"),
    CallOutcome.MACHINE: marked("Machine"),
    CallOutcome.HUNG_UP: marked("Hung up early"),
    CallOutcome.ABANDONED: marked("Abandoned"),
    CallOutcome.CONGESTION: marked("Congestion"),
    CallOutcome.REFUSED: marked("Refused by the carrier"),
    CallOutcome.CANCELLED: marked("Cancelled"),
    CallOutcome.FAILED: marked("Could not be placed"),
}
OUTCOME_COLOURS: Mapping[str, str] = {
    CallOutcome.CONNECTED: "green",
    CallOutcome.NO_ANSWER: "grey",
    CallOutcome.BUSY: "amber",
    CallOutcome.REJECTED: "rose",
    CallOutcome.UNREACHABLE: "brown",
    CallOutcome.MACHINE: "violet",
    CallOutcome.HUNG_UP: "teal",
    CallOutcome.ABANDONED: "red",
    CallOutcome.CONGESTION: "orange",
    CallOutcome.REFUSED: "orange",
    CallOutcome.CANCELLED: "grey",
    CallOutcome.FAILED: "red",
}

AGENT_STATES: Mapping[str, str] = {
    AgentState.OFFLINE: marked("Offline"),
    AgentState.LOGGING_IN: marked("Your phone is ringing"),
    AgentState.READY: marked("Ready"),
    AgentState.RESERVED: marked("Connecting"),
    AgentState.ON_CALL: marked("On call"),
    AgentState.AFTER_CALL_WORK: marked("After-call work"),
    AgentState.AWAY: marked("Away"),
}
# Seen by others, for whom it is not their own phone.
AGENT_STATES_OF_OTHERS: Mapping[str, str] = {
    **AGENT_STATES,
    AgentState.LOGGING_IN: marked("Logging in"),
}
AGENT_STATE_HINTS: Mapping[str, str] = {
    AgentState.OFFLINE: marked("Press Ready to log in: your phone rings once and stays open."),
    AgentState.LOGGING_IN: marked("Pick up to log in. The line then stays open."),
    AgentState.READY: marked("The next conversation comes to you by itself."),
    AgentState.RESERVED: marked("Somebody has answered and is being connected to you."),
    AgentState.ON_CALL: marked("You are talking. Press a number key as soon as you know."),
    AgentState.AFTER_CALL_WORK: marked("Choose a result to finish this call."),
    AgentState.AWAY: marked("No calls reach you until you are ready again."),
}

# What was decided about the lead while its agent talks.
LATE_NOTICES: Mapping[str, str] = {
    Refusal.PROHIBITED: marked("This lead was prohibited during the call."),
    Refusal.BOXED: marked("This lead was put into another user's MyBox during the call."),
    Refusal.LEAD_DELETED: marked("This lead was deleted during the call."),
    Refusal.PROJECT_CLOSED: marked("The project was closed during the call."),
}

AWAY_REASONS: Mapping[str, str] = {
    "break": marked("Break"),
    "lunch": marked("Lunch"),
    "meeting": marked("Meeting"),
    "paperwork": marked("Paperwork"),
    "other": marked("Other"),
}
SYSTEM_AWAY_REASONS: Mapping[str, str] = {
    PHONE_LOST: marked("The connection to your phone was lost"),
    PHONE_DID_NOT_ANSWER: marked("Your phone did not answer"),
}

CAMPAIGN_STATES: Mapping[str, str] = {
    "stopped": marked("Stopped"),
    "running": marked("Running"),
    "paused": marked("Paused"),
}
CAMPAIGN_MODES: Mapping[str, str] = {
    "preview": marked("Preview"),
    "progressive": marked("Progressive"),
    "power": marked("Power"),
    "predictive": marked("Predictive"),
}
NOT_DIALLING: Mapping[str, str] = {
    NotDialling.NO_AGENTS: marked("Nobody is logged in for this campaign."),
    NotDialling.AGENTS_BUSY: marked("All agents are busy."),
    NotDialling.LINES_IN_USE: marked("Enough calls are on their way for the agents who wait."),
    NotDialling.TRUNK_FULL: marked("All lines of the trunk are in use."),
    NotDialling.RATE_LIMITED: marked("The trunk takes no more calls this second."),
    NotDialling.OUTSIDE_HOURS: marked("Outside calling hours."),
    NotDialling.NO_LEADS: marked("No lead may be called now."),
    NotDialling.CALL_LIMIT: marked("The trial has made all its calls."),
    NotDialling.TELEPHONY_DOWN: marked("The telephone system cannot be reached."),
    NotDialling.DATABASE_DOWN: marked("The database cannot be reached, so nobody is called."),
    NotDialling.DATABASE_LOCKED: marked(
        "Another program keeps the database locked, so nobody is called."
    ),
    NotDialling.DATABASE_FULL: marked("There is no space for the database, so nobody is called."),
    NotDialling.RECORDINGS_FULL: marked(
        "There is hardly any room left for recordings, so nobody is called."
    ),
    NotDialling.PROJECT_CLOSED: marked("The project is closed, so nobody is called."),
    NotDialling.NOT_RUNNING: marked("The campaign is not running."),
}
# Nothing is wrong: the dialler simply has enough to do.
CALM_NOTES = frozenset(
    {
        NotDialling.AGENTS_BUSY,
        NotDialling.LINES_IN_USE,
        NotDialling.RATE_LIMITED,
        NotDialling.CALL_LIMIT,
        NotDialling.NOT_RUNNING,
    }
)

# Why a lead is not called: the words of the counts on a campaign's card and of the answer to
# "why?", and what the clause of the gate is called when it lets the lead through.
REFUSALS: Mapping[str, str] = {
    Refusal.PROHIBITED: marked("Prohibited"),
    Refusal.BOXED: marked("In somebody's MyBox"),
    Refusal.OTHER_PROJECT: marked("In another project"),
    Refusal.LEAD_DELETED: marked("Deleted"),
    Refusal.PROJECT_CLOSED: marked("Project closed"),
    Refusal.NOT_ASSIGNED: marked("Not assigned to the project"),
    Refusal.OUTSIDE_HOURS: marked("Outside calling hours"),
    Refusal.CALLBACK_NOT_DUE: marked("Callback not due yet"),
    Refusal.CALLBACK_OF_ANOTHER: marked("Somebody else's callback"),
    Refusal.FINISHED: marked("Finished"),
    Refusal.ATTEMPTS_USED: marked("All attempts used"),
    Refusal.WAITING: marked("Waiting for the next attempt"),
    Refusal.ABANDONED_REST: marked("At rest after an abandoned call"),
    Refusal.IN_CALL: marked("Being called now"),
    Refusal.NO_NUMBER: marked("No number to call"),
    Refusal.NUMBER_KIND: marked("Only numbers that are never called"),
}
REFUSAL_COLOURS: Mapping[str, str] = {
    Refusal.PROHIBITED: "red",
    Refusal.BOXED: "violet",
    Refusal.OTHER_PROJECT: "brown",
    Refusal.LEAD_DELETED: "grey",
    Refusal.PROJECT_CLOSED: "brown",
    Refusal.NOT_ASSIGNED: "brown",
    Refusal.OUTSIDE_HOURS: "blue",
    Refusal.CALLBACK_NOT_DUE: "teal",
    Refusal.CALLBACK_OF_ANOTHER: "teal",
    Refusal.FINISHED: "grey",
    Refusal.ATTEMPTS_USED: "brown",
    Refusal.WAITING: "amber",
    Refusal.ABANDONED_REST: "rose",
    Refusal.IN_CALL: "orange",
    Refusal.NO_NUMBER: "grey",
    Refusal.NUMBER_KIND: "grey",
}
# What ends a refusal that time does not.
REMEDIES: Mapping[str, str] = {
    Refusal.PROHIBITED: marked("Only an administrator can lift it."),
    Refusal.BOXED: marked("Until its holder or an administrator takes it out."),
    Refusal.OTHER_PROJECT: marked("Only campaigns of its own project call it."),
    Refusal.LEAD_DELETED: marked("Until it is restored."),
    Refusal.PROJECT_CLOSED: marked("Nobody of a closed project is called."),
    Refusal.NOT_ASSIGNED: marked("Until an administrator assigns the user to the project."),
    Refusal.OUTSIDE_HOURS: marked("These calling hours never open."),
    Refusal.CALLBACK_OF_ANOTHER: marked("Who has promised to call back calls."),
    Refusal.FINISHED: marked("A final result ends the calls to it."),
    Refusal.ATTEMPTS_USED: marked("The campaign makes no more attempts."),
    Refusal.IN_CALL: marked("Until that call is over."),
    Refusal.NO_NUMBER: marked("Until it gets a telephone number."),
    Refusal.NUMBER_KIND: marked("Until it gets a number of another kind."),
}
RULES: Mapping[str, str] = {
    Refusal.PROHIBITED: marked("Prohibition"),
    Refusal.BOXED: marked("MyBox"),
    Refusal.OTHER_PROJECT: marked("Project"),
    Refusal.LEAD_DELETED: marked("Deletion"),
    Refusal.PROJECT_CLOSED: marked("State of the project"),
    Refusal.NOT_ASSIGNED: marked("Assignment"),
    Refusal.OUTSIDE_HOURS: marked("Calling hours"),
    Refusal.CALLBACK_NOT_DUE: marked("Time of the callback"),
    Refusal.CALLBACK_OF_ANOTHER: marked("Who calls back"),
    Refusal.FINISHED: marked("Final result"),
    Refusal.ATTEMPTS_USED: marked("Number of attempts"),
    Refusal.WAITING: marked("Delay after the last attempt"),
    Refusal.ABANDONED_REST: marked("Rest after an abandoned call"),
    Refusal.IN_CALL: marked("Open call"),
    Refusal.NO_NUMBER: marked("Telephone number"),
    Refusal.NUMBER_KIND: marked("Kind of number"),
}
NUMBER_KINDS: Mapping[str, str] = {
    "": marked("Unknown kind"),
    "mobile": marked("Mobile"),
    "fixed": marked("Fixed line"),
    "toll_free": marked("Toll-free"),
    "premium": marked("Premium rate"),
    "uan": marked("Navi-dial"),
    "voip": marked("IP phone"),
    "other": marked("Other"),
    "emergency": marked("Emergency number"),
    "service": marked("Service code"),
}

FLOOR_ERRORS: Mapping[str, str] = {
    "floor_error": marked("This cannot be done now."),
    "not_an_agent": marked("You are not set up to take calls. Ask an administrator."),
    "no_phone": marked("You have no phone account. Ask an administrator for one."),
    "not_on_a_call": marked("There is no such call any more."),
    "result_required": marked("Choose a result first."),
    "not_recorded": marked("This conversation is not recorded."),
    "recording_goes_on": marked("The recording could not be paused: what is said is recorded."),
    "recording_stays_paused": marked("The recording could not be resumed. Try again."),
}

# Why a call by hand is not begun, apart from the gate's own reasons.
CANNOT_DIAL: Mapping[str, str] = {
    "not_ready": marked("Press Ready on the desk first: your phone must be open and free."),
    "no_campaign": marked("No campaign of yours calls the leads of this project."),
    **{note: NOT_DIALLING[note] for note in NotDialling},
}

HUNG_UP_BY: Mapping[str, str] = {
    "agent": marked("Agent hung up"),
    "customer": marked("Customer hung up"),
    "system": marked("Ended by the system"),
}
ACTION_KINDS: Mapping[str, str] = {
    "call": marked("Call"),
    "email": marked("E-mail"),
    "sms": marked("SMS"),
    "visit": marked("Visit"),
    "memo": marked("Memo"),
}
CONTACT_KINDS: Mapping[str, str] = {
    "mobile": marked("Mobile"),
    "phone": marked("Phone"),
    "fax": marked("Fax"),
    "email": marked("E-mail"),
    "line": marked("LINE"),
    "other": marked("Other"),
}
RECORDING_STATES: Mapping[str, str] = {
    "recording": marked("Still being recorded"),
    "ready": marked("Recording"),
    "missing": marked("The recording is missing"),
    "erasing": marked("The recording is being erased"),
    "erased": marked("The recording was erased"),
}


def away_reason(reason: str) -> str:
    """The message for a reason of ours or the system's; a free text stands for itself."""
    return AWAY_REASONS.get(reason) or SYSTEM_AWAY_REASONS.get(reason) or reason
