"""What a request has asked: by form, with the line that sends most of it."""

from harness.probe.asked import MANY_ROWS, Asked, Form

ASKING = "SELECT name FROM users WHERE id = 7"


def only(asked: Asked) -> Form:
    (form,) = asked.forms.values()
    return form


def site(asked: Asked) -> str:
    """The function that is named; empty if none is."""
    place = only(asked).call_site
    return place[2] if place else ""


def test_a_statement_that_comes_again_is_named_where_most_of_it_is_sent() -> None:
    asked = Asked()

    def who_asks() -> None:
        asked.count(ASKING, 1, 1)

    def authors() -> None:
        for _ in range(3):
            asked.count(ASKING, 1, 1)

    who_asks()
    assert site(asked) == ""
    who_asks()
    assert site(asked) == "who_asks"
    authors()
    assert site(asked) == "authors"


def test_rows_are_counted_as_they_come_and_many_are_named() -> None:
    asked, stream, other = Asked(), object(), object()

    def read() -> None:
        asked.count(ASKING, 1, 0, stream=stream)
        asked.brought(stream, MANY_ROWS - 1)
        asked.brought(other, MANY_ROWS)

    read()
    assert (only(asked).rows, site(asked)) == (MANY_ROWS - 1, "")
    asked.brought(stream, 1)
    assert (only(asked).rows, site(asked)) == (MANY_ROWS, "test_rows_are_counted_as_they_come_and_many_are_named")


def test_what_is_sent_with_others_of_its_form_is_no_call_more() -> None:
    asked = Asked()
    for _ in range(3):
        asked.count(ASKING, 1, 0, with_others=True)
    assert (only(asked).calls, only(asked).executions) == (1, 3)


def test_a_form_knows_how_many_there_were_when_it_was_sent_last() -> None:
    asked = Asked()
    for statement in ("SELECT 1", "SELECT a", "SELECT 2", "SELECT b"):
        asked.count(statement, 1, 1)
    assert [form.known for form in asked.forms.values()] == [2, 2, 3]
