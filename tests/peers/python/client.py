#!/usr/bin/env python3
"""A pynettcp client that drives a server of IIpamServer and IIpamOperationWithProgress over net.tcp.

    client.py URL-OF-IIpamServer [URL-OF-IIpamOperationWithProgress]

With PEER_USER and PEER_PASSWORD in the environment sessions are protected: NegotiateStream with NTLM in SPNEGO. With PEER_GSS,
which is `spnego` or `kerberos`, it is Kerberos by MIT's GSSAPI, within SPNEGO or bare, with the tickets that KRB5CCNAME names;
that takes Debian's python3-gssapi.

Prints one line a result, in the form of the C# client: `operation(arguments) = value`, `fault` in place of a value where
one came, `callback` lines in the order of arrival. A first word `wrong` marks what no server should do. Exit code 0 where
every call came to the end it should, else 1. Every wait is bounded.

Leaves out namespaces: pynettcp resolves neither prefixes bound outside the body nor types. It also drops
the kind of a dateTime, so times are printed without a zone.
"""

import datetime
import os
import sys

from pynettcp import Channel, SessionStr
from pynettcp.errors import PyNetTcpError

LIMIT = 10.0
IPAM = SessionStr("http://Microsoft.Windows.Ipam")
XSI = SessionStr("http://www.w3.org/2001/XMLSchema-instance")
SERVER = "http://Microsoft.Windows.Ipam/IIpamServer/"
PROGRESS = "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/"
KEEPALIVE = "Microsoft.WindowsServerSolutions.Common.ProviderFramework.Keepalive"
TASKS = ["Discovery", "Utilization", "Audit", "Configuration", "ServerAvailability", "Monitoring", "Expiry", "DnsConfiguration"]

SECURITY = {}
if "PEER_USER" in os.environ:
    SECURITY = {
        "security": "transport",
        "spn": "host/127.0.0.1",
        "username": os.environ["PEER_USER"],
        "password": os.environ["PEER_PASSWORD"],
    }


class Gss:
    """A context of MIT's GSSAPI, as pynettcp has it."""

    def __init__(self, spn, **_):
        flags = gssapi.RequirementFlag
        self.context = gssapi.SecurityContext(
            name=gssapi.Name(spn.replace("/", "@", 1), gssapi.NameType.hostbased_service),
            mech=gssapi.OID.from_int_seq("1.3.6.1.5.5.2") if os.environ["PEER_GSS"] == "spnego" else gssapi.MechType.kerberos,
            flags=flags.mutual_authentication | flags.replay_detection | flags.out_of_sequence_detection
            | flags.confidentiality | flags.integrity,
            usage="initiate",
        )

    complete = property(lambda self: self.context.complete)

    def step(self, token):
        return self.context.step(token)

    def wrap(self, data):
        return self.context.wrap(data, True).message

    def unwrap(self, sealed):
        opened = self.context.unwrap(sealed)
        if not opened.encrypted:
            raise ValueError("a message came that is not sealed")
        return opened.message


if "PEER_GSS" in os.environ:
    import gssapi
    from pynettcp import security

    security.create_context = Gss
    SECURITY = {"security": "transport", "spn": "host/ipam.example.test"}

failed = False


def wrong(line):
    global failed
    failed = True
    print("wrong", line, flush=True)
    return 1


class Node:
    """An element: local name, attributes by local name, children, text."""

    def __init__(self, name):
        self.name, self.attributes, self.children, self.text = name, {}, [], ""

    def child(self, *names):
        """The first descendant by a path of local names, or none."""
        if not names:
            return self
        found = next((child for child in self.children if child.name == names[0]), None)
        return found.child(*names[1:]) if found else None

    def said(self, *names):
        """The text there, `nil` where it is nil or absent."""
        found = self.child(*names)
        return "nil" if found is None or found.attributes.get("nil") == "true" else found.text


def tree(events):
    root = Node("")
    stack, attribute = [root], None
    for event in events:
        if event[0] == "start":
            node = Node(event[2])
            stack[-1].children.append(node)
            stack.append(node)
        elif event[0] == "end":
            stack.pop()
        elif event[0] == "attr":
            attribute = event[2]
            continue
        elif event[0] == "text" and attribute is not None:
            stack[-1].attributes[attribute] = lexical(event[1])
        elif event[0] == "text":
            stack[-1].text += lexical(event[1])
        attribute = None
    return root


def lexical(value):
    """A typed text record as XML Schema writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        hours, rest = divmod(value.seconds, 3600)
        parts = [(hours, "H"), (rest // 60, "M"), (rest % 60, "S")]
        time = "".join(f"{count}{unit}" for count, unit in parts if count)
        return "P" + (f"{value.days}D" if value.days else "") + (f"T{time}" if time else "")
    return str(value)


def said(reply):
    """What a reply says: its result, `done` where it has none, or its fault."""
    body = tree(reply.body_events)
    fault = body.child("Fault")
    if fault is None:
        results = body.children[0].children if body.children else []
        return "= " + (results[0].text if results else "done")
    code = fault.said("Code", "Value").split(":")[-1]
    subcode = fault.child("Code", "Subcode", "Value")
    if subcode is not None:
        code += "/" + subcode.text.split(":")[-1]
    data = fault.child("Detail", "IpamException", "IpamExceptionData")
    detail = "no detail" if data is None else f'IpamException({data.said("ExceptionId")}, "{data.said("ExceptionMessage")}")'
    return f"fault {code} {detail}"


def body_of(operation, *parameters):
    """A body: the operation's element with one child for each name and text; none is nil."""

    def write(writer):
        writer.start_element("", SessionStr(operation), IPAM)
        for name, value in parameters:
            writer.start_element("", SessionStr(name))
            if value is None:
                writer.attribute("i", SessionStr("nil"), True, namespace=XSI)
            else:
                writer.value(value)
            writer.end_element()
        writer.end_element()

    return write


