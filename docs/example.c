/* Continue a text:  cc example.c $(pkg-config --cflags --libs switchyard) -o example && ./example MODEL "Once upon" */
#include <stdio.h>
#include <string.h>
#include <switchyard.h>

static int fail(const struct sy_error *err) {
    char line[1024];
    fprintf(stderr, "%s\n", sy_error_text(err, line, sizeof line));
    return 1;
}

int main(int argc, char **argv) {
    struct sy_options options = { .struct_bytes = sizeof options };
    struct sy_request request = { .struct_bytes = sizeof request, .new_count = 40 };
    struct sy_event event = { .struct_bytes = sizeof event };
    struct sy_engine *engine;
    struct sy_error err;
    int64_t *ids, sequence;

    if (argc != 3) return fprintf(stderr, "usage: %s MODEL TEXT\n", argv[0]), 2;
    if (!sy_engine_open(argv[1], &options, &engine, &err)) return fail(&err);
    if (!sy_encode(engine, argv[2], strlen(argv[2]), 0, &ids, &request.count, &err)) return fail(&err);
    request.ids = ids;
    sy_recommended(engine, &request.sampling);
    if (!sy_submit(engine, &request, &sequence, &err)) return fail(&err);
    while (event.kind != SY_EVENT_FINISHED) {
        if (!sy_step(engine, NULL, &err)) return fail(&err);
        do {
            if (!sy_poll(engine, sequence, &event, &err)) return fail(&err);
            fwrite(event.text, 1, event.text_size, stdout);
        } while (event.kind == SY_EVENT_TOKEN);
        fflush(stdout);
    }
    printf("\n");
    sy_free(ids);
    sy_engine_close(engine);
    return 0;
}
