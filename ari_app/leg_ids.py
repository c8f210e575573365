"""What legs, bridges and playbacks are called in Asterisk: the id says what each belongs to.

All are of the same length, so that none is the beginning of another, which Asterisk would refuse.
"""

from uuid import UUID

from dialer.messages import CallId, LegId


def customer_channel(call_id: CallId) -> str:
    return f"c-{call_id.hex}"


def agent_channel(leg_id: LegId) -> str:
    return f"a-{leg_id.hex}"


def agent_bridge(leg_id: LegId) -> str:
    return f"b-{leg_id.hex}"


def notice_playback(call_id: CallId) -> str:
    return f"n-{call_id.hex}"


def notice_of(playback_id: str) -> CallId | None:
    call_id = id_of(playback_id, "n-")
    return None if call_id is None else CallId(call_id)


def customer_of(channel_id: str) -> CallId | None:
    call_id = id_of(channel_id, "c-")
    return None if call_id is None else CallId(call_id)


def agent_of(channel_id: str) -> LegId | None:
    leg_id = id_of(channel_id, "a-")
    return None if leg_id is None else LegId(leg_id)


def id_of(name: str, prefix: str) -> UUID | None:
    if not name.startswith(prefix) or len(name) != len(prefix) + 32:
        return None
    try:
        return UUID(hex=name[len(prefix) :])
    except ValueError:
        return None
