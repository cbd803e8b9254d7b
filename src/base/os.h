/*
 * The operating system: the only caller of open, read, write, fsync, rename and mmap. Each call goes through
 * a fault plan, so that tests can make call n fail, or die there.
 *
 * Files that are written appear whole or not at all: os_writer writes to a temporary name in the same folder,
 * syncs it and renames it over the target on commit. What stood there before stays until then.
 */
#ifndef BASE_OS_H
#define BASE_OS_H

#include "base/error.h"
#include <stdint.h>
#include <stdio.h>

/* ---- faults, for tests ---- */

enum os_fault { OS_FAULT_NONE, OS_FAULT_FAIL, OS_FAULT_SHORT, OS_FAULT_DIE };

struct os_fault_plan { /* the call with number `at` (counted from 1 over all calls below) meets the fault */
    enum os_fault fault;
    int64_t at;
    int64_t calls; /* out: calls made so far */
};

/* Installs a plan for the calling thread's calls (NULL removes it); tests only. Returns the former one. */
struct os_fault_plan *os_fault_install(struct os_fault_plan *plan);

/* ---- reading ---- */

struct os_map { /* a read-only mapping of a whole regular file */
    const unsigned char *data;
    int64_t size;
    int64_t id; /* in the table of live mappings that the SIGBUS handler consults; -1: in none */
};

/* Fails with one line for what is no regular file (folders, devices, pipes), is missing, or cannot be read.
 * An empty file maps to size 0. */
SY_MUST_CHECK bool os_map_open(const char *path, struct os_map *map, struct sy_error *err);
void os_map_close(struct os_map *map);
/* The pages that lie within these bytes of a mapping are wanted no more: they leave this process, and come
 * again from the file when read. Bytes of no mapping are left alone. */
void os_map_forget(const void *data, int64_t size);

/* The whole of a small file, NUL behind it, at most `limit` bytes; *text is malloc'ed and the caller's. A
 * pipe will do, a folder or a device will not. Ctrl-C ends a wait for standard input with SY_ERR_STOPPED. */
SY_MUST_CHECK bool os_read_file(const char *path, int64_t limit, char **text, int64_t *size,
                                struct sy_error *err);
SY_MUST_CHECK bool os_read_stdin(int64_t limit, char **text, int64_t *size, struct sy_error *err);
/* What standard input is good for, without reading it: nothing (a terminal, /dev/null, closed), something to
 * read or its end, or a pipe that said nothing for so many seconds. 0 seconds: a pipe counts as ready. */
enum os_stdin { OS_STDIN_NONE, OS_STDIN_READY, OS_STDIN_SILENT };
enum os_stdin os_stdin_state(int seconds);
/* A stream of standard input whose reads a Ctrl-C ends, as an error; fclose leaves the descriptor open. */
SY_MUST_CHECK bool os_open_stdin(FILE **out, struct sy_error *err);
/* The next byte of standard input as it is typed: 1; 0 at the end; -1 where Ctrl-C ended the wait. */
int os_type_stdin(unsigned char *byte);

/* Calls visit for each name in a folder ("." and ".." left out), in no order; false from visit ends it. */
SY_MUST_CHECK bool os_list_folder(const char *path, bool (*visit)(void *argument, const char *name),
                                  void *argument, struct sy_error *err);
bool os_is_folder(const char *path);
bool os_is_file(const char *path);
bool os_is_there(const char *path); /* whatever it is */
bool os_may_read(const char *path);
int64_t os_file_bytes(const char *path);       /* 0 for what is no regular file */
bool os_is_same(const char *a, const char *b); /* both are there, and one file or folder */
SY_MUST_CHECK bool os_make_folder(const char *path,
                                  struct sy_error *err); /* an existing folder is fine; no parents */

/* ---- what may be written over (os_rule.c) ---- */

