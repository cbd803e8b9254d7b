#!/usr/bin/env python3
"""Tokenizers through `switchyard convert` and GGUF's own keys, beside llama.cpp and the libraries that they were made for.

    tools/golden/keys_beside_llama_cpp.py build/switchyard [--only WORD] [--show N]

For each tokenizer of ../shared/data/vectors/tokenizers a small random checkpoint is made, the tokenizer put beside it, and both converted.
Then the 350 texts there are tokenised in four ways:

    files      by switchyard, from the checkpoint's folder
    keys       by switchyard, from the GGUF file with the files that it carries hidden: GGUF's own keys alone
    llama.cpp  from the same GGUF file (vocab_only)
    reference  the recorded ids of the library that the tokenizer was made for

A table says how many texts differ: keys from files, files from the reference, llama.cpp from keys; --show prints the first N of the first and the last.
For starcoder, whose vocabulary file by llama.cpp's own converter is there too, llama.cpp is also asked with that: what it differs in with
both is its own. Texts that are no UTF-8 are compared where the reference has them, but not with llama.cpp's gpt2, which they end.
Exit status 1 where keys differ from files without a warning of convert's, or where the GGUF file with the files that it carries does not
tokenise as the folder. Needs llama-cpp-python, gguf, zstd (the program).
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "data", "vectors", "tokenizers")
ROWS = {"cl100k": 100352, "deepseek_v3": 129280, "gpt_neox": 50304, "gpt_oss": 201088, "granite_starcoder": 49152, "kimi_k2": 163840, "llama4": 202048,
        "mistral_v3": 32768, "mixtral": 32000, "mixtral_hf": 32000, "qwen3": 151936, "t5": 32128}
CONFIG = {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
          "num_attention_heads": 2, "num_key_value_heads": 2, "num_local_experts": 2, "num_experts_per_tok": 1, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
          "max_position_embeddings": 64, "tie_word_embeddings": True, "hidden_act": "silu"}


def unpacked(name):
    path = os.path.join(HOME, name)
    if os.path.exists(path):
        return open(path, "rb").read()
    return subprocess.run(["zstd", "-dcq", "--long=27", path + ".zst"], check=True, capture_output=True).stdout


def lines(name):
    return [json.loads(l) for l in unpacked(name).decode().splitlines()]


def starcoder_json(vocab):
    """A tokenizer.json with the tokens and merges of llama.cpp's vocabulary file, which is all that there is of it."""
    from gguf import GGUFReader
    with tempfile.NamedTemporaryFile(suffix=".gguf") as f:
        f.write(vocab)
        f.flush()
        fields = GGUFReader(f.name).fields
        tokens, merges = (fields["tokenizer.ggml." + k].contents() for k in ("tokens", "merges"))
        types = fields["tokenizer.ggml.token_type"].contents()
    added = [{"id": i, "content": t, "special": True, "normalized": False, "lstrip": False, "rstrip": False, "single_word": False}
             for i, (t, kind) in enumerate(zip(tokens, types)) if kind == 3]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return json.dumps({"added_tokens": added, "normalizer": None, "decoder": level, "post_processor": None,
                       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, level]},
                       "model": {"type": "BPE", "vocab": {t: i for i, t in enumerate(tokens)}, "merges": merges}}).encode()


def put_tokenizer(name, file, folder):
    data = unpacked(file)
    if name == "granite_starcoder":
        file, data = "tokenizer.json", starcoder_json(data)
    for ending in ("tokenizer.json", "tiktoken", "model"):
        if file.endswith(ending):
            out = {"tiktoken": "ranks.tiktoken", "model": "tokenizer.model"}.get(ending, ending)
            with open(os.path.join(folder, out), "wb") as f:
                f.write(data)
            break
    config = os.path.join(HOME, name + ".tokenizer_config.json")
    if os.path.exists(config):
        shutil.copy(config, os.path.join(folder, "tokenizer_config.json"))
        os.chmod(os.path.join(folder, "tokenizer_config.json"), 0o644)


def hide_files(path, out):
    """The same file under names of keys that nobody reads; the names keep their length, so nothing moves."""
    data = open(path, "rb").read()
    data = data.replace(b"tokenizer.huggingface.json", b"tokenizer.huggingface.none").replace(b"switchyard.file.", b"switchyard.none.")
    open(out, "wb").write(data)


