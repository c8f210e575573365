"""Whatever is wrong with the settings is told with file, line and key, all at once."""

# ruff: noqa: E501 -- tables of a case a line are easier to read than broken ones

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.settings import SettingsError, load_settings
from ari_app.settings.problems import Problem
from ari_app.settings.validate import validate
from ari_app.settings.yaml_file import YamlFile, read_yaml
from dialer.campaign import CampaignSettings
from tests.unit.settings.conftest import CAMPAIGN, MAIN, ConfigFolder

IN_CAMPAIGN = [
    ("lines_per_agnet: 2", "lines_per_agnet: unknown key; did you mean 'lines_per_agent'?"),
    ("ring_timeout_seconds: soon", "ring_timeout_seconds: must be a whole number, not the text 'soon'"),
    ("ring_timeout_seconds: '30'", "ring_timeout_seconds: must be a whole number, not the text '30'"),
    ("ring_timeout_seconds: 30.5", "ring_timeout_seconds: must be a whole number, not the number 30.5"),
    ("ring_timeout_seconds: true", "ring_timeout_seconds: must be a whole number, not true or false"),
    ("ring_timeout_seconds: 121", "ring_timeout_seconds: must be at most 120, not the number 121"),
    ("ring_timeout_seconds:", "ring_timeout_seconds: must be a whole number, not nothing"),
    ("lines_per_agent: 0.5", "lines_per_agent: must be at least 1.0, not the number 0.5"),
    ("lines_per_agent: many", "lines_per_agent: must be a number, not the text 'many'"),
    ("answer_to_agent_seconds: 0", "answer_to_agent_seconds: must be more than 0.0, not the number 0"),
    ("mode: pwer", "mode: must be one of progressive, power, not the text 'pwer'; did you mean 'power'?"),
    ("record: no", "record: must be true or false, not the text 'no'"),
    ("hours: 9-18", "hours: must be keys with values, not the text '9-18'"),
    ("hours: {weekdays: {mon: 9:00-18:00}}", "hours.weekdays.mon: must be HH:MM-HH:MM, as 09:00-18:00, not the text '9:00-18:00'"),
    ("hours: {weekdays: {mon: 18:00-09:00}}", "hours.weekdays: mon: 18:00-09:00 closes before it opens"),
    ("hours: {holidays: shut}", "hours.holidays: must be one of open, closed, not the text 'shut'"),
    ("hours: {holiday_country: XX}", "hours.holiday_country: no public holidays are known for 'XX'; write a country's two letters of ISO 3166, as JP"),
    ("hours: {holiday_country: jp}", "hours.holiday_country: no public holidays are known for 'jp'"),
    ("hours: {exceptions: {2026-12-32: closed}}", "hours.exceptions.2026-12-32: must be a date, as 2026-12-29, not '2026-12-32'"),
    ("hours: {exceptions: {20261229: closed}}", "hours.exceptions.20261229: must be a date, as 2026-12-29, not '20261229'"),
    ("hours: {exceptions: {'12/29': closed}}", "hours.exceptions.12/29: must be a date, as 2026-12-29, not '12/29'"),
    ("hours:\n  exceptions:\n    2026-12-29: shut", "hours.exceptions.2026-12-29: must be closed or HH:MM-HH:MM, as 10:00-15:00, not the text 'shut'"),
    ("hours:\n  exceptions:\n    2026-12-29: closed\n    '2026-12-29': closed", "hours.exceptions.2026-12-29: stands twice; the first is on line 7"),
    ("hours: {exceptions: {2026-12-29: 15:00-10:00}}", "hours.exceptions: 2026-12-29: 15:00-10:00 closes before it opens"),
    ("hours: {exceptions: {2026-12-29: 08:00-24:30}}", "hours.exceptions: 2026-12-29: 08:00-24:30 ends after midnight"),
    ("hours: {exceptions: [2026-12-29]}", "hours.exceptions: must be keys with values, not a list"),
    ("retries: {limits: {busy: 0}}", "retries.limits.busy: must be at least 1, not the number 0"),
    ("retries: {limits: {bussy: 3}}", "did you mean 'busy'?"),
    ("retries: {limits: {cancelled: 3}}", "retries.limits: cancelled: a call that we took back is not counted; remove this line"),
    ("retries: {results: {見込みあり: {delay_minute: 5}}}", "retries.results.見込みあり.delay_minute: unknown key; did you mean 'delay_minutes'?"),
    ("retries: {results: {見込みあり: 1440}}", "retries.results.見込みあり: must be keys with values, not the number 1440"),
    ("retries: {delay_minutes: {bussy: 3}}", "did you mean 'busy'?"),
    ("retries: {max_attempts: [3]}", "retries.max_attempts: must be a whole number, not a list"),
    ("abandoned_message: {a: b}", "abandoned_message: must be text, not keys with values"),
    ("abandoned_message: [a]", "abandoned_message: must be text, not a list"),
    ("name: spring", "name: is taken from the file's name; remove this line"),
    ("mode: power\nmode: progressive", "mode: stands twice; the first is on line 5"),
    ("mode: !!python/object:os.system x", "mode: must be one of"),
    ("mode: !x power", "mode: the tag !x is not understood; leave it out"),
    ("<<: {mode: power}", "<<: unknown key"),
    ("[a]: b", "a key must be one word"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), IN_CAMPAIGN)
