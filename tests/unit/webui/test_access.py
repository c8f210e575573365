from dataclasses import replace

import pytest

from dialer.users import User
from webui.access import Access, Verdict, may_enter
from webui.routes import ROUTES

AGENT = User(
    id=1,
    login="sato",
    name="佐藤",
    may_administer=False,
    may_call=True,
    active=True,
    language=None,
    phone_account="phone",
    phone_mode="held",
    session_epoch=0,
    workgroup_ids=frozenset({1}),
    project_ids=frozenset({1}),
    acts_as_admin=False,
)
ADMIN = replace(AGENT, id=2, may_administer=True, acts_as_admin=True)


@pytest.mark.parametrize("access", Access)
def test_who_is_not_logged_in_is_sent_to_the_login(access: Access) -> None:
    expected = Verdict.ALLOWED if access is Access.ANYONE else Verdict.LOG_IN
    assert may_enter(access, None) is expected


def test_an_agent_enters_what_agents_may_and_nothing_of_an_admin() -> None:
    verdicts = {access: may_enter(access, AGENT) for access in Access}
    assert verdicts == {
        Access.ANYONE: Verdict.ALLOWED,
        Access.SIGNED_IN: Verdict.ALLOWED,
        Access.AGENT: Verdict.ALLOWED,
        Access.ADMIN: Verdict.FORBIDDEN,
    }


def test_an_admin_does_not_call_until_he_acts_as_user() -> None:
    assert may_enter(Access.AGENT, ADMIN) is Verdict.FORBIDDEN
    assert may_enter(Access.AGENT, ADMIN.as_user()) is Verdict.ALLOWED
    assert may_enter(Access.ADMIN, ADMIN.as_user()) is Verdict.FORBIDDEN


def test_a_supervisor_who_may_not_call_has_no_desk() -> None:
    assert may_enter(Access.AGENT, replace(AGENT, may_call=False)) is Verdict.FORBIDDEN


def test_each_route_stands_once_in_the_table() -> None:
    places = [(route.method, route.path) for route in ROUTES]
    assert len(places) == len(set(places))


def test_whatever_names_a_lead_a_call_or_a_campaign_is_bound_to_its_project() -> None:
    unbound = [
        route.path
        for route in ROUTES
        for subject in ("lead_id", "call_id", "campaign")
        if f"{{{subject}:" in route.path and route.scope.value != subject
    ]
    assert not unbound