enum { OS_HEAD_BYTES = 256 };
struct os_kind {      /* the files that a writer makes, told by their first OS_HEAD_BYTES at most */
    const char *what; /* "file of logits by this program" */
    bool (*is)(const unsigned char *head, int64_t size);
};
struct os_rule {
    bool private_mode;          /* 0600 */
    bool force;                 /* the user asked for whatever stands there to go */
    const struct os_kind *kind; /* else: may go unasked; NULL: nothing may but an empty file */
    const char *ask;            /* how to ask: "add --force"; NULL: nobody can. Borrowed for good */
};
/* Before long work: would a writer be opened? Also whether its folder is there and may be changed. */
SY_MUST_CHECK bool os_may_write(const char *path, const struct os_rule *rule, struct sy_error *err);

/* ---- writing aside, then renaming ---- */

/* What is no regular file (a pipe, /dev/null, /dev/stdout) is written as it comes, and can be patched only
 * within the last 1 MiB at best. An existing file keeps its permissions; private_mode always means 0600.
 * After a failed call only commit (which then fails too) or abandon remain. When commit fails what stood
 * there before still stands, unless the very last step failed, the sync of the folder: then the new file
 * stands, whole. */

struct os_writer;
SY_MUST_CHECK bool os_writer_open_by(const struct os_rule *rule, const char *path, struct os_writer **out,
                                     struct sy_error *err);
/* By a rule that lets everything go: into a folder of the writer's own. */
SY_MUST_CHECK bool os_writer_open(const char *path, bool private_mode, struct os_writer **out,
                                  struct sy_error *err);
SY_MUST_CHECK bool os_writer_write(struct os_writer *writer, const void *bytes, int64_t size,
                                   struct sy_error *err);
/* Overwrite bytes already written (a header whose content is known last); size and offset must lie within
 * them. */
SY_MUST_CHECK bool os_writer_patch(struct os_writer *writer, int64_t offset, const void *bytes, int64_t size,
                                   struct sy_error *err);
/* Go on `size` bytes further; what lies between reads as zeros until it is patched. Ordinary files only. */
SY_MUST_CHECK bool os_writer_reserve(struct os_writer *writer, int64_t size, struct sy_error *err);
/* Back to `size` bytes: what came behind them is gone. Ordinary files only. */
SY_MUST_CHECK bool os_writer_rewind(struct os_writer *writer, int64_t size, struct sy_error *err);
SY_MUST_CHECK bool os_writer_commit(struct os_writer *writer,
                                    struct sy_error *err); /* flush, fsync, rename; frees */
void os_writer_abandon(struct os_writer *writer);          /* removes the temporary; frees */
/* What killed runs left in a folder of files half written, by the names that those would have got. A writer
 * does so for its own target. */
void os_remove_stale(const char *folder, bool (*wanted)(const char *name));

/* ---- memory ---- */

/* Anonymous memory, zeroed and touched now (huge pages where given), so that it is really there. size > 0. */
SY_MUST_CHECK bool os_memory_take(int64_t size, void **out, struct sy_error *err);
/* The same, untouched: zeros that are there once they are written, by whichever thread. */
SY_MUST_CHECK bool os_memory_reserve(int64_t size, void **out, struct sy_error *err);
void os_memory_release(void *memory, int64_t size);
void os_memory_trim(void);       /* the heap's free pages go back, as far as the system's allocator can */
int64_t os_peak_rss_bytes(void); /* the most that was resident since this program started; 0: not known */

/* ---- this process ---- */

double os_seconds(void);        /* monotonic clock */
double os_cpu_seconds(void);    /* processor time of this process, all its threads */
int64_t os_local_seconds(void); /* as if the local time were UTC: since 1970 */
void os_install_sigbus(void);   /* the program only: name the mapped file whose size shrank, exit 1 */
/* Ctrl-C, SIGTERM and SIGHUP (unless ignored: nohup) set a flag; a second one kills, and after the latter two
 * five seconds do. Again: a Ctrl-C is forgotten, the others are not. */
void os_install_interrupt(void);
bool os_interrupted(void); /* by any of them */
bool os_must_end(void);    /* by another than Ctrl-C: there is nobody to go on with */
int os_ended_by(void);     /* which signal it was; 0: none */

#endif
