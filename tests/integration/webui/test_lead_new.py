"""A new lead by hand: checked as a whole, and duplicates are told before it is saved."""

from aiohttp import FormData

from dialer.lead_detail import lead_detail
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld


def filled(browser: Browser, *contacts: tuple[str, str], **fields: str) -> FormData:
    form = FormData({"csrf_token": browser.token, **fields})
    for kind, raw in contacts:
        form.add_field("kind", kind)
        form.add_field("raw", raw)
        form.add_field("label", "")
    return form


async def test_a_lead_is_added(world: WebWorld, browser: Browser) -> None:
    await browser.log_in("sato")
    project = str(world.team.project_id)
    assert "リードを登録" in await browser.page(f"/leads/new?project={project}")
    form = filled(
        browser, ("phone", ""), ("mobile", "０９０ー1234ー5678"), project=project, name="新しい店"
    )
    made = await browser.client.post("/leads/new", data=form, allow_redirects=False)
    assert made.status == 303
    lead_id = int(made.headers["Location"].rpartition("/")[2])
    async with world.database.read() as connection:
        lead = await lead_detail(
            connection, lead_id=lead_id, viewer=world.team.agents[0], now=world.clock.now()
        )
    assert lead is not None
    assert (lead.row.name, [one.e164 for one in lead.contact_points]) == (
        "新しい店",
        ["+819012345678"],
    )
    assert "手入力で登録" in await browser.page(f"/leads/{lead_id}")


async def test_everything_that_does_not_fit_is_told_and_nothing_is_lost(
    world: WebWorld, browser: Browser
) -> None:
    await browser.log_in("sato")
    form = filled(
        browser,
        ("phone", ""),
        ("phone", "03-12"),
        project=str(world.team.project_id),
        name=" ",
        email="info",
        city="渋谷区",
    )
    told = await browser.client.post("/leads/new", data=form, allow_redirects=False)
    text = await told.text()
    assert told.status == 422
    assert 'id="new-name-why"' in text
    assert 'id="new-email-why"' in text
    assert 'id="contact-1-why"' in text
    for kept in ('value="03-12"', 'value="info"', 'value="渋谷区"'):
        assert kept in text, kept


async def test_leads_with_the_number_are_told_while_it_is_typed(
    world: WebWorld, browser: Browser
) -> None:
    await browser.log_in("sato")
    lead_id = world.team.lead_ids[100]
    async with world.database.read() as connection:
        lead = await lead_detail(
            connection, lead_id=lead_id, viewer=world.team.admin, now=world.clock.now()
        )
    assert lead is not None
    told = await browser.client.post(
        "/leads/new/duplicates",
        data=filled(browser, ("phone", lead.row.number)),
        headers={"HX-Request": "true", "X-CSRF-Token": browser.token},
    )
    assert f'href="/leads/{lead_id}"' in await told.text()


async def test_only_projects_that_one_may_see(world: WebWorld, browser: Browser) -> None:
    await browser.log_in("outsider")
    assert (await browser.get(f"/leads/new?project={world.team.project_id}")).status == 404
    form = filled(browser, project=str(world.team.project_id), name="x")
    made = await browser.client.post("/leads/new", data=form, allow_redirects=False)
    assert made.status == 404
