/*
 * The joint law of sparse models (Ludziejewski et al. 2025, arXiv:2502.05172, equation 6 and table 2):
 *
 *   L = a Eh^delta N^(alpha + gamma ln Eh) + b Eh^omega D^(beta + zeta ln Eh) + c
 *   1 / Eh = 1 / (E - 1 + 1 / (1 / Es - 1 / Em)) + 1 / Em
 *
 * N active parameters with the embedding, D tokens, E experts of which one acts. Fitted at E up to 32, N up
 * to 5 B, one expert a token, each as large as a dense model's FFN. Where more than one acts, E / K stands
 * for E here: a reading of ours, and so is everything beyond that range.
 */
#include "plan/scaling_law.h"

#include <math.h>

const char scaling_law_name[] = "Ludziejewski et al. 2025, arXiv:2502.05172";
const char scaling_law_range[] = "fitted for up to 32 experts, 1 a token, and 5 B active parameters";

double scaling_law_loss(double active, double expansion, double tokens) {
    const double a = 35.91, alpha = -0.1889, delta = -0.2285, gamma = 0.0098;
    const double b = 35.98, beta = -0.1775, omega = 0.5529, zeta = -0.0259;
    const double start = 2.0732, most = 290.4521, c = 1.3637;
    double e = 1 / (1 / (expansion - 1 + 1 / (1 / start - 1 / most)) + 1 / most);
    return a * pow(e, delta) * pow(active, alpha + gamma * log(e)) +
           b * pow(e, omega) * pow(tokens, beta + zeta * log(e)) + c;
}

bool scaling_law_holds(double active, double expansion) {
    return expansion <= 32 && active <= 5e9;
}

double scaling_law_dense(double active, double expansion, double tokens) {
    double wanted = scaling_law_loss(active, expansion, tokens), low = active, high = active;
    while (high < 1e18 && scaling_law_loss(high, 1, tokens) > wanted) high *= 2;
    if (high >= 1e18) return INFINITY; /* the tokens do not suffice, however large it is */
    for (int i = 0; i < 60; i++) {
        double middle = sqrt(low * high);
        *(scaling_law_loss(middle, 1, tokens) > wanted ? &low : &high) = middle;
    }
    return high;
}
