"""ユーザー and ワークグループ as an admin sets them up in the browser."""

import re

import pytest
from sqlalchemy import select

from dialer import user_changes, users, workgroups
from dialer.storage.tables import audit_log
from dialer.users import User
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld

_LINK = re.compile(r'value="(http[^"]+/welcome/[^"]+)"')
_SECRET = re.compile(r'id="once-phone"[^>]*value="([^"]+)"')
NEW = "battery staple"


@pytest.fixture
async def admin(new_browser: MakeBrowser) -> Browser:
    browser = await new_browser()
    await browser.log_in("admin")
    return browser


async def by_login(world: WebWorld, login: str) -> User:
    async with world.database.read() as connection:
        found = await users.user_by_login(connection, login)
    assert found is not None
    return found


async def lines(world: WebWorld, action: str) -> list[str]:
    async with world.database.read() as connection:
        found = await connection.execute(
            select(audit_log.c.subject).where(audit_log.c.action == action)
        )
        return list(found.scalars())


async def invite(admin: Browser, world: WebWorld, **more: str) -> str:
    """Invites 伊藤; the path of his link."""
    response = await admin.press(
        "/users",
        name="伊藤 翼",
        login="ito",
        role="user",
        workgroup_id=str(world.team.workgroup_id),
        **more,
    )
    assert response.status == 200, await response.text()
    found = _LINK.search(await response.text())
    assert found
    return "/welcome/" + found[1].rpartition("/")[2]


# --- users -----------------------------------------------------------------------------------