def test_a_wrong_line_of_a_campaign_is_named(
    config: ConfigFolder, line: str, expected: str
) -> None:
    config.write_campaign(CAMPAIGN + line + "\n")
    problems = config.problems()
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"campaigns/spring.yaml:{5 + line.count(chr(10))}: ")
    assert expected in problems[0]


IN_MAIN = [
    ("web: {port: 80800}", "web.port: must be at most 65535, not the number 80800"),
    ("web: {port: 5060}", "web.port: port 5060 is already that of asterisk.sip_port"),
    ("web: {host: 'no blanks'}", "web.host: must be a host name or an address, not the text 'no blanks'"),
    ("web: {public_url: kakeru}", "web.public_url: must be like https://kakeru.example.jp"),
    ("time_zone: Tokyo", "time_zone: no time zone is called 'Tokyo'; write one like Asia/Tokyo"),
    ("time_zone: ../../etc", "time_zone: no time zone is called '../../etc'"),
    ("database: {url: mysql://x}", "database.url: must begin with sqlite:/// or postgresql://"),
    ("asterisk: {rtp_ports: {first: 10000, last: 10002}}", "asterisk.rtp_ports: a call takes four ports"),
    ("asterisk: {rtp_ports: 10000-20000}", "asterisk.rtp_ports: must be keys with values, not the text '10000-20000'"),
    ("asterisk: {mode: extrenal}", "did you mean 'external'?"),
    ("web: {socket: x}", "web.socket: unknown key; known are host, port, public_url"),
    ("language: de", "language: must be one of ja, en, not the text 'de'"),
    ("data_folder: [x]", "data_folder: must be text, not a list"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), IN_MAIN)
def test_a_wrong_line_of_the_installation_is_named(
    config: ConfigFolder, line: str, expected: str
) -> None:
    config.write_main(MAIN + line + "\n")
    problems = config.problems()
    assert len(problems) == 1, problems
    assert problems[0].startswith("kakeru.yaml:4: ")
    assert expected in problems[0]


IN_TRUNK = [
    ("{}", ["host: is missing (the carrier's SIP server)"]),
    ("{host: x, registers: true}", ["registers: needs a username to register with"]),
    ("{host: x, username: '03'}", ["password: is missing: username needs it here or in KAKERU_TRUNK_T_1_PASSWORD"]),
    ("{host: x, username: 0312345678, password: a}", ['username: must be text: write it in quotes, as "0312345678"']),
    ("{host: x, username: a, password: 4711}", ["password: must be text: write it in quotes"]),
    ("{host: x, dial_format: E164}", ["dial_format: must be one of national, e164, e164_plus, not the text 'E164'; did you mean 'e164'?"]),
    ("sip.example.jp", [": must be keys with values, not the text 'sip.example.jp'"]),
]  # fmt: skip


@pytest.mark.parametrize(("trunk", "expected"), IN_TRUNK)
def test_a_wrong_trunk_is_named(config: ConfigFolder, trunk: str, expected: list[str]) -> None:
    config.write_main(f"{MAIN}  t-1: {trunk}\n")
    problems = config.problems()
    assert len(problems) == len(expected)
    for problem, message in zip(problems, expected, strict=True):
        assert problem.startswith("kakeru.yaml:4: trunks.t-1")
        assert problem.endswith(message)


def test_secrets_do_not_appear_in_what_is_told(config: ConfigFolder) -> None:
    config.write_main(f"{MAIN}  t-1: {{host: x, username: a, password: 47110815}}\n")
    assert "47110815" not in "".join(config.problems())


