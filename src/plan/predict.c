/*
 * The rate that a plan predicts: the roofline on one device, the best layout on several. Prompts are bound by
 * arithmetic alone, which several devices share evenly.
 */
#include "plan/predict.h"

bool plan_predict(const struct memory_input *input, const struct rates *rates,
                  const struct cluster_request *request, struct prediction *out, struct sy_error *err) {
    struct traffic_sums sums;
    struct plan_memory memory;
    struct plan_cluster cluster;
    if (!traffic_sum(&input->traffic, &sums, err) || !plan_memory(input, &memory, err)) return false;
    struct traffic traffic = traffic_of(&sums, (double)input->batch, 1);
    *out = (struct prediction){ .tokens = roofline_of(&traffic, rates).tokens,
                                .prompt_tokens = roofline_prompt(&sums, rates),
                                .resident = (double)memory.peak,
                                .fits = !memory.said || memory.fits,
                                .layout = { .tensor = 1, .expert = 1, .data = 1 } };
    if (request->ranks <= 1) return true;
    if (!plan_layouts(input, rates, request, &cluster, err)) return false;
    out->prompt_tokens *= (double)request->ranks;
    if (cluster.layout_count == 0 || cluster.layouts[0].refused) return true; /* no way to share it out */
    out->layout = cluster.layouts[0];
    out->tokens = out->layout.tokens;
    out->resident = out->layout.memory;
    out->fits = out->layout.fits;
    return true;
}
