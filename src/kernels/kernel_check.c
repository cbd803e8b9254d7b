/*
 * kernel-check: is every kernel, at every level of this machine, the same function as its reference? And how
 * near is it to what the machine can do?
 *
 *     build/kernel-check [--check-only] [--only WORD] [--level LEVEL]
 *
 * The model is dav1d's checkasm. Kernels get random and adversarial input that ends before an unmapped page,
 * and poisoned output between guard bands; all bits must be equal. The reference is measured against float64,
 * beside its bound. Exit status 1 when a kernel is wrong, 2 for wrong usage.
 */
#include "kernels/kernel_check.h"
#include "base/fpu.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct check_case {
    const char *operation;
    enum level level;
    void (*check)(struct check *check), (*bench)(struct check *check);
};

enum {
    LEVEL_ref = LEVEL_REF,
    LEVEL_avx2 = LEVEL_AVX2,
    LEVEL_avx512 = LEVEL_AVX512,
    LEVEL_avx512vnni = LEVEL_AVX512VNNI,
    LEVEL_avx512bf16 = LEVEL_AVX512BF16,
    LEVEL_amx = LEVEL_AMX,
    LEVEL_tiles = LEVEL_TILES
};

/* All variants. One whose check_OP or bench_OP is missing does not link. */
static const struct check_case cases[] = {
#define KERNEL(op, variant) { #op, (enum level)LEVEL_##variant, check_##op, bench_##op },
    KERNEL_LIST(KERNEL)
#undef KERNEL
};

struct options {
    bool check_only, level_given;
    const char *only;
    enum level level;
};

static bool level_given(const char *name, enum level *out) {
    if (strcmp(name, level_name(LEVEL_TILES)) != 0) return level_from_name(name, out);
    *out = LEVEL_TILES;
    return true;
}

static bool parse(int argc, char **argv, struct options *options) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--check-only") == 0)
            options->check_only = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            options->only = argv[++i];
        else if (strcmp(argv[i], "--level") == 0 && i + 1 < argc && level_given(argv[i + 1], &options->level))
            options->level_given = true, i++;
        else
            return false;
    }
    return true;
}

/* For the handler alone: whose fault it was. */
static const struct check_case *volatile running;

static void on_fault(int number) {
    (void)number;
    dprintf(STDOUT_FILENO, "%-16s %-7s WRONG  touched memory outside its operands\n", running->operation,
            level_name(running->level));
    _exit(1);
}

static bool run_case(const struct check_case *one, const struct options *options) {
    struct kernels ref = kernels_select(LEVEL_REF), test = kernels_select(one->level);
    struct check check = { .ref = &ref,
                           .test = &test,
                           .operation = one->operation,
                           .random = random_seed(random_hash(one->operation, strlen(one->operation), 1)) };
    running = one;
    one->check(&check);
    printf("%-16s %-7s %s  %10ld compared", one->operation, level_name(one->level),
           check.wrong ? "WRONG" : "ok   ", check.compared);
    if (check.worst > 0)
        printf("  error %.2g, bound %.2g (%.0f %%)", check.worst_error, check.worst_bound, 100 * check.worst);
    if (check.wrong) printf("  %ld differ", check.wrong);
    putchar('\n');
    fflush(stdout);
    if (!options->check_only && one->level != LEVEL_TILES) one->bench(&check); /* plain C where units are */
    check_release(&check);
    return check.wrong == 0 && check.compared > 0;
}

int main(int argc, char **argv) {
    struct options options = { 0 };
    if (!parse(argc, argv, &options)) {
        fputs("usage: kernel-check [--check-only] [--only WORD] "
              "[--level ref|avx2|avx512|avx512vnni|avx512bf16|amx|tiles]\n",
              stderr);
        return 2;
    }
    fpu_flush_denormals();
    sigaction(SIGSEGV, &(struct sigaction){ .sa_handler = on_fault }, NULL);
    long run = 0, wrong = 0;
    enum level machine = level_of_machine();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct check_case *one = &cases[i];
        if (!level_runs(one->level) || (options.level_given && one->level != options.level)) continue;
        if (options.only && !strstr(one->operation, options.only)) continue;
        run++;
        if (!run_case(one, &options)) wrong++;
    }
    printf("%ld variants, %ld wrong; this machine has %s%s\n", run, wrong, level_name(machine),
           level_remark(machine));
    return wrong != 0 || run == 0;
}
