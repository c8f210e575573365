import pytest

from dialer.rules.password import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    PasswordProblem,
    password_problem,
)

OWN = ("suzuki.kenta", "鈴木 健太")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", PasswordProblem.TOO_SHORT),
        ("x" * (SHORTEST_PASSWORD - 1), PasswordProblem.TOO_SHORT),
        ("ab" * LONGEST_PASSWORD, PasswordProblem.TOO_LONG),
        ("aaaaaaaaaaaa", PasswordProblem.TOO_SIMPLE),
        ("1111 2222 1111", PasswordProblem.TOO_SIMPLE),
        ("suzuki.kenta", PasswordProblem.OWN_NAME),
        ("Suzuki.Kenta2026!", PasswordProblem.OWN_NAME),
        ("ｓｕｚｕｋｉ．ｋｅｎｔａ", PasswordProblem.OWN_NAME),
        ("鈴木健太1234567", PasswordProblem.OWN_NAME),
        ("1234567890", PasswordProblem.COMMON),
        ("0987654321", PasswordProblem.COMMON),
        ("qwertyuiop", PasswordProblem.COMMON),
        ("Password2026", PasswordProblem.COMMON),
        ("administrator", PasswordProblem.COMMON),
        ("password password", PasswordProblem.COMMON),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, problem: PasswordProblem) -> None:
    assert password_problem(password, own=OWN) is problem


@pytest.mark.parametrize(
    "password", ["correct horse", "はるの小川はさらさら行く", "kX9-2mPq_Lw4", "Suzuki likes tea"]
)
def test_what_nobody_guesses_is_taken(password: str) -> None:
    assert password_problem(password, own=OWN) is None


def test_a_nameless_person_is_not_everybodys_namesake() -> None:
    assert password_problem("0123401234", own=("", " ")) is None


def test_each_problem_has_a_sentence() -> None:
    assert all(problem.sentence for problem in PasswordProblem)
