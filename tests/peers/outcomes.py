#!/usr/bin/env python3
"""What a report of ipamspec says of a peer, in lines that can be compared.

    outcomes.py REPORT.JSON

Of a case of our own (tests/peers/cases): its outcome, the requirements that it found broken, what became of its recorded
faults, and what the server sent on its sessions, in order. Of the cases of the suite, which grows: how those went that
ran, and what each requirement was broken by.
"""

import json
import re
import sys

OURS = ("mono/", "reference/")


def kept(case):
    """A case of our own that was wanted and skipped: it should not have been."""
    return case["id"].startswith(OURS) and case["reason"] != "not selected"


def broken(case):
    return [check for check in case["checks"] if check["outcome"] in ("fail", "warn")]


def said(trace):
    """The messages that the server sent, and its end, in order."""
    for entry in trace:
        what = re.sub(r" \([^()]*\)$", "", entry.partition(" <- ")[2])
        if what and what not in ("the session is taken", "the upgrade is taken", "the session is protected"):
            yield "end" if " " in what else what


def main(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    ran = [case for case in report["cases"] if case["outcome"] != "skip" or kept(case)]
    for case in ran:
        if not case["id"].startswith(OURS):
            continue
        line = [case["outcome"], case["id"]]
        line += sorted({check["requirement"] for check in broken(case)})
        line += [f'fault {fault["status"]}' for fault in case["recorded_faults"]]
        print(" ".join(line))
        if case["port_type"] == "IIpamOperationWithProgress":
            print("  " + ", ".join(said(case["evidence"]["trace"])))
    suite = [case for case in ran if not case["id"].startswith(OURS)]
    if suite:
        print("the suite:", ", ".join(sorted({case["outcome"] for case in suite})))
    place = r"^line \d+, column \d+: "
    found = {(check["requirement"], re.sub(place, "", check["got"] or "")) for case in suite for check in broken(case)}
    for requirement, got in sorted(found):
        print(f"  {requirement}: {got}")
    for case in suite:
        if case["outcome"] in ("inconclusive", "error"):
            print(f'  {case["outcome"]} {case["id"]}: {case["reason"]}')


if __name__ == "__main__":
    main(sys.argv[1])
