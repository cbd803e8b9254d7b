/*
 * Router: which of the E experts see a token, and with what weight.
 */
#ifndef MOE_ROUTER_H
#define MOE_ROUTER_H

#include "layers/row_map.h"
#include "moe/routing.h"
#include "store/store.h"

/* Choices that a router makes for a token at most: K, or E where the rule does not fix their number. */
int64_t router_choices(const struct router_spec *router);

/* What router_forward takes, for who computes sizes. */
void router_take(struct exec *exec, const struct router_spec *router, const struct row_map *map);

/* x [T, D] -> the routing, each token's experts by falling weight. Always in f32, whatever numerics say. */
struct routing router_forward(struct exec *exec, const struct store *store, int64_t layer,
                              const struct row_map *map, struct rows x);

/* Does router_forward know this router? Names what it does not. */
SY_MUST_CHECK bool router_check(const struct router_spec *router, struct sy_error *err);

#endif
