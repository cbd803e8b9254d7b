#include "commands/bench/energy.h"

#include "base/os.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 64 };

/* What stands in ROOT/ZONE/FILE, without the end of its line; "" where it cannot be read. */
static void read_text(const char *path, char text[TEXT_MOST]) {
    char *all;
    int64_t size;
    text[0] = 0;
    if (!os_read_file(path, TEXT_MOST - 1, &all, &size, NULL)) return;
    snprintf(text, TEXT_MOST, "%s", all);
    text[strcspn(text, "\n")] = 0;
    free(all);
}

static bool read_count(const char *path, int64_t *out) {
    char text[TEXT_MOST], *end;
    read_text(path, text);
    *out = strtoll(text, &end, 10);
    return end != text && *end == 0 && *out >= 0 && *out < INT64_MAX / 4;
}

struct search {
    const char *root;
    struct energy *energy;
    bool whole; /* each zone that should be summed can be */
};

static bool is_summed(const char *path) {
    char name[TEXT_MOST];
    read_text(path, name);
    return strncmp(name, "package-", 8) == 0 || strcmp(name, "dram") == 0;
}

static bool visit_zone(void *argument, const char *name) {
    struct search *search = argument;
    struct energy *energy = search->energy;
    char path[ENERGY_PATH];
    int64_t now;
    if (!strstr(name, "rapl:") || strlen(search->root) + strlen(name) > ENERGY_PATH - 32) return true;
    snprintf(path, sizeof path, "%.200s/%.64s/name", search->root, name);
    if (!is_summed(path)) return true;
    if (energy->count == ENERGY_ZONES_MAX) return search->whole = false;
    struct energy_zone *zone = &energy->zone[energy->count++];
    snprintf(path, sizeof path, "%.200s/%.64s/max_energy_range_uj", search->root, name);
    snprintf(zone->path, sizeof zone->path, "%.200s/%.64s/energy_uj", search->root, name);
    return search->whole = read_count(path, &zone->range) && read_count(zone->path, &now);
}

void energy_open(const char *root, struct energy *energy) {
    struct search search = { root, energy, true };
    *energy = (struct energy){ 0 };
    if (!os_list_folder(root, visit_zone, &search, NULL) || !search.whole) energy->count = 0;
}

void energy_read(const struct energy *energy, struct energy_reading *reading) {
    reading->read = energy->count > 0;
    for (int i = 0; i < energy->count && reading->read; i++)
        reading->read = read_count(energy->zone[i].path, &reading->microjoules[i]);
}

double energy_since(const struct energy *energy, const struct energy_reading *before) {
    struct energy_reading now;
    double sum = 0;
    energy_read(energy, &now);
    if (!before->read || !now.read) return NAN;
    for (int i = 0; i < energy->count; i++) {
        int64_t used = now.microjoules[i] - before->microjoules[i];
        sum += (double)(used < 0 ? used + energy->zone[i].range : used);
    }
    return sum * 1e-6;
}
