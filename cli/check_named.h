/* `check NAME` for a check of conf.d: what its instances send, and how they ran. */
#ifndef RG_CHECK_NAMED_H
#define RG_CHECK_NAMED_H

#include "rg/backend/set.h"
#include "rg/core/engine.h"

struct check_named_options {
    const char *name;
    int64_t times; /* >= 1 */
    int64_t pause_ns, delay_ns;
    const char *filter; /* jq program; NULL: all instances */
    bool json, table, full_sketches;
    bool from_capture; /* for exit codes */
    bool confd;        /* there is a folder, or a capture */
};

/* Runs and prints; everything that went wrong was said. With json stdout gets one document in any
 * case: a list with an object per instance, or an object with the key "error".
 *   CLI_OK         all instances ran without an error
 *   CLI_FINDING    one did not, or a file or instance of the check could not be used
 *   CLI_BAD_INPUT  no valid check found
 *   CLI_NOT_RUN    no instance passed the filter, or all belong to the JMX tool
 *   others         as cli_exit_for_live or cli_exit_for_input */
int check_named(const struct rg_backends *set, const struct check_named_options *options);

/* For what failed before: prints the document with "error", if json. Returns code. */
int check_named_failed(const struct check_named_options *options, int code, const char *error);

#endif
