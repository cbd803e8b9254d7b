#!/usr/bin/env python3
"""Ours and llama.cpp on the same GGUF file: do they think the same?

    tools/golden/beside_llama_cpp.py FILE.gguf [--bin build/switchyard] [--ids 200] [--new 64] [--regime bf16] [--peer-file F32.gguf]

Needs llama-cpp-python. First the logits of random ids as one prompt: the least cosine over the rows, and whether the top-1 is the same wherever
llama.cpp's margin to the second exceeds 0.3. Then ten prompts: llama.cpp (and its tokenizer) continues each greedily, and ours is fed the same ids
(teacher-forced, what was generated as steps); the share of positions with the same top-1, and the same again wherever the margin exceeds 0.3.
Both in exact and in fast, where --regime bf16 unpacks prompts. llama.cpp rounds activations to 8 bits in front of every product with
blocks, so its own prompts and steps differ by as much as it differs from ours; with --peer-file it gets other weights, say the same ones decoded to
f32, which it does not round. Exit status 1 when the cosine is below 0.999, a margin above 0.3 disagrees, or fewer than 97 % of the positions agree.
"""
import argparse, ctypes, json, os, random, struct, subprocess, sys, tempfile

import llama_cpp as llama
import numpy as np

MARGIN, COSINE, SHARE = 0.3, 0.999, 0.97
PROMPTS = ["The capital of France is", "Once upon a time, there was a little", "def fibonacci(n):\n", "Water boils at a temperature of",
           "The three primary colours are", "Dear Sir or Madam,\n", "1, 2, 3, 4, 5,", "In 1969, the first man", "To make a good cup of tea, you",
           "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n"]


class Peer:
    def __init__(self, path, words):
        """Weights of one file, the tokenizer of another."""
        self.quiet = llama.llama_log_callback(lambda level, text, data: None)
        llama.llama_log_set(self.quiet, ctypes.c_void_p(0))
        llama.llama_backend_init()
        options = llama.llama_model_default_params()
        options.n_gpu_layers = 0
        self.model = llama.llama_model_load_from_file(path.encode(), options) or sys.exit(f"llama.cpp does not load {path}")
        wanted = llama.llama_context_default_params()
        wanted.n_ctx = wanted.n_batch = wanted.n_ubatch = 1024
        wanted.n_threads = wanted.n_threads_batch = 2
        self.context = llama.llama_init_from_model(self.model, wanted)
        options.vocab_only = True
        self.tokenizer = llama.llama_model_load_from_file(words.encode(), options)
        self.words = llama.llama_model_get_vocab(self.tokenizer)
        self.vocab = llama.llama_vocab_n_tokens(self.words)
        self.batch = llama.llama_batch_init(1024, 0, 1)

    def tokens(self, text):
        raw, room = text.encode(), (llama.llama_token * 512)()
        return list(room[:llama.llama_tokenize(self.words, raw, len(raw), room, 512, True, True)])

    def run(self, ids, first=0):
        """Logits of each of these ids, which follow `first` others."""
        if first == 0:
            llama.llama_memory_clear(llama.llama_get_memory(self.context), True)
        self.batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            self.batch.token[i], self.batch.pos[i], self.batch.n_seq_id[i], self.batch.logits[i] = token, first + i, 1, True
            self.batch.seq_id[i][0] = 0
        if llama.llama_decode(self.context, self.batch):
            sys.exit("llama_decode failed")
        return np.stack([np.ctypeslib.as_array(llama.llama_get_logits_ith(self.context, i), (self.vocab,)).copy() for i in range(len(ids))])

    def greedy(self, ids, count):
        """The ids that follow, and the logits that chose each."""
        new, rows = [], [self.run(ids)[-1]]
        while True:
            new.append(int(rows[-1].argmax()))
            if len(new) == count:
                return new, np.stack(rows)
            rows.append(self.run(new[-1:], len(ids) + len(new) - 1)[0])


def ours(binary, path, sequences, *options):
    """Logits [T, V] of each sequence."""
    with tempfile.TemporaryDirectory() as folder:
        out, batch = os.path.join(folder, "o.safetensors"), os.path.join(folder, "b.jsonl")
        open(batch, "w").write("".join(json.dumps(ids) + "\n" for ids in sequences))
        done = subprocess.run([binary, "logits", path, "--batch", batch, "--out", out, *options], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr.strip())
        raw = open(out, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
    rows = []
    for i in range(len(sequences)):
        entry = header[f"logits.{i}"]
        rows.append(np.frombuffer(data[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"]))
    return rows


def agreement(got, want):
    """Share of rows with the same top-1, and how many rows whose margin is above MARGIN have another."""
    best = np.sort(want, 1)[:, -2:]
    same, clear = got.argmax(1) == want.argmax(1), best[:, 1] - best[:, 0] > MARGIN
    return same.mean(), int((clear & ~same).sum()), int(clear.sum())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file")
    p.add_argument("--bin", default="build/switchyard")
    p.add_argument("--ids", type=int, default=200)
    p.add_argument("--new", type=int, default=64)
    p.add_argument("--regime", default="integer", choices=["integer", "bf16"], help="of fast")
    p.add_argument("--peer-file", help="what llama.cpp reads (default: the same file); its tokenizer still comes from FILE")
    o = p.parse_args()
    peer, rng, good = Peer(o.peer_file or o.file, o.file), random.Random(1), True
    ids = [rng.randrange(peer.vocab) for _ in range(o.ids)]
    want = peer.run(ids).astype(np.float64)
    prompts = [peer.tokens(text) for text in PROMPTS]
    followed = [peer.greedy(prompt, o.new) for prompt in prompts]
    for precision in (["--exact"], ["--fast", "--regime", o.regime]):
        name = precision[0][2:]
        got = ours(o.bin, o.file, [ids], *precision)[0].astype(np.float64)
        cosine = ((got * want).sum(1) / np.sqrt((got * got).sum(1) * (want * want).sum(1))).min()
        share, wrong, clear = agreement(got, want)
        good &= cosine >= COSINE and wrong == 0
        print(f"{name:5} {o.ids} random ids: least cosine {cosine:.6f}; same top-1 in {100 * share:.1f} %, "
              f"{clear - wrong} of {clear} where the margin exceeds {MARGIN}")
        # the row that chose the first new id is the prompt's last
        rows = ours(o.bin, o.file, [prompt + new[:-1] for prompt, (new, _) in zip(prompts, followed)], *precision, "--steps", str(o.new - 1))
        mine = np.concatenate([r[len(prompt) - 1:] for r, prompt in zip(rows, prompts)])
        share, wrong, clear = agreement(mine, np.concatenate([logits for _, logits in followed]))
        good &= share >= SHARE and wrong == 0
        print(f"{name:5} {len(prompts)} prompts, {len(mine)} greedy ids: same top-1 in {100 * share:.1f} %, "
              f"{clear - wrong} of {clear} where the margin exceeds {MARGIN}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
