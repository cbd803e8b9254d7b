#!/usr/bin/env python3
"""Steps and prompts beside llama.cpp on the same GGUF files, in turn in one run, and beside what the machine can do.

    bench/beside_llama.py FILE.gguf|SHAPE:TYPE ... [--rounds 5] [--threads 2] [--tests pp512,pp32,tg64,tgb4,tgb16,tgb64] [--json OUT] [--no-peer]

Needs llama-cpp-python, built for this machine. SHAPE:TYPE (B:q4_0) is a file of bench/shapes.py, made where it is missing.

pp512: a prompt of 512 ids into an empty context. tg64: 64 steps after a prompt of 32. tgb16: 16 steps of 16 sequences at once after prompts of
8; rates are of all sequences. Ids are random, so every step routes anew.

A round is `switchyard bench`, then llama.cpp with and without its repacked buffers, each in a process of its own, with as many threads;
llama.cpp's are bound (OMP_PROC_BIND: else two of them now and then share a core, and a pass takes ten times as long). Of its settings the one
whose median is better counts, in each test for itself. The ratio is the median of the rounds' ratios, with their range: on a shared machine that says more than rates.

The share is of the roofline, by what `bench` measured in the same rounds (the best of them: a limit is what nothing passes): the seconds that
reading the bytes of a token, or multiplying with them, takes at least, over the measured ones. llama.cpp's is of the same bytes and products.

Peak memory: ours of `run` with 512 ids and 64 steps (bench itself takes a gigabyte to measure the machine), llama.cpp's of its whole process.
"""
import argparse
import ctypes
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time

import shapes

STEPS_OF_MANY = 16
SETTINGS = ("repacked", "plain")
KINDS = ("f32", "bf16", "integer")


# ---- one process of llama.cpp ----

def decode(llama, context, batch, items):
    batch.n_tokens = len(items)
    for i, (token, position, sequence, wanted) in enumerate(items):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, wanted
        batch.seq_id[i][0] = sequence
    if llama.llama_decode(context, batch):
        sys.exit("llama_decode failed")


def timed(llama, context, batch, batches_of_items):
    start = time.perf_counter()
    for items in batches_of_items:
        decode(llama, context, batch, items)
    llama.llama_synchronize(context)
    return time.perf_counter() - start


def peak_bytes():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def sequences_of(test):
    return int(test[3:]) if test.startswith("tgb") else 1


def peer(path, threads, tests, repacked):
    """One run of each test, in tokens a second, as JSON."""
    import llama_cpp as llama
    quiet = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(quiet, ctypes.c_void_p(0))
    llama.llama_backend_init()
    options = llama.llama_model_default_params()
    options.n_gpu_layers, options.use_extra_bufts = 0, repacked
    start = time.perf_counter()
    model = llama.llama_model_load_from_file(path.encode(), options)
    if not model:
        sys.exit(f"llama.cpp does not load {path}")
    most = max(map(sequences_of, tests))
    wanted = llama.llama_context_default_params()
    wanted.n_ctx, wanted.n_batch, wanted.n_ubatch, wanted.n_seq_max = max(2048, most * (8 + STEPS_OF_MANY)), 512, 512, most
    wanted.n_threads = wanted.n_threads_batch = threads
    wanted.no_perf = wanted.kv_unified = True
    context = llama.llama_init_from_model(model, wanted)
    if not context:
        sys.exit(f"llama.cpp opens no context for {path}")
    rates = {"load_s": time.perf_counter() - start}
    vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    batch = llama.llama_batch_init(512, 0, 1)

    def token():
        return random.randrange(vocab)

    for test in ["pp32"] + tests:  # the first is run once without counting
        llama.llama_memory_clear(llama.llama_get_memory(context), True)
        if test.startswith("pp"):
            count = int(test[2:])
            rates[test] = count / timed(llama, context, batch, [[(token(), i, 0, i == count - 1) for i in range(count)]])
            continue
        m = sequences_of(test)
        steps, first = (STEPS_OF_MANY, 8) if test.startswith("tgb") else (int(test[2:]), 32)
        prompts = [(token(), i, s, i == first - 1) for s in range(m) for i in range(first)]
        timed(llama, context, batch, [prompts[i:i + 512] for i in range(0, len(prompts), 512)])
        rates[test] = m * steps / timed(llama, context, batch, [[(token(), first + k, s, True) for s in range(m)] for k in range(steps)])
    rates["peak_bytes"] = peak_bytes()
    print(json.dumps(rates))


def theirs(path, threads, tests, setting):
    done = subprocess.run([sys.executable, os.path.abspath(__file__), "--peer", path, "--threads", str(threads), "--tests", ",".join(tests),
                           "--setting", setting], capture_output=True, text=True, env=dict(os.environ, OMP_PROC_BIND="true"))
    if done.returncode:
        sys.exit(done.stderr.strip()[-2000:])
    return json.loads(done.stdout)


# ---- ours ----

def ours(binary, path, threads, tests):
    """The rows of `bench` by test."""
    def bench(*words):
        return json.loads(shapes.call(binary, "bench", path, "-r", 1, "-t", threads, "--json", *words))
    prompts = [t[2:] for t in tests if t.startswith("pp")]
    many = [t[3:] for t in tests if t.startswith("tgb")]
    alone = [t[2:] for t in tests if t.startswith("tg") and not t.startswith("tgb")]
    rows = {}
    for i, steps in enumerate(alone or ([0] if prompts else [])):
        rows.update({row["test"]: row for row in bench("-p", ",".join(prompts) if prompts and i == 0 else 0, "-n", steps)})
    if many:
        rows.update({f"tgb{row['batch']}": row for row in bench("-p", 0, "-n", STEPS_OF_MANY, "-b", ",".join(many))})
    return rows


