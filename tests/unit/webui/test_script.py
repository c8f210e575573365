"""What agents read from: safe whatever an admin writes, and readable."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.script import ScriptFailed, ScriptProblem, as_html, check, render_script

LEAD = {"name": "山田商店", "contact_person": "", "user": "佐藤", "company": "さくら通信"}
FIELDS = {"契約プラン": "光ファミリー", "台数": ""}


def read(text: str) -> str:
    return str(render_script(text, LEAD, FIELDS))


def test_what_is_known_of_the_lead_is_put_in_by_either_language() -> None:
    wanted = "<p>お世話になります、<b>さくら通信</b>の<b>佐藤</b>です。</p>"
    assert read("お世話になります、{{ 会社名 }}の{{ 担当者 }}です。") == wanted
    assert read("お世話になります、{{ company }}の{{ user }}です。") == wanted


def test_custom_fields_go_by_their_names() -> None:
    assert read('{{ 項目["契約プラン"] }}') == "<p><b>光ファミリー</b></p>"
    assert read("{{ field['契約プラン'] }}") == "<p><b>光ファミリー</b></p>"


def test_what_is_not_known_is_left_out_or_said_otherwise() -> None:
    assert read("{{ 先方担当者 | default('ご担当者') }}様") == "<p><b>ご担当者</b>様</p>"
    both = "{% if 先方担当者 %}{{ 先方担当者 }}様{% else %}ご担当者様{% endif %}"
    assert read(both) == "<p>ご担当者様</p>"
    assert read("{% if 項目['台数'] %}\n{{ 項目['台数'] }}台\n{% endif %}\n以上") == "<p>以上</p>"


def test_lines_are_headings_lists_remarks_and_paragraphs() -> None:
    text = "# 挨拶\nもしもし\n{{ 名前 }}様\n\n- 一つ\n・二つ\n> 間を置く\n## 次\nでは"
    assert read(text) == (
        "<h3>挨拶</h3><p>もしもし<br><b>山田商店</b>様</p><ul><li>一つ</li><li>二つ</li></ul>"
        '<p class="script-remark">間を置く</p><h4>次</h4><p>では</p>'
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("一\n二\n{{ 名前 ", (3, "unreadable")),
        ("{{ 名前 様 }}", (1, "too_much")),
        ("{{ 名前？ }}", (1, "too_much")),
        ("{% if 名前 = 1 %}{% endif %}", (1, "too_much")),
        ("{% if 名前 %}様", (1, "unclosed")),
        ("{% endif %}", (1, "not_allowed")),
        ("｛｛ 名前 様 ｝｝", (1, "too_much")),
        ("一\n{{ 氏名 }}", (2, "unknown_name")),
        ("一\n{{ 項目['無い'] }}", (2, "unknown_field")),
        ("{% for c in 名前 %}{{ c }}{% endfor %}", (1, "not_allowed")),
        ("{% set 名前 = 名前 ~ 名前 %}", (1, "not_allowed")),
        ("{{ 'a' * 1000000000 }}", (1, "not_allowed")),
        ("{{ 9 ** 9 ** 9 }}", (1, "not_allowed")),
        ("{{ 名前.__class__ }}", (1, "not_allowed")),
        ("{{ 名前['__class__'] }}", (1, "not_allowed")),
        ("{{ 名前() }}", (1, "not_allowed")),
        ("{{ 名前 | replace('a', 'aaaa') }}", (1, "not_allowed")),
        ("{% include 'shell.html' %}", (1, "not_allowed")),
        ("{% macro m() %}{% endmacro %}", (1, "not_allowed")),
        ("{{ range(9) }}", (1, "not_allowed")),
        ("{{ 項目 }}", (1, "not_allowed")),
        ("{{ " + "(" * 5000 + "名前" + ")" * 5000 + " }}", (1, "unreadable")),
        ("{{ " + "not " * 5000 + "名前 }}", (1, "unreadable")),
        ("{% if 名前 %}" * 500 + "{% endif %}" * 500, (1, "unreadable")),
        ("{{ " + "9" * 9000 + " }}", (1, "unreadable")),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(text: str, problem: tuple[int, str]) -> None:
    found = check(text, tuple(FIELDS))
    assert found is not None
    assert (found.line, found.kind) == problem
    with pytest.raises(ScriptFailed):
        read(text)


def test_a_good_script_has_no_problem() -> None:
    assert check("{{ 名前 }}{% if a_b %}{% endif %}") == ScriptProblem(1, "unknown_name", "a_b")
    assert check("# {{ name | upper }}\n{{ 会社名 | d('当社') }}") is None


WORDS = "{{ }} {% %} if endif else 名前 項目 ['a'] |d ( ) ' # <b> & for in not == 1 \\ {# #} - ・"
SNIPPETS = st.sampled_from([*WORDS.split(), "\n"])


@given(st.lists(SNIPPETS | st.text(max_size=3), max_size=25).map(" ".join), st.text(max_size=20))
def test_no_script_and_no_value_breaks_the_desk(text: str, value: str) -> None:
    try:
        shown = str(render_script(text, {"name": value}, {"a": value}))
    except ScriptFailed:
        return
    assert set(re.findall(r"<[^>]*>?", shown)) <= {
        "<b>",
        "</b>",
        "<p>",
        "</p>",
        "<br>",
        "<ul>",
        "</ul>",
        "<li>",
        "</li>",
        "<h3>",
        "</h3>",
        "<h4>",
        "</h4>",
        '<p class="script-remark">',
    }


def test_a_plain_text_is_shown_with_its_lines() -> None:
    assert as_html("<b>もしもし</b>\n\n{{ 名前") == (
        "<p>&lt;b&gt;もしもし&lt;/b&gt;</p><p>{{ 名前</p>"
    )


def test_full_width_braces_count_as_braces() -> None:
    text = "｛｛ 名前 ｝｝様 ｛％ if 備考 ％｝備考｛% endif %｝ ｛名前｝"
    assert render_script(text, {"name": "佐藤"}, {}) == "<p><b>佐藤</b>様  ｛名前｝</p>"
