"""Makes records for the tests in a browser from that of a run: one in which every text is hostile, and large ones.

python3 make.py EVENTS FOLDER: writes FOLDER/hostile/events.jsonl, and FOLDER/large-N/events.jsonl for each N.
"""
import copy
import json
import pathlib
import sys

HOSTILE = (
    "<script>window.ranByTarget=1;alert(1)</script>\"onmouseover=\"alert(1)' autofocus onfocus='alert(1)"
    "</style></script><img src=x onerror=alert(1)><!-- ]]> {{7*7}} &lt;b&gt; \u202eevil\u2066 \u0000\u001b[31m \ufffd \ufeff"
)
FREE = {
    "about", "reason", "message", "expected", "got", "operation", "request", "response", "outcome_text", "wire", "text",
    "replay", "name", "trace", "steps", "values", "reason", "twin", "seed", "port_type", "recorded",
}


def hostile(value, key=""):
    if isinstance(value, dict):
        # What was made up for a case has keys of its own.
        return {name: hostile(inner, key if key == "values" else name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key if key in ("trace", "steps") else "") for inner in value]
    if isinstance(value, str) and key in FREE:
        return HOSTILE + value + HOSTILE
    return value


def write(folder, events):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "events.jsonl", "w", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(event) + "\n")


def main():
    source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    with open(source, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    events = [event for event in events if event["event"] != "sealed"]
    bad = [hostile(event) for event in events]
    for event in bad:
        if event["event"] == "case-finished":
            # A message of megabytes as well.
            for exchange in event["evidence"]["exchanges"][:1]:
                exchange["response"] = HOSTILE * 2
    first = next(event for event in bad if event["event"] == "case-finished" and event["evidence"]["exchanges"])
    first["evidence"]["exchanges"][0]["response"] = HOSTILE * 20_000
    write(folder / "hostile", bad)
    finished = [event for event in events if event["event"] == "case-finished"]
    failed = [event for event in finished if event["outcome"] == "fail"]
    for number in map(int, sys.argv[3:]):
        started = copy.deepcopy(events[0])
        plan = {case["id"]: case for case in started["cases"]}
        cases, plans = [], []
        for at in range(number):
            like = failed[at % len(failed)] if failed and at % 10 == 9 else finished[at % len(finished)]
            case = dict(like, id=f"{like['id']}/n={at}")
            cases.append(case)
            plans.append(dict(plan[like["id"]], id=case["id"]))
        started["cases"] = plans
        write(folder / f"large-{number}", [started, *cases, {"event": "run-finished", "duration_ms": 1}])


main()
