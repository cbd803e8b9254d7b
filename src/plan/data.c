#include "plan/data.h"

#include <string.h>

json_t *plan_data(const char *name) {
    for (int i = 0; i < plan_data_count; i++)
        if (strcmp(plan_data_table[i].name, name) == 0)
            return json_parse(plan_data_table[i].text, plan_data_table[i].size,
                              (struct json_limits){ 1 << 20, 8 }, NULL);
    return NULL;
}
