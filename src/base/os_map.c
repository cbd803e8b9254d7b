/*
 * Read-only mappings of whole files, and what happens when such a file shrinks.
 *
 * Reading a mapped page that the file no longer has raises SIGBUS, at any instruction of any thread; no
 * return value can carry that. So the program (never the library) installs a handler that finds the address
 * in a table of live mappings, prints one line with the file's name and exits 1. The table is global because
 * a signal handler is called with nothing else. It is made of atomics alone, as a handler can take no lock; a
 * full table only costs the name in that line.
 */
#include "base/os.h"
#include "base/os_fault.h"
#include "base/os_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPPINGS_MAX 1024
#define CLAIMED      ((uintptr_t)1) /* as a base: somebody is filling this entry */

struct mapping {
    atomic_uintptr_t base; /* 0: free */
    atomic_size_t size;
    _Atomic(dev_t) device; /* which file, by any name */
    _Atomic(ino_t) inode;
    _Atomic(char *) path;  /* for stat */
    _Atomic(char *) shown; /* for people: cleaned */
};

static struct mapping mappings[MAPPINGS_MAX];
static atomic_flag shrink_reported = ATOMIC_FLAG_INIT;

/* ---- the table ---- */

static int64_t mapping_add(const void *data, const struct stat *status, const char *path) {
    char shown[512];
    sy_clean(shown, sizeof shown, path);
    for (int i = 0; i < MAPPINGS_MAX; ++i) {
        uintptr_t none = 0;
        if (!atomic_compare_exchange_strong(&mappings[i].base, &none, CLAIMED)) continue;
        atomic_store(&mappings[i].path, strdup(path));
        atomic_store(&mappings[i].shown, strdup(shown));
        atomic_store(&mappings[i].device, status->st_dev);
        atomic_store(&mappings[i].inode, status->st_ino);
        atomic_store(&mappings[i].size, (size_t)status->st_size);
        atomic_store(&mappings[i].base, (uintptr_t)data);
        return i;
    }
    return -1;
}

static void mapping_remove(int64_t id) {
    if (id < 0) return;
    struct mapping *mapping = &mappings[id];
    atomic_store(&mapping->size, 0);
    free(atomic_exchange(&mapping->path, NULL));
    free(atomic_exchange(&mapping->shown, NULL));
    atomic_store(&mapping->base, 0);
}

bool map_holds(const struct stat *status) {
    for (int i = 0; i < MAPPINGS_MAX; ++i)
        if (atomic_load(&mappings[i].base) > CLAIMED && atomic_load(&mappings[i].inode) == status->st_ino &&
            atomic_load(&mappings[i].device) == status->st_dev)
            return true;
    return false;
}

/* ---- mapping ---- */

bool os_map_open(const char *path, struct os_map *map, struct sy_error *err) {
    struct stat status;
    *map = (struct os_map){ .data = (const unsigned char *)"", .id = -1 };
    int fd = call_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) return sy_fail_errno(err, SY_ERR_IO, "cannot be opened"), sy_error_in(err, path);
    bool done = false;
    if (fstat(fd, &status) != 0)
        sy_fail_errno(err, SY_ERR_IO, "cannot be examined");
    else if (S_ISDIR(status.st_mode))
        sy_fail(err, SY_ERR_IO, "is a folder, where a file is wanted");
    else if (!S_ISREG(status.st_mode))
        sy_fail(err, SY_ERR_IO, "is a pipe or a device, where an ordinary file is wanted");
    else if (status.st_size == 0)
        done = true;
    else {
        void *data = call_mmap((size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd);
        if (data) {
            map->data = data;
            map->size = status.st_size;
            map->id = mapping_add(data, &status, path);
            done = true;
        } else
            sy_fail_errno(err, errno == ENOMEM ? SY_ERR_MEMORY : SY_ERR_IO, "cannot be mapped");
    }
    close(fd);
    return done || sy_error_in(err, path);
}

void os_map_close(struct os_map *map) {
    mapping_remove(map->id);
    if (map->size > 0) munmap((void *)(uintptr_t)map->data, (size_t)map->size);
    *map = (struct os_map){ .data = (const unsigned char *)"", .id = -1 };
}

/* Anonymous memory would lose what it holds. */
static bool is_mapped(uintptr_t first, uintptr_t end) {
    for (int i = 0; i < MAPPINGS_MAX; ++i) {
        uintptr_t base = atomic_load(&mappings[i].base);
        if (base > CLAIMED && first >= base && end <= base + atomic_load(&mappings[i].size)) return true;
    }
    return false;
}

void os_map_forget(const void *data, int64_t size) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = ((uintptr_t)data + page - 1) / page * page,
              end = ((uintptr_t)data + (uintptr_t)size) / page * page;
    if (end > first && is_mapped(first, end))
        madvise((void *)first, end - first, MADV_DONTNEED); /* a wish, too */
}

/* ---- the handler: only what POSIX lists as safe there ---- */

static void print(const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        ssize_t written = write(STDERR_FILENO, text, left);
        if (written <= 0) return;
        text += written;
        left -= (size_t)written;
    }
}

static _Noreturn void report_and_exit(struct mapping *mapping, size_t size) {
    const char *path = atomic_load(&mapping->path), *shown = atomic_load(&mapping->shown);
    struct stat status;
    bool shrank = !path || stat(path, &status) != 0 || status.st_size < (off_t)size;
    while (atomic_flag_test_and_set(&shrink_reported)) pause(); /* another thread is at it, and will exit */
    print(shown ? shown : "a mapped file");
    print(shrank ? ": the file shrank while it was in use; run again when nothing writes to it any more\n"
                 : ": the file could not be read while it was in use; check its disk or network\n");
    temporaries_unlink();
    _exit(1);
}

static void on_sigbus(int number, siginfo_t *info, void *context) {
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (int i = 0; i < MAPPINGS_MAX && info->si_code > 0;
         ++i) { /* si_code <= 0: sent by somebody, no address */
        uintptr_t base = atomic_load(&mappings[i].base);
        size_t size = atomic_load(&mappings[i].size);
        if (base > CLAIMED && at >= base && at - base < size) report_and_exit(&mappings[i], size);
    }
    signal(number, SIG_DFL); /* not ours: die of it, once this handler has returned */
    raise(number);
}

void os_install_sigbus(void) {
    struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
