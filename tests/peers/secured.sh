#!/usr/bin/env bash
# secured.sh [--kerberos] PORT… -- COMMAND…: runs a command whose sessions on these ports of the loopback are protected, and has
# Wireshark read them. Fails where a session has no upgrade, the handshake is not SPNEGO or NTLM message by message (with
# `--kerberos`: AP-REQ and AP-REP), anything is malformed, or something of a message is in the clear. Prints what it counted.
set -euo pipefail
ports=()
messages=('ntlmssp.messagetype == 1' 'ntlmssp.messagetype == 2' 'ntlmssp.messagetype == 3')
if [ "${1:-}" = --kerberos ]; then
    messages=(kerberos.ap_req_element kerberos.ap_rep_element)
    shift
fi
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    ports+=("$1")
    shift
done
[ $# -ge 2 ] && [ ${#ports[@]} -gt 0 ] || { echo "usage: secured.sh [--kerberos] PORT… -- COMMAND…" >&2; exit 2; }
shift
work=$(mktemp -d)
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true; rm -rf "$work"' EXIT
: >"$work/log"
dumpcap -q -i lo -f "$(printf 'tcp port %s or ' "${ports[@]}")tcp port ${ports[0]}" -w "$work/capture.pcapng" 2>"$work/log" &
watcher=$!
until grep -q '^File: ' "$work/log"; do
    kill -0 "$watcher" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.05
done
"$@" >&2
# The last packets are still on their way to the file.
sleep 1
kill -INT "$watcher"
wait "$watcher" || true
watcher=

as=()
for port in "${ports[@]}"; do as+=(-d "tcp.port==$port,mc-nmf"); done
read_as() { tshark -n -r "$work/capture.pcapng" "${as[@]}" "$@" 2>/dev/null; }
count() { read_as -Y "$1" -T fields -e tcp.stream | sort -u | wc -l; }

sessions=$(count 'tcp.flags.syn == 1 && tcp.flags.ack == 0')
upgraded=$(count 'mc-nmf.record_type == 9')
for wanted in 'mc-nmf.record_type == 10' "${messages[@]}"; do
    [ "$(count "$wanted")" -eq "$sessions" ] || { echo "not every session has $wanted"; exit 1; }
done
[ "$sessions" -gt 0 ] && [ "$upgraded" -eq "$sessions" ] || { echo "$upgraded of $sessions sessions have an upgrade"; exit 1; }
malformed=$(read_as -Y '_ws.malformed' | wc -l)
[ "$malformed" -eq 0 ] || { read_as -Y '_ws.malformed'; exit 1; }
for clear in Microsoft.Windows.Ipam IIpamServer/ http://www.w3.org; do
    if grep -aq "$clear" "$work/capture.pcapng"; then
        echo "in the clear: $clear"
        exit 1
    fi
done
echo "every session is upgraded, nothing is malformed or in the clear"