def our_peak(binary, path, threads):
    vocab = json.loads(shapes.call(binary, "show", path, "--json"))["spec"]["vocab"]
    ids = ",".join(str(random.randrange(vocab)) for _ in range(512))
    return json.loads(shapes.call(binary, "run", path, "--ids", ids, "-n", 64, "--ignore-eos", "--json", "-t", threads))["peak_rss_bytes"]


# ---- what they come to ----

def limits_of(rounds):
    """The machine's limits, the best of all rows."""
    rows = [row["machine"] for own in rounds for row in own.values()]
    return {key: max(row[key] for row in rows) for key in rows[0] if key not in ("read_by", "product_op_per_s")}


def roofline_share(row, rate, limits):
    """Of the most tokens a second that reading, or products in this row's mix of types, allow."""
    products = sum(row[f"{kind}_op_per_tok"] / limits[f"{kind}_op_per_s"] for kind in KINDS)
    return rate * max(row["byte_per_tok"] / limits["read_byte_per_s"], products)


def better_setting(test, others):
    return max(others, key=lambda setting: statistics.median(rates[test] for rates in others[setting]))


def judged(path, test, own, others, limits):
    rows = [rows[test] for rows in own]
    mine = [row["tok_per_s"] for row in rows]
    middle = sorted(rows, key=lambda row: row["tok_per_s"])[(len(rows) - 1) // 2]
    out = {"file": os.path.basename(path), "test": test, "ours_tok_per_s": mine, "ours_median": statistics.median(mine),
           "ours_share": roofline_share(middle, statistics.median(mine), limits), "row": middle, "limits": limits}
    if others:
        setting = better_setting(test, others)
        peers = [rates[test] for rates in others[setting]]
        ratios = [a / b for a, b in zip(mine, peers)]
        out.update(peer_setting=setting, peer_tok_per_s=peers, peer_median=statistics.median(peers),
                   peer_share=roofline_share(middle, statistics.median(peers), limits), ratio=statistics.median(ratios),
                   ratio_least=min(ratios), ratio_most=max(ratios))
    return out


def show(results, memory):
    print(f"{'file':18} {'test':6} {'ours':>8} {'share':>6}  {'llama.cpp':>9} {'share':>6} {'setting':9} {'ratio':>6}")
    for r in results:
        line = f"{r['file']:18} {r['test']:6} {r['ours_median']:8.1f} {100 * r['ours_share']:4.0f} %"
        if "ratio" in r:
            line += (f"  {r['peer_median']:9.1f} {100 * r['peer_share']:4.0f} % {r['peer_setting']:9} {r['ratio']:6.2f} "
                     f"[{r['ratio_least']:.2f} .. {r['ratio_most']:.2f}]")
        print(line)
    for file, peaks in memory.items():
        print(f"{file:18} peak memory " + ", ".join(f"{who} {size / 2**30:.2f} GiB" for who, size in peaks.items()))
    ratios = [r["ratio"] for r in results if "ratio" in r]
    if ratios:
        print(f"geometric mean of {len(ratios)} ratios {math.exp(statistics.mean(map(math.log, ratios))):.2f}, least {min(ratios):.2f}")


def measure(binary, path, o, tests):
    own, others = [], {} if o.no_peer else {setting: [] for setting in SETTINGS}
    for i in range(o.rounds):
        own.append(ours(binary, path, o.threads, tests))
        for setting in others:
            others[setting].append(theirs(path, o.threads, tests, setting))
        print(f"{os.path.basename(path)}: round {i + 1} of {o.rounds}", file=sys.stderr, flush=True)
    limits = limits_of(own)
    peaks = {"ours": our_peak(binary, path, o.threads)}
    for setting, rounds in others.items():
        peaks[f"llama.cpp {setting}"] = max(rates["peak_bytes"] for rates in rounds)
    return [judged(path, test, own, others, limits) for test in tests], peaks


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+", metavar="FILE.gguf|SHAPE:TYPE")
    p.add_argument("--build", default="build")
    p.add_argument("--folder", help="of files that are made (shapes.py)")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tests", default="pp512,pp32,tg64,tgb4,tgb16,tgb64")
    p.add_argument("--json", metavar="OUT", help="everything measured, for roofline.py")
    p.add_argument("--no-peer", action="store_true", help="ours and the machine alone")
    p.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("--setting", default=SETTINGS[0], help=argparse.SUPPRESS)
    o = p.parse_args()
    tests = o.tests.split(",")
    if o.peer:
        return peer(o.files[0], o.threads, tests, o.setting == "repacked")
    binary = os.path.abspath(os.path.join(o.build, "switchyard"))
    results, memory = [], {}
    for word in o.files:
        path = word if os.path.exists(word) else shapes.make(binary, shapes.bench_folder(o.folder), [word])[0]
        found, memory[os.path.basename(path)] = measure(binary, path, o, tests)
        results += found
        if o.json:  # after each file: a long run that is stopped keeps what it has
            with open(o.json, "w", encoding="utf-8") as file:
                json.dump({"threads": o.threads, "rounds": o.rounds, "results": results, "peak_bytes": memory}, file, indent=1)
    show(results, memory)


if __name__ == "__main__":
    main()
