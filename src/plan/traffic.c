/*
 * Compute and traffic.
 *
 *   FLOPs of a step      2 * (weights of matrices that act on the token) + attention
 *                        a multiply and an add for each weight; the table is looked up, not multiplied;
 *                        K experts a layer; norms, softmax and activations, far below 1 %, are left out
 *                        (Kaplan et al. 2020, arXiv:2001.08361, table 1)
 *   attention            2 * heads * (key width + value width) * positions seen, a layer
 *                        MLA in a step works on the latent (absorbed: kv_lora + rotary, and kv_lora wide),
 *                        in a prompt on the expanded keys and values
 *   FLOPs of a prompt's  the same without the head, which its last token alone needs, and with what is seen
 *   token                on the mean
 *   FLOPs of a token     3 * (with the head), for backward costs twice the forward pass
 *   in training
 *   bytes of a step      weights that the batch touches, once each, / batch
 *                        + the row of the table + keys and values seen and written
 *
 * Experts touched: experts_touched.c. Windows: a layer sees what they leave. Of an encoder-decoder a step
 * passes the decoder alone; its cross attention sees `context` positions of the encoder, whose keys and
 * values were made once.
 */
#include "plan/traffic.h"

#include "base/checked.h"
#include "kv/kv.h"

#include <math.h>

/* ---- what is seen ---- */

int64_t layer_visible(const struct layer_spec *layer, int64_t position) {
    if (layer->window == WINDOW_SLIDING) return min_i64(position + 1, layer->window_size);
    if (layer->window == WINDOW_CHUNKED) return position % layer->window_size + 1;
    return position + 1;
}

double layer_visible_mean(const struct layer_spec *layer, int64_t count) {
    double n = (double)count, w = (double)layer->window_size;
    if (layer->window == WINDOW_NONE || w >= n) return (n + 1) / 2;
    if (layer->window == WINDOW_SLIDING) return (w * (w + 1) / 2 + (n - w) * w) / n;
    double whole = floor(n / w), rest = n - whole * w;
    return (whole * w * (w + 1) / 2 + rest * (rest + 1) / 2) / n;
}

/* ---- keys and values ---- */

int64_t kv_row_bytes(const struct spec *spec, enum dtype dtype) {
    return kv_layout_of(spec, dtype).page_bytes / KV_PAGE; /* pages are whole lines already */
}

bool kv_token_bytes(const struct spec *spec, enum dtype dtype, int64_t *out, struct sy_error *err) {
    if (size_mul(kv_row_bytes(spec, dtype), spec->decoder.layer_count, out)) return true;
    sy_fail(err, SY_ERR_LIMIT, "keys and values of a token pass 2^63 bytes");
    return sy_error_at(err, "attention.kv_heads");
}

double kv_kept_bytes(const struct spec *spec, enum dtype dtype, int64_t context) {
    double sum = 0;
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) {
        const struct layer_spec *layer = &spec->decoder.layers[l];
        int64_t kept = layer->window == WINDOW_NONE ? context : min_i64(context, layer->window_size);
        sum += (double)kept + (layer->cross_attention ? (double)context : 0);
    }
    return sum * (double)kv_row_bytes(spec, dtype);
}

/* ---- sums ---- */

static bool is_matrix(enum slot slot) {
    return !slot_is_vector(slot) || slot == SLOT_SHARED_SCALE;
}

/* Products with a slot's weights for one token, K experts of an expert's. */
static double slot_flops(const struct spec *spec, int64_t layer, enum slot slot) {
    int64_t rows, cols;
    if (!is_matrix(slot) || slot == SLOT_EMBED || slot == SLOT_RELATIVE_BIAS) return 0;
    if (!slot_shape(spec, layer, slot, &rows, &cols)) return 0;
    return 2.0 * (double)rows * (double)cols * (slot_is_expert(slot) ? (double)spec->router.top_k : 1);
}

/* Keys and values of the encoder are made once a text, not once a token. */
static bool once(enum slot slot) {
    return slot == SLOT_CROSS_K || slot == SLOT_CROSS_V;
}

