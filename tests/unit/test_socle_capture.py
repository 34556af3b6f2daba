# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/socle-capture: what comes by a serial port becomes a pcap file."""

import pathlib
import socket
import struct
import subprocess
import sys
import threading
import zlib

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / "tools/socle-capture"


def slip(packet):
    packet = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + packet + b"\xc0"


def sent(when, data, length=None):
    body = struct.pack("<QII", when, length or len(data), 0) + data
    return slip(body + struct.pack("<I", zlib.crc32(body)))


def run(stream, *args):
    return subprocess.run([sys.executable, TOOL, *args], input=stream,
                          capture_output=True, check=True, timeout=60)


def records(pcap):
    """[(nanoseconds, length, data)] of a pcap file, read on our own."""
    magic, major, minor, _, _, _, link = struct.unpack_from("<IHHIIII", pcap)
    assert (magic, major, minor, link) == (0xA1B23C4D, 2, 4, 1)
    at, found = 24, []
    while at < len(pcap):
        seconds, nanoseconds, n, length = struct.unpack_from("<IIII", pcap, at)
        found.append((seconds * 10**9 + nanoseconds, length,
                      pcap[at + 16:at + 16 + n]))
        assert len(found[-1][2]) == n
        at += 16 + n
    return found


def test_frames():
    odd = bytes(range(256)) + b"\xc0\xdb\xdc\xdd" * 3
    out = run(sent(1_700_000_000_000_000_001, odd) +
              sent(2_000_000_003, b"x" * 60, 1514), "-").stdout
    assert records(out) == [(1_700_000_000_000_000_001, len(odd), odd),
                            (2_000_000_003, 1514, b"x" * 60)]


def test_damage_costs_one_frame():
    """A reader that begins late, a byte that was lost, one that was changed."""
    good = [sent(n, bytes([n]) * 40) for n in range(5)]
    changed = bytearray(good[3])
    changed[30] ^= 1
    done = run(good[0][20:] + good[1] + good[2][:25] + good[2][26:] +
               bytes(changed) + b"\xdb\x00" + good[4], "-")
    assert [data for _, _, data in records(done.stdout)] == \
        [b"\x01" * 40, b"\x04" * 40]
    assert b"damaged" in done.stderr


def test_socket(tmp_path):
    path = str(tmp_path / "s")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve():
        connection, _ = server.accept()
        connection.sendall(sent(7, b"y" * 60))
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    run(b"", path, "-o", str(tmp_path / "out"))
    thread.join()
    assert records((tmp_path / "out").read_bytes()) == [(7, 60, b"y" * 60)]


def test_errors():
    done = subprocess.run([sys.executable, TOOL, "nowhere"], check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "neither a file nor HOST:PORT" in done.stderr
