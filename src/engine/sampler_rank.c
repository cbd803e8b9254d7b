#include "engine/sampler_rank.h"

enum { BUCKETS = 2048, BANKS = 4, BANKS_FROM = 8192, SORT_UP_TO = 64 };

/* Bits of a key that a level looks at: 11, 11 and 10. */
static const int level_shift[] = { 21, 10, 0 };
static const uint32_t level_mask[] = { 2047, 2047, 1023 };
enum { LEVELS = 3 };

static double weight_of(const struct ranked *ranked, int64_t place) {
    return ranked->weights ? (double)ranked->weights[place] : 1;
}

double rank_total(const struct ranked *ranked) {
    enum { LANES = 8 };
    const float *w = ranked->weights;
    double lanes[LANES] = { 0 };
    int64_t i = 0;
    if (!w) return (double)ranked->count;
    for (; i + LANES <= ranked->count; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += (double)w[i + l];
    for (; i < ranked->count; i++) lanes[0] += (double)w[i];
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* Sums of the buckets over `count` places: listed ones, or all. Of many, neighbours go to different banks,
 * for adding to the same word again and again would wait for the store each time. */
static void bucket_sums(const struct ranked *ranked, const int32_t *places, int64_t count, int level,
                        double *sums) {
    double banks[BANKS][BUCKETS];
    int shift = level_shift[level], bank_count = count < BANKS_FROM ? 1 : BANKS;
    uint32_t mask = level_mask[level];
    memset(banks, 0, sizeof banks[0] * (size_t)bank_count);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = places ? places[i] : i;
        banks[i & (bank_count - 1)][ranked->keys[place] >> shift & mask] += weight_of(ranked, place);
    }
    memcpy(sums, banks[0], sizeof banks[0]);
    if (bank_count == 1) return;
    for (int b = 0; b < BUCKETS; b++) sums[b] = (banks[0][b] + banks[1][b]) + (banks[2][b] + banks[3][b]);
}

/* The bucket where the sum passes the target, and what the ones before it hold. Where rounding lets none
 * pass: the last that holds something. */
static int crossing(const double *sums, double target, bool above, double *before) {
    double sum = 0;
    int last = 0;
    for (int b = 0; b < BUCKETS; b++) {
        if (sums[b] == 0) continue;
        double next = sum + sums[b];
        last = b;
        *before = sum;
        if (above ? next > target : next >= target) break;
        sum = next;
    }
    return last;
}

static int64_t narrow(const struct ranked *ranked, int32_t *scratch, int64_t count, bool listed, int level,
                      uint32_t bucket) {
    int shift = level_shift[level];
    uint32_t mask = level_mask[level];
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t place = listed ? scratch[i] : (int32_t)i;
        scratch[kept] = place;
        kept += (ranked->keys[place] >> shift & mask) == bucket;
    }
    return kept;
}

/* Places by rank; an insertion sort, for they are few. */
static void sort_few(const struct ranked *ranked, int32_t *places, int64_t count) {
    for (int64_t i = 1; i < count; i++) {
        int32_t place = places[i];
        int64_t to = i;
        for (; to > 0 && ranked->keys[places[to - 1]] > ranked->keys[place]; to--)
            places[to] = places[to - 1];
        places[to] = place;
    }
}

struct rank_place rank_prefix(const struct ranked *ranked, double target, bool above, int32_t *scratch) {
    int64_t count = ranked->count;
    bool listed = count <= SORT_UP_TO;
    for (int64_t i = 0; listed && i < count; i++) scratch[i] = (int32_t)i;
    for (int level = 0; level < LEVELS && count > SORT_UP_TO; level++, listed = true) {
        double sums[BUCKETS], before = 0;
        bucket_sums(ranked, listed ? scratch : NULL, count, level, sums);
        int bucket = crossing(sums, target, above, &before);
        target -= before;
        count = narrow(ranked, scratch, count, listed, level, (uint32_t)bucket);
    }
    /* what is left is few, or has one key and lies in the order of places */
    if (count <= SORT_UP_TO) sort_few(ranked, scratch, count);
    struct rank_place last = { ranked->keys[scratch[0]], scratch[0] };
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double weight = weight_of(ranked, scratch[i]);
        if (weight == 0) continue;
        last = (struct rank_place){ ranked->keys[scratch[i]], scratch[i] };
        sum += weight;
        if (above ? sum > target : sum >= target) break;
    }
    return last;
}
