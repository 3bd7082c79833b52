/* Processes of our own: what breaks in one cannot break the command. */
#ifndef RG_CHILD_PROCESS_H
#define RG_CHILD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* fork, but the new process never prints what stdio still held, and is killed when this one ends,
 * however that comes about, also after an exec. */
pid_t child_fork(void);

/* Waits for its end. usage may be NULL. False: it is none of ours. */
bool child_wait(pid_t pid, int *status, struct rusage *usage);

/* All of the bytes, or false. */
bool child_write(int fd, const void *bytes, size_t len);
bool child_read(int fd, void *bytes, size_t len);

#endif
