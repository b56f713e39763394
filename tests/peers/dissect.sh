#!/usr/bin/env bash
# Has Wireshark's dissector of [MC-NMF] read sessions, and fails on any record that it cannot read or that is out of order.
#
#   dissect.sh CAPTURE [PORT…]        a capture; without ports, every port that was connected to is a server's
#   dissect.sh PORT… -- COMMAND…      captures these ports on the loopback while the command runs, then the same
#
# Prints a line for each direction of each session: `session 0 client: 0 1 2 3 12 6x20 7`, the record types in order (runs
# of one type as `6x20`). Exit code 0 where all is well, else 1; with a command that fails, its exit code.
#
# The dissector does not put records together that TCP has split: it calls their parts malformed. So this is for messages
# that leave in one write and are shorter than a segment, 32 KiB on the loopback. It does not look into envelopes, and of
# secured sessions it sees the preamble and NegotiateStream. What the command prints goes to standard error.
set -euo pipefail

usage() { sed -n '4,5s/^#  *//p' "$0" >&2; exit 2; }
[ $# -gt 0 ] || usage

work=
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true; [ -z "$work" ] || rm -rf "$work"' EXIT

if [ -f "$1" ]; then
    capture=$1
    shift
    ports=("$@")
else
    ports=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        [[ $1 =~ ^[0-9]+$ ]] || usage
        ports+=("$1")
        shift
    done
    if [ $# -lt 2 ] || [ ${#ports[@]} -eq 0 ]; then usage; fi
    shift
    work=$(mktemp -d)
    : >"$work/log"
    capture=$work/capture.pcapng
    dumpcap -q -i lo -f "$(printf 'tcp port %s or ' "${ports[@]}")tcp port ${ports[0]}" -w "$capture" 2>"$work/log" &
    watcher=$!
    # It says so when it has begun, and would otherwise miss the first packets.
    until grep -q '^File: ' "$work/log"; do
        kill -0 "$watcher" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.05
    done
    status=0
    "$@" >&2 || status=$?
    # The last packets are still on their way to the file.
    sleep 1
    kill -INT "$watcher"
    wait "$watcher" || true
    watcher=
    [ "$status" -eq 0 ] || exit "$status"
fi

[ ${#ports[@]} -gt 0 ] ||
    mapfile -t ports < <(tshark -n -r "$capture" -Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0' -T fields -e tcp.dstport 2>/dev/null | sort -un)
[ ${#ports[@]} -gt 0 ] || { echo "no connection was captured"; exit 1; }

as=()
for port in "${ports[@]}"; do as+=(-d "tcp.port==$port,mc-nmf"); done
tshark -n -r "$capture" "${as[@]}" -Y 'tcp.len > 0 && !tcp.analysis.retransmission' -T fields -E occurrence=a \
    -e frame.number -e tcp.stream -e tcp.srcport -e frame.protocols -e mc-nmf.record_type -e _ws.malformed \
    -e mc-nmf.size_too_big -e mc-nmf.mode -e mc-nmf.known_encoding 2>/dev/null |
    awk -F '\t' -v ports="${ports[*]}" '
    function wrong(words) { print "wrong: packet " $1 ": " words; failed = 1 }
    # A run of a type in one word.
    function add(key, type) {
        if (key in last && last[key] == type) runs[key]++
        else { close_run(key); last[key] = type; runs[key] = 1 }
    }
    function close_run(key) {
        if (key in last) line[key] = line[key] " " last[key] (runs[key] > 1 ? "x" runs[key] : "")
        delete last[key]
    }
    BEGIN { n = split(ports, list, " "); for (i = 1; i <= n; i++) server[list[i]] = 1 }
    {
        key = $2 " " ($3 in server ? "server" : "client")
        if (!(key in seen)) { seen[key] = 1; order[++keys] = key }
        if ($6 != "" || $7 != "") wrong("a malformed record")
        if ($4 ~ /:ms-nns/) { add(key, "nns"); next }
        if ($5 == "") { wrong("bytes that are no record"); next }
        if ($8 != "" && $8 !~ /^[1-4]$/) wrong("mode " $8)
        if ($9 != "" && $9 !~ /^[0-8]$/) wrong("encoding " $9)
        n = split($5, types, ",")
        for (i = 1; i <= n; i++) {
            if (types[i] > 12) { wrong("record type " types[i]); break }
            add(key, types[i])
        }
    }
    END {
        if (!keys) { print "no byte was captured"; exit 1 }
        for (i = 1; i <= keys; i++) {
            key = order[i]
            close_run(key)
            split(key, part, " ")
            print "session " part[1] " " part[2] ":" line[key]
            # [MC-NMF] 3.1.1.2; a session may end without an End record, and a server may fault instead.
            if (part[2] == "client") right = " 0 1 2 [34]( 9 nns(x[0-9]+)?)*( 12( 5| 6(x[0-9]+)?)*( 7)?)?"
            else right = "( 10( nns(x[0-9]+)?)?)*( 11( 5| 6(x[0-9]+)?)*)?( 7| 8)?"
            if (line[key] !~ "^" right "$") { print "wrong: records out of order"; failed = 1 }
        }
        exit failed
    }'
