"""PostgreSQL's frontend/backend protocol, version 3.0, as far as to tell where a message begins and ends.

Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol", "Message Formats". A connection's
first message, which has no type byte, is not read here: the streams begin on a connection in use.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.cut_map import Direction, WireMessage

HEADER_BYTES = 5  # type, and a length that counts itself
_LONGEST_WORDS = 80

NAMES: Mapping[Direction, Mapping[bytes, str]] = {
    Direction.UP: {
        b"B": "Bind",
        b"C": "Close",
        b"D": "Describe",
        b"E": "Execute",
        b"H": "Flush",
        b"P": "Parse",
        b"Q": "Query",
        b"S": "Sync",
        b"X": "Terminate",
    },
    Direction.DOWN: {
        b"1": "ParseComplete",
        b"2": "BindComplete",
        b"3": "CloseComplete",
        b"A": "NotificationResponse",
        b"C": "CommandComplete",
        b"D": "DataRow",
        b"E": "ErrorResponse",
        b"I": "EmptyQueryResponse",
        b"K": "BackendKeyData",
        b"N": "NoticeResponse",
        b"R": "Authentication",
        b"S": "ParameterStatus",
        b"T": "RowDescription",
        b"Z": "ReadyForQuery",
        b"n": "NoData",
        b"t": "ParameterDescription",
    },
}
# Messages whose body begins with words that a person can read.
_SPEAKING = {"Query", "CommandComplete", "ReadyForQuery"}


def read_messages(stream: bytes, direction: Direction) -> tuple[WireMessage, ...]:
    """Split what went one way into messages; a last one that was cut short ends where the stream does.

    Raises:
        ValueError: The stream does not begin with a message of this direction, or is not this protocol.
    """
    found = []
    start = 0
    while start < len(stream):
        kind = stream[start : start + 1]
        name = NAMES[direction].get(kind)
        if name is None:
            raise ValueError(f"byte {start} of the stream {direction} is {kind!r}, which begins no message")
        header = stream[start + 1 : start + HEADER_BYTES]
        if len(header) < HEADER_BYTES - 1:
            end = len(stream)
        else:
            length = int.from_bytes(header, "big")
            if length < HEADER_BYTES - 1:
                raise ValueError(f"the message at byte {start} says that it is {length} bytes long")
            end = min(start + 1 + length, len(stream))
        says = _words(stream[start + HEADER_BYTES : end]) if name in _SPEAKING else ""
        found.append(WireMessage(name=name, says=says, start=start, end=end))
        start = end
    return tuple(found)


def _words(body: bytes) -> str:
    text = body.split(b"\0", 1)[0].decode("utf-8", "replace")
    return " ".join(text.split())[:_LONGEST_WORDS]
