#include "base/account.h"
#include "test.h"

#include <stdio.h>

TEST(a_table_of_meanings_knows_keys_and_their_beginnings) {
    static const struct meaning table[] = {
        { "theta", FATE_USED, "rope" },
        { "torch_*", FATE_IGNORED, "another program's" },
        { "eps", FATE_REFUSED, "above 0" },
        { NULL, FATE_USED, NULL },
    };
    assert_string_equal(meaning_find(table, "theta")->reason, "rope");
    assert_int_equal(meaning_find(table, "torch_dtype")->fate, FATE_IGNORED);
    assert_null(meaning_find(table, "thet"));
    assert_null(meaning_find(table, "thetas"));
    assert_null(meaning_find(NULL, "theta"));
}

TEST(an_account_keeps_what_it_was_told) {
    struct arena arena;
    struct account account;
    char name[32];
    arena_open(&arena);
    account_open(&account, &arena);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "key_%d", i);
        assert_true(account_add(&account, "config.json", name, i % 2 ? FATE_USED : FATE_IGNORED, NULL,
                                "reason %d", i));
    }
    assert_int_equal(account.count, 200);
    assert_int_equal(account_number(&account, FATE_USED), 100);
    assert_int_equal(account_number(&account, FATE_WARNED), 0);
    for (int i = 0; i < 200; i += 67) {
        snprintf(name, sizeof name, "reason %d", i);
        assert_string_equal(account.lines[i].reason, name);
        assert_string_equal(account.lines[i].file, "config.json");
    }
    arena_close(&arena);
}
