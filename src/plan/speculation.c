/*
 * Drafting one token (Leviathan, Kalman and Matias 2023, arXiv:2211.17192, with one token and a draft that
 * costs nothing): the model checks two rows where it ran one, and gains 1 + a tokens for it.
 *
 *   break-even a = cost(two rows) / cost(one row) - 1
 *
 * resident  cost by the roofline: the second row brings other experts, at E / K large almost as many again
 * streamed  cost in experts fetched: distinct(2) / distinct(1) - 1, whatever share a cache holds
 *
 * A real draft costs something: add its cost over the model's to both. With a trace the two rows are tokens
 * that followed one another; else independent ones.
 */
#include "plan/speculation.h"

struct plan_speculation plan_speculation(const struct traffic_sums *sums, double batch,
                                         const struct rates *rates) {
    struct traffic one = traffic_of(sums, batch, 1), two = traffic_of(sums, batch, 2);
    struct plan_speculation s = { .experts_one = one.experts, .experts_two = two.experts };
    double alone = 1 / roofline_of(&one, rates).tokens, both = 2 / roofline_of(&two, rates).tokens;
    s.resident = both / alone - 1;
    s.streamed = one.experts > 0 ? two.experts / one.experts - 1 : 0;
    return s;
}
