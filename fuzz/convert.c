/*
 * Fuzzing convert, and with it everything between a file's bytes and a model: metadata, names, shapes, the
 * census. An input is a GGUF file or a safetensors file, which lies beside a fixed config.json; either
 * becomes a folder or a GGUF file. Either is refused in one line, or makes a product that opens again; and
 * the product is made twice, with fresh memory filled differently, so that nothing can get into it that is
 * not in the source.
 *
 * Files live in a folder of $TMPDIR, else of /dev/shm. Valid ones, to mutate, are made once by the program's
 * own commands.
 */
#include "gguf_inputs.h"
#include "gguf_mutate.h"

#include "commands/command.h"
#include "commands/convert/convert.h"
#include "commands/list.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

enum { PATH_ROOM = 512, BASES = 4, BASE_ROOM = 1 << 16 };

static const char config[] =
    "{\"architectures\": [\"MixtralForCausalLM\"], \"model_type\": \"mixtral\", \"hidden_size\": 32,"
    " \"intermediate_size\": 32, \"num_hidden_layers\": 1, \"num_attention_heads\": 4, "
    "\"num_key_value_heads\": 2, \"num_local_experts\": 3, \"num_experts_per_tok\": 2, \"vocab_size\": 20, "
    "\"rms_norm_eps\": 1e-5, \"rope_theta\": 1e6, \"max_position_embeddings\": 64, "
    "\"tie_word_embeddings\": false, \"hidden_act\": \"silu\"}";

static struct {
    char folder[PATH_ROOM / 2];
    struct {
        uint8_t bytes[BASE_ROOM];
        size_t size;
    } base[BASES]; /* GGUF in three types, and safetensors */
} world;

/* ---- files ---- */

static void path_of(char path[PATH_ROOM], const char *name) {
    snprintf(path, PATH_ROOM, "%s/%s", world.folder, name);
}

