/*
 * The temporaries of os_write.c: their names, and what becomes of them when a run ends badly.
 *
 *     .NAME.x7k2qp.tmp    beside NAME; locked (flock) as long as its writer lives
 *
 * A run that is killed outright leaves one behind. The next writer of NAME removes it: it is ours by its
 * name, it belongs to this user, and nobody holds its lock. Its bytes are not used: nobody knows how many of
 * them are good. Of a run that dies in a signal handler the table below knows what to remove; it is global
 * and made of atomics, since a handler gets no argument and can take no lock. A full table costs no more than
 * a file that the next run removes.
 */
#include "base/os_fault.h"
#include "base/os_parts.h"
#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TARGET_BYTES_MAX 240 /* of the target's name in the temporary's: 255 are allowed, 12 are ours */
#define LETTERS          6
#define TRIES_MAX        100
#define LIVE_MAX         32

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* ---- the table ---- */

enum { FREE, FILLING, LIVE };

static struct {
    atomic_int state;
    pid_t owner; /* not of a child that this process forks */
    int folder;
    char name[TEMPORARY_BYTES];
} live[LIVE_MAX];

static void note(int folder, const char *name) {
    for (int i = 0; i < LIVE_MAX; ++i) {
        int free_one = FREE;
        if (!atomic_compare_exchange_strong(&live[i].state, &free_one, FILLING)) continue;
        live[i].owner = getpid();
        live[i].folder = folder;
        snprintf(live[i].name, sizeof live[i].name, "%s", name);
        atomic_store(&live[i].state, LIVE);
        return;
    }
}

void temporary_forget(int folder, const char *name) {
    for (int i = 0; i < LIVE_MAX; ++i)
        if (atomic_load(&live[i].state) == LIVE && live[i].folder == folder &&
            strcmp(live[i].name, name) == 0)
            atomic_store(&live[i].state, FREE);
}

void temporaries_unlink(void) {
    for (int i = 0; i < LIVE_MAX; ++i)
        if (atomic_load(&live[i].state) == LIVE && live[i].owner == getpid())
            unlinkat(live[i].folder, live[i].name, 0);
}

/* ---- making one ---- */

static void make_name(const char *target, uint64_t r, char name[TEMPORARY_BYTES]) {
    char letters[LETTERS + 1] = "";
    for (int k = 0; k < LETTERS; ++k, r /= 36) letters[k] = alphabet[r % 36];
    snprintf(name, TEMPORARY_BYTES, ".%.*s.%s.tmp", TARGET_BYTES_MAX, target, letters);
}

/* Ours from now on? Between making and locking it somebody may have taken it for a stale one. */
static bool hold(int fd) {
    struct stat status;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK; /* a file system without locks */
    return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int temporary_make(int folder, const char *target, mode_t mode, char name[TEMPORARY_BYTES]) {
    uint64_t seed = (uint64_t)getpid() << 32 ^ (uint64_t)(os_seconds() * 1e9) ^ (uint64_t)(uintptr_t)name;
    for (int i = 0; i < TRIES_MAX; ++i) {
        make_name(target, random_mix(seed += 0x9e3779b97f4a7c15u), name);
        int fd = call_openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 && hold(fd)) {
            note(folder, name);
            return fd;
        }
        if (fd >= 0) {
            close(fd);
            continue;
        }
        if (errno != EEXIST) break;
    }
    name[0] = 0;
    return -1;
}

/* ---- stale ones ---- */

/* The length of NAME in ".NAME.x7k2qp.tmp"; 0: no such name. */
static size_t target_length(const char *name) {
    size_t length = strlen(name), tail = 1 + LETTERS + 4; /* ".x7k2qp" ".tmp" */
    if (length < 2 + tail || name[0] != '.' || strcmp(name + length - 4, ".tmp") != 0) return 0;
    const char *dot = name + length - tail;
    return *dot == '.' && strspn(dot + 1, alphabet) == LETTERS ? length - tail - 1 : 0;
}

static void remove_unheld(int folder, const char *name) {
    struct stat status, again;
    int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    bool ours = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid();
    if (ours && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        fstatat(folder, name, &again, AT_SYMLINK_NOFOLLOW) == 0 && again.st_ino == status.st_ino &&
        again.st_dev == status.st_dev)
        unlinkat(folder, name, 0);
    close(fd);
}

/* None of this goes through the fault plan, nor can it fail: it only tidies up. */
static void sweep(int folder, bool (*wanted)(void *argument, const char *target), void *argument) {
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (!list && fd >= 0) close(fd);
    if (!list) return;
    for (const struct dirent *entry; (entry = readdir(list));) {
        char target[256];
        size_t length = target_length(entry->d_name);
        if (length == 0) continue;
        snprintf(target, sizeof target, "%.*s", (int)length, entry->d_name + 1);
        if (wanted(argument, target)) remove_unheld(folder, entry->d_name);
    }
    closedir(list);
}

static bool is_target(void *argument, const char *target) {
    const char *wanted = argument;
    return strncmp(wanted, target, TARGET_BYTES_MAX) == 0;
}

void temporaries_sweep_of(int folder, const char *target) {
    sweep(folder, is_target, (void *)(uintptr_t)target);
}

struct wish {
    bool (*wanted)(const char *target);
};

static bool is_wanted(void *argument, const char *target) {
    const struct wish *wish = argument;
    return wish->wanted(target);
}

void os_remove_stale(const char *folder, bool (*wanted)(const char *target)) {
    struct wish wish = { wanted };
    int fd = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    sweep(fd, is_wanted, &wish);
    close(fd);
}
