"""What the network says became of a call, from Q.850 causes and SIP answers.

Cause numbers: ITU-T Q.850. SIP to Q.850: RFC 3398 section 8.2.6.1, which
Asterisk's chan_pjsip follows with differences: 603 arrives as 21 (rejected),
480 as 19 (no answer), 403 as 21 or 57, 5xx as 38 or 34.
"""

from enum import StrEnum


class CallOutcome(StrEnum):
    """The network's word on a call, apart from the action result that the agent says."""

    CONNECTED = "connected"  # 通電: customer and agent were joined
    NO_ANSWER = "no_answer"  # 不在
    BUSY = "busy"  # 話中
    REJECTED = "rejected"  # 着信拒否: the person or his phone declined
    UNREACHABLE = "unreachable"  # 不通: the number is not in use or cannot be reached
    MACHINE = "machine"  # 留守電
    HUNG_UP = "hung_up"  # 早期切断: answered, and gone before an agent could be joined
    ABANDONED = "abandoned"  # 放棄呼: answered, and no agent was free in time
    CONGESTION = "congestion"  # 混雑: the network or the trunk had no room
    REFUSED = "refused"  # 発信規制: the carrier would not place the call
    CANCELLED = "cancelled"  # 中止: we ended it before an answer
    FAILED = "failed"  # 発信失敗: our own side could not place the call


_NOT_IN_USE = {1, 2, 3, 22, 23, 26, 28}
_BUSY = {17}
_NO_ANSWER = {18, 19, 0, 16, 31, 102}
_REJECTED = {21}
_UNREACHABLE = {20, 27, 50, 55, 65, 79, 88}
_CONGESTION = {34, 38, 41, 42, 43, 44, 47, 58}
_REFUSED = {8, 29, 52, 54, 57, 63, 87}
_FAILED = {95, 96, 97, 98, 99, 100, 101, 111, 127, 66}

_BY_SIP_STATUS = {
    401: CallOutcome.REFUSED,
    402: CallOutcome.REFUSED,
    403: CallOutcome.REFUSED,
    404: CallOutcome.UNREACHABLE,
    407: CallOutcome.REFUSED,
    408: CallOutcome.NO_ANSWER,
    410: CallOutcome.UNREACHABLE,
    415: CallOutcome.FAILED,
    480: CallOutcome.NO_ANSWER,
    484: CallOutcome.UNREACHABLE,
    486: CallOutcome.BUSY,
    487: CallOutcome.NO_ANSWER,
    488: CallOutcome.FAILED,
    500: CallOutcome.CONGESTION,
    502: CallOutcome.CONGESTION,
    503: CallOutcome.CONGESTION,
    504: CallOutcome.CONGESTION,
    600: CallOutcome.BUSY,
    603: CallOutcome.REJECTED,
    604: CallOutcome.UNREACHABLE,
    606: CallOutcome.FAILED,
    607: CallOutcome.REJECTED,
    608: CallOutcome.REJECTED,
}


def outcome_of_unanswered(cause: int, sip_status: int | None = None) -> CallOutcome:
    """The outcome of a call that ended before an answer, by its Q.850 `cause`.

    The SIP status, where it is known, is the better witness: Asterisk maps
    several answers to one cause.
    """
    if sip_status is not None and sip_status in _BY_SIP_STATUS:
        return _BY_SIP_STATUS[sip_status]
    for causes, outcome in (
        (_NO_ANSWER, CallOutcome.NO_ANSWER),
        (_BUSY, CallOutcome.BUSY),
        (_REJECTED, CallOutcome.REJECTED),
        (_NOT_IN_USE | _UNREACHABLE, CallOutcome.UNREACHABLE),
        (_CONGESTION, CallOutcome.CONGESTION),
        (_REFUSED, CallOutcome.REFUSED),
        (_FAILED, CallOutcome.FAILED),
    ):
        if cause in causes:
            return outcome
    return CallOutcome.FAILED
