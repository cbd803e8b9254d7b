/*
 * Rotary frequencies and their scalings. theta_i = base^(-2i / dims) (Su et al. 2021, arXiv:2104.09864).
 *
 *   linear    theta_i / factor
 *   llama3    by wavelength w = 2 pi / theta_i: kept where w is below original / high, theta_i / factor where
 *             it is above original / low, blended between
 *   YaRN      theta_i / factor * ramp_i + theta_i * (1 - ramp_i), ramp from lo to hi
 *             Peng et al. 2023, arXiv:2309.00071
 *   longrope  theta_i / short_i or / long_i, by the length of the prompt
 *             Ding et al. 2024, arXiv:2402.13753
 *   factors   theta_i / factor_i, as GGUF stores llama3's
 *
 * The steps are f32 ones in the order of transformers' modeling_rope_utils.py: angles grow with the position,
 * so a last bit of a frequency is seen at position 10,000.
 */
#include "layers/rope.h"

#include <assert.h>
#include <math.h>

#define ROPE_HALF_MAX 4096 /* pass_open refuses wider heads */

static void llama3(const struct rope_spec *r, float *inverse, int64_t half) {
    float low_wavelength = (float)((double)r->original_context / r->low_freq_factor);
    float high_wavelength = (float)((double)r->original_context / r->high_freq_factor);
    float factor = (float)r->factor;
    for (int64_t i = 0; i < half; i++) {
        float wavelength = (float)(2 * M_PI) / inverse[i];
        if (wavelength < high_wavelength) continue;
        if (wavelength > low_wavelength) {
            inverse[i] /= factor;
        } else if (r->high_freq_factor != r->low_freq_factor) { /* equal factors leave no band between */
            float smooth = ((float)r->original_context / wavelength - (float)r->low_freq_factor) /
                           (float)(r->high_freq_factor - r->low_freq_factor);
            inverse[i] = (1 - smooth) * inverse[i] / factor + smooth * inverse[i];
        }
    }
}

/* The column (of dims / 2, fractional) whose wavelength makes `turns` turns over the original context. */
static double correction(const struct rope_spec *r, double turns) {
    return (double)r->dims * log((double)r->original_context / (turns * 2 * M_PI)) / (2 * log(r->theta));
}

static void yarn(const struct rope_spec *r, const float *power, float *inverse, int64_t half) {
    double low = correction(r, r->beta_fast), high = correction(r, r->beta_slow);
    if (r->truncate) low = floor(low), high = ceil(high);
    low = fmax(low, 0), high = fmin(high, (double)r->dims - 1);
    if (low == high) high += 0.001;
    for (int64_t i = 0; i < half; i++) {
        float ramp = fminf(fmaxf(((float)i - (float)low) / (float)(high - low), 0), 1);
        float extrapolated = 1.0f / power[i], interpolated = 1.0f / ((float)r->factor * power[i]),
              keep = 1 - ramp;
        inverse[i] = interpolated * (1 - keep) + extrapolated * keep;
    }
}

void rope_frequencies(const struct rope_spec *r, bool beyond, float *inverse) {
    int64_t half = r->dims / 2;
    float power[ROPE_HALF_MAX];
    assert(half <= ROPE_HALF_MAX);
    for (int64_t i = 0; i < half; i++) {
        power[i] = powf((float)r->theta, (float)(2 * i) / (float)r->dims);
        inverse[i] = 1.0f / power[i];
    }
    const double *factors = beyond ? r->long_factor : r->short_factor;
    switch (r->scaling) {
    case ROPE_PLAIN: break;
    case ROPE_LINEAR:
        for (int64_t i = 0; i < half; i++) inverse[i] /= (float)r->factor;
        break;
    case ROPE_LLAMA3: llama3(r, inverse, half); break;
    case ROPE_YARN: yarn(r, power, inverse, half); break;
    case ROPE_FACTORS:
        for (int64_t i = 0; i < half; i++) inverse[i] /= (float)factors[i];
        break;
    case ROPE_LONGROPE:
        for (int64_t i = 0; i < half; i++) inverse[i] = 1.0f / ((float)factors[i] * power[i]);
        break;
    }
}

float rope_magnitude(const struct rope_spec *r, bool beyond) {
    return (float)(r->scaling == ROPE_LONGROPE && beyond ? r->long_magnitude : r->magnitude);
}
