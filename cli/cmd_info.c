/* reagent info: a capture at a glance. Reads all of it, so what it prints is proven. */
#include "capture_facts.h"
#include "cli_args.h"
#include "cli_json.h"
#include "effect_text.h"

#include <inttypes.h>
#include <stdio.h>

#define TEXT_MAX ((size_t)1 << 20)

struct info_args {
    struct cli_common common;
    const char *file;
};

static const struct argp_child children[] = {{&cli_argp_json, 0, NULL, 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct info_args *args = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        cli_args_common(state, children, &args->common);
        return 0;
    case ARGP_KEY_ARG:
        cli_args_take(state, &args->file, 1, arg);
        return 0;
    case ARGP_KEY_END:
        cli_args_need(state, 1, "FILE is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {NULL, parse, "FILE",
    "Summarise a capture: size, duration, effects, channels, metadata, final hash. All of it is "
    "read and verified."
    "\vExamples:\n"
    "  reagent info host.mcap\n"
    "  reagent info host.mcap --json | jq .effects\n",
    children, NULL, NULL};

/* Metadata arrives by callback; it is kept as text until the rest is known. */
struct notes {
    struct cli_json json; /* an object */
    struct rg_buf text;
    enum rg_status st;
};

static void take_note(void *ctx, const char *key, const char *value)
{
    struct notes *notes = ctx;

    cli_json_text(&notes->json, key, value);
    if (notes->st == RG_OK)
        notes->st = rg_buf_str(&notes->text, "  ");
    if (notes->st == RG_OK)
        notes->st = rg_str_escape(&notes->text, rg_str_from(key));
    if (notes->st == RG_OK)
        notes->st = rg_buf_str(&notes->text, ": ");
    if (notes->st == RG_OK)
        notes->st = rg_str_escape(&notes->text, rg_str_from(value));
    if (notes->st == RG_OK)
        notes->st = rg_buf_byte(&notes->text, '\n');
}

static double ratio(const struct capture_facts *facts)
{
    return facts->packed_bytes ? (double)facts->plain_bytes / (double)facts->packed_bytes : 0;
}

static int print_json(const struct capture_facts *facts, const char *file, struct notes *notes)
{
    struct cli_json json;
    enum rg_status st;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_text(&json, "file", file);
    cli_json_text(&json, "profile", facts->profile);
    cli_json_text(&json, "library", facts->library);
    cli_json_u64(&json, "format_version", facts->run.format_version);
    cli_json_u64(&json, "bytes", facts->file_bytes);
    cli_json_i64(&json, "start_wall_ns", facts->start.ns);
    cli_json_i64(&json, "duration_ns", facts->duration_ns);
    cli_json_u64(&json, "effects", facts->run.effects);
    cli_json_u64(&json, "outputs", facts->run.outputs);
    cli_json_u64(&json, "records", facts->records);
    cli_json_u64(&json, "chunks", facts->chunks);
    cli_json_double(&json, "compression_ratio", ratio(facts), 9);
    cli_json_bool(&json, "truncated", facts->run.truncated);
    cli_json_bool(&json, "finished", facts->run.finished);
    cli_json_hash(&json, "output_hash", facts->run.output_hash);
    cli_json_object(&json, "channels");
    for (size_t i = 0; i < facts->channel_count; i++)
        cli_json_u64(&json, facts->channels[i].topic, facts->channels[i].messages);
    cli_json_end_object(&json);
    cli_json_object(&json, "kinds");
    for (const enum rg_effect_kind *kind = effect_kinds(); *kind; kind++) {
        if (facts->kinds[*kind] > 0)
            cli_json_u64(&json, rg_effect_kind_name(*kind), facts->kinds[*kind]);
    }
    cli_json_end_object(&json);
    cli_json_raw(&json, "metadata", &notes->json);
    cli_json_end_object(&json);
    st = cli_json_print(&json);
    cli_json_finish(&json);
    return st == RG_OK ? CLI_OK : st == RG_EIO ? CLI_OUTPUT : CLI_INTERNAL;
}

static void print_text(const struct capture_facts *facts, const char *file, struct notes *notes)
{
    char wall[RG_WALL_TEXT], duration[RG_DURATION_TEXT], hash[CLI_HASH_TEXT];
    struct rg_buf escaped;

    rg_buf_init(&escaped, TEXT_MAX);
    printf("file:        %s\n", cli_escaped(&escaped, rg_str_from(file)));
    printf("library:     %s\n", cli_escaped(&escaped, rg_str_from(facts->library)));
    printf("size:        %" PRIu64 " bytes", facts->file_bytes);
    if (facts->chunks > 0)
        printf(", %" PRIu64 " chunks, compressed %.1f times", facts->chunks, ratio(facts));
    printf("\nstart:       %s\n", rg_wall_text(facts->start, wall));
    printf("duration:    %s\n", rg_duration_text(facts->duration_ns, duration));
    printf("effects:     %" PRIu64 "\n", facts->run.effects);
    printf("outputs:     %" PRIu64 "\n", facts->run.outputs);
    printf("output hash: %s%s\n", cli_hash_text(facts->run.output_hash, hash),
        facts->run.finished ? "" : " (so far; the file has no final hash)");
    printf("truncated:   %s\n", facts->run.truncated ? "yes" : "no");
    printf("channels:\n");
    for (size_t i = 0; i < facts->channel_count; i++)
        printf("  %-10s %" PRIu64 " messages\n",
            cli_escaped(&escaped, rg_str_from(facts->channels[i].topic)),
            facts->channels[i].messages);
    printf("kinds:\n");
    for (const enum rg_effect_kind *kind = effect_kinds(); *kind; kind++) {
        if (facts->kinds[*kind] > 0)
            printf("  %-10s %" PRIu64 "\n", rg_effect_kind_name(*kind), facts->kinds[*kind]);
    }
    printf("metadata:\n");
    cli_put(rg_str_buf(&notes->text));
    rg_buf_finish(&escaped);
}

int cmd_info(int argc, char **argv)
{
    struct info_args args = {.common = cli_common_defaults()};
    struct capture_facts facts = {0};
    struct notes notes = {.st = RG_OK};
    struct rg_err err = {0};
    enum rg_status st;
    int code = CLI_OK;

    cli_args_parse(&argp, argc, argv, &args);
    if (!cli_capture_usable(args.file, &code))
        return code;
    cli_json_init(&notes.json);
    rg_buf_init(&notes.text, TEXT_MAX);
    cli_json_object(&notes.json, NULL);
    st = capture_facts_read(&facts, args.file, take_note, &notes, &err);
    cli_json_end_object(&notes.json);
    if (st != RG_OK)
        code = cli_fail(cli_exit_for_input(st), args.file, st, &err);
    else if (args.common.json)
        code = print_json(&facts, args.file, &notes);
    else
        print_text(&facts, args.file, &notes);
    if (code == CLI_OK && notes.st != RG_OK)
        code = cli_fail(CLI_INTERNAL, "metadata", notes.st, NULL);
    cli_json_finish(&notes.json);
    rg_buf_finish(&notes.text);
    capture_facts_finish(&facts);
    return code;
}