def delete_superscopes(course):
    """2.2.4.97, with two superscopes: more than one in-band string, and text outside ASCII."""

    def element(writer, name, value):
        writer.start_element("", SessionStr(name))
        writer.value(value)
        writer.end_element()

    def write(writer):
        writer.start_element("", SessionStr("InitializeOperationParameters"), IPAM)
        writer.start_element("", SessionStr("paramters"))
        writer.xmlns("i", XSI)
        writer.attribute("i", SessionStr("type"), "DeleteSuperscopesParameters", namespace=XSI)
        element(writer, "OperationId", "DeleteSuperscopes")
        writer.start_element("", SessionStr("Superscopes"))
        for name, record_id, used in [(course, 4294967297, 0.1), ("zweiter Bereich ☃", 2, 0.0)]:
            writer.start_element("", SessionStr("DhcpSuperscopeV4"))
            element(writer, "Name", name)
            element(writer, "PercentageUsed", used)
            element(writer, "RecordId", record_id)
            writer.end_element()
        writer.end_element()
        writer.end_element()
        writer.end_element()

    return write


class Session:
    """One channel, and what must hold of every answer on it."""

    def __init__(self, url, base):
        self.channel, self.base = Channel(url, timeout=LIMIT, **SECURITY), base

    def __enter__(self):
        self.channel.open()
        return self

    def __exit__(self, *_):
        self.channel.close()

    def call(self, line, operation, *parameters, refused=False, body=None):
        try:
            reply = self.channel.call(action=self.base + operation, body=body or body_of(operation, *parameters))
        except (PyNetTcpError, OSError) as error:
            # The channel is closed; every further call would open it again and wait as long.
            raise SystemExit(wrong(f"{line} failed {type(error).__name__}: {error}"))
        if reply.is_fault != refused:
            wrong(f"{line} {said(reply)}")
        else:
            print(line, said(reply), flush=True)

    def keepalive(self):
        """2.2.2.2: one way, so without an id and an address to reply to."""
        self.channel.send_message_id = self.channel.send_reply_to = False
        self.channel.send(action=KEEPALIVE)
        self.channel.send_message_id = self.channel.send_reply_to = True
        print("Keepalive() = done", flush=True)


def server(url):
    with Session(url, SERVER) as session:
        session.call("IsIpamConfigured()", "IsIpamConfigured")
        for task in TASKS:
            for operation in ["IsTaskRunning", "TaskLastRunResult", "TaskLastRuntime", "TaskNextRuntime", "TaskRecurrenceDuration"]:
                session.call(f"{operation}({task})", operation, ("taskType", task))
        for task in TASKS:
            session.call(f"StartTask({task}, dc1.example.test)", "StartTask", ("taskType", task), ("server", "dc1.example.test"))
        for task in ["None", None]:
            name = task or "nil"
            session.call(f"StartTask({name}, nil)", "StartTask", ("taskType", task), ("server", None), refused=True)
        session.call('StartTask("Nonsense", nil)', "StartTask", ("taskType", "Nonsense"), ("server", None), refused=True)
        session.keepalive()
        session.call("IsIpamConfigured() again", "IsIpamConfigured")


def callback(message):
    """A callback as a line: its name, and every text in it in the order of the document."""
    texts = []

    def walk(node):
        if node.attributes.get("nil") == "true":
            texts.append("nil")
        elif node.children:
            for child in node.children:
                walk(child)
        elif node.text:
            texts.append(node.text)

    walk(tree(message.body_events))
    print(f"callback {message.action.rsplit('/', 1)[-1]}({', '.join(texts)})", flush=True)


def progress(url, course):
    print("session", course, flush=True)
    with Session(url, PROGRESS) as session:
        session.call("InitializeOperationParameters(DeleteSuperscopes)", "InitializeOperationParameters", body=delete_superscopes(course))
        session.keepalive()
        session.channel.send(action=PROGRESS + "StartOperationWithCallback", body=body_of("StartOperationWithCallback"))
        # The reply may come before, between or after the callbacks.
        reply, ended = None, False
        while reply is None or not ended:
            try:
                message = session.channel.receive()
            except (PyNetTcpError, OSError) as error:
                raise SystemExit(wrong(f"callbacks failed {type(error).__name__}: {error}"))
            if message.is_fault or message.action.endswith("Response"):
                reply = message
            else:
                callback(message)
                ended = message.action.endswith("/SetOverallStatus")
        print("StartOperationWithCallback()", said(reply), flush=True)


def progress_refused(url):
    print("session refused", flush=True)
    with Session(url, PROGRESS) as session:
        session.call("InitializeOperationParameters(nil)", "InitializeOperationParameters", ("paramters", None), refused=True)
    print("session not initialized", flush=True)
    with Session(url, PROGRESS) as session:
        session.call("StartOperationWithCallback()", "StartOperationWithCallback", refused=True)


def main(urls):
    try:
        server(urls[0])
        if len(urls) > 1:
            for course in ["plain", "fails", "late"]:
                progress(urls[1], course)
            progress_refused(urls[1])
    except (PyNetTcpError, OSError) as error:
        wrong(f"{type(error).__name__}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