static void attention_flops(const struct traffic_input *in, int64_t l, struct traffic_sums *sums) {
    const struct spec *spec = in->weights.spec;
    const struct attention_spec *a = &spec->attention;
    const struct layer_spec *layer = spec_layer(spec, l);
    bool latent = a->kind == ATTENTION_LATENT, encoder = spec_in_encoder(spec, l);
    double heads = (double)a->heads, n = (double)in->context;
    double expanded = 2 * heads * (double)(a->head_width + a->value_width);
    double absorbed = 2 * heads * (double)(2 * a->kv_lora_rank + a->head_width - a->nope_width);
    double seen = (double)layer_visible(layer, in->context - 1),
           mean = layer_visible_mean(layer, in->context);
    double cross = layer->cross_attention ? n : 0;
    if (!encoder) sums->flops_attention += (latent ? absorbed : expanded) * (seen + cross);
    sums->prompt_attention += expanded * (encoder ? n : mean + cross);
}

static bool add_slot(const struct traffic_input *in, int64_t layer, enum slot slot, struct traffic_sums *sums,
                     struct sy_error *err) {
    const struct weights *w = &in->weights;
    bool encoder = layer >= 0 && spec_in_encoder(w->spec, layer);
    double flops = slot_flops(w->spec, layer, slot);
    int64_t bytes;
    if (!weights_slot_bytes(w, layer, slot, &bytes)) {
        sy_fail(err, SY_ERR_LIMIT, "its bytes pass 2^63");
        return sy_error_at(err, "%s", slot_name(slot));
    }
    if (bytes == 0 && flops <= 0) return true; /* the layer has none */
    sums->train_matrices += flops;
    if (slot != SLOT_HEAD) sums->prompt_matrices += flops; /* one row of a prompt needs logits */
    if (encoder || slot == SLOT_ENCODER_NORM || once(slot)) return true;
    sums->flops_matrices += flops;
    if (slot == SLOT_EMBED) {
        sums->row_bytes = (double)bytes / (double)w->spec->vocab;
        if (w->spec->tied) sums->fixed_bytes += (double)bytes; /* as the head */
    } else if (slot_is_expert(slot)) {
        sums->expert_bytes += (double)bytes;
    } else {
        sums->fixed_bytes += (double)bytes;
    }
    return true;
}

bool traffic_sum(const struct traffic_input *in, struct traffic_sums *out, struct sy_error *err) {
    const struct spec *spec = in->weights.spec;
    struct traffic_sums sums = { .experts = (double)spec->router.experts,
                                 .chosen = (double)spec->router.top_k,
                                 .trace = in->trace };
    for (int64_t layer = -1; layer < spec_layer_count(spec); layer++) {
        for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
            if (!add_slot(in, layer, slot, &sums, err)) return false;
        if (layer < 0) continue;
        attention_flops(in, layer, &sums);
        sums.moe_layers += !spec_in_encoder(spec, layer) && spec_layer(spec, layer)->ffn == FFN_MOE;
    }
    double row = (double)kv_row_bytes(spec, in->kv);
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) {
        const struct layer_spec *layer = &spec->decoder.layers[l];
        double seen = (double)layer_visible(layer, in->context - 1);
        sums.kv_read += row * (seen + (layer->cross_attention ? (double)in->context : 0));
        sums.kv_written += row;
    }
    *out = sums;
    return true;
}

double traffic_experts(const struct traffic_sums *s, double batch, double rows) {
    if (s->experts <= 0) return 0;
    if (!s->trace) return experts_touched(s->experts, s->chosen, batch * rows);
    double together = rows > 1 ? experts_touched_together(s->trace, (int64_t)rows) : NAN;
    if (!(together > 0)) return experts_touched_trace(s->trace, batch * rows);
    /* tokens that follow one another share experts: as many draws as make the measured number for one text */
    double alone = experts_touched_trace(s->trace, 1), both = experts_touched_trace(s->trace, 2);
    double draws = both > alone ? 1 + (rows - 1) * (together - alone) / (both - alone) : 1;
    return experts_touched_trace(s->trace, batch * draws);
}

struct traffic traffic_of(const struct traffic_sums *s, double batch, double rows) {
    struct traffic t = { .attention_flops = s->flops_attention };
    t.flops = s->flops_matrices + s->flops_attention;
    t.experts = traffic_experts(s, batch, rows);
    t.weight_bytes = (s->fixed_bytes + t.experts * s->expert_bytes) / (batch * rows) + s->row_bytes;
    t.kv_bytes = s->kv_read / rows + s->kv_written;
    t.bytes = t.weight_bytes + t.kv_bytes;
    return t;
}

double traffic_prompt_flops(const struct traffic_sums *s) {
    return s->prompt_matrices + s->prompt_attention;
}

double traffic_train_flops(const struct traffic_sums *s) {
    return 3 * (s->train_matrices + s->prompt_attention);
}
