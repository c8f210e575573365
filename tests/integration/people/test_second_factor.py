"""The second factor: codes of a phone, and recovery codes for who has lost it."""

from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from dialer import second_factor
from dialer.second_factor import AlreadyOn, NotBegun, WrongCode
from dialer.secret_box import KEY_BYTES, SecretBox
from dialer.storage.engine import Database
from dialer.storage.tables import recovery_codes, users
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, again, build_small_world

BOX = SecretBox([b"n" * KEY_BYTES])
LATER = NOON + timedelta(minutes=2)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def turned_on(database: Database, world: SmallWorld) -> tuple[pyotp.TOTP, Sequence[str]]:
    """Suzuki's phone, and his recovery codes."""
    async with database.write() as connection:
        begun = await second_factor.begin(
            connection, user=world.suzuki, site_name="Kakeru", box=BOX
        )
        phone = pyotp.TOTP(begun.secret)
        codes = await second_factor.confirm(
            connection, user=world.suzuki, code=phone.at(NOON), now=NOON, box=BOX
        )
    return phone, codes


async def verified(
    database: Database,
    world: SmallWorld,
    code: str,
    *,
    now: datetime = LATER,
    box: SecretBox = BOX,
) -> bool:
    async with database.write() as connection:
        return await second_factor.verify(
            connection, user_id=world.suzuki.id, code=code, now=now, box=box
        )


async def test_it_is_in_force_when_a_code_was_seen(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        with pytest.raises(NotBegun):
            await second_factor.confirm(
                connection, user=world.suzuki, code="123456", now=NOON, box=BOX
            )
        begun = await second_factor.begin(
            connection, user=world.suzuki, site_name="Kakeru", box=BOX
        )
        assert begun.uri.startswith("otpauth://totp/Kakeru:suzuki?secret=")
        assert not (await again(connection, world.suzuki)).has_second_factor
        shown = await second_factor.enrolment(
            connection, user=world.suzuki, site_name="Kakeru", box=BOX
        )
        assert shown == begun
        with pytest.raises(WrongCode):
            await second_factor.confirm(
                connection, user=world.suzuki, code="000000", now=NOON, box=BOX
            )
        code = pyotp.TOTP(begun.secret).at(NOON)
        await second_factor.confirm(connection, user=world.suzuki, code=code, now=NOON, box=BOX)
        suzuki = await again(connection, world.suzuki)
        with pytest.raises(AlreadyOn):
            await second_factor.begin(connection, user=world.suzuki, site_name="Kakeru", box=BOX)
        assert (
            await second_factor.enrolment(connection, user=suzuki, site_name="K", box=BOX) is None
        )
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


# --- how the secret is kept ---------------------------------------------------------------------


async def stored(database: Database, world: SmallWorld) -> str:
    async with database.read() as connection:
        secret = await connection.scalar(
            select(users.c.totp_secret).where(users.c.id == world.suzuki.id)
        )
    return str(secret)


async def store(database: Database, world: SmallWorld, secret: str) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(users).where(users.c.id == world.suzuki.id).values(totp_secret=secret)
        )


async def test_who_reads_the_database_cannot_make_codes(
    database: Database, world: SmallWorld
) -> None:
    phone, _ = await turned_on(database, world)
    assert phone.secret not in await stored(database, world)
    assert b32encode(BOX.open(await stored(database, world), f"totp:{world.suzuki.id}")) == (
        phone.secret.encode()
    )


async def test_a_secret_that_lies_in_clear_is_sealed_by_the_next_code(
    database: Database, world: SmallWorld
) -> None:
    phone, _ = await turned_on(database, world)
    await store(database, world, phone.secret)
    assert await verified(database, world, phone.at(LATER))
    assert phone.secret != await stored(database, world)
    later = LATER + timedelta(minutes=2)
    assert await verified(database, world, phone.at(later), now=later)


async def test_after_a_change_of_keys_the_next_code_is_sealed_with_the_new_one(
    database: Database, world: SmallWorld
) -> None:
    phone, _ = await turned_on(database, world)
    new = b"2" * KEY_BYTES
    assert await verified(database, world, phone.at(LATER), box=SecretBox([new, *BOX.keys]))
    later = LATER + timedelta(minutes=2)
    assert await verified(database, world, phone.at(later), now=later, box=SecretBox([new]))


async def test_without_its_key_only_a_recovery_code_lets_in(
    database: Database, world: SmallWorld
) -> None:
    phone, codes = await turned_on(database, world)
    other = SecretBox([b"o" * KEY_BYTES])
    assert not await verified(database, world, phone.at(LATER), box=other)
    assert await verified(database, world, codes[0], box=other)


async def test_a_secret_is_good_for_its_user_alone(database: Database, world: SmallWorld) -> None:
    phone, _ = await turned_on(database, world)
    async with database.read() as connection:
        sealed = await stored(database, world)
        shown = await second_factor.enrolment(connection, user=world.tanaka, site_name="K", box=BOX)
    assert shown is None
    async with database.write() as connection:
        await connection.execute(
            update(users).where(users.c.id == world.tanaka.id).values(totp_secret=sealed)
        )
        with pytest.raises(NotBegun):
            await second_factor.confirm(
                connection, user=world.tanaka, code=phone.at(LATER), now=LATER, box=BOX
            )