def ours(program, model, texts, special):
    """Ids of texts given as bytes."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(t.hex()) + "\n" for t in texts)
        f.flush()
        flags = ["--no-special", "--hex", "--json", "--lines", f.name] + (["--parse-special"] if special else [])
        p = subprocess.run([program, "tokenize", model] + flags, capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit(f"tokenize {model}: {p.stderr.strip()}")
    return [json.loads(l) for l in p.stdout.splitlines()]


def is_utf8(text):
    try:
        text.decode()
        return True
    except UnicodeDecodeError:
        return False


def llama_cpp(path, texts, special, bytes_too):
    """None for a text that is no UTF-8, unless bytes_too: its byte-level tokenizers end the program there."""
    from llama_cpp import Llama
    model = Llama(path, vocab_only=True, verbose=False)
    return [model.tokenize(t, add_bos=False, special=special) if bytes_too or is_utf8(t) else None for t in texts]


def count(a, b):
    return sum(x is not None and x != y for x, y in zip(a, b))


def cases(rows):
    """[(special, ids of texts, texts, reference)]: special tokens plain, and, where that differs, read as such."""
    texts = {r["id"]: r["text"].encode() if "text" in r else bytes.fromhex(r["bytes_hex"]) for r in lines("inputs.jsonl")}
    named = [r for r in rows if r["id"] in texts]
    for key, special in (("ids", False), ("ids_special", True)):
        some = [r for r in named if key in r]
        if some:
            yield special, [r["id"] for r in some], [texts[r["id"]] for r in some], [r[key] for r in some]


def one(program, name, show, folder):
    head, *rows = lines(name + ".jsonl")
    checkpoint, config, file, bare = (os.path.join(folder, x) for x in ("checkpoint", "config.json", "m.gguf", "bare.gguf"))
    json.dump(dict(CONFIG, vocab_size=ROWS[name]), open(config, "w"))
    subprocess.run([program, "synth", config, "--out", checkpoint, "--dtype", "bf16"], check=True, capture_output=True)
    put_tokenizer(name, head["file"], checkpoint)
    p = subprocess.run([program, "convert", checkpoint, "--out", file], capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit(f"convert {name}: {p.stderr.strip()}")
    hide_files(file, bare)
    from gguf import GGUFReader
    fields = GGUFReader(file).fields
    said = {k: fields["tokenizer.ggml." + k].contents() if "tokenizer.ggml." + k in fields else "-" for k in ("model", "pre")}
    told = {"files": 0, "carried": 0, "keys": 0, "llama": 0, "texts": 0, "own": None}
    differ, hidden = [], []
    for special, ids, texts, want in cases(rows):
        files, keys = ours(program, checkpoint, texts, special), ours(program, bare, texts, special)
        other = llama_cpp(file, texts, special, said["model"] != "gpt2")
        told["texts"] += len(texts)
        told["files"] += count(files, want)
        told["keys"] += count(keys, files)
        told["carried"] += count(ours(program, file, texts, special), files)
        told["llama"] += count(other, keys)
        differ += [(i, t, "llama.cpp", a, b) for i, t, a, b in zip(ids, texts, other, keys) if a is not None and a != b]
        hidden += [(i, t, "files", a, b) for i, t, a, b in zip(ids, texts, files, keys) if a != b]
        if name == "granite_starcoder":
            published = os.path.join(folder, "published.gguf")
            open(published, "wb").write(unpacked(head["file"]))
            told["own"] = count(llama_cpp(published, texts, special, False), other)
    print(f"{name:18} {said['model']:6} {said['pre']:12} {told['texts']:5} {told['files']:6} {told['keys']:5} {told['llama']:10}  "
          f"{re.sub('^[^:]*: ', '', p.stderr.strip().splitlines()[0])[:90] if p.stderr else ''}", flush=True)
    groups = {}
    for i, *_ in differ:
        groups[re.sub("-.*", "", i)] = groups.get(re.sub("-.*", "", i), 0) + 1
    if groups:
        print(f"{'':18} llama.cpp differs in: " + ", ".join(f"{g} {n}" for g, n in sorted(groups.items())))
    if told["own"] is not None:
        print(f"{'':18} llama.cpp with the vocabulary file of its own converter: {told['own']} of these texts otherwise than with ours")
    for i, text, who, a, b in hidden[:show] + differ[:show]:
        print(f"    {i} {text[:60]!r}\n      {who:9} {a[:24]}\n      keys      {b[:24]}")
    if told["carried"]:
        print(f"{'':18} with the files that the GGUF file carries {told['carried']} texts differ from the folder's")
    return told["carried"] == 0 and (told["keys"] == 0 or bool(p.stderr))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=0)
    args = parser.parse_args()
    print(f"{'':18} {'':6} {'':12} {'':5} texts that differ:\n{'tokenizer':18} {'model':6} {'pre':12} texts  files  keys  llama.cpp")
    good = True
    for name in sorted(ROWS):
        if args.only in name:
            with tempfile.TemporaryDirectory() as folder:
                good &= one(os.path.abspath(args.program), name, args.show, folder)
    sys.exit(0 if good else 1)


main()
