"""An independent reader of server frames: RFC 6455 section 5.2, byte by byte."""

import struct


def read_frames(data: bytes) -> list[bytes]:
    found = []
    while data:
        first, second = struct.unpack("!BB", data[:2])
        assert first == 0b1000_0001, "a final text frame"
        assert not second & 0x80, "servers do not mask"
        size, data = second & 0x7F, data[2:]
        if size == 126:
            (size,), data = struct.unpack("!H", data[:2]), data[2:]
            assert size > 125, "the shortest form"
        elif size == 127:
            (size,), data = struct.unpack("!Q", data[:8]), data[8:]
            assert size > 65_535, "the shortest form"
        found.append(data[:size])
        data = data[size:]
    return found
