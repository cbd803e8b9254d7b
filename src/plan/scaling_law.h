/*
 * What a published scaling law predicts.
 */
#ifndef PLAN_SCALING_LAW_H
#define PLAN_SCALING_LAW_H

#include <stdbool.h>

/* Loss (nats a token) of a model of `active` parameters, `expansion` times as many experts as act, trained on
 * `tokens`. expansion 1: dense. */
double scaling_law_loss(double active, double expansion, double tokens);
bool scaling_law_holds(double active, double expansion); /* within what it was fitted to */

/* The dense size of equal loss. */
double scaling_law_dense(double active, double expansion, double tokens);

extern const char scaling_law_name[], scaling_law_range[];

#endif
