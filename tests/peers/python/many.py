#!/usr/bin/env python3
"""Many sessions at once with `ipamspec serve`: opens them all over net.tcp, asks GetIpamVersion on each, and reads the replies.

    many.py IPAMSPEC COUNT

Starts the server itself on a free port of the loopback, and ends it. Prints how long it took, and the most memory that the
server had. Exit code 0 where every session was answered.
"""

import re
import resource
import socket
import subprocess
import sys
import time

IPAMSPEC, COUNT = sys.argv[1], int(sys.argv[2])
SERVER = "/Ipam/Server"
ACKNOWLEDGED = b"\x0b"
LIMIT = 20.0


def sized(payload):
    """A Sized Envelope Record."""
    record, size = bytearray([6]), len(payload)
    while size > 0x7F:
        record.append(size & 0x7F | 0x80)
        size >>= 7
    record.append(size)
    return bytes(record) + payload


def preamble(via):
    """Version 1.0, Duplex, the Via, SOAP 1.2 in UTF-8."""
    return bytes([0, 1, 0, 1, 2, 2, len(via)]) + via + bytes([3, 3, 12])


def request(to):
    return f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
  <s:Header>
    <a:Action s:mustUnderstand="1">http://Microsoft.Windows.Ipam/IIpamServer/GetIpamVersion</a:Action>
    <a:MessageID>urn:uuid:5a2c4f4e-7a57-4b43-8f6d-0d6a0c1b2e3f</a:MessageID>
    <a:To>{to}</a:To>
  </s:Header>
  <s:Body><GetIpamVersion xmlns="http://Microsoft.Windows.Ipam"/></s:Body>
</s:Envelope>""".encode()


def whole(session):
    """What comes until an envelope has ended."""
    came = b""
    while b"Envelope>" not in came:
        piece = session.recv(65536)
        if not piece:
            break
        came += piece
    return came


most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
server = subprocess.Popen([IPAMSPEC, "serve", "--net-tcp", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
try:
    url = next(found[0] for line in server.stdout if (found := re.search(r"net\.tcp://[^/\s]*", line)))
    host, port = url.removeprefix("net.tcp://").split(":")
    opening = preamble((url + SERVER).encode())
    begun, sessions = time.monotonic(), []
    for _ in range(COUNT):
        session = socket.create_connection((host, int(port)), LIMIT)
        session.sendall(opening)
        sessions.append(session)
    opened = sum(session.recv(1) == ACKNOWLEDGED for session in sessions)
    print(f"{opened} sessions open after {time.monotonic() - begun:.1f} s")
    begun, asked = time.monotonic(), sized(request(url + SERVER))
    for session in sessions:
        session.sendall(asked)
    answered = sum(b"GetIpamVersionResult" in whole(session) for session in sessions)
    print(f"{answered} answered after {time.monotonic() - begun:.1f} s more")
    status = open(f"/proc/{server.pid}/status").read()
    print("the server had at most", re.search(r"VmHWM:\s*(\d+)", status)[1], "KiB")
finally:
    server.kill()
    server.wait()
sys.exit(0 if answered == COUNT else 1)
