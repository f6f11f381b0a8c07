"""The URL of somebody's own PostgreSQL: told without its password, and named where it can be given again."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.provision.postgres_url import VARIABLE, exposures, repeatable, without_password

URL = "postgresql://me:secret@127.0.0.1:5432/d"
TOLD = f"{VARIABLE}=postgresql://me@127.0.0.1:5432/d twinbench run"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (URL, "postgresql://me@127.0.0.1:5432/d"),
        ("postgresql://me@127.0.0.1:5432/d", "postgresql://me@127.0.0.1:5432/d"),
        ("postgresql://127.0.0.1:5432/d", "postgresql://127.0.0.1:5432/d"),
        ("postgresql://:secret@[::1]:5432/d", "postgresql://@[::1]:5432/d"),
        ("postgresql://me:a:b%40@127.0.0.1:5432/d", "postgresql://me@127.0.0.1:5432/d"),
        (f"{URL}?password=secret&sslmode=disable", "postgresql://me@127.0.0.1:5432/d?sslmode=disable"),
        (f"{URL}?sslPassword=secret", "postgresql://me@127.0.0.1:5432/d"),
        ("postgresql://me:secret℀@127.0.0.1:5432/d", "an unreadable URL"),
    ],
)
def test_a_url_is_told_without_its_password(url: str, told: str) -> None:
    assert without_password(url) == told


@pytest.mark.parametrize(
    ("words", "url", "told"),
    [
        (["run", "ping"], None, "twinbench run ping"),
        (["run", "ping"], URL, f"{TOLD} ping"),
        (["run", "--postgres-url", URL, "ping"], URL, f"{TOLD} ping"),
        (["run", f"--postgres-url={URL}", "a b"], URL, f"{TOLD} 'a b'"),
        (["run", "--postgres-url", "@f"], URL, "twinbench run --postgres-url @f"),
        (["run", "--postgres-url=@a b"], URL, "twinbench run --postgres-url '@a b'"),
        (["run", "--postgres-url", URL, "--postgres-url", "@f"], URL, "twinbench run --postgres-url @f"),
        (["run", "--postgres-url", "@f", "--postgres-url", URL], URL, TOLD),
        (["run", "--postgres-url"], None, "twinbench run"),
    ],
)
def test_what_repeats_a_run_names_the_variable_or_the_file(words: list[str], url: str | None, told: str) -> None:
    assert repeatable(words, url) == told


@given(st.text(st.characters(exclude_characters="@/?#[]\x00", exclude_categories=["C"]), min_size=4))
def test_no_password_is_in_what_repeats_a_run(password: str) -> None:
    url = f"postgresql://me:'{password}'@127.0.0.1:5432/d"
    for words in (["run", "--postgres-url", url], ["run", f"--postgres-url={url}"], ["run"]):
        assert f"'{password}" not in " ".join(shlex.split(repeatable(words, url)))


@pytest.mark.parametrize(
    ("given_", "warned"),
    [
        (URL, True),
        ("postgresql://me@127.0.0.1:5432/d", False),
        ("postgresql://127.0.0.1:5432/d", False),
        ("postgresql://me@127.0.0.1:5432/d?password=secret", True),
        ("postgresql://me:se@cret@127.0.0.1:5432/d", True),
    ],
)
def test_only_a_password_that_was_typed_is_warned_of(given_: str, warned: bool) -> None:  # noqa: FBT001 - a parameter
    assert [*exposures(given_, typed=False)] == []
    told = [*exposures(given_, typed=True)]
    assert len(told) == warned
    assert all(f"Give the URL in {VARIABLE}" in sentence and "secret" not in sentence for sentence in told)
