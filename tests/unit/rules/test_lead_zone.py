"""The time zone of a lead, from its numbers."""

from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from dialer.rules.lead_zone import time_zone_of, zone_to_keep

ONE_ZONE = [
    ("+12125550123", "America/New_York"),
    ("+13125550123", "America/Chicago"),
    ("+18085551234", "Pacific/Honolulu"),
    ("+442071234567", "Europe/London"),
    ("+61212345678", "Australia/Sydney"),
    ("+6493001234", "Pacific/Auckland"),
    ("+4915123456789", "Europe/Berlin"),
    ("+8613812345678", "Asia/Shanghai"),
    ("+81352542287", "Asia/Tokyo"),
    ("+819012345678", "Asia/Tokyo"),
    ("+81120123456", "Asia/Tokyo"),  # toll-free, but nobody outside Japan has one
]  # fmt: skip
SEVERAL_ZONES_OF_ONE_TIME = [
    ("+447400123456", "Europe/London"),  # mobiles of Jersey, Guernsey and Man too
    ("+4790123456", "Europe/Oslo"),
    ("+358401234567", "Europe/Helsinki"),
]
NO_ZONE = [
    "+18005551234",  # toll-free in all of North America
    "+80012345678",  # toll-free in the world
    "+870773111632",  # satellite
    "+61412345678",  # an Australian mobile may be in Perth or in Sydney
    "+12083301234",  # Idaho: in Boise's or in Los Angeles' time
    "+79161234567",
    "+999123456",
    "0352542287",
    "",
]


@pytest.mark.parametrize(("e164", "zone"), [*ONE_ZONE, *SEVERAL_ZONES_OF_ONE_TIME])
def test_a_number_whose_area_has_one_time_tells_it(e164: str, zone: str) -> None:
    assert time_zone_of([e164]) == zone


@pytest.mark.parametrize("e164", NO_ZONE)
def test_a_number_of_several_times_or_of_no_area_tells_nothing(e164: str) -> None:
    assert time_zone_of([e164]) == ""


def test_the_first_number_that_tells_a_zone_decides() -> None:
    assert time_zone_of(["+18005551234", "+18085551234", "+12125550123"]) == "Pacific/Honolulu"
    assert time_zone_of([]) == ""


def test_only_a_zone_that_is_not_the_projects_is_kept() -> None:
    assert zone_to_keep(["+18085551234"], "Asia/Tokyo") == "Pacific/Honolulu"
    assert zone_to_keep(["+81352542287"], "Asia/Tokyo") == ""
    assert zone_to_keep(["+81352542287"], "America/New_York") == "Asia/Tokyo"
    assert zone_to_keep(["+18005551234"], "Asia/Tokyo") == ""


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_every_zone_is_one_that_the_gate_can_tell_the_time_in(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number is not None
    zone = time_zone_of([phonenumbers.format_number(number, PhoneNumberFormat.E164)])
    assert zone == "" or ZoneInfo(zone).key == zone
