/*
 * The system calls of base/, each through the fault plan of the calling thread. Internal to base/: the other
 * os_*.c call the system only through these, so that a test which fails call 1, 2, 3, ... has failed them
 * all.
 */
#ifndef BASE_OS_FAULT_H
#define BASE_OS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

int call_openat(int folder, const char *path, int flags, mode_t mode);
ssize_t call_read(int fd, void *bytes, size_t size);
ssize_t call_write(int fd, const void *bytes, size_t size);
ssize_t call_pwrite(int fd, const void *bytes, size_t size, off_t offset);
int call_fallocate(int fd, off_t offset, off_t size);
int call_fsync(int fd);
int call_ftruncate(int fd, off_t size);
int call_renameat(int folder, const char *from, const char *to, bool may_replace);
int call_mkdir(const char *path, mode_t mode);
void *call_mmap(size_t size, int protection, int flags, int fd); /* NULL on failure */

#endif
