#!/usr/bin/env python3
"""Tables of what run.sh has made: `tables.py OUT` prints them, and writes one CSV for each scenario here.

Reads the folders of the batches with `runner report --json`, which must be in the path.
"""
import csv
import json
import pathlib
import subprocess
import sys

LEVELS = ["read-committed", "repeatable-read", "serializable"]
WAYS = ["direct", "pooled"]
SCENARIOS = ["calm", "asynchronous", "synchronous"]
# Those of strategies/, each on the workload of its kind.
STRATEGIES = 17
# A strategy's change that was reported ok and is not in the data.
LOST = "every-change-counted"


def trials(folder):
    """The trials of one batch, by strategy; none of a batch that is not there or was cut."""
    if not (folder / "batch.json").exists():
        return {}
    said = subprocess.run(
        ["runner", "report", str(folder), "--json"], capture_output=True, text=True
    )
    batch = json.loads(said.stdout)
    cut = [run for run in batch["runs"] if run["not_run"] or not run["trials"]]
    if cut or len(batch["runs"]) < STRATEGIES:
        return {}
    return {trial["strategy"]: trial for run in batch["runs"] for trial in run["trials"]}


def cell(trial):
    if trial["conditions"] is None:
        return "cut"
    wrong = {
        answer["checker"]: answer["further"] + 1
        for answer in trial["answers"]
        if answer["verdict"] == "violated"
    }
    word = trial["verdict"]
    if word == "violated":
        lost = wrong.pop(LOST, None)
        parts = [f"{count} {checker}" for checker, count in wrong.items()]
        word = "**violated**: " + ", ".join(([f"{lost} lost"] if lost else []) + parts)
    elif word == "unknown":
        word = f"unknown ({trial['ended']})"
    if any(fault.get("error") for fault in trial["conditions"].get("faults", [])):
        word += ", not promoted"
    return word


def figures(trial):
    summary = trial["summary"]
    return f"{summary['ok']} of {summary['changes']}"


def table(batches, show):
    names = sorted({name for batch in batches.values() for name in batch})
    keys = [key for key, batch in batches.items() if batch]
    heads = [f"{level}, {way}" for way, level in keys]
    print("| strategy | " + " | ".join(heads) + " |")
    print("|---" * (len(heads) + 1) + "|")
    for name in names:
        row = [batches[key].get(name) for key in keys]
        print(f"| {name} | " + " | ".join(show(trial) if trial else "" for trial in row) + " |")
    print()


def main():
    out = pathlib.Path(sys.argv[1])
    for scenario in SCENARIOS:
        batches, head, rows = {}, None, []
        for level in LEVELS:
            for way in WAYS:
                folder = out / scenario / f"{way}-{level}"
                batches[way, level] = trials(folder)
                if not batches[way, level]:
                    continue
                with open(folder / "results.csv", newline="") as file:
                    head, *more = list(csv.reader(file))
                    rows += more
        with open(pathlib.Path(__file__).parent / f"{scenario}.csv", "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *rows])
        print(f"## {scenario}\n\nVerdicts:\n")
        table(batches, cell)
        print("Changes that ended ok, of those that were made:\n")
        table(batches, figures)


main()
