#include "kernels/stages.h"

#include "base/os.h"

void stage_begin(struct stage_times *times) {
    times->mark = os_seconds();
    times->passes++;
}

void stage_charge(struct stage_times *times, enum stage stage) {
    double now = os_seconds();
    times->seconds[stage] += now - times->mark;
    times->mark = now;
}
