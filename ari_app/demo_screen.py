"""What the demo shows on the terminal: a live summary, and the result at the end."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ari_app.demo_report import DemoReport
from dialer.campaigns import CampaignLive
from dialer.floor_views import AgentView
from dialer.rules.agent_state import AgentState

_STYLES = {
    AgentState.READY: "green",
    AgentState.RESERVED: "cyan",
    AgentState.ON_CALL: "bold cyan",
    AgentState.AFTER_CALL_WORK: "yellow",
}
# Without a terminal (a log, a pipe) a plain line now and then shows that it lives.
_PLAIN_EVERY_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The demo at one moment; `wanted` is the number of calls to make, None without an end."""

    outcomes: Mapping[str, int]
    campaign: CampaignLive
    agents: tuple[AgentView, ...]
    wanted: int | None

    @property
    def finished(self) -> int:
        return sum(self.outcomes.values())


class DemoScreen:
    """A summary that is drawn anew in place, or plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._looks = 0

    def __enter__(self) -> "DemoScreen":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, now: Snapshot) -> None:
        if self._console.is_terminal:
            self._live.update(_picture(now), refresh=True)
        elif self._looks % _PLAIN_EVERY_LOOKS == 0:
            self._console.print(_line(now))
        self._looks += 1


def show_report(console: Console, report: DemoReport) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    waits = report.answer_to_agent_ms
    for name, value in (
        ("calls", str(report.calls)),
        ("by outcome", _counts(report.by_outcome)),
        ("recordings", f"{report.recordings} of {report.connected} conversations"),
        ("answer to agent", f"p50 {waits['p50']} ms, p99 {waits['p99']} ms"),
        ("leads held back", _counts(report.refused_by_reason) or "none"),
        ("forbidden calls", str(report.forbidden_calls)),
        ("time", f"{report.seconds:.0f} s"),
    ):
        table.add_row(Text(name, style="dim"), value)
    console.print(table)


def _picture(now: Snapshot) -> RenderableType:
    agents = Table.grid(padding=(0, 2))
    for agent in now.agents:
        state = Text(agent.state.value.replace("_", " "), style=_STYLES.get(agent.state, "dim"))
        agents.add_row(agent.name, state, agent.call.e164 if agent.call else "")
    parts: list[RenderableType] = [Text(_line(now)), agents]
    if now.wanted is not None:
        # In a table of its own, because a bare bar leaves the cursor on its line.
        bar = Table.grid()
        bar.add_row(ProgressBar(total=now.wanted, completed=now.finished, width=60))
        parts.insert(1, bar)
    return Group(*parts)


def _line(now: Snapshot) -> str:
    of = f" of {now.wanted}" if now.wanted is not None else ""
    live = now.campaign
    note = f" · {live.note.value.replace('_', ' ')}" if live.note else ""
    return (
        f"{now.finished}{of} calls finished ({_counts(now.outcomes) or 'none yet'}) · "
        f"ringing {live.ringing} · talking {live.on_call} · ready {live.ready_agents}{note}"
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in counts.items())
