/* Scenarios: a YAML file that says which world a run sees, how long it lasts, what goes wrong, and
 * what must be true of its outputs. docs/scenario-format.md describes the file. */
#ifndef RG_SIM_SCENARIO_H
#define RG_SIM_SCENARIO_H

#include "rg/base/str.h"
#include "rg/sim_fault.h"
#include "rg/sim_host.h"

enum rg_scenario_world {
    RG_SCENARIO_SIMULATE,
    RG_SCENARIO_FIXTURE,
    RG_SCENARIO_LIVE,
};

enum rg_expect_when {
    RG_EXPECT_AT,         /* in the state of the outputs up to a time */
    RG_EXPECT_ALWAYS,     /* in every state */
    RG_EXPECT_SOMETIMES,  /* in at least one state */
    RG_EXPECT_EVENTUALLY, /* in the last state */
};

struct rg_expect {
    enum rg_expect_when when;
    int64_t at_ns;         /* since the start of the run; of RG_EXPECT_AT */
    const char *jq;        /* the condition */
    uint32_t line, column; /* of it, counted from 1 */
};

/* The place in the file that something comes from; counted from 1. */
struct rg_scenario_origin {
    uint32_t line, column;
};

struct rg_scenario_doc; /* the document that the texts belong to */

/* All texts and arrays are owned by the scenario. */
struct rg_scenario {
    const char *path; /* as given to load */
    const char *name;
    const char *why; /* NULL: not said */
    enum rg_scenario_world world;
    const char *fixture; /* as written; relative to the folder of the file */
    uint64_t seed;
    int64_t for_ns;
    const char *for_text;               /* as written */
    struct rg_buf checks;               /* "process, rtprocess"; may be empty */
    bool checks_set;                    /* checks stand in the file, also when there are none */
    bool confd;                         /* the world is simulated and has a conf.d */
    const char *confd_dir;              /* a real tree for it, as written; NULL: none */
    struct rg_buf config;               /* one line "key: JSON" for each key of config */
    struct rg_scenario_origin *origins; /* origin_count of them: of the lines of config */
    size_t origin_count;
    struct rg_fault_rule *faults;
    struct rg_scenario_origin *fault_origins; /* of the items of faults */
    size_t fault_count;
    struct rg_expect *expects;
    size_t expect_count;
    const char *golden;  /* NULL: none; relative to the folder of the file */
    const char **ignore; /* ignore_count jq paths that the golden leaves out */
    size_t ignore_count;
    struct rg_scenario_doc *doc;
};

#define RG_SCENARIO_BYTES_MAX   ((size_t)4 << 20)
#define RG_SCENARIO_EXPECTS_MAX 1000
#define RG_SCENARIO_IGNORE_MAX  1000

/* Reads the bytes of a scenario file. path is borrowed and outlives the scenario; it is for
 * messages. Everything is checked but the jq texts and the ranges that only the host and the faults
 * know.
 *   RG_OK        *out is owned: rg_scenario_destroy
 *   RG_EINVALID  not acceptable; err says "PATH:LINE:COLUMN: why"
 *   RG_ELIMIT    above a limit; err says which
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_scenario_parse(
    const char *path, struct rg_str text, struct rg_scenario **out, struct rg_err *err);
void rg_scenario_destroy(struct rg_scenario *scenario); /* NULL is fine */

/* Builds the host of a scenario whose world is simulated; at the start of the run. options_text is
 * copied. seed stands for that of the scenario.
 *   RG_OK        *host is owned: rg_sim_host_destroy
 *   RG_EINVALID  a value is outside its range; err says "PATH:LINE:COLUMN: why"
 *   RG_ELIMIT, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_scenario_host(const struct rg_scenario *scenario,
    struct rg_runtime *clock, uint64_t seed, const char *options_text, struct rg_sim_host **host,
    struct rg_err *err);

#endif