async def test_an_invited_user_comes_in_by_the_link(
    admin: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    path = await invite(admin, world, phone_account="phone-ito")
    ito = await by_login(world, "ito")
    assert (ito.invited, ito.phone_account, ito.may_administer) == (True, "phone-ito", False)
    assert ito.workgroup_ids == {world.team.workgroup_id}
    assert "招待中" in await admin.page("/users?state=invited")

    newcomer = await new_browser()
    first = await newcomer.get(path)
    assert first.headers["Location"] == "/welcome"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    newcomer.token = await newcomer._token_of("/welcome")
    page = await newcomer.get("/welcome")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "伊藤 翼" in await page.text()
    differs = await newcomer.post("/welcome", password=NEW, again="battery stable")
    assert "一致しません" in await differs.text()
    short = await newcomer.post("/welcome", password="short", again="short")
    assert "10文字以上" in await short.text()
    done = await newcomer.post("/welcome", password=NEW, again=NEW)
    assert done.headers["Location"] == "/desk"
    assert "伊藤 翼" in await newcomer.page("/desk")

    late = await new_browser()
    assert (await late.client.get(path)).status == 410
    assert (await late.log_in("ito", NEW)).headers["Location"] == "/desk"


async def test_an_invitation_that_cannot_be_leaves_nothing(admin: Browser, world: WebWorld) -> None:
    for fields, words in (
        ({"login": "sato", "role": "user"}, "このログインIDはすでに使われています"),
        ({"login": "ito"}, "役割を選んでください"),
        ({"login": "i to", "role": "user"}, "空白を含まない"),
        ({"login": "ito", "role": "user", "phone_account": "phone-sato"}, "電話アカウント"),
        ({"login": "ito", "role": "user", "phone_account": "trunk-x"}, "電話アカウント"),
        ({"login": "ito", "role": "user", "phone": "sip"}, "電話アカウント"),
        ({"login": "ito", "role": "user", "workgroup_id": "999"}, "ワークグループは存在しません"),
    ):
        response = await admin.press("/users", name="伊藤", **fields)
        assert response.status == 409, fields
        assert words in await response.text(), fields
    async with world.database.read() as connection:
        assert await users.user_by_login(connection, "ito") is None


async def test_the_list_filters_and_names_what_users_belong_to(
    admin: Browser, world: WebWorld
) -> None:
    page = await admin.page("/users")
    assert "佐藤 美咲" in page
    assert "東京営業部" in page
    found = await admin.page("/users/rows?q=鈴木")
    assert "鈴木 健太" in found
    assert "佐藤 美咲" not in found
    assert "中村 香織" in await admin.page("/users/rows?role=admin")
    assert "佐藤" not in await admin.page("/users/rows?role=admin")
    assert "該当するユーザーがいません" in await admin.page("/users/rows?q=nobody")
    assert (await admin.get("/users/rows?after=x")).status == 400


async def test_what_is_saved_of_a_user_is_there_and_on_record(
    admin: Browser, world: WebWorld
) -> None:
    sato = world.team.agents[0]
    response = await admin.press(
        f"/users/{sato.id}", name="佐藤 美咲子", login="sato", role="admin", workgroup_id=""
    )
    assert response.status == 200
    assert response.headers["HX-Trigger"] == "userChanged"
    now = await by_login(world, "sato")
    assert (now.name, now.may_administer, now.may_call) == ("佐藤 美咲子", True, False)
    assert now.workgroup_ids == frozenset()
    subject = f"user:{sato.id}"
    for action in ("user.edit", "user.roles", "user.workgroups"):
        assert await lines(world, action) == [subject]
    log = await admin.page("/audit?action=user")
    for words in ("役割を変更", "所属を変更", "ユーザー 佐藤 美咲子"):
        assert words in log


async def test_the_last_admin_cannot_let_himself_go(admin: Browser, world: WebWorld) -> None:
    me = world.team.admin
    gone = await admin.press(f"/users/{me.id}/deactivate")
    assert gone.status == 409
    assert "管理者がいなくなります" in await gone.text()
    response = await admin.press(f"/users/{me.id}", name=me.name, login=me.login, role="user")
    assert response.status == 409


async def test_an_admin_who_changes_his_own_role_stays_logged_in(
    admin: Browser, world: WebWorld
) -> None:
    me, sato = world.team.admin, world.team.agents[0]
    await admin.press(f"/users/{sato.id}", name=sato.name, login=sato.login, role="admin")
    response = await admin.press(f"/users/{me.id}", name=me.name, login=me.login, role="user")
    assert response.status == 200
    assert (await admin.get("/desk")).status == 200
    assert (await admin.get("/users")).status == 403


async def test_a_leaving_user_hands_over_his_box_in_the_same_step(
    admin: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    suzuki, sato = world.team.agents[1], world.team.agents[0]
    his = await new_browser()
    await his.log_in("suzuki")
    page = await admin.page(f"/users/{suzuki.id}")
    assert "マイボックスに4件のリードがあります" in page
    refused = await admin.press(f"/users/{suzuki.id}/deactivate")
    assert refused.status == 409
    assert "引き継ぎ先を選ぶか" in await refused.text()
    done = await admin.press(f"/users/{suzuki.id}/deactivate", box="move", leads_to=str(sato.id))
    assert done.status == 200, await done.text()
    async with world.database.read() as connection:
        now = world.clock.now()
        assert await user_changes.leads_held(connection, sato.id, now) == 5
        assert await user_changes.leads_held(connection, suzuki.id, now) == 0
    assert (await his.get("/desk")).headers["Location"].startswith("/login")
    assert "有効に戻す" in await admin.page(f"/users/{suzuki.id}")
    assert (await admin.press(f"/users/{suzuki.id}/activate")).status == 200
    assert (await by_login(world, "suzuki")).active


async def test_a_reset_link_sets_a_new_password_and_ends_the_sessions(
    admin: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    sato = world.team.agents[0]
    hers = await new_browser()
    await hers.log_in("sato")
    response = await admin.press(f"/users/{sato.id}/link")
    found = _LINK.search(await response.text())
    assert found
    assert (await hers.get("/desk")).status == 200  # not before it is used
    path = "/welcome/" + found[1].rpartition("/")[2]
    other = await new_browser()
    await other.get(path)
    other.token = await other._token_of("/welcome")
    assert (await other.post("/welcome", password=NEW, again=NEW)).status == 303
    assert (await hers.get("/desk")).headers["Location"].startswith("/login")
    assert (await (await new_browser()).log_in("sato")).status == 403


async def test_sessions_are_ended_from_afar(
    admin: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    hers = await new_browser()
    await hers.log_in("sato")
    assert (await admin.press(f"/users/{world.team.agents[0].id}/sign-out")).status == 200
    assert (await hers.get("/desk")).headers["Location"].startswith("/login")


async def test_the_password_of_a_phone_is_shown_once(admin: Browser, world: WebWorld) -> None:
    sato = world.team.agents[0]
    path = f"/users/{sato.id}/phone"
    made = await (await admin.press(path, phone_account="desk-7", phone_mode="per_call")).text()
    found = _SECRET.search(made)
    assert found
    assert found[1] not in await admin.page(f"/users/{sato.id}")
    now = await by_login(world, "sato")
    assert (now.phone_account, now.phone_mode) == ("desk-7", "per_call")
    same = await (await admin.press(path, phone_account="desk-7", phone_mode="held")).text()
    assert "once-phone" not in same
    again = _SECRET.search(await (await admin.press(f"{path}/password")).text())
    assert again
    assert again[1] != found[1]
    assert found[1] not in str(await lines(world, "user.phone"))
    assert (await admin.press(path, phone_account="")).status == 200
    assert (await admin.press(f"{path}/password")).status == 409


# --- workgroups --------------------------------------------------------------------------------


async def group_of(world: WebWorld, name: str) -> int:
    async with world.database.read() as connection:
        found = await workgroups.workgroup_by_name(connection, name)
    assert found is not None
    return found.id


async def test_a_workgroup_is_made_filled_renamed_emptied_and_deleted(
    admin: Browser, world: WebWorld
) -> None:
    assert (await admin.press("/workgroups", name="大阪支店")).status == 200
    twice = await admin.press("/workgroups", name="大阪支店")
    assert "すでにあります" in await twice.text()
    path, sato = f"/workgroups/{await group_of(world, '大阪支店')}", world.team.agents[0]
    await admin.press(f"{path}/users", user_id=str(sato.id))
    assert "佐藤 美咲" in await admin.page(path)
    assert (await admin.press(path, name="関西支店")).status == 200
    refused = await admin.press(f"{path}/delete")
    assert refused.status == 409
    assert "1人のユーザーが所属しています" in await refused.text()
    await admin.press(f"{path}/users/remove", user_id=str(sato.id))
    deleted = await admin.press(f"{path}/delete")
    assert deleted.headers["HX-Redirect"] == "/workgroups"
    assert (await admin.get(path)).status == 404
    log = await admin.page("/audit?action=workgroup")
    assert "ワークグループ 関西支店" in log


async def test_a_manager_is_made_on_the_page_of_the_workgroup_or_of_the_user(
    admin: Browser, world: WebWorld
) -> None:
    group, sato = world.team.workgroup_id, world.team.agents[0]
    path, pressed = f"/workgroups/{group}", 'aria-pressed="true" aria-label="佐藤 美咲はマネジャー"'
    assert pressed not in await admin.page(path)
    assert (await admin.press(f"{path}/managers", user_id=str(sato.id))).status == 200
    assert pressed in await admin.page(path)
    assert (await by_login(world, "sato")).managed_workgroup_ids == {group}
    assert (await admin.press(f"{path}/managers/remove", user_id=str(sato.id))).status == 200
    assert (await by_login(world, "sato")).managed_workgroup_ids == frozenset()
    outside = await admin.press("/workgroups", name="大阪支店")
    assert outside.status == 200
    stranger = await admin.press(
        f"/workgroups/{await group_of(world, '大阪支店')}/managers", user_id=str(sato.id)
    )
    assert stranger.status == 409
    assert "所属するユーザーだけ" in await stranger.text()

    form = {"name": sato.name, "login": "sato", "role": "user"}
    ticks = {"workgroup_id": str(group), "managed_id": str(group)}
    await admin.press(f"/users/{sato.id}", **form, **ticks)
    assert (await by_login(world, "sato")).managed_workgroup_ids == {group}
    # The tick of a workgroup that is taken away goes with it.
    await admin.press(f"/users/{sato.id}", **form, managed_id=str(group))
    assert (await by_login(world, "sato")).managed_workgroup_ids == frozenset()
    assert "ワークグループのマネジャーに指定" in await admin.page("/audit?action=workgroup")


async def test_a_workgroup_that_a_campaign_names_says_so(admin: Browser, world: WebWorld) -> None:
    path = f"/workgroups/{world.team.workgroup_id}"
    assert "hikari-autumn" in await admin.page("/workgroups")
    refused = await admin.press(f"{path}/delete")
    assert "キャンペーンの設定ファイルで使われています" in await refused.text()
    renamed = await (await admin.press(path, name="東京第一営業部")).text()
    assert "hikari-autumn, hikari-callback" in renamed


async def test_workgroups_are_found_by_part_of_their_name(admin: Browser, world: WebWorld) -> None:
    await admin.press("/workgroups", name="大阪支店")
    found = await admin.page("/workgroups/rows?q=大阪")
    assert "大阪支店" in found
    assert "東京営業部" not in found
    assert "該当するワークグループがありません" in await admin.page("/workgroups/rows?q=札幌")
