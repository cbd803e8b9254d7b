#include "commands/talk/chat_routes.h"

#include "test.h"

#include <string.h>

static const struct style plain = { 0 }, coloured = { .colour = true };

static void an_answer(struct chat_routes *routes) {
    static const char *const words[3] = { "The", " cat", " sat" };
    struct sy_error err;
    assert_true(chat_routes_begin(routes, 4, 10, 8, &err));
    for (int64_t t = 0; t < 3; t++) {
        chat_routes_token(routes, words[t], strlen(words[t]));
        for (int64_t layer = 1; layer < 4; layer++) /* layer 0 is dense */
            chat_routes_choice(routes, 10 + t, layer, (int32_t)(t == 2 ? 7 : layer));
    }
    chat_routes_choice(routes, 9, 1, 5); /* of the prompt: not shown */
}

TEST(an_answer_is_shown_by_expert) {
    struct chat_routes routes = { 0 };
    struct text out = { 0 };
    struct sy_error err;
    an_answer(&routes);
    assert_int_equal(chat_routes_layer(&routes), 2);
    assert_true(chat_routes_show(&routes, 1, &plain, &out, &err));
    assert_string_equal(out.data, "The[1]| cat[1]| sat[7]\n"
                                  "layer 1, first choice of 3 tokens, 2 experts:  1 x2  7 x1\n");
    text_free(&out);
    assert_true(chat_routes_show(&routes, 3, &coloured, &out, &err));
    assert_non_null(strstr(out.data, "\033[38;5;"));
    text_free(&out);
    chat_routes_free(&routes);
}

TEST(layers_without_experts_are_refused) {
    struct chat_routes routes = { 0 };
    struct text out = { 0 };
    struct sy_error err;
    assert_false(chat_routes_show(&routes, 0, &plain, &out, &err));
    an_answer(&routes);
    assert_false(chat_routes_show(&routes, 0, &plain, &out, &err));
    assert_non_null(strstr(err.message, "no experts"));
    assert_false(chat_routes_show(&routes, 4, &plain, &out, &err));
    assert_false(chat_routes_show(&routes, -1, &plain, &out, &err));
    assert_null(out.data);
    chat_routes_free(&routes);
}

TEST(coloured_words_go_to_the_next_line_whole) {
    struct chat_routes routes = { 0 };
    struct style style = { .colour = true, .columns = 10 };
    struct text out = { 0 };
    static const char *const words[] = { "one", " two", " three", " four" };
    assert_true(chat_routes_begin(&routes, 1, 0, 4, NULL));
    for (int i = 0; i < 4; i++) {
        chat_routes_choice(&routes, i, 0, 0);
        chat_routes_token(&routes, words[i], strlen(words[i]));
    }
    assert_true(chat_routes_show(&routes, 0, &style, &out, NULL));
    assert_non_null(strstr(out.data, "one\033[0m\033[38;5;196m two\033[0m\n\033[38;5;196mthree\033[0m\n"));
    text_free(&out);
    chat_routes_free(&routes);
}
