#!/usr/bin/env python3
"""gateway.py [--gss | --gss-ntlm] PORT… : stands before servers that know no security, and ends NegotiateStream for them.

For each port of a server on the loopback it listens on a free port, prints `gateway PORT at PORT`, takes the upgrade
`application/negotiate`, accepts a user of the file that NTLM_USER_FILE names (lines of DOMAIN:user:password), opens what
comes and seals what goes. With a server behind it that knows no security, the two are a server of
[MS-NMFTB] with transport security. Each session prints a line; one that sends a message that is not sealed ends.

With `--gss` it is MIT's GSSAPI that accepts, Kerberos by the keytab that KRB5_KTNAME names; with `--gss-ntlm` it is gss-ntlmssp
below MIT's GSSAPI, by the same file of users. Both take Debian's python3-gssapi.

The server sees its own address where the client wrote the gateway's: both have ports of five digits, so nothing moves.
"""
import socket
import struct
import sys
import threading

GSS = "--gss" in sys.argv or "--gss-ntlm" in sys.argv
if GSS:
    import gssapi
else:
    import spnego

SPNEGO = "1.3.6.1.5.5.2"
NEGOTIATE = b"application/negotiate"
UPGRADE_INVALID = b"http://schemas.microsoft.com/ws/2006/05/framing/faults/UpgradeInvalid"
LOGON_DENIED = 0x8009030C
DONE, ERROR, IN_PROGRESS = 0x14, 0x15, 0x16


class Ended(Exception):
    """The other side is gone."""


def take(stream, length):
    taken = b""
    while len(taken) < length:
        more = stream.recv(length - len(taken))
        if not more:
            raise Ended
        taken += more
    return taken


def take_size(stream):
    value, raw = 0, b""
    while True:
        octet = take(stream, 1)
        value |= (octet[0] & 0x7F) << (7 * len(raw))
        raw += octet
        if octet[0] < 0x80:
            return value, raw


def take_preamble(stream):
    """What comes before the upgrade, and the name of the upgrade; none where the preamble ends without one."""
    preamble = b""
    while True:
        kind = take(stream, 1)
        if kind == b"\x00":
            preamble += kind + take(stream, 2)
        elif kind in b"\x01\x03":
            preamble += kind + take(stream, 1)
        elif kind in b"\x02\x04":
            size, raw = take_size(stream)
            preamble += kind + raw + take(stream, size)
        elif kind == b"\x09":
            return preamble, take(stream, take_size(stream)[0])
        else:
            return preamble, None


def say(stream, kind, payload):
    stream.sendall(struct.pack(">BBBH", kind, 1, 0, len(payload)) + payload)


class Gss:
    """A context of MIT's GSSAPI, as pyspnego has it."""

    class Opened:
        def __init__(self, opened):
            self.data, self.encrypted = opened.message, opened.encrypted

    def __init__(self):
        mechs = [gssapi.OID.from_int_seq(SPNEGO)] if "--gss-ntlm" in sys.argv else None
        creds = gssapi.Credentials(usage="accept", mechs=mechs)
        self.context = gssapi.SecurityContext(creds=creds, usage="accept")
        self.name = "gss-ntlmssp" if mechs else "kerberos"

    def step(self, token):
        return self.context.step(token)

    complete = property(lambda self: self.context.complete)
    client_principal = property(lambda self: self.context.initiator_name)
    negotiated_protocol = property(lambda self: self.name)

    def wrap(self, data, encrypt):
        sealed = self.context.wrap(data, encrypt)
        return type("Sealed", (), {"data": sealed.message})

    def unwrap(self, sealed):
        return Gss.Opened(self.context.unwrap(sealed))


REFUSED = gssapi.exceptions.GSSError if GSS else spnego.exceptions.SpnegoError


def handshake(stream):
    context = Gss() if GSS else spnego.server(protocol="negotiate")
    while True:
        kind, _, _, length = struct.unpack(">BBBH", take(stream, 5))
        token = take(stream, length)
        if kind == ERROR:
            print("client gives up:", token.hex(), flush=True)
            raise Ended
        try:
            answer = context.step(token) or b""
        except REFUSED as error:
            print("refused:", type(error).__name__, flush=True)
            say(stream, ERROR, struct.pack(">II", 0, LOGON_DENIED))
            raise Ended from error
        say(stream, DONE if context.complete else IN_PROGRESS, answer)
        if context.complete:
            print("accepted:", context.client_principal, context.negotiated_protocol, flush=True)
            return context


def relay(stream, port):
    preamble, upgrade = take_preamble(stream)
    if upgrade != NEGOTIATE:
        print("no upgrade:", upgrade, flush=True)
        stream.sendall(b"\x08" + bytes([len(UPGRADE_INVALID)]) + UPGRADE_INVALID)
        return
    stream.sendall(b"\x0a")
    context = handshake(stream)
    server = socket.create_connection(("127.0.0.1", port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ours, theirs = (b"127.0.0.1:%d" % number for number in (stream.getsockname()[1], port))
    server.sendall(preamble.replace(ours, theirs))
    lock = threading.Lock()

    def back():
        try:
            while more := server.recv(60000):
                with lock:
                    sealed = context.wrap(more, encrypt=True).data
                stream.sendall(struct.pack("<I", len(sealed)) + sealed)
            stream.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=back, daemon=True).start()
    try:
        while True:
            sealed = take(stream, struct.unpack("<I", take(stream, 4))[0])
            with lock:
                opened = context.unwrap(sealed)
            if not opened.encrypted:
                raise ValueError("a message came that is not sealed")
            server.sendall(opened.data.replace(ours, theirs))
    except Ended:
        server.shutdown(socket.SHUT_WR)


def serve(listener, port):
    def one(stream):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            relay(stream, port)
        except (Ended, OSError):
            pass
        finally:
            stream.close()

    while True:
        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


def main():
    for port in (int(word) for word in sys.argv[1:] if word.isdigit()):
        listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        print(f"gateway {port} at {listener.getsockname()[1]}", flush=True)
        threading.Thread(target=serve, args=(listener, port), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
