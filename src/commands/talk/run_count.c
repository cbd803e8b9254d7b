#include "commands/talk/run_count.h"

#include "base/checked.h"

#define IDS_COUNT  32
#define TEXT_COUNT 256

bool count_check(const char *option, int64_t asked, struct sy_error *err) {
    if (asked == COUNT_DEFAULT || (asked >= COUNT_ROOM && asked <= COUNT_MAX)) return true;
    sy_fail(err, SY_ERR_USAGE, "%s %lld: from 0 to %lld", option, (long long)asked, (long long)COUNT_MAX);
    return sy_error_remedy(err, "-1 goes on to the end of the context");
}

int64_t count_most(int64_t asked, bool text) {
    return asked == COUNT_DEFAULT ? text ? TEXT_COUNT : IDS_COUNT : asked == COUNT_ROOM ? COUNT_MAX : asked;
}

int64_t count_room(const struct common *common, const struct sy_facts *facts) {
    bool chosen = common->context > 0 || facts->context_trained <= 0;
    return chosen ? facts->context : min_i64(facts->context, facts->context_trained);
}

bool count_fit(int64_t asked, int64_t prompt, int64_t room, int64_t *count, struct sy_error *err) {
    int64_t needed = prompt + max_i64(0, *count - 1); /* the last token generated is not run */
    if (needed <= room) return true;
    if (asked < 0 && prompt <= room) {
        *count = room - prompt + 1;
        return true;
    }
    if (prompt > room) { /* which no count helps */
        sy_fail(err, SY_ERR_INPUT, "%lld prompt ids need as many positions, and there is room for %lld",
                (long long)prompt, (long long)room);
        return sy_error_remedy(err, "give --ctx %lld, or a shorter prompt",
                               (long long)(asked < 0 ? prompt : needed));
    }
    sy_fail(err, SY_ERR_INPUT,
            "%lld prompt ids and %lld new ones need %lld positions, and there is room for %lld",
            (long long)prompt, (long long)*count, (long long)needed, (long long)room);
    return sy_error_remedy(err, "give --ctx %lld, a smaller -n, or -n -1 for what fits", (long long)needed);
}
