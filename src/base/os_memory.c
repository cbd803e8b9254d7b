/*
 * Memory that is really there, and the clock. What the system promises is not what it has: pages are touched
 * at once, so that a lack of memory shows at the start and as an error.
 */
#include "base/os.h"
#include "base/os_fault.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older ones answer EINVAL */
#endif

#define HUGE_PAGE ((size_t)2 << 20)

/* A mapping of `size` bytes that starts at a huge page where it is large enough to hold one. */
static char *map_anonymous(size_t size) {
    size_t spare = size >= HUGE_PAGE ? HUGE_PAGE : 0;
    char *memory = call_mmap(size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!memory || spare == 0) return memory;
    size_t head = -(uintptr_t)memory & (HUGE_PAGE - 1);
    if (head > 0) munmap(memory, head);
    if (head < spare) munmap(memory + head + size, spare - head);
    madvise(memory + head, size, MADV_HUGEPAGE); /* a wish: without it things are slower, not wrong */
    return memory + head;
}

static bool populate(char *memory, size_t size, size_t page) {
    while (madvise(memory, size, MADV_POPULATE_WRITE) != 0) {
        if (errno == EINTR || errno == EAGAIN) continue;
        if (errno != EINVAL) return false;
        for (size_t i = 0; i < size; i += page) ((volatile char *)memory)[i] = 0;
        break;
    }
    return true;
}

static bool take(int64_t size, bool touch, void **out, struct sy_error *err) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size_t)size + page - 1;
    whole -= whole % page;
    char *memory = size > 0 && size < INT64_MAX / 2 ? map_anonymous(whole) : NULL;
    bool there = memory && (!touch || populate(memory, whole, page));
    if (memory && !there) munmap(memory, whole);
    if (!there) {
        sy_fail(err, SY_ERR_MEMORY, "%lld bytes of memory are wanted, which the system does not give",
                (long long)size);
        return sy_error_remedy(err, "close other programs, or ask for a shorter context");
    }
    *out = memory;
    return true;
}

bool os_memory_take(int64_t size, void **out, struct sy_error *err) {
    return take(size, true, out, err);
}

bool os_memory_reserve(int64_t size, void **out, struct sy_error *err) {
    return take(size, false, out, err);
}

void os_memory_release(void *memory, int64_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size_t)size + page - 1;
    if (memory) munmap(memory, whole - whole % page);
}

void os_memory_trim(void) {
#ifdef __GLIBC__ /* other heaps give back by themselves, or never */
    malloc_trim(0);
#endif
}

/* Not getrusage's, which outlives exec: it would be a large parent's. No heap: this is asked for while heaps
 * are watched. */
int64_t os_peak_rss_bytes(void) {
    static const char key[] = "VmHWM:";
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    text[size > 0 ? size : 0] = 0;
    const char *found = strstr(text, key);
    return found ? (int64_t)strtoll(found + strlen(key), NULL, 10) * 1024 : 0;
}

double os_cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double os_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int64_t os_local_seconds(void) {
    time_t now = time(NULL);
    struct tm local;
    return localtime_r(&now, &local) ? (int64_t)timegm(&local) : (int64_t)now;
}
