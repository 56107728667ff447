"""Published and measured test RMSE of the experiments in a finished results folder.

python benchmarks/experiments.py [results] [--markdown]
"""

import argparse
import json
import sys
from pathlib import Path

from machine import describe
from rich.console import Console
from rich.table import Table

NEAR = 0.25
COLUMNS = ("model", "parameters", "runs", "published", "measured", "ratio", "within 25 %", "seconds a run")


def rows(result: dict) -> list[tuple[str, ...]]:
    """One row an entry of an experiment's `result.json`; ratio and verdict where a figure is published."""
    table = []
    for row in result["table"]:
        published, measured, spread = row["test_published"], row["test"], row["test_sd"]
        compared = published is not None and measured is not None
        ratio = measured / published if compared else None
        near = abs(ratio - 1) <= NEAR if compared else None
        table.append(
            (
                row["model"],
                f"{row['parameters']:,}",
                f"{row['runs'] - row['diverged']}",
                "" if published is None else f"{published:.4g}",
                "diverged" if measured is None else f"{measured:.4f}" + ("" if spread is None else f" ± {spread:.4f}"),
                f"{ratio:.2f}" if compared else "",
                {True: "yes", False: "lower" if compared and ratio < 1 else "no", None: ""}[near],
                "" if row["seconds"] is None else f"{row['seconds']:.1f}",
            )
        )
    return table


def show(result: dict, markdown: bool) -> None:
    """Print one experiment."""
    title = f"{result['title']}: {result['runs_each']} run(s) of {result['epochs']} epochs, test RMSE in V"
    if markdown:
        lines = [COLUMNS, ("---",) * len(COLUMNS), *rows(result)]
        print(f"\n{title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
        return
    table = Table(*COLUMNS, title=title)
    for row in rows(result):
        table.add_row(*row)
    Console(width=120).print(table)


def main() -> None:
    """Print every experiment of the folder, then how many test means are near the published ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="?", default=Path("results"))
    parser.add_argument("--markdown", action="store_true", help="for docs/benchmarks.md")
    given = parser.parse_args()
    paths = sorted(given.results.glob("experiment-*/result.json"))
    if not paths:
        sys.exit(f"{given.results} holds no experiment-*/result.json: run `wormtwin experiments --out {given.results}`")
    print(describe())
    verdicts = []
    for path in paths:
        result = json.loads(path.read_text())
        show(result, given.markdown)
        verdicts += [row[COLUMNS.index("within 25 %")] for row in rows(result)]
    compared = [verdict for verdict in verdicts if verdict]
    counts = {verdict: compared.count(verdict) for verdict in ("yes", "lower", "no")}
    print(
        f"test means within 25 % of the published: {counts['yes']} of {len(compared)}; "
        f"more than 25 % below: {counts['lower']}, more than 25 % above: {counts['no']}"
    )


if __name__ == "__main__":
    main()
