#include "bench_report.h"

#include "cli.h"

#include <inttypes.h>

#define MIB (1024.0 * 1024)

double bench_times_real(const struct bench_result *result)
{
    return result->cpu.median > 0 ? (double)result->last.virtual_ns / (double)result->cpu.median
                                  : 0;
}

static int64_t sum_of(const struct bench_profile *profile)
{
    int64_t sum = 0;

    for (int i = 0; i < BENCH_PART_COUNT; i++)
        sum += profile->ns[i];
    return sum;
}

static double share_of(const struct bench_profile *profile, int part)
{
    int64_t sum = sum_of(profile);

    return sum > 0 ? (double)profile->ns[part] / (double)sum : 0;
}

static double growth_percent(uint64_t early, uint64_t late)
{
    return early ? ((double)late - (double)early) * 100 / (double)early : 0;
}

static void print_memory(FILE *out, const char *what, uint64_t early, uint64_t late)
{
    if (early && late)
        fprintf(out, "  %-9s %.2f MiB at a tenth, %.2f MiB at the end: %+.1f %%\n", what,
            (double)early / MIB, (double)late / MIB, growth_percent(early, late));
}

void bench_print(FILE *out, const struct bench_result *r)
{
    char hash[CLI_HASH_TEXT], a[RG_DURATION_TEXT], b[RG_DURATION_TEXT];
    const char *comma = "";
    struct rg_buf name;

    rg_buf_init(&name, (size_t)64 << 10);
    fprintf(out, "%s: %zu repetitions of %s", cli_escaped(&name, rg_str_from(r->subject->name)),
        r->repetitions, rg_duration_text(r->last.virtual_ns, a));
    rg_buf_finish(&name);
    if (r->subject->scenario)
        fprintf(out, ", seed %" PRIu64, r->subject->seed);
    fprintf(out, "\n  cpu       %s, MAD %s: %.1f times real time\n",
        rg_duration_text(r->cpu.median, a), rg_duration_text(r->cpu.mad, b), bench_times_real(r));
    fprintf(out, "  wall      %s, MAD %s\n", rg_duration_text(r->wall.median, a),
        rg_duration_text(r->wall.mad, b));
    fprintf(out, "  peak      %.1f MiB\n", (double)r->peak_rss_bytes / MIB);
    print_memory(out, "heap", r->last.early.heap_bytes, r->last.late.heap_bytes);
    print_memory(out, "resident", r->last.early.rss_bytes, r->last.late.rss_bytes);
    fputs("  shares    ", out);
    for (int i = 0; i < BENCH_PART_COUNT; i++) {
        if (r->profile.calls[i] == 0)
            continue;
        fprintf(out, "%s%s %.1f %%", comma, bench_part_name((enum bench_part)i),
            share_of(&r->profile, i) * 100);
        comma = ", ";
    }
    fprintf(out, "\n  outputs   %" PRIu64 ", hash %s, the same in all runs\n", r->last.outputs,
        cli_hash_text(r->last.output_hash, hash));
}

static void spread_json(struct cli_json *json, const char *key, const struct bench_spread *spread,
    const int64_t *values, size_t count)
{
    cli_json_object(json, key);
    cli_json_i64(json, "median_ns", spread->median);
    cli_json_i64(json, "mad_ns", spread->mad);
    cli_json_array(json, "values_ns");
    for (size_t i = 0; i < count; i++)
        cli_json_i64(json, NULL, values[i]);
    cli_json_end_array(json);
    cli_json_end_object(json);
}

static void memory_json(struct cli_json *json, const struct bench_result *r)
{
    cli_json_object(json, "memory");
    cli_json_u64(json, "peak_rss_bytes", r->peak_rss_bytes);
    cli_json_u64(json, "heap_early_bytes", r->last.early.heap_bytes);
    cli_json_u64(json, "heap_late_bytes", r->last.late.heap_bytes);
    cli_json_u64(json, "rss_early_bytes", r->last.early.rss_bytes);
    cli_json_u64(json, "rss_late_bytes", r->last.late.rss_bytes);
    cli_json_end_object(json);
}

static void shares_json(struct cli_json *json, const struct bench_profile *profile)
{
    static const char *const keys[] = {"engine", "model", "rendering", "decoding", "outputs"};

    cli_json_object(json, "shares");
    for (int i = 0; i < BENCH_PART_COUNT; i++) {
        if (profile->calls[i])
            cli_json_double(json, keys[i], share_of(profile, i), 9);
    }
    cli_json_end_object(json);
}

void bench_result_json(struct cli_json *json, const struct bench_result *r)
{
    cli_json_object(json, NULL);
    cli_json_text(json, "name", r->subject->name);
    cli_json_text(json, "file", r->subject->path);
    cli_json_text(json, "kind", r->subject->scenario ? "scenario" : "capture");
    cli_json_u64(json, "seed", r->subject->seed);
    cli_json_i64(json, "virtual_ns", r->last.virtual_ns);
    cli_json_u64(json, "outputs", r->last.outputs);
    cli_json_hash(json, "output_hash", r->last.output_hash);
    cli_json_u64(json, "repetitions", r->repetitions);
    spread_json(json, "cpu", &r->cpu, r->cpu_ns, r->repetitions);
    spread_json(json, "wall", &r->wall, r->wall_ns, r->repetitions);
    cli_json_double(json, "times_real_time", bench_times_real(r), 9);
    memory_json(json, r);
    shares_json(json, &r->profile);
    cli_json_end_object(json);
}

void bench_document_json(struct cli_json *json, const struct bench_machine *machine)
{
    const char *fact, *key;

    cli_json_document(json);
    cli_json_text(json, "command", "bench");
    cli_json_text(json, "version", RG_VERSION);
    cli_json_object(json, "machine");
    for (size_t i = 0; (fact = bench_machine_fact(machine, i, &key)) != NULL; i++)
        cli_json_text(json, key, fact);
    cli_json_end_object(json);
    cli_json_array(json, "results");
}
