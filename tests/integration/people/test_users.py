"""People: their logins, passwords, roles and phones."""

from typing import Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select

from dialer import audit, user_changes, users
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from dialer.storage.tables import users as users_table
from tests.small_world import NOON, PASSWORD, SmallWorld, again, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def test_the_right_password_lets_in(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        assert await users.verify_login(
            connection, login=" suzuki ", password=PASSWORD
        ) == await again(connection, world.suzuki)


@pytest.mark.parametrize(
    ("login", "password"),
    [("suzuki", "wrong horse"), ("nobody", PASSWORD), ("suzuki", ""), ("\0", "\0"), ("", "")],
)
async def test_anything_else_does_not(
    database: Database, world: SmallWorld, login: str, password: str
) -> None:
    async with database.read() as connection:
        assert await users.verify_login(connection, login=login, password=password) is None


async def test_an_unknown_login_takes_as_long_as_a_wrong_password(
    database: Database, world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    class Watching(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            compared.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(users, "_hasher", Watching(time_cost=1, memory_cost=8, parallelism=1))
    async with database.read() as connection:
        for login in ("suzuki", "nobody"):
            await users.verify_login(connection, login=login, password="wrong horse")
    assert len(compared) == 2


def test_passwords_cost_an_attacker_64_mib_each() -> None:
    """The parameters outside of tests, which hash as cheaply as they can."""
    assert PasswordHasher().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_passwords_are_stored_as_argon2id(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        hashes = (await connection.execute(select(users_table.c.password_hash))).scalars().all()
    assert all(hashed.startswith("$argon2id$") for hashed in hashes)
    assert len(set(hashes)) == len(hashes)


async def test_a_user_without_rights_left_cannot_log_in(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await user_changes.deactivate(connection, user_id=world.suzuki.id, by=world.sato, now=NOON)
    async with database.read() as connection:
        login = await users.verify_login(connection, login="suzuki", password=PASSWORD)
        now = await again(connection, world.suzuki)
        phones = await users.phone_accounts(connection)
    assert login is None
    assert now.session_epoch == world.suzuki.session_epoch + 1  # ends his web sessions
    assert world.suzuki.id not in {phone.user_id for phone in phones}


async def test_a_new_password_ends_web_sessions(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await users.set_password(
            connection,
            user_id=world.suzuki.id,
            password="battery staple",
            by=world.suzuki,
            now=NOON,
        )
        changed = await users.verify_login(connection, login="suzuki", password="battery staple")
        old = await users.verify_login(connection, login="suzuki", password=PASSWORD)
    assert changed is not None
    assert changed.session_epoch == world.suzuki.session_epoch + 1
    assert old is None


async def test_only_an_admin_changes_others(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for by in (world.suzuki, world.sato.as_user()):
            with pytest.raises(users.NotAllowed):
                await users.set_password(
                    connection, user_id=world.tanaka.id, password=PASSWORD, by=by, now=NOON
                )
            with pytest.raises(users.NotAllowed):
                await user_changes.deactivate(connection, user_id=world.tanaka.id, by=by, now=NOON)


async def test_logins_and_phones_are_taken_once(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        with pytest.raises(users.LoginTaken, match="login SUZUKI"):
            await users.create_user(
                connection, login="SUZUKI", name="鈴木", password=PASSWORD, now=NOON
            )
        with pytest.raises(users.LoginTaken, match="login suzuki"):
            await users.create_user(
                connection, login="suzuki", name="鈴木", password=PASSWORD, now=NOON
            )
        with pytest.raises(users.PhoneTaken, match="phone-suzuki belongs to suzuki"):
            await users.create_user(
                connection,
                login="suzuki2",
                name="鈴木",
                password=PASSWORD,
                phone_account="phone-suzuki",
                phone_password="secret",
                now=NOON,
            )


async def test_users_without_a_phone_do_not_stand_in_each_others_way(database: Database) -> None:
    async with database.write() as connection:
        for login in ("a", "b"):
            await users.create_user(
                connection, login=login, name=login, password=PASSWORD, now=NOON
            )
        assert await users.phone_accounts(connection) == []


@pytest.mark.parametrize(
    ("login", "name", "password", "message"),
    [
        (" ", "鈴木", PASSWORD, "a login needs"),
        ("su zuki", "鈴木", PASSWORD, "without spaces"),
        ("a", "", PASSWORD, "needs a name"),
        ("a", "鈴木", "short", "at least 10"),
        ("suzuki.kenta", "鈴木", "Suzuki.Kenta", "is the login"),
    ],
)
async def test_an_incomplete_user_is_refused(
    database: Database, login: str, name: str, password: str, message: str
) -> None:
    async with database.write() as connection:
        with pytest.raises(users.UserError, match=message):
            await users.create_user(connection, login=login, name=name, password=password, now=NOON)


async def test_an_admin_may_act_as_a_user(world: SmallWorld) -> None:
    assert world.sato.sees_project(world.other_project_id)
    assert not world.sato.as_user().sees_project(world.other_project_id)
    assert world.sato.as_user().sees_project(world.project_id)
    assert not world.takahashi.sees_project(world.project_id)


async def test_the_language_is_remembered(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await users.set_language(connection, user_id=world.suzuki.id, language="en")
        assert (await again(connection, world.suzuki)).language == "en"
        await users.set_language(connection, user_id=world.suzuki.id, language=None)
        assert (await again(connection, world.suzuki)).language is None
        with pytest.raises(users.UnknownUser):
            await users.set_language(connection, user_id=99, language="en")


async def test_who_did_it_and_from_where_is_on_record(
    database: Database, world: SmallWorld
) -> None:
    with audit.acting_from("192.0.2.7"):
        async with database.write() as connection:
            await user_changes.deactivate(
                connection, user_id=world.suzuki.id, by=world.sato, now=NOON
            )
    async with database.read() as connection:
        row = (
            await connection.execute(select(audit_log).order_by(audit_log.c.id.desc()).limit(1))
        ).one()
    assert (row.user_id, row.action, row.subject, row.address, row.at) == (
        world.sato.id,
        "user.deactivate",
        f"user:{world.suzuki.id}",
        "192.0.2.7",
        NOON,
    )


async def test_who_is_invited_has_no_password_that_lets_him_in(database: Database) -> None:
    async with database.write() as connection:
        invited = await users.create_user(
            connection, login="ito", name="伊藤", password=None, now=NOON
        )
        assert invited.invited
        for guess in ("", "nobody has this password"):
            assert await users.verify_login(connection, login="ito", password=guess) is None
        assert await users.no_admin_can_log_in(connection)


async def test_ones_own_password_is_known_by_the_right_one_alone(
    database: Database, world: SmallWorld
) -> None:
    async with database.read() as connection:
        assert await users.verify_password(connection, user_id=world.suzuki.id, password=PASSWORD)
        for user_id, password in ((world.suzuki.id, "wrong horse"), (999, PASSWORD)):
            assert not await users.verify_password(connection, user_id=user_id, password=password)


async def test_a_phone_cannot_be_called_like_a_trunk(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for account in ("trunk-main", "a b", "電話", "x" * 41):
            with pytest.raises(users.UnusablePhone):
                await users.create_user(
                    connection,
                    login="ito",
                    name="伊藤",
                    password=PASSWORD,
                    phone_account=account,
                    phone_password="secret",
                    now=NOON,
                )


async def test_capitals_and_full_width_make_no_other_login(
    database: Database, world: SmallWorld
) -> None:
    async with database.read() as connection:
        for typed in ("suzuki", "Suzuki", "ＳＵＺＵＫＩ", "　suzuki "):
            found = await users.verify_login(connection, login=typed, password=PASSWORD)
            assert found == world.suzuki, typed


async def test_of_two_logins_that_differ_in_capitals_the_one_that_was_typed_is_meant(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:  # as versions before this one allowed
        await connection.execute(
            insert(users_table).values(login="SUZUKI", name="x", password_hash="", created_at=NOON)
        )
        found = await users.verify_login(connection, login="suzuki", password=PASSWORD)
        assert found == world.suzuki
        for typed in ("SUZUKI", "Suzuki"):
            assert await users.verify_login(connection, login=typed, password=PASSWORD) is None, (
                typed
            )


async def test_a_name_has_single_spaces_of_one_width(database: Database) -> None:
    async with database.write() as connection:
        ito = await users.create_user(
            connection, login="ito", name=" 伊藤　　翼 ", password=PASSWORD, now=NOON
        )
    assert ito.name == "伊藤 翼"
