"""The examples of docs/ci.md: held to their services' schemas, and their commands run: `examples.py CI.md DIR`.

What a service does around a command is done here: shard numbers, artifacts by their names, volumes as folders.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

out = pathlib.Path(sys.argv[2]).resolve()
text = pathlib.Path(sys.argv[1]).read_text()
blocks = {title: block for title, block in re.findall(r"### (?:A |An )?(\w+).*?```yaml\n(.*?)```", text, re.S)}


def run(command, where, **environment):
    """Runs what a file says in a shell, and gives the exit code."""
    done = subprocess.run(["sh", "-c", command], cwd=where, env={**os.environ, **environment}, capture_output=True, text=True)
    (where / "log").open("a").write(f"$ {command}\n{done.stdout}{done.stderr}exit code {done.returncode}\n")
    return done.returncode


def folder(name):
    where = out / name
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    shutil.copy(out / "target.toml", where)
    shutil.copy(out / "baseline.toml", where)
    return where


def schema(kind, name, document):
    path = out / f"{name}.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    subprocess.run(["check-jsonschema", "--quiet", "--builtin-schema", kind, path], check=True)


def merged(name, report, whole):
    """Holds the report that parts were merged into to that of one run."""
    got = json.loads(report.read_text())
    for key in ("summary", "claim", "requirements", "findings"):
        assert got[key] == whole[key], f"{name}: {key} is not that of a single run"
    assert whole["summary"]["pass"] > 0
    print(f"{name}: {sum(whole['summary'].values())} cases in 4 parts, merged into the report of one run")


def github(whole):
    file = yaml.safe_load(blocks["GitHub"])
    schema("vendor.github-workflows", "github", {"on": "push", **file})
    jobs, where = file["jobs"], folder("github")
    shard = jobs["conformance"]
    command = next(step["run"] for step in shard["steps"] if "ipamspec" in step.get("run", ""))
    upload = next(step["with"] for step in shard["steps"] if "upload" in step.get("uses", ""))
    for number in shard["strategy"]["matrix"]["shard"]:
        this = lambda words: words.replace("${{ matrix.shard }}", str(number))
        shutil.rmtree(where / "shard", ignore_errors=True)
        assert run(this(command), where) == 0, f"shard {number}; see {where}/log"
        artifact = where / "shards" / this(upload["name"])
        artifact.mkdir(parents=True)
        shutil.copy(where / this(upload["path"]), artifact)
    command = next(step["run"] for step in jobs["report"]["steps"] if "run" in step)
    summary = where / "summary"
    assert run(command, where, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary)) == 0, f"see {where}/log"
    assert summary.read_text().strip()
    merged("GitHub", where / "conformance" / "report.json", whole)


def kubernetes(whole):
    job = yaml.safe_load(blocks["Kubernetes"])
    where = folder("kubernetes")
    (where / "job.yml").write_text(yaml.safe_dump(job))
    subprocess.run(["kubernetes-validate", "--strict", "--quiet", where / "job.yml"], check=True)
    container = job["spec"]["template"]["spec"]["containers"][0]
    shell, words = container["command"], container["args"][0]
    assert shell == ["sh", "-c"]
    volumes = {mount["mountPath"]: where / mount["name"] for mount in container["volumeMounts"]}
    for path in volumes.values():
        path.mkdir()
    shutil.copy(where / "target.toml", volumes["/config"])
    here = lambda command: re.sub(r"(?<= )(/\w+)(?=/)", lambda at: str(volumes[at[1]]), command)
    for index in range(job["spec"]["completions"]):
        assert run(here(words), where, JOB_COMPLETION_INDEX=str(index)) == 0, f"see {where}/log"
    command = re.search(r"Afterwards `(ipamspec report merge .*?)`", text)[1]
    assert run(here(command), where) == 0, f"see {where}/log"
    merged("Kubernetes", volumes["/reports"] / "conformance" / "report.json", whole)


def gitlab(whole):
    file = yaml.safe_load(blocks["GitLab"])
    schema("vendor.gitlab-ci", "gitlab", file)
    where, job = folder("gitlab"), file["conformance"]
    for number in range(1, job["parallel"] + 1):
        for command in job["script"]:
            code = run(command, where, CI_NODE_INDEX=str(number), CI_NODE_TOTAL=str(job["parallel"]))
            assert code == 0, f"see {where}/log"
    for pattern in job["artifacts"]["reports"].values():
        assert len(list(where.glob(pattern))) == job["parallel"], pattern
    assert run("ipamspec report merge shard-* --out merged --format json", where) == 0, f"see {where}/log"
    merged("GitLab", where / "merged" / "report.json", whole)


server = subprocess.Popen(["ipamspec", "serve", "--net-tcp", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
try:
    url = next(found[0] for line in server.stdout if (found := re.search(r"net\.tcp://[^/\s]*", line)))
    (out / "target.toml").write_text(
        f'name = "server of the examples"\nurl = "{url}"\n'
        '[endpoints]\nIIpamServer = "/Ipam/Server"\nIIpamOperationWithProgress = "/Ipam/OperationWithProgress"\n'
        '[security]\nmode = "none"\n'
    )
    (out / "baseline.toml").write_text("")
    where = folder("whole")
    assert run("ipamspec run --target target.toml --out whole --format json", where) == 0, f"see {where}/log"
    whole = json.loads((where / "whole" / "report.json").read_text())
    for example in (github, kubernetes, gitlab):
        example(whole)
finally:
    server.kill()
    server.wait()