def test_a_trunk_with_a_strange_name_is_refused(config: ConfigFolder) -> None:
    config.write_main(f"{MAIN}  本社: {{host: x}}\n")
    (problem,) = config.problems()
    assert "kakeru.yaml:4: trunks.本社: must be 1 to 40 letters" in problem


def test_a_sound_that_is_not_there_is_named(config: ConfigFolder) -> None:
    config.write_campaign(CAMPAIGN + "abandoned_sound: sorry.wav\n")
    sound = config.path / "campaigns" / "sorry.wav"
    assert config.problems() == [
        f"campaigns/spring.yaml:5: abandoned_sound: there is no such file: {sound}"
    ]


def test_two_trunks_cannot_share_one_variable(config: ConfigFolder) -> None:
    config.write_main(MAIN + "  t-1: {host: x}\n  t_1: {host: x}\n")
    (problem,) = config.problems()
    assert problem.startswith("kakeru.yaml:5: trunks.t_1: differs too little from 't-1'")


@pytest.mark.parametrize(
    ("trunk", "hint"), [("mian", "did you mean 'main'?"), ("zzz", "known are main")]
)
def test_a_campaign_through_an_unknown_trunk(config: ConfigFolder, trunk: str, hint: str) -> None:
    config.write_campaign(CAMPAIGN.replace("trunk: main", f"trunk: {trunk}"))
    assert config.problems() == [
        f"campaigns/spring.yaml:3: trunk: no trunk is called {trunk!r}; {hint}"
    ]


def test_a_campaign_where_there_are_no_trunks(config: ConfigFolder) -> None:
    config.write_main("business_name: x\n")
    (problem,) = config.problems()
    assert problem.endswith("kakeru.yaml has no trunks")


def test_a_number_without_quotes_is_shown_with_them(config: ConfigFolder) -> None:
    config.write_campaign(CAMPAIGN.replace('"03-1234-5678"', "0312345678"))
    assert config.problems() == [
        'campaigns/spring.yaml:4: caller_ids[0]: must be text: write it in quotes, as "0312345678"'
    ]


def test_everything_wrong_in_every_file_is_told_at_once(config: ConfigFolder) -> None:
    config.write_main("web: {port: x}\ntrunks: {main: {hots: a}}\ncolour: red\n")
    config.write_campaign("trunk: other\nmode: none\n")
    config.write_campaign("project: [\n", "autumn")
    config.write_campaign("", "winter")
    told = config.problems()
    assert [problem.split(": ")[0] + ": " + problem.split(": ")[1] for problem in told] == [
        "campaigns/autumn.yaml:2: YAML syntax",
        "campaigns/spring.yaml:1: caller_ids",
        "campaigns/spring.yaml:1: project",
        "campaigns/spring.yaml:1: trunk",
        "campaigns/spring.yaml:1: workgroups",
        "campaigns/spring.yaml:2: mode",
        "campaigns/winter.yaml:1: is empty",
        "kakeru.yaml:1: business_name",
        "kakeru.yaml:1: web.port",
        "kakeru.yaml:2: trunks.main.host",
        "kakeru.yaml:2: trunks.main.hots",
        "kakeru.yaml:3: colour",
    ]


BROKEN = [
    (b"", "kakeru.yaml:1: is empty"),
    (b"# nothing\n\n", "kakeru.yaml:1: is empty"),
    (b"a: 1\n\tb: 2\n", "kakeru.yaml:2: YAML syntax: a tab stands where blanks must be"),
    (b"a: [1\nb: 2\n", "kakeru.yaml:2: YAML syntax: "),
    (b"a: 1\n b: 2\n", "kakeru.yaml:2: YAML syntax: "),
    (b"a: 'x\n", "kakeru.yaml:2: YAML syntax: "),
    (b"a: *nobody\n", "kakeru.yaml:1: YAML syntax: "),
    (b"a: 1\n---\nb: 2\n", "kakeru.yaml:2: YAML syntax: "),
    (b"a: 1\nb: \x00\n", "kakeru.yaml:2: a character that YAML does not allow: "),
    ("a: 1\nb: 株式会社\n".encode("cp932"), "kakeru.yaml:2: is not UTF-8 (byte 0x8a)"),
    ("a: x\n".encode("utf-16"), "kakeru.yaml:1: is not UTF-8"),
    (b"- a\n- b\n", "kakeru.yaml:1: must be keys with values, not a list"),
    (b"hello\n", "kakeru.yaml:1: must be keys with values, not the text 'hello'"),
    (b"a: &x [*x]\n", "kakeru.yaml:1: a[0]: repeats itself"),
    (b"x" * 1_000_001, "kakeru.yaml:1: is larger than 1 MB"),
    (b'a: "\\ud800"\n', "kakeru.yaml:1: a: half a character"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), BROKEN)
