#!/usr/bin/env python3
"""The roofline with our points on it, from what beside_llama.py --json or `switchyard bench --json` wrote.

    bench/roofline.py OUT.json [--out roofline] [--title TEXT]          writes roofline.png and roofline.svg

Across: operations a byte, of what a test must multiply and read at least. Up: GFLOP/s (a multiply and an add each counted, of integers too).
The slope is the measured bandwidth of reading, the levels are the measured rates of instructions; nothing lies above both (Williams, Waterman
and Patterson 2009). A filled mark is ours, a hollow one below or above it llama.cpp on the same file. Needs matplotlib.
"""
import argparse
import json
import os
import statistics
import sys

KINDS = {"f32_op_per_s": "f32", "bf16_op_per_s": "bf16", "integer_op_per_s": "integers"}
MARKS = "osD^vP*X<>"


def points_of(data):
    """(file, test, operations a byte, our GFLOP/s, theirs or None), and the limits."""
    if isinstance(data, list):  # of bench itself
        rows = [row for row in data if row.get("tok_per_s")]
        points = [(os.path.basename(row["model"]["path"]), f"{row['test']} b{row['batch']}", row["op_per_tok"] / row["byte_per_tok"],
                   row["op_per_tok"] * row["tok_per_s"] / 1e9, None) for row in rows]
        machines = [row["machine"] for row in rows]
    else:
        points = [(r["file"], r["test"], r["row"]["op_per_tok"] / r["row"]["byte_per_tok"], r["row"]["op_per_tok"] * r["ours_median"] / 1e9,
                   r["row"]["op_per_tok"] * r["peer_median"] / 1e9 if "peer_median" in r else None) for r in data["results"]]
        machines = [r["limits"] for r in data["results"]]
    if not points:
        sys.exit("no measured test in it")
    return points, {key: max(machine[key] for machine in machines) for key in ("read_byte_per_s", *KINDS)}


def draw(points, limits, title, out):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "roofline"  # the same file from the same figures
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(9, 6))
    read = limits["read_byte_per_s"] / 1e9
    left, right = min(p[2] for p in points) / 2, max(p[2] for p in points) * 4
    top = max(limits[key] for key in KINDS) / 1e9
    axes.plot([left, top / read], [left * read, top], color="black", linewidth=1)
    axes.annotate(f"reading {read:.1f} GB/s", ((left * top / read) ** 0.5, (left * read * top) ** 0.5), textcoords="offset points", xytext=(-8, 4),
                  fontsize=8, ha="right")
    drawn = []
    for key, name in KINDS.items():
        level = limits[key] / 1e9
        near = next((i for i, (other, _) in enumerate(drawn) if abs(other / level - 1) < 0.03), None)
        if near is None:
            drawn.append((level, [name]))
        else:
            drawn[near][1].append(name)
    for level, names in drawn:
        axes.plot([level / read, right], [level, level], color="black", linewidth=1, linestyle="-" if level == top else "--")
        under = any(1 < other / level < 1.15 for other, _ in drawn)  # its label would stand on the level above
        axes.text(right, level * (0.97 if under else 1.03), f"{', '.join(names)} {level:.0f}", fontsize=8, ha="right",
                  va="top" if under else "bottom")
    files = list(dict.fromkeys(p[0] for p in points))
    for index, file in enumerate(files):
        own, colour, mark = [p for p in points if p[0] == file], f"C{index % 10}", MARKS[index % len(MARKS)]
        axes.plot([p[2] for p in own], [p[3] for p in own], linestyle="", marker=mark, color=colour, label=file)
        for _, test, across, up, peer in own:
            axes.annotate(test, (across, up), textcoords="offset points", xytext=(5, -3), fontsize=6, color=colour)
            if peer:
                axes.plot([across, across], [up, peer], color=colour, linewidth=0.6)
                axes.plot([across], [peer], linestyle="", marker=mark, markerfacecolor="none", color=colour)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=10)
    axes.set_xlim(left, right * 1.1)
    axes.set_xlabel("operations a byte")
    axes.set_ylabel("GFLOP/s")
    axes.set_title(title)
    axes.legend(fontsize=8, loc="lower right")
    axes.grid(which="both", linewidth=0.2)
    figure.tight_layout()
    for ending in ("png", "svg"):
        figure.savefig(f"{out}.{ending}", dpi=150, metadata={"Date": None} if ending == "svg" else None)
        print(f"{out}.{ending}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file")
    p.add_argument("--out", default="roofline", help="without an ending")
    p.add_argument("--title", default="prompts and steps beside the machine's limits")
    o = p.parse_args()
    with open(o.file, encoding="utf-8") as file:
        points, limits = points_of(json.load(file))
    shares = [up / min(limits["read_byte_per_s"] / 1e9 * across, max(limits[k] for k in KINDS) / 1e9) for _, _, across, up, _ in points]
    draw(points, limits, o.title, o.out)
    print(f"{len(points)} points, at {100 * statistics.median(shares):.0f} % of the roof on the median")


if __name__ == "__main__":
    main()
