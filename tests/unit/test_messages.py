"""PostgreSQL's protocol as far as the cut map reads it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.cut_map import Direction
from harness.provision.messages import NAMES, read_messages


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!i", 4 + len(body)) + body


QUERY = message(b"Q", b"COMMIT\0")
DONE = message(b"C", b"INSERT 0 1\0") + message(b"Z", b"I")


def test_names_words_and_places() -> None:
    begin, commit = read_messages(message(b"Q", b"BEGIN\0") + QUERY, Direction.UP)
    assert (begin.name, begin.says, begin.start, begin.end) == ("Query", "BEGIN", 0, 11)
    assert (commit.says, commit.start, commit.end) == ("COMMIT", 11, 23)
    told = [f"{one.name} {one.says}" for one in read_messages(DONE, Direction.DOWN)]
    assert told == ["CommandComplete INSERT 0 1", "ReadyForQuery I"]


def test_what_is_binary_is_not_read_out() -> None:
    (bind,) = read_messages(message(b"B", b"\x00name\x00"), Direction.UP)
    assert (bind.name, bind.says) == ("Bind", "")


@pytest.mark.parametrize("stream", [b"\x00\x00\x00\x08", b"Q\x00\x00\x00\x03", b"?" + QUERY[1:]])
def test_another_protocol_is_refused(stream: bytes) -> None:
    with pytest.raises(ValueError, match="message"):
        read_messages(stream, Direction.UP)


def test_one_letter_means_two_things_by_direction() -> None:
    assert read_messages(message(b"C"), Direction.UP)[0].name == "Close"
    assert read_messages(message(b"C"), Direction.DOWN)[0].name == "CommandComplete"


@given(
    st.lists(st.tuples(st.sampled_from(sorted(NAMES[Direction.DOWN])), st.binary(max_size=50)), min_size=1),
    st.integers(0, 10_000),
)
def test_messages_lie_end_to_end_also_where_the_stream_is_cut(parts: list[tuple[bytes, bytes]], cut: int) -> None:
    stream = b"".join(message(kind, body) for kind, body in parts)
    found = read_messages(stream[:cut], Direction.DOWN)
    edges = [0, *(one.end for one in found)]
    assert [one.start for one in found] == edges[:-1]
    assert edges[-1] == min(cut, len(stream))
    whole = read_messages(stream, Direction.DOWN)
    assert len(whole) == len(parts)
    assert [one.name for one in found] == [one.name for one in whole[: len(found)]]
