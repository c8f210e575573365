"""A project's script: what agents read from, a template over the lead on the line.

``{{ 名前 }}`` puts in what is known of the lead; ``{% if 先方担当者 %} … {% endif %}`` says
something only where it is known. That is all: a script computes nothing, repeats nothing
and calls nothing, so that none can harm or hang the desk, whoever wrote it. It is checked
against a list of what a template may be made of, and runs in Jinja's sandbox besides.

Lines stay lines. One that begins with ``#`` is a heading, with ``-`` or ``・`` an item of a
list, with ``>`` a remark to the agent, which is not said.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from webui.translations import marked

# What a script can name, in Japanese and in English, with what stands there.
VARIABLES: tuple[tuple[str, str, str], ...] = (
    ("名前", "name", marked("Name")),
    ("フリガナ", "kana", marked("Kana")),
    ("先方担当者", "contact_person", marked("Contact person")),
    ("電話番号", "phone", marked("Phone number that is called")),
    ("メール", "email", marked("E-mail")),
    ("郵便番号", "postal_code", marked("Postal code")),
    ("都道府県", "prefecture", marked("Prefecture")),
    ("市区町村", "city", marked("City")),
    ("建物", "building", marked("Building")),
    ("ウェブサイト", "website", marked("Website")),
    ("備考", "notes", marked("Notes")),
    ("担当者", "user", marked("Your own name")),
    ("プロジェクト", "project", marked("Project")),
    ("会社名", "company", marked("Your business")),
)
CUSTOM = ("項目", "field")  # 項目["契約プラン"]: a custom field by its name

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getitem,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.Filter,
)
_FILTERS = {"default", "d", "upper", "lower"}
_LONGEST_VALUE = 2_000
# Around what was put in, until the text is made safe; no text that people write has them.
_BEGIN, _END = "\ue000", "\ue001"
_NARROW = str.maketrans("｛｝％", "{}%")
# Jinja's messages (`jinja2.parser`), the words in them that tell what is wrong, and its kind.
_MISREAD = (
    (re.compile(r"expected token 'end of (?:print|block) statement', got '(.+)'"), "too_much"),
    (re.compile(r"expected token 'end of statement block', got '(.+)'"), "too_much"),
    (re.compile(r"unexpected char '(.+)' at \d+"), "too_much"),
    (re.compile(r"Encountered unknown tag '(.+?)'"), "not_allowed"),
    (re.compile(r".*The innermost block that needs to be closed is '(.+)'"), "unclosed"),
)
# Of a template that cannot be read or is too deep for the machine.
_UNREADABLE = (
    jinja2.TemplateError,
    SyntaxError,
    RecursionError,
    MemoryError,
    ValueError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    """Why a script cannot be used: on which line, and what stands there."""

    line: int
    # unreadable | too_much | unclosed | not_allowed | unknown_name | unknown_field | failed
    kind: str
    what: str = ""


def check(text: str, fields: tuple[str, ...] = ()) -> ScriptProblem | None:
    """What is wrong with the script, if anything; `fields` are the names of custom fields."""
    found = _compiled(text)
    if isinstance(found, ScriptProblem):
        return found
    return next(_unknown(found.tree, fields), None)


def render_script(text: str, values: Mapping[str, str], fields: Mapping[str, str]) -> Markup:
    """The script for one lead as HTML. Raises ScriptFailed.

    `values` are by the English names of `VARIABLES`; `fields` the custom ones by their names.
    """
    problem = check(text, tuple(fields))
    found = _compiled(text)
    if isinstance(found, ScriptProblem):
        raise ScriptFailed(found)
    if problem is not None:
        raise ScriptFailed(problem)
    known = {name: _plain(value) for name, value in values.items()}
    custom = {name: _plain(value) for name, value in fields.items()}
    context: dict[str, object] = {}
    for japanese, english, _ in VARIABLES:
        context[japanese] = context[english] = known.get(english, "")
    context |= dict.fromkeys(CUSTOM, custom)
    try:
        return as_html(found.template.render(context))
    except _UNREADABLE as error:
        raise ScriptFailed(ScriptProblem(1, "failed", str(error))) from error


class ScriptFailed(Exception):
    """The script cannot be shown for this lead; `problem` says why."""

    def __init__(self, problem: ScriptProblem) -> None:
        super().__init__(f"line {problem.line}: {problem.kind} {problem.what}".strip())
        self.problem = problem


def as_html(text: str) -> Markup:
    """Headings, lists, remarks and paragraphs from the beginnings of lines; all else is text."""
    lines = [(_kind(line), line.strip()) for line in text.splitlines()]
    parts = (
        _block(kind, [line for _, line in group])
        for kind, group in groupby(lines, lambda one: one[0])
    )
    return Markup("").join(parts)


# --- checking ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Script:
    tree: nodes.Template
    template: jinja2.Template


@lru_cache(maxsize=500)
def _compiled(text: str) -> _Script | ScriptProblem:
    text = _with_braces(text)
    try:
        tree = _ENVIRONMENT.parse(text)
        if (problem := next(_forbidden(tree), None)) is not None:
            return problem
        return _Script(tree, _ENVIRONMENT.from_string(text))
    except jinja2.TemplateSyntaxError as error:
        return _misread(error.lineno, error.message or "")
    except _UNREADABLE:
        return ScriptProblem(1, "unreadable")


def _with_braces(text: str) -> str:
    """Full-width braces, as a Japanese keyboard gives them, count as braces."""
    return re.sub("｛([｛%％])|([｝%％])｝", lambda found: found[0].translate(_NARROW), text)


def _misread(line: int, message: str) -> ScriptProblem:
    """What Jinja says of a template that it cannot read, as far as it has a shape of its own."""
    for shape, kind in _MISREAD:
        if found := shape.match(message):
            return ScriptProblem(line, kind, found[1])
    return ScriptProblem(line, "unreadable")


def _forbidden(tree: nodes.Template) -> Iterator[ScriptProblem]:
    asked = {id(node.node) for node in _all(tree) if isinstance(node, nodes.Getitem)}
    for node in _all(tree):
        if not isinstance(node, _ALLOWED):
            yield ScriptProblem(node.lineno, "not_allowed", type(node).__name__.lower())
        elif isinstance(node, nodes.Name) and node.name in CUSTOM and id(node) not in asked:
            yield ScriptProblem(node.lineno, "not_allowed", node.name)  # all fields at once
        elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            yield ScriptProblem(node.lineno, "not_allowed", f"|{node.name}")
        elif isinstance(node, nodes.Getitem) and not _is_field(node):
            yield ScriptProblem(node.lineno, "not_allowed", "[…]")


def _unknown(tree: nodes.Template, fields: tuple[str, ...]) -> Iterator[ScriptProblem]:
    known = {name for japanese, english, _ in VARIABLES for name in (japanese, english)}
    for node in _all(tree):
        if isinstance(node, nodes.Name) and node.name not in known | set(CUSTOM):
            yield ScriptProblem(node.lineno, "unknown_name", node.name)
        elif isinstance(node, nodes.Getitem) and _key(node) not in fields:
            yield ScriptProblem(node.lineno, "unknown_field", _key(node))


def _all(tree: nodes.Template) -> Iterator[nodes.Node]:
    """Every node below the template, in the order of the text; without recursion."""
    waiting = list(tree.iter_child_nodes())[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += list(node.iter_child_nodes())[::-1]


def _is_field(node: nodes.Getitem) -> bool:
    named = isinstance(node.node, nodes.Name) and node.node.name in CUSTOM
    return named and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)


def _key(node: nodes.Getitem) -> str:
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


# --- rendering --------------------------------------------------------------------------


def _mark(value: object) -> object:
    """Around each value that is put in; the parts of the template itself are left alone."""
    return f"{_BEGIN}{value}{_END}" if str(value) else ""


def _plain(value: str) -> str:
    """On one line, so that no value makes a heading."""
    return " ".join(value[:_LONGEST_VALUE].translate({ord(_BEGIN): "", ord(_END): ""}).split())


def _default(value: object, other: object = "", *_: object) -> object:
    """What is empty counts as missing: no list leaves a column out for one lead."""
    return value or other


_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    finalize=_mark,
    cache_size=0,
)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {
    "default": _default,
    "d": _default,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
}
_ENVIRONMENT.tests = {}


def _kind(line: str) -> str:
    line = line.strip()
    for begin, kind in (("##", "h4"), ("#", "h3"), (">", "aside"), ("- ", "li"), ("・", "li")):
        if line.startswith(begin):
            return kind
    return "p" if line else ""


def _block(kind: str, lines: list[str]) -> Markup:
    match kind:
        case "h3" | "h4":
            head = Markup(f"<{kind}>{{}}</{kind}>")
            heads = (head.format(_text(line.lstrip("#"))) for line in lines)
            return Markup("").join(heads)
        case "li":
            items = (Markup("<li>{}</li>").format(_text(_item(line))) for line in lines)
            return Markup("<ul>{}</ul>").format(Markup("").join(items))
        case "aside":
            said = Markup("<br>").join(_text(line.lstrip(">")) for line in lines)
            return Markup('<p class="script-remark">{}</p>').format(said)
        case "p":
            return Markup("<p>{}</p>").format(Markup("<br>").join(map(_text, lines)))
    return Markup("")


def _item(line: str) -> str:
    return line.removeprefix("・").removeprefix("- ")


def _text(line: str) -> Markup:
    safe = escape(line.strip())
    return Markup(safe.replace(_BEGIN, Markup("<b>")).replace(_END, Markup("</b>")))
