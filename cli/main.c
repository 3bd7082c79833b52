/* reagent VERB [options]: finds the verb and hands over. */
#include "cli.h"

#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERB_NAME_MAX 64

static const struct cli_verb verbs[] = {
    {"record", "run live or a scenario and write a capture", cmd_record},
    {"replay", "run the engine on a capture and compare", cmd_replay},
    {"run", "run live until a signal comes", cmd_run},
    {"check", "run one check and print what it sees", cmd_check},
    {"status", "show what a running agent says of itself", cmd_status},
    {"configcheck", "show which checks are configured", cmd_configcheck},
    {"verify", "prove that a capture or scenario runs the same everywhere", cmd_verify},
    {"info", "summarise a capture", cmd_info},
    {"ls", "list the effects of a capture", cmd_ls},
    {"cat", "print contents of a capture", cmd_cat},
    {"diff", "compare two captures", cmd_diff},
    {"recover", "finish a capture that was cut off", cmd_recover},
    {"scenario", "write a scenario that simulates a captured host", cmd_scenario},
    {"test", "run scenarios and judge what came out", cmd_test},
    {"bench", "measure scenarios and captures", cmd_bench},
    {"merge", "join the results of the shards of a test", cmd_merge},
    {"explore", "run a scenario in many orders of its tasks", cmd_explore},
    {"doctor", "say what this host allows", cmd_doctor},
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(FILE *out)
{
    fputs("Usage: reagent VERB [options]\n\n"
          "Records, replays and examines the process checks of an observability agent.\n\n"
          "Verbs:\n",
        out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-11s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\n"
          "Examples:\n"
          "  reagent record -o host.mcap --for 30s\n"
          "  reagent replay host.mcap\n"
          "  reagent check process --json\n"
          "\n"
          "'reagent VERB --help' says more about a verb. Exit codes: 0 as expected, 1 a finding,\n"
          "2 not run, 3 bad input, 4 divergence, 5 a limit, 64 usage, 69 source unavailable,\n"
          "70 internal, 74 output not written, 77 skipped.\n",
        out);
}

static int refuse_verb(const char *word)
{
    const char *names[VERB_COUNT + 3] = {0};
    const char *nearest;
    struct rg_buf text;

    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    names[VERB_COUNT] = "--help";
    names[VERB_COUNT + 1] = "--version";
    nearest = rg_str_nearest(rg_str_from(word), names);
    rg_buf_init(&text, 4096);
    fprintf(stderr, "reagent: unknown %s '%s'", word[0] == '-' ? "option" : "verb",
        cli_escaped(&text, rg_str_from(word)));
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nTry 'reagent --help' for more information.\n", stderr);
    rg_buf_finish(&text);
    return CLI_USAGE;
}

static int run_verb(const struct cli_verb *verb, int argc, char **argv)
{
    char name[VERB_NAME_MAX];

    snprintf(name, sizeof(name), "reagent %s", verb->name);
    argv[0] = name; /* argp names it in messages and help */
    return verb->run(argc, argv);
}

/* A standard stream that is closed would be the number of the next file: text would go into it.
 * These refuse what nobody may do with the stream. */
static bool hold_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    /* A reader that went away must become exit code 74, not a signal. Who ignores SIGCHLD never
     * hears how its children ended. */
    if (!hold_streams() || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        signal(SIGCHLD, SIG_DFL) == SIG_ERR || atexit(cli_close_stdout) != 0)
        return CLI_INTERNAL;
    argp_program_version = "reagent " RG_VERSION;
    argp_err_exit_status = CLI_USAGE;
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts(argp_program_version);
        return CLI_OK;
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return run_verb(&verbs[i], argc - 1, argv + 1);
    }
    return refuse_verb(argv[1]);
}
