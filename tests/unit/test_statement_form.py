"""Statements that one line sends are of one form, and statements that ask something else are not."""

import pytest

from harness.analysis.checks.n_plus_one import TAKES_LIST
from harness.probe.statement_form import form_of, name_of

ALIKE = {
    "numbers": ("SELECT a FROM t WHERE id = 17", "SELECT a FROM t WHERE id = 4", "SELECT a FROM t WHERE id = -4.5e3"),
    "quoted": ("SELECT a FROM t WHERE n = 'x'", "SELECT a FROM t WHERE n = 'it''s; -- 7'"),
    "with escapes": (r"SELECT a FROM t WHERE n = E'x'", r"SELECT a FROM t WHERE n = e'it\'s /* 7'"),
    "in dollar quotes": ("SELECT $$x$$, a", "SELECT $$it's$$, a", "SELECT $tag$a $$ b$tag$, a"),
    "bytes": ("SELECT X'1F'", "SELECT x'20'", "SELECT B'101'"),
    "lists": ("FROM t WHERE id IN (1)", "FROM t WHERE id IN (1, 2,3)", "FROM t WHERE id IN ( 9 )"),
    "lists of parameters": ("a IN (%(a)s)", "a IN (%(a)s, %(b)s)", "a IN ($1::INTEGER, $2::INTEGER)", "a IN ($1)"),
    "casts": ("a = $1::VARCHAR", "a = $2::TIMESTAMP WITH TIME ZONE", "a = %(a)s::NUMERIC(10, 2)", "a = 5::int[]"),
    "rows": ("INSERT INTO t (a, b) VALUES ($1, now())", "INSERT INTO t (a, b) VALUES ($1, now()), ($2, now())"),
    "pairs": ("(a, b) IN ((1, 'x'))", "(a, b) IN ((1, 'x'), (2, 'y'))"),
    "comments": ("SELECT a", "SELECT /* trace='7f' */ a", "SELECT a -- 9", "/* page 3 */ SELECT\n\t a"),
    "values with names": ("VALUES (1, NULL)", "VALUES (null, true)", "VALUES (DEFAULT, 'x')"),
    "named": ("a = :name", "a = :other"),
}  # fmt: skip
APART = {
    "tables": ("SELECT a FROM t1 WHERE id = 1", "SELECT a FROM t2 WHERE id = 1"),
    "quoted names": ('SELECT "a 1" FROM t', 'SELECT "a 2" FROM t'),
    "operators": ("a = 1", "a > 1"),
    "columns with digits": ("SELECT c1", "SELECT c2"),
    "what is asked of nothing": ("a IS NULL", "a IS NOT NULL", "a IS TRUE", "a IS NOT TRUE"),
    "names of values as names": ('"null"', '"true"', "t.default", "nulls"),
    "a cast of a column": ("SELECT a::text", "SELECT a::int"),
    "a quote in a name": ("SELECT \"it's\", 'x' FROM t", "SELECT \"it's\", 'x' FROM u"),
    "a comment's signs within a string": ("SELECT '--', a", "SELECT '--', b"),
    "what follows a string that ends in a backslash": (r"SELECT 'x\', a", r"SELECT 'x\', b"),
}


@pytest.mark.parametrize("what", ALIKE)
def test_a_line_that_sends_other_values_sends_one_form(what: str) -> None:
    assert len({form_of(statement) for statement in ALIKE[what]}) == 1, [form_of(one) for one in ALIKE[what]]
    assert len({name_of(statement) for statement in ALIKE[what]}) == 1


@pytest.mark.parametrize("what", APART)
def test_statements_that_ask_something_else_differ(what: str) -> None:
    assert len({form_of(statement) for statement in APART[what]}) == len(APART[what])
    assert len({name_of(statement) for statement in APART[what]}) == len(APART[what])


def test_a_form_is_readable() -> None:
    assert form_of("SELECT count(*)\n FROM posts WHERE user_id = 7 LIMIT 5") == (
        "SELECT count(*) FROM posts WHERE user_id = ? LIMIT ?"
    )


@pytest.mark.parametrize(
    ("statement", "takes_list"),
    [
        ("SELECT a FROM t WHERE b IN (1, 2, 3)", True),
        ("SELECT a FROM t WHERE b IN ($1::INTEGER)", True),
        ("SELECT a FROM t WHERE b = ANY($1::int[])", True),
        ("SELECT a FROM t WHERE (b, c) IN ((1, 'x'), (2, 'y'))", True),
        ("SELECT a FROM t JOIN unnest(%s) u ON true", True),
        ("SELECT a FROM t WHERE b = 7", False),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u WHERE d = 7)", False),
        ("INSERT INTO t (a, b) VALUES (1, 2), (3, 4)", False),
    ],
)
def test_a_name_says_whether_a_statement_takes_a_list(statement: str, *, takes_list: bool) -> None:
    assert name_of(statement).endswith(TAKES_LIST) == takes_list
