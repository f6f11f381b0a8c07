"""Statements that one line sends are of one form, and statements that ask something else are not."""

import pytest

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
    "named": ("a = :name", "a = :other"),
}  # fmt: skip
APART = {
    "tables": ("SELECT a FROM t1 WHERE id = 1", "SELECT a FROM t2 WHERE id = 1"),
    "quoted names": ('SELECT "a 1" FROM t', 'SELECT "a 2" FROM t'),
    "operators": ("a = 1", "a > 1"),
    "columns with digits": ("SELECT c1", "SELECT c2"),
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
