#!/usr/bin/env python3
"""Steps and prompts beside llama.cpp on the same GGUF files, in turn in one run.

    bench/beside_llama.py FILE.gguf ... [--build build] [--rounds 3] [--threads 2] [--tests pp512,tg64,tgb16]

Needs llama-cpp-python. Each round runs `switchyard bench`, then llama.cpp with and without its repacked buffers, each in a process of its own;
of a round's two the better one counts in each test. pp512: a prompt of 512 ids into an empty context. tg64: 64 steps after a prompt of 32.
tgb16: 16 steps of 16 sequences at once after prompts of 8. Ids are random, so every step routes anew. The printed ratio is the median of the
rounds' ratios, its range in brackets: on a shared machine that says more than the rates.
"""
import argparse, ctypes, json, os, random, statistics, subprocess, sys, time


def decode(llama, context, batch, items):
    batch.n_tokens = len(items)
    for i, (token, position, sequence, wanted) in enumerate(items):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, wanted
        batch.seq_id[i][0] = sequence
    if llama.llama_decode(context, batch):
        sys.exit("llama_decode failed")


def timed(llama, context, items_of):
    start = time.perf_counter()
    for items in items_of:
        decode(llama, context, *items)
    llama.llama_synchronize(context)
    return time.perf_counter() - start


def peer(path, threads, tests, repacked):
    """One run of each test, in tokens a second."""
    import llama_cpp as llama
    quiet = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(quiet, ctypes.c_void_p(0))
    llama.llama_backend_init()
    options = llama.llama_model_default_params()
    options.n_gpu_layers, options.use_extra_bufts = 0, repacked
    start = time.perf_counter()
    model = llama.llama_model_load_from_file(path.encode(), options)
    wanted = llama.llama_context_default_params()
    wanted.n_ctx, wanted.n_batch, wanted.n_ubatch, wanted.n_seq_max = 2048, 512, 512, 16
    wanted.n_threads = wanted.n_threads_batch = threads
    wanted.no_perf = wanted.kv_unified = True
    context = llama.llama_init_from_model(model, wanted)
    rates = {"load_s": time.perf_counter() - start}
    vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    batch = llama.llama_batch_init(512, 0, 16)
    token = lambda: random.randrange(min(300, vocab // 2), vocab)
    for test in ["pp32"] + tests:
        llama.llama_memory_clear(llama.llama_get_memory(context), True)
        if test.startswith("pp"):
            n = int(test[2:])
            items = [(batch, [(token(), i, 0, i == n - 1) for i in range(n)])]
        else:
            m, n = (int(test[3:]), 16) if test.startswith("tgb") else (1, int(test[2:]))
            first = 32 if m == 1 else 8
            decode(llama, context, batch, [(token(), i, s, i == first - 1) for s in range(m) for i in range(first)])
            llama.llama_synchronize(context)
            items = [(batch, [(token(), first + k, s, True) for s in range(m)]) for k in range(n)]
            n *= m
        rates[test] = n / timed(llama, context, items)
    print(json.dumps(rates))


def ours(binary, path, threads, tests):
    prompts = [t[2:] for t in tests if t.startswith("pp")]
    batches = [t[3:] for t in tests if t.startswith("tgb")]
    steps = [t[2:] for t in tests if t.startswith("tg") and not t.startswith("tgb")] or ["16"]
    done = subprocess.run([binary, "bench", path, "-p", ",".join(prompts) or "0", "-n", steps[0], "-b", ",".join(["1"] + batches), "-r", "1",
                           "-t", str(threads), "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    rates = {}
    for row in json.loads(done.stdout):
        steps_of_many = row["test"].startswith("tg") and row["batch"] > 1
        rates[f"tgb{row['batch']}" if steps_of_many else row["test"]] = row["tok_per_s"]
    return rates


def theirs(path, threads, tests):
    best = {}
    for repacked in ("1", "0"):
        done = subprocess.run([sys.executable, __file__, "--peer", path, "--threads", str(threads), "--tests", ",".join(tests), "--repacked", repacked],
                              capture_output=True, text=True, env=dict(os.environ, OMP_PROC_BIND="true"))
        if done.returncode:
            sys.exit(done.stderr.strip()[-2000:])
        for test, rate in json.loads(done.stdout).items():
            best[test] = max(best.get(test, 0), rate)
    return best


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+")
    p.add_argument("--build", default="build")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tests", default="pp512,tg64,tgb16")
    p.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("--repacked", default="1", help=argparse.SUPPRESS)
    o = p.parse_args()
    tests = o.tests.split(",")
    if o.peer:
        return peer(o.files[0], o.threads, tests, o.repacked == "1")
    binary = os.path.abspath(os.path.join(o.build, "switchyard"))
    for path in o.files:
        rounds = [(ours(binary, path, o.threads, tests), theirs(path, o.threads, tests)) for _ in range(o.rounds)]
        for test in tests:
            mine, others = [a[test] for a, _ in rounds], [b[test] for _, b in rounds]
            ratios = [a / b for a, b in zip(mine, others)]
            print(f"{os.path.basename(path):24} {test:6} ours {statistics.median(mine):8.1f}  llama.cpp {statistics.median(others):8.1f} tok/s  "
                  f"ratio {statistics.median(ratios):5.2f} [{min(ratios):.2f} .. {max(ratios):.2f}]", flush=True)


if __name__ == "__main__":
    main()
