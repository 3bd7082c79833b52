/* many_processes N: forks N children that sleep until they are killed, prints "ready", waits for
 * the end of stdin and ends them. Exit code 77 when the host does not allow that many. Everybody
 * dies with the parent. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_MAX 1000000
#define SKIPPED   77

static void child(pid_t parent)
{
    char name[16];

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    snprintf(name, sizeof(name), "many-%d", (int)getpid());
    (void)prctl(PR_SET_NAME, name);
    close(STDOUT_FILENO);
    for (;;)
        pause();
}

static void end_all(const pid_t *pids, long count)
{
    for (long i = 0; i < count; i++)
        (void)kill(pids[i], SIGKILL);
    for (long i = 0; i < count; i++)
        (void)waitpid(pids[i], NULL, 0);
}

int main(int argc, char **argv)
{
    long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    pid_t self = getpid();
    pid_t *pids;
    long made = 0;
    char byte;

    if (count < 1 || count > COUNT_MAX) {
        fprintf(stderr, "usage: many_processes N\n");
        return 64;
    }
    pids = calloc((size_t)count, sizeof(*pids));
    if (!pids)
        return SKIPPED;
    for (; made < count; made++) {
        pids[made] = fork();
        if (pids[made] == 0)
            child(self);
        if (pids[made] < 0)
            break;
    }
    if (made < count) {
        fprintf(stderr, "process %ld of %ld: %s\n", made + 1, count, strerror(errno));
        end_all(pids, made);
        free(pids);
        return SKIPPED;
    }
    puts("ready");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    end_all(pids, made);
    free(pids);
    return 0;
}
