/*
 * The machines that --machine knows: all in a table, one in a sentence, and as JSON with the source of each
 * figure.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>

static void figure_json(const char *key, const struct machine_figure *f, struct emit *e) {
    if (!(f->value > 0)) {
        emit_string(e, key, NULL);
        return;
    }
    emit_object(e, key);
    emit_real(e, "value", f->value);
    emit_string(e, "source", f->source);
    emit_end(e);
}

void plan_machine_json(const struct named_machine *m, struct emit *e) {
    emit_string(e, "name", m->name);
    emit_string(e, "title", m->title);
    emit_int(e, "devices", m->devices);
    emit_int(e, "devices_most", m->devices_most);
    figure_json("memory_bytes", &m->memory, e);
    figure_json("read_bytes_per_s", &m->read, e);
    figure_json("link_bytes_per_s", &m->link, e);
    figure_json("f32_flops_per_s", &m->flops[RATE_F32], e);
    figure_json("bf16_flops_per_s", &m->flops[RATE_BF16], e);
    figure_json("f8_flops_per_s", &m->flops[RATE_F8], e);
}

static void list_json(struct text *out) {
    struct emit e = { .text = out };
    struct named_machine m;
    emit_object(&e, NULL);
    emit_list(&e, "machines");
    for (int i = 0; machine_at(i, &m); i++) {
        emit_object(&e, NULL);
        plan_machine_json(&m, &e);
        emit_end(&e);
    }
    emit_end(&e);
    emit_end(&e);
}

void plan_machines(bool json, const struct style *style, struct text *out) {
    struct table table = { .columns = 5, .align = "lrrrl", .head = true };
    struct named_machine m;
    if (json) {
        list_json(out);
        return;
    }
    table_row(&table, "machine", "memory", "reads", "in bf16", "what");
    for (int i = 0; machine_at(i, &m); i++) {
        char memory[NUMBER_TEXT], read[NUMBER_TEXT], flops[NUMBER_TEXT];
        double wide = m.flops[machine_rate_type(&m, RATE_BF16)].value;
        table_row(&table, m.name, plan_bytes(m.memory.value, memory), number_rate(m.read.value, "B/s", read),
                  number_rate(wide, "FLOP/s", flops), m.title);
    }
    table_print(&table, style, out);
    table_free(&table);
    plan_paragraph(
        "Of one device, as their makers state them; F is a FLOP. NAMExN (h100x8) is N devices with "
        "their links. Each figure's source: --json.",
        0, style, out);
}

void plan_machine_text(const struct plan_facts *f, struct text *out) {
    const struct named_machine *m = f->machine;
    char memory[NUMBER_TEXT], read[NUMBER_TEXT], flops[NUMBER_TEXT], link[NUMBER_TEXT];
    enum rate_type type = machine_rate_type(m, RATE_BF16);
    if (m->devices > 1) text_add(out, "%lld x ", (long long)m->devices);
    text_add(out, "%s: %s, %s, %s in %s%s", m->title, plan_bytes(m->memory.value, memory),
             number_rate(m->read.value, "B/s", read), number_rate(m->flops[type].value, "FLOP/s", flops),
             rate_type_name(type), m->devices > 1 ? " each" : "");
    if (m->flops[RATE_F8].value > 0)
        text_add(out, ", %s in f8", number_rate(m->flops[RATE_F8].value, "FLOP/s", flops));
    if (m->devices > 1) text_add(out, "; links of %s each way", number_rate(m->link.value, "B/s", link));
    text_add(out, ". What its makers state; nobody reaches all of it.");
}
