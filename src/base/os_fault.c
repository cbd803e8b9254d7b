/*
 * Fault plans. A thread's plan counts its calls; the call whose number is up fails, does half its work, or is
 * the last thing that the process does (by SIGKILL, as a crash leaves no time for clean-up).
 *
 * The plan is the one piece of state here that no argument carries: threading it through every function that
 * touches a file would put tests into the signatures of the whole program. It belongs to one thread, and only
 * tests set it.
 */
#include "base/os_fault.h"
#include "base/os.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local struct os_fault_plan *current_plan;

struct os_fault_plan *os_fault_install(struct os_fault_plan *plan) {
    struct os_fault_plan *former = current_plan;
    current_plan = plan;
    return former;
}

static enum os_fault next_fault(void) {
    struct os_fault_plan *plan = current_plan;
    if (!plan || ++plan->calls != plan->at) return OS_FAULT_NONE;
    if (plan->fault == OS_FAULT_DIE) kill(getpid(), SIGKILL);
    return plan->fault;
}

/* True when this call shall fail; errno is set. */
static bool call_fails(int number) {
    if (next_fault() != OS_FAULT_FAIL) return false;
    errno = number;
    return true;
}

/* The same for transfers: a short one is cut to half, rounded up, as a transfer of nothing means the end. */
static bool transfer_fails(int number, size_t *size) {
    enum os_fault fault = next_fault();
    if (fault == OS_FAULT_SHORT) *size = (*size + 1) / 2;
    if (fault == OS_FAULT_FAIL) errno = number;
    return fault == OS_FAULT_FAIL;
}

int call_openat(int folder, const char *path, int flags, mode_t mode) {
    return call_fails(EIO) ? -1 : openat(folder, path, flags, mode);
}

ssize_t call_read(int fd, void *bytes, size_t size) {
    return transfer_fails(EIO, &size) ? -1 : read(fd, bytes, size);
}

ssize_t call_write(int fd, const void *bytes, size_t size) {
    return transfer_fails(ENOSPC, &size) ? -1 : write(fd, bytes, size);
}

ssize_t call_pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    return transfer_fails(ENOSPC, &size) ? -1 : pwrite(fd, bytes, size, offset);
}

int call_fallocate(int fd, off_t offset, off_t size) {
    return call_fails(ENOSPC) ? -1 : fallocate(fd, 0, offset, size);
}

int call_fsync(int fd) {
    return call_fails(EIO) ? -1 : fsync(fd);
}

int call_ftruncate(int fd, off_t size) {
    return call_fails(ENOSPC) ? -1 : ftruncate(fd, size);
}

int call_renameat(int folder, const char *from, const char *to, bool may_replace) {
    if (call_fails(EIO)) return -1;
    if (may_replace) return renameat(folder, from, folder, to);
    int done = renameat2(folder, from, folder, to, RENAME_NOREPLACE);
    bool unable = done != 0 && (errno == EINVAL || errno == ENOSYS); /* this file system has no such rename */
    return unable ? renameat(folder, from, folder, to) : done;
}

int call_mkdir(const char *path, mode_t mode) {
    return call_fails(EIO) ? -1 : mkdir(path, mode);
}

void *call_mmap(size_t size, int protection, int flags, int fd) {
    if (call_fails(ENOMEM)) return NULL;
    void *memory = mmap(NULL, size, protection, flags, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}
