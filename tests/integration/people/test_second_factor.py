"""The second factor: codes of a phone, and recovery codes for who has lost it."""

from collections.abc import Sequence
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from dialer import second_factor
from dialer.second_factor import AlreadyOn, NotBegun, WrongCode
from dialer.storage.engine import Database
from dialer.storage.tables import recovery_codes
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, again, build_small_world

LATER = NOON + timedelta(minutes=2)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def turned_on(database: Database, world: SmallWorld) -> tuple[pyotp.TOTP, Sequence[str]]:
    """Suzuki's phone, and his recovery codes."""
    async with database.write() as connection:
        begun = await second_factor.begin(connection, user=world.suzuki, site_name="Kakeru")
        phone = pyotp.TOTP(begun.secret)
        codes = await second_factor.confirm(
            connection, user=world.suzuki, code=phone.at(NOON), now=NOON
        )
    return phone, codes


async def verified(database: Database, world: SmallWorld, code: str) -> bool:
    async with database.write() as connection:
        return await second_factor.verify(connection, user_id=world.suzuki.id, code=code, now=LATER)


async def test_it_is_in_force_when_a_code_was_seen(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        with pytest.raises(NotBegun):
            await second_factor.confirm(connection, user=world.suzuki, code="123456", now=NOON)
        begun = await second_factor.begin(connection, user=world.suzuki, site_name="Kakeru")
        assert begun.uri.startswith("otpauth://totp/Kakeru:suzuki?secret=")
        assert not (await again(connection, world.suzuki)).has_second_factor
        shown = await second_factor.enrolment(connection, user=world.suzuki, site_name="Kakeru")
        assert shown == begun
        with pytest.raises(WrongCode):
            await second_factor.confirm(connection, user=world.suzuki, code="000000", now=NOON)
        code = pyotp.TOTP(begun.secret).at(NOON)
        await second_factor.confirm(connection, user=world.suzuki, code=code, now=NOON)
        suzuki = await again(connection, world.suzuki)
        with pytest.raises(AlreadyOn):
            await second_factor.begin(connection, user=world.suzuki, site_name="Kakeru")
        assert await second_factor.enrolment(connection, user=suzuki, site_name="K") is None
    assert suzuki.has_second_factor
    assert suzuki.session_epoch == world.suzuki.session_epoch + 1


async def test_a_code_lets_in_once(database: Database, world: SmallWorld) -> None:
    phone, _ = await turned_on(database, world)
    assert not await verified(database, world, phone.at(NOON))  # it confirmed already
    assert await verified(database, world, phone.at(LATER))
    assert not await verified(database, world, phone.at(LATER))
    assert not await verified(database, world, phone.at(LATER - timedelta(seconds=30)))


async def test_a_recovery_code_lets_in_once_however_it_is_typed(
    database: Database, world: SmallWorld
) -> None:
    _, codes = await turned_on(database, world)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert await verified(database, world, codes[0])
    assert not await verified(database, world, codes[0])
    assert await verified(database, world, codes[1].lower().replace("-", " "))
    assert not await verified(database, world, "")
    async with database.read() as connection:
        assert await second_factor.codes_left(connection, world.suzuki.id) == len(codes) - 2
        stored = (await connection.execute(select(recovery_codes.c.code_hash))).scalars().all()
    assert not set(codes) & set(stored)


async def test_new_recovery_codes_replace_the_old(database: Database, world: SmallWorld) -> None:
    _, old = await turned_on(database, world)
    async with database.write() as connection:
        new = await second_factor.renew_recovery_codes(connection, user=world.suzuki, now=NOON)
        with pytest.raises(NotBegun):
            await second_factor.renew_recovery_codes(connection, user=world.tanaka, now=NOON)
    assert not await verified(database, world, old[0])
    assert await verified(database, world, new[0])


async def test_an_admin_removes_it_and_a_colleague_does_not(
    database: Database, world: SmallWorld
) -> None:
    phone, codes = await turned_on(database, world)
    async with database.write() as connection:
        for by in (world.tanaka, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await second_factor.turn_off(connection, user_id=world.suzuki.id, now=NOON, by=by)
        await second_factor.turn_off(connection, user_id=world.suzuki.id, now=NOON, by=world.sato)
        suzuki = await again(connection, world.suzuki)
    assert not suzuki.has_second_factor
    assert suzuki.session_epoch == world.suzuki.session_epoch + 2
    assert not await verified(database, world, phone.at(LATER))
    assert not await verified(database, world, codes[0])
