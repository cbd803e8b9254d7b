#!/bin/sh
# Speed of prompts and steps on a synthetic mixtral (8 layers of width 1024, 8 experts of 3584, 2 chosen: 0.79 B parameters,
# 0.26 B active), beside what this machine can do: memory bandwidth for steps, matrix rate for prompts.
#
#   bench/speed.sh [BUILD] [TIMES]      default: build 3
#
# Prints the median and the range of TIMES runs. The checkpoints (4.5 GB) are kept in the user's cache and used again.
set -eu
program=${1:-build}/switchyard
times=${2:-3}
home=${XDG_CACHE_HOME:-$HOME/.cache}/switchyard/bench
mkdir -p "$home"

cat >"$home/B.json" <<'CONFIG'
{ "architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "vocab_size": 32000, "hidden_size": 1024,
  "intermediate_size": 3584, "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 4,
  "num_local_experts": 8, "num_experts_per_tok": 2, "hidden_act": "silu", "max_position_embeddings": 4096,
  "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null, "tie_word_embeddings": false }
CONFIG

number() { sed -n "s/.*\"$1\":\([0-9.e+-]*\).*/\1/p" | head -n 1; } # the first value of a key in one line of JSON
# median (least - most) of the numbers on stdin
spread() { sort -g | awk '{ x[NR] = $1 } END { printf "%.1f %.1f %.1f\n", x[int((NR + 1) / 2)], x[1], x[NR] }'; }

machine=$("$program" show --machine --json)
bandwidth=$(echo "$machine" | number read_gb_per_s)
rate=$(echo "$machine" | number f32_gflop_per_s)
echo "$(date -u +%Y-%m-%d), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(echo "$machine" | number cores) cores"
printf 'reads %.1f GB/s, f32 products %.0f GFLOP/s\n' "$bandwidth" "$rate"
echo
echo "weights    prompt 512 tok/s        of f32 rate   step tok/s              of bandwidth"
prompt=$(seq -s, 1 512)
for type in f32 bf16; do
    [ -e "$home/B-$type/config.json" ] || "$program" synth "$home/B.json" --out "$home/B-$type" --dtype $type --force >&2
    params=$("$program" show "$home/B-$type" --json | number active_params_no_embed)
    for precision in exact fast; do
        [ "$type $precision" != "f32 fast" ] || continue # the same as exact
        prompts= steps=
        for _ in $(seq "$times"); do
            run=$("$program" run "$home/B-$type" --ids "$prompt" -n 33 --ignore-eos --$precision --json)
            prompts="$prompts $(echo "$run" | number prefill_tok_per_s)"
            steps="$steps $(echo "$run" | number decode_tok_per_s)"
        done
        # shellcheck disable=SC2086
        echo "$type $precision $(printf '%s\n' $prompts | spread) $(printf '%s\n' $steps | spread) $params $rate $bandwidth"
    done
done | awk '{
    bytes = $1 == "f32" ? 4 : 2
    printf "%-4s %-5s  %6.1f (%6.1f - %6.1f)   %5.0f %%      %6.1f (%6.1f - %6.1f)   %5.0f %%\n", $1, $2, $3, $4, $5,
        100 * $3 * 2 * $9 / 1e9 / $10, $6, $7, $8, 100 * $6 * bytes * $9 / 1e9 / $11
}'
