/* The least a scan of /proc can cost: the system calls of a scan and nothing else. */
#ifndef RG_TESTS_SCAN_FLOOR_H
#define RG_TESTS_SCAN_FLOOR_H

#include <stdint.h>

struct scan_floor {
    long processes; /* with a command line */
    long calls;     /* system calls, the list of pids left out */
    long failures;
    int64_t bytes;
};

/* Lists root ("/proc"), then opens, reads and closes what a first scan reads of each pid. A pid
 * without command line (a kernel thread) gets three files. 0, or -1 when root cannot be read. */
int scan_floor_run(const char *root, struct scan_floor *out);

#endif