def test_a_file_that_cannot_be_read_as_settings(
    config: ConfigFolder, content: bytes, expected: str
) -> None:
    config.main.write_bytes(content)
    assert any(problem.startswith(expected) for problem in config.problems()), config.problems()


def test_an_alias_bomb_is_refused(config: ConfigFolder) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    config.write_main("\n".join(lines))
    assert any("repeats itself" in problem for problem in config.problems())


@pytest.mark.parametrize("depth", [21, 400, 700])
def test_files_nested_too_deeply_are_refused(config: ConfigFolder, depth: int) -> None:
    config.write_main("a: " + "[" * depth + "]" * depth)
    assert any("deep" in problem for problem in config.problems())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "kakeru.yaml", {})
    assert str(caught.value).startswith(f"{tmp_path}/kakeru.yaml: there is no such file; ")
    assert "--config FILE" in str(caught.value)


def test_a_folder_instead_of_a_file_is_named(config: ConfigFolder) -> None:
    (config.path / "campaigns" / "odd.yaml").mkdir()
    assert config.problems() == ["campaigns/odd.yaml: cannot be read: Is a directory"]


def test_an_unreadable_file_is_named(config: ConfigFolder) -> None:
    config.main.unlink()
    config.main.symlink_to("/proc/self/mem")  # which not even root may read from its start
    assert config.problems()[0] == "kakeru.yaml: cannot be read: Input/output error"


def test_a_campaign_must_end_in_yaml(config: ConfigFolder) -> None:
    (config.path / "campaigns" / "spring.yml").write_text(CAMPAIGN)
    assert config.problems() == ["campaigns/spring.yml: must end in .yaml"]


def test_a_campaign_file_with_a_strange_name(config: ConfigFolder) -> None:
    config.write_campaign(CAMPAIGN, "春 1")
    (problem,) = config.problems()
    assert problem.startswith("campaigns/春 1.yaml:1: name: must be 1 to 60 letters")


def test_an_external_asterisk_needs_url_and_password(config: ConfigFolder) -> None:
    config.write_main(MAIN + "asterisk:\n  mode: external\n")
    assert config.problems() == [
        "kakeru.yaml:4: asterisk.ari_password: is missing: mode external needs it here or in "
        "KAKERU_ARI_PASSWORD",
        "kakeru.yaml:4: asterisk.ari_url: is missing: mode external needs it here or in "
        "KAKERU_ARI_URL",
    ]


def test_what_the_environment_says_wrongly_is_told_as_its_fault(config: ConfigFolder) -> None:
    assert config.problems(
        {
            "KAKERU_WEB_PORT": "many",
            "KAKERU_DATABSE_URL": "x",
            "KAKERU_TRUNK_MIAN_PASSWORD": "x",
            "KAKERU_ARI_PASSWORD_FILE": "/nonexistent",
        }
    ) == [
        "environment variable KAKERU_ARI_PASSWORD_FILE: /nonexistent cannot be read: "
        "No such file or directory",
        "environment variable KAKERU_DATABSE_URL: is not known; did you mean KAKERU_DATABASE_URL?",
        "environment variable KAKERU_TRUNK_MIAN_PASSWORD: is not known; did you mean "
        "KAKERU_TRUNK_MAIN_PASSWORD?",
        "environment variable KAKERU_WEB_PORT: web.port: must be a whole number, "
        "not the text 'many'",
    ]


def test_a_problem_without_a_line_is_told_without_one() -> None:
    assert str(Problem("a.yaml", 3, "b", "c")) == "a.yaml:3: b: c"
    assert str(Problem("a.yaml", 0, "", "c")) == "a.yaml: c"


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_text_at_all_ends_in_a_traceback(text: str) -> None:
    path = Path("/dev/shm") / f"kakeru-test-{os.getpid()}.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        file = read_yaml(path)
    finally:
        path.unlink()
    assert file.values or file.problems or text.strip()


words = st.text(st.characters(codec="utf-8"), max_size=20)
whole = st.integers(-(10**18), 10**18)
broken = st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | whole | broken | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(CampaignSettings.model_fields)), anything)
def test_whatever_stands_under_a_key_is_taken_or_told(key: str, value: object) -> None:
    file = YamlFile("spring.yaml", {"name": "spring", key: value})
    if validate(CampaignSettings, file) is None:
        assert all(problem.message for problem in file.problems)
        assert file.problems
