from datetime import UTC, datetime, timedelta

from webui.login_limits import FREE_FAILURES, LONGEST_WAIT, LoginLimits

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NOTHING = timedelta(0)


def failed(limits: LoginLimits, times: int, *, login: str = "sato", now: datetime = NOW) -> None:
    for _ in range(times):
        limits.failed(login, "10.0.0.1", now)


def test_a_few_mistakes_cost_nothing() -> None:
    limits = LoginLimits()
    failed(limits, FREE_FAILURES - 1)
    assert limits.wait("sato", "10.0.0.1", NOW) == NOTHING


def test_after_five_failures_each_further_one_waits_longer() -> None:
    limits = LoginLimits()
    waits = []
    for number in range(1, 10):
        failed(limits, 1)
        if number >= FREE_FAILURES:
            waits.append(limits.wait("sato", "10.0.0.1", NOW).total_seconds())
    assert waits == [1, 2, 4, 8, 16]


def test_the_wait_passes_and_is_never_longer_than_a_quarter_of_an_hour() -> None:
    limits = LoginLimits()
    failed(limits, 200)
    assert limits.wait("sato", "10.0.0.1", NOW) == LONGEST_WAIT
    assert limits.wait("sato", "10.0.0.1", NOW + LONGEST_WAIT) == NOTHING


def test_other_logins_and_other_places_do_not_wait() -> None:
    limits = LoginLimits()
    failed(limits, 10)
    assert limits.wait("suzuki", "10.0.0.1", NOW) == NOTHING
    assert limits.wait("sato", "10.0.0.2", NOW) == NOTHING
    assert limits.wait(" SATO ", "10.0.0.1", NOW) > NOTHING


def test_a_success_and_an_hour_of_quiet_forget_the_failures() -> None:
    limits = LoginLimits()
    failed(limits, 10)
    limits.succeeded("sato", "10.0.0.1")
    assert limits.wait("sato", "10.0.0.1", NOW) == NOTHING
    failed(limits, 10)
    failed(limits, 1, now=NOW + timedelta(hours=2))
    assert limits.wait("sato", "10.0.0.1", NOW + timedelta(hours=2)) == NOTHING
