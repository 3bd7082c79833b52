#include "explore_report.h"

#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *const explore_scheduler_names[] = {"random", "pct", NULL};
const char *const explore_fault_names[] = {"none", "scenario", "random", NULL};

static const char *scheduler_name(const struct explore_settings *settings)
{
    return explore_scheduler_names[settings->order - RG_SIM_ORDER_RANDOM];
}

char *explore_command(const struct explore_repeat *repeat, uint64_t seed)
{
    const struct explore_settings *s = repeat->settings;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputs("reagent explore ", out);
    cli_put_word(out, rg_str_from(s->scenario->path));
    fprintf(out, " --seeds %" PRIu64 "..%" PRIu64 " --scheduler %s", seed, seed, scheduler_name(s));
    if (s->order == RG_SIM_ORDER_PCT)
        fprintf(out, " --depth %" PRIu32 " --steps %" PRIu64, s->depth, s->steps);
    if (s->faults != EXPLORE_FAULTS_SCENARIO)
        fprintf(out, " --faults %s", explore_fault_names[s->faults]);
    if (s->expect)
        fputs(" --expect", out);
    if (repeat->timeout_ns)
        fprintf(out, " --timeout %" PRId64 "ms", repeat->timeout_ns / 1000000);
    if (repeat->memory)
        fprintf(out, " --memory %" PRIu64 "KiB", repeat->memory / 1024);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

void explore_print_failure(
    const struct explore_repeat *repeat, const struct explore_failure *f, bool brief)
{
    struct rg_str details = rg_str_buf(&f->result->details), line;
    char *command = explore_command(repeat, f->seed);
    struct rg_buf escaped;

    rg_buf_init(&escaped, SCENARIO_TEXT_MAX * 4);
    printf("FAIL seed %" PRIu64 ": %s\n", f->seed,
        cli_escaped(&escaped, rg_str_buf(&f->result->invariant)));
    while (!brief && rg_str_split(&details, '\n', &line))
        cli_put_line(stdout, line);
    printf("    repeat: %s\n", command ? command : "out of memory");
    rg_buf_clear(&escaped);
    if (f->kept)
        printf("    kept: %s\n", cli_escaped(&escaped, rg_str_from(f->kept)));
    if (f->why)
        cli_put_line(stdout, rg_str_from(f->why));
    fflush(stdout);
    rg_buf_finish(&escaped);
    free(command);
}

void explore_print_summary(const struct explore_summary *s)
{
    char text[RG_DURATION_TEXT];

    printf("%" PRIu64 " seed%s: %" PRIu64 " failed, ", s->run, s->run == 1 ? "" : "s", s->failures);
    if (s->refused)
        printf("%" PRIu64 " refused by a drawn fault, ", s->refused);
    printf("%" PRIu64 " order%s of tasks, %s\n", s->orders, s->orders == 1 ? "" : "s",
        rg_duration_text(s->duration_ns / 1000000 * 1000000, text));
}

void explore_json_failure(
    struct cli_json *json, const struct explore_repeat *repeat, const struct explore_failure *f)
{
    struct rg_str details = rg_str_buf(&f->result->details), line;
    char *command = explore_command(repeat, f->seed);

    cli_json_object(json, NULL);
    cli_json_u64(json, "seed", f->seed);
    cli_json_str(json, "invariant", rg_str_buf(&f->result->invariant));
    cli_json_array(json, "details");
    while (rg_str_split(&details, '\n', &line))
        cli_json_str(json, NULL, line);
    cli_json_end_array(json);
    cli_json_hash(json, "order_hash", f->result->numbers.order_hash);
    cli_json_text(json, "repeat", command ? command : "");
    if (f->kept)
        cli_json_text(json, "capture", f->kept);
    else
        cli_json_null(json, "capture");
    if (f->why)
        cli_json_text(json, "note", f->why);
    cli_json_end_object(json);
    free(command);
}

enum rg_status explore_json_print(const struct explore_repeat *repeat,
    const struct explore_summary *s, const struct cli_json *failures)
{
    const struct explore_settings *settings = repeat->settings;
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "scenario", settings->scenario->name);
    cli_json_text(&json, "file", settings->scenario->path);
    cli_json_text(&json, "scheduler", scheduler_name(settings));
    if (settings->order == RG_SIM_ORDER_PCT) {
        cli_json_u64(&json, "depth", settings->depth);
        cli_json_u64(&json, "steps", settings->steps);
    }
    cli_json_text(&json, "faults", explore_fault_names[settings->faults]);
    cli_json_object(&json, "seeds");
    cli_json_u64(&json, "first", s->first);
    cli_json_u64(&json, "last", s->last);
    cli_json_u64(&json, "run", s->run);
    cli_json_end_object(&json);
    cli_json_u64(&json, "failed", s->failures);
    cli_json_u64(&json, "refused", s->refused);
    cli_json_u64(&json, "orders", s->orders);
    cli_json_hash(&json, "orders_hash", s->orders_hash);
    cli_json_i64(&json, "duration_ns", s->duration_ns);
    cli_json_raw(&json, "failures", failures);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st;
}
