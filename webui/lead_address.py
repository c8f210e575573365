"""The address of the lead table: which project, which tab and which view of it it shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_by_id
from dialer.lead_table import TableRequest
from dialer.lead_tabs import InBoxes, Prohibited, Whose, Within
from dialer.projects import Project, projects_of
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_filter import EVERYTHING, Pair
from dialer.rules.lead_view import LeadView, Sort, read_view, write_view
from dialer.users import User
from webui.forms import an_id, for_whom
from webui.services import services
from webui.sessions import viewer

LeadTab = Literal["all", "mybox", "prohibited", "deleted"]
TABS: tuple[LeadTab, ...] = get_args(LeadTab)
_MOST_PAIRS = 500
_LONGEST = 20  # characters of whose and for whom


@dataclass(frozen=True, slots=True)
class LeadAddress:
    """What an address of the table shows; `custom` are the project's fields by id.

    `whose` is for マイボックス, ``me``, ``u12`` for a user, ``w3`` for a workgroup, and `for_whom`
    for 禁止, ``company`` or a workgroup's id; all that one may know when they say anything else.
    """

    project: Project
    tab: LeadTab
    view: LeadView
    custom: Mapping[int, CustomField]
    whose: str = ""
    for_whom: str = ""

    def query(self, view: LeadView | None = None, more: Iterable[Pair] = ()) -> str:
        """The address's query for this view or, in the same tab, another one."""
        return urlencode([*self.pairs(view), *more])

    def pairs(self, view: LeadView | None = None) -> list[Pair]:
        """The same as names and values."""
        shown = write_view(view or self.view)
        return [("project", str(self.project.id)), ("tab", self.tab), *self.of_tab(), *shown]

    def of_tab(self) -> list[Pair]:
        """What a tab asks for besides what every tab does."""
        if self.tab == "mybox" and self.whose:
            return [("whose", self.whose)]
        return [("for", self.for_whom)] if self.tab == "prohibited" and self.for_whom else []

    @property
    def view_query(self) -> str:
        """The view alone, as saved views keep it."""
        return urlencode(write_view(self.view))

    @property
    def unfiltered(self) -> LeadView:
        """The same columns and order of all leads."""
        return replace(self.view, filter=EVERYTHING)

    def without_text(self) -> list[Pair]:
        """What the view says besides what is typed into the search field."""
        return [pair for pair in write_view(self.view) if pair[0] != "q"]

    def sorted_by(self, key: str) -> LeadView:
        """The view after another click on the heading: ascending, descending, as it suits."""
        now = self.view.sort
        if now is None or now.key != key:
            return replace(self.view, sort=Sort(key))
        return replace(self.view, sort=None if now.descending else Sort(key, descending=True))

    def request(self, request: web.Request) -> TableRequest:
        """What the table is asked for, for the viewer and now."""
        return TableRequest(
            self.project.id,
            viewer(request),
            services(request).clock.now(),
            time_zone=self.project.time_zone,
            view=self.view,
            custom=self.custom,
            deleted=self.tab == "deleted",
            within=self.within(viewer(request)),
        )

    def within(self, user: User) -> Within | None:
        """The leads of the tab, where it is one of boxes or of prohibitions."""
        if self.tab == "mybox":
            return InBoxes(_whose(self.whose or usual_boxes(user), user))
        return Prohibited(for_whom(self.for_whom)) if self.tab == "prohibited" else None


def usual_boxes(user: User) -> str:
    """Whose boxes are shown when the address says nothing: his own, or to an admin all."""
    return "all" if user.acts_as_admin else "me"


def _whose(text: str, user: User) -> Whose:
    if text == "me":
        return Whose("user", user.id)
    number = an_id(text[1:])
    if number is not None and text[:1] in ("u", "w"):
        return Whose("user" if text[0] == "u" else "workgroup", number)
    return Whose("all")


async def read_address(
    connection: AsyncConnection,
    request: web.Request,
    pairs: Iterable[Pair],
    known: Sequence[Project] | None = None,
) -> LeadAddress | None:
    """What a query shows the viewer; the first project when it names none that he may see.

    None when he sees no project at all.
    """
    some = list(pairs)[:_MOST_PAIRS]
    said = dict(reversed(some))
    if known is None:
        known = await projects_of(connection, viewer(request))
    named = (one for one in known if str(one.id) == said.get("project", ""))
    project = next(named, known[0] if known else None)
    if project is None:
        return None
    custom = await fields_by_id(connection, project.id)
    tab: LeadTab = next((one for one in TABS if one == said.get("tab")), "all")
    more = (said.get(name, "")[:_LONGEST] for name in ("whose", "for"))
    return LeadAddress(project, tab, read_view(some, custom), custom, *more)


def pairs_of(query: str) -> list[Pair]:
    """The names and values of a query as text."""
    return parse_qsl(query, max_num_fields=_MOST_PAIRS)