static void put_file(const char *name, const void *bytes, size_t size) {
    char path[PATH_ROOM];
    path_of(path, name);
    FILE *file = fopen(path, "wb");
    MUST(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static size_t get_file(const char *name, uint8_t *bytes, size_t room) {
    char path[PATH_ROOM];
    path_of(path, name);
    FILE *file = fopen(path, "rb");
    MUST(file);
    size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

static void remove_all(const char *path) {
    DIR *folder = opendir(path);
    if (folder) {
        for (struct dirent *entry; (entry = readdir(folder));) {
            char below[2 * PATH_ROOM];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
            remove_all(below);
        }
        closedir(folder);
    }
    remove(path);
}

static void leave(void) {
    remove_all(world.folder);
}

static void command(const char *const *words, int count) {
    struct sy_error err = { .code = SY_OK };
    char line[1024];
    bool done = command_dispatch(command_list, count, (char **)(uintptr_t)words, &err);
    if (!done) fprintf(stderr, "fuzz: %s\n", sy_error_line(&err, line, sizeof line));
    MUST(done);
}

static void prepare(void) {
    static const char *const types[] = { "bf16", "q8_0", "q4_0" };
    char from[PATH_ROOM], to[PATH_ROOM];
    const char *home = getenv("TMPDIR");
    if (world.folder[0]) return;
    snprintf(world.folder, sizeof world.folder, "%.200s/fuzz-convert-XXXXXX",
             home                            ? home
             : access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                             : "/tmp");
    MUST(mkdtemp(world.folder));
    atexit(outcome_print);
    atexit(leave);
    put_file("base.json", config, sizeof config - 1);
    path_of(from, "base.json");
    for (int i = 0; i < 3; i++) {
        path_of(to, "base.gguf");
        command(
            (const char *const[]){ "synth", from, "--out", to, "--dtype", types[i], "--force", "-t", "1" },
            9);
        world.base[i].size = get_file("base.gguf", world.base[i].bytes, BASE_ROOM);
    }
    path_of(to, "base");
    command((const char *const[]){ "synth", from, "--out", to, "--dtype", "bf16", "-t", "1" }, 8);
    world.base[3].size = get_file("base/model.safetensors", world.base[3].bytes, BASE_ROOM);
    path_of(from, "hf");
    MUST(mkdir(from, 0700) == 0);
    put_file("hf/config.json", config, sizeof config - 1);
}

/* ---- converting ---- */

/* One product, over memory that is filled with `fill` as it comes. */
static bool convert(const char *source, const char *product, bool to_gguf, enum dtype dtype, int fill,
                    struct sy_error *err) {
    char path[PATH_ROOM], out[PATH_ROOM];
    struct convert_result result = { 0 };
    struct model model;
    path_of(path, source);
    path_of(out, product);
    struct convert_options options = {
        .out = out, .typed = dtype != DTYPE_COUNT, .dtype = dtype, .force = true, .threads = 1
    };
    mallopt(M_PERTURB, fill);
    *err = (struct sy_error){ .code = SY_OK };
    bool done = model_open(path, false, &model, err);
    if (done) {
        outcome_deep++;
        done = to_gguf ? convert_to_gguf(&model, path, &options, &result, err)
                       : convert_to_folder(&model, path, &options, &result, err);
        model_close(&model);
    }
    mallopt(M_PERTURB, 0);
    return done;
}

static void same_files(const char *one, const char *two) {
    static uint8_t a[4 * BASE_ROOM], b[4 * BASE_ROOM];
    size_t size = get_file(one, a, sizeof a);
    MUST(size == get_file(two, b, sizeof b) && size < sizeof a);
    MUST(memcmp(a, b, size) == 0);
}

static void opens(const char *name) {
    char path[PATH_ROOM], line[1024];
    struct sy_error err = { .code = SY_OK };
    struct model model;
    path_of(path, name);
    bool done = model_open(path, false, &model, &err);
    if (!done) fprintf(stderr, "fuzz: the product: %s\n", sy_error_line(&err, line, sizeof line));
    MUST(done);
    model_close(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const enum dtype to_gguf[] = { DTYPE_COUNT, DTYPE_F32, DTYPE_Q8_0, DTYPE_Q4_K },
                            to_folder[] = { DTYPE_COUNT, DTYPE_F32, DTYPE_F32, DTYPE_BF16 };
    struct sy_error first, second;
    char folder[PATH_ROOM];
    prepare();
    outcome_inputs++;
    bool from_gguf = size >= 4 && memcmp(bytes, GGUF_MAGIC, 4) == 0;
    uint64_t way = random_hash(bytes, size, 0);
    bool gguf = way / 4 % 4 == 0 ? from_gguf : !from_gguf; /* now and then within one form */
    enum dtype dtype = (gguf ? to_gguf : to_folder)[way % 4];
    put_file(from_gguf ? "in.gguf" : "hf/model.safetensors", bytes, size);
    const char *source = from_gguf ? "in.gguf" : "hf", *one = gguf ? "one.gguf" : "one",
               *two = gguf ? "two.gguf" : "two";
    bool done = convert(source, one, gguf, dtype, 0x5a, &first);
    bool again = convert(source, two, gguf, dtype, 0xa5, &second);
    MUST(done == again);
    if (!done) {
        check_refusal_line(&first);
    } else {
        outcome_good++;
        same_files(gguf ? one : "one/model.safetensors", gguf ? two : "two/model.safetensors");
        if (!gguf) same_files("one/config.json", "two/config.json");
        opens(one);
    }
    path_of(folder, one);
    remove_all(folder);
    path_of(folder, two);
    remove_all(folder);
    return 0;
}

/* ---- mutating ---- */

/* A run of digits in the header of a safetensors file becomes another number, or a word another. */
static size_t safetensors_change(uint8_t *bytes, size_t size, size_t room, struct random *random) {
    static const char *const numbers[] = { "0",
                                           "1",
                                           "31",
                                           "33",
                                           "-1",
                                           "2147483648",
                                           "4398046511105",
                                           "9223372036854775807",
                                           "18446744073709551615",
                                           "1e3",
                                           "\"F8_E4M3\"" };
    struct mutation m = { .at = bytes, .size = size, .room = room, .random = *random };
    size_t header = size < 8 ? 0 : number_get(bytes, 8), at, end;
    if (header > size - 8 || header < 16) return size;
    at = 8 + mutate_below(&m, header);
    while (at < 8 + header && (bytes[at] < '0' || bytes[at] > '9')) at++;
    for (end = at; end < 8 + header && bytes[end] >= '0' && bytes[end] <= '9';) end++;
    if (end == at) return size;
    const char *number = numbers[mutate_below(&m, sizeof numbers / sizeof *numbers)];
    size_t length = strlen(number);
    if (size - (end - at) + length > room) return size;
    mutate_splice(&m, at, end - at, number, length);
    number_put(bytes, header - (end - at) + length, 8);
    return m.size;
}

/* The value of a key of metadata, its last bytes, becomes a boundary, or that of another type. */
static void metadata_change(uint8_t *bytes, size_t size, struct random *random) {
    static struct walk walk; /* large; one thread */
    static const uint64_t numbers[] = { 0,          1,          2,          3,          7,
                                        31,         33,         64,         4096,       1u << 31,
                                        UINT32_MAX, 0x7f800000, 0x7fc00000, 0x3f800000, 0x80000000u + 1 };
    walk_file(&walk, bytes, 0, size);
    if (walk.key_count == 0) return;
    struct span key = walk.keys[random_below(random, walk.key_count)];
    size_t name = (size_t)number_get(bytes + key.at, 8);
    if (key.size < 8 + name + 4 + 4) return;
    if (random_below(random, 8) == 0)
        bytes[key.at + 8 + name] = (uint8_t)random_below(random, 8);
    else if (random_below(random, 8) == 0)
        bytes[key.at + 8 + random_below(random, name + 1)] ^= 1;
    else
        number_put(bytes + key.at + key.size - 4, numbers[random_below(random, sizeof numbers / 8)], 4);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct random random = random_seed(seed);
    prepare();
    bool from_gguf = size >= HEAD_BYTES && memcmp(bytes, GGUF_MAGIC, 4) == 0;
    if (size < HEAD_BYTES || random_below(&random, 3) == 0) {
        size_t base = (size_t)random_below(&random, BASES);
        if (world.base[base].size > room) return size;
        size = world.base[base].size;
        memcpy(bytes, world.base[base].bytes, size);
        from_gguf = base < 3;
    }
    if (from_gguf && random_below(&random, 3) > 0) return metadata_change(bytes, size, &random), size;
    if (from_gguf) return gguf_mutate(bytes, size, room, seed);
    switch (random_below(&random, 8)) {
    case 0: return size > 0 ? (size_t)random_below(&random, size) : 0;
    case 1: bytes[random_below(&random, size)] = (uint8_t)random_u64(&random); return size;
    default: return safetensors_change(bytes, size, room, &random);
    }
}
