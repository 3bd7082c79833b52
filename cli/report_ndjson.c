/* Results as NDJSON, written and read: one line per scenario, then one that sums up. */
#include "cli.h"
#include "cli_json.h"
#include "rg/base/mem.h"
#include "test_report.h"

#include <inttypes.h>
#include <jv.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX     ((uint64_t)1 << 53) /* numbers that JSON readers keep exactly */
#define SCENARIOS_MAX 100000              /* as many as one command takes */
#define LINE_MAX      (SCENARIO_TEXT_MAX * 16)

/* ---- writing ---- */

static enum rg_status write_line(FILE *out, struct cli_json *json)
{
    enum rg_status st = json->st;

    if (st == RG_OK)
        st = rg_buf_byte(&json->text, '\n');
    if (st == RG_OK && fwrite(json->text.data, 1, json->text.len, out) != json->text.len)
        st = RG_EIO;
    cli_json_finish(json);
    return st;
}

enum rg_status test_ndjson_line(FILE *out, const struct test_record *record)
{
    struct rg_str details = record->details, line;
    struct cli_json json;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_str(&json, "name", record->name);
    cli_json_str(&json, "file", record->file);
    cli_json_str(&json, "flow", record->flow);
    cli_json_text(&json, "outcome", scenario_outcome_name(record->outcome));
    cli_json_i64(&json, "exit_code", record->code);
    cli_json_i64(&json, "duration_ns", record->duration_ns);
    cli_json_u64(&json, "seed", record->seed);
    cli_json_u64(&json, "outputs", record->outputs);
    if (record->expectation.len > 0)
        cli_json_str(&json, "expectation", record->expectation);
    else
        cli_json_null(&json, "expectation");
    cli_json_array(&json, "details");
    while (rg_str_split(&details, '\n', &line))
        cli_json_str(&json, NULL, line);
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    return write_line(out, &json);
}

enum rg_status test_ndjson_summary(FILE *out, const struct test_summary *summary)
{
    struct cli_json json;

    cli_json_init(&json);
    cli_json_document(&json);
    cli_json_bool(&json, "summary", true);
    cli_json_u64(&json, "shard", summary->shard);
    cli_json_u64(&json, "shards", summary->shards);
    cli_json_array(&json, "missing");
    for (size_t i = 0; i < summary->missing_count; i++)
        cli_json_u64(&json, NULL, summary->missing[i]);
    cli_json_end_array(&json);
    cli_json_u64(&json, "selected", summary->selected);
    cli_json_hash(&json, "selection", summary->selection);
    cli_json_u64(&json, "scenarios", summary->scenarios);
    for (int i = 0; i < SCENARIO_OUTCOMES; i++)
        cli_json_u64(&json, scenario_outcome_name((enum scenario_outcome)i), summary->counts[i]);
    cli_json_i64(&json, "duration_ns", summary->duration_ns);
    cli_json_i64(&json, "exit_code", summary->code);
    cli_json_end_object(&json);
    return write_line(out, &json);
}

void test_summary_add(struct test_summary *summary, const struct test_record *record)
{
    summary->counts[record->outcome]++;
    if (summary->duration_ns <= INT64_MAX - record->duration_ns)
        summary->duration_ns += record->duration_ns;
    summary->code = cli_graver(summary->code, record->code);
}

uint64_t test_summary_told(const struct test_summary *summary)
{
    uint64_t told = 0;

    for (int i = 0; i < SCENARIO_OUTCOMES; i++)
        told += summary->counts[i];
    return told;
}

/* ---- reading ---- */

/* An object while its members are taken; the first one that is wrong is told in st. */
struct reader {
    const char *path;
    size_t line;
    jv object; /* borrowed by the functions below */
    enum rg_status st;
    struct rg_err *err;
};

static void RG_PRINTF(2, 3) refuse(struct reader *r, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    if (r->st != RG_OK)
        return;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    rg_err_set(r->err, "%s:%zu: %s", r->path, r->line, why);
    r->st = RG_EINVALID;
}

/* Owned. */
static jv member(const struct reader *r, const char *key)
{
    return jv_object_get(jv_copy(r->object), jv_string(key));
}

static uint64_t take_number(struct reader *r, const char *key, uint64_t min, uint64_t max)
{
    jv value = member(r, key);
    double number = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : -1;

    jv_free(value);
    if (number >= (double)min && number <= (double)max && !((double)(uint64_t)number < number))
        return (uint64_t)number;
    refuse(r, "%s is not a number from %" PRIu64 " to %" PRIu64, key, min, max);
    return min;
}

static void append_text(struct reader *r, jv string, struct rg_buf *out)
{
    size_t len = (size_t)jv_string_length_bytes(jv_copy(string));

    if (r->st == RG_OK)
        r->st = rg_buf_append(out, jv_string_value(string), len);
}

/* Appends the text of a member to out; null is an empty text where it may be. */
static void take_text(struct reader *r, const char *key, bool may_be_null, struct rg_buf *out)
{
    jv value = member(r, key);

    if (jv_get_kind(value) == JV_KIND_STRING)
        append_text(r, value, out);
    else if (jv_get_kind(value) != JV_KIND_NULL || !may_be_null)
        refuse(r, "%s is not a text", key);
    jv_free(value);
}

static void take_lines(struct reader *r, const char *key, struct rg_buf *out)
{
    jv list = member(r, key);
    int count = jv_get_kind(list) == JV_KIND_ARRAY ? jv_array_length(jv_copy(list)) : -1;

    if (count < 0)
        refuse(r, "%s is not a list", key);
    for (int i = 0; i < count && r->st == RG_OK; i++) {
        jv item = jv_array_get(jv_copy(list), i);

        if (jv_get_kind(item) == JV_KIND_STRING)
            append_text(r, item, out);
        else
            refuse(r, "%s holds something else than texts", key);
        jv_free(item);
        if (r->st == RG_OK)
            r->st = rg_buf_byte(out, '\n');
    }
    jv_free(list);
}

static enum scenario_outcome take_outcome(struct reader *r)
{
    jv value = member(r, "outcome");
    const char *word = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
    int found = 0;

    while (found < SCENARIO_OUTCOMES &&
           strcmp(word, scenario_outcome_name((enum scenario_outcome)found)) != 0)
        found++;
    jv_free(value);
    if (found == SCENARIO_OUTCOMES)
        refuse(r, "outcome is none of ok, failed, invalid, error");
    return found == SCENARIO_OUTCOMES ? SCENARIO_ERROR : (enum scenario_outcome)found;
}

static uint64_t take_hash(struct reader *r, const char *key)
{
    jv value = member(r, key);
    const char *digits = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
    uint64_t hash = 0;

    if (strlen(digits) == 16 && strspn(digits, "0123456789abcdef") == 16)
        hash = strtoull(digits, NULL, 16);
    else
        refuse(r, "%s is not 16 hexadecimal digits", key);
    jv_free(value);
    return hash;
}

static struct rg_str part(const struct rg_buf *texts, size_t from, size_t to)
{
    return (struct rg_str){texts->data ? (const char *)texts->data + from : "", to - from};
}

static void read_record(struct reader *r, struct test_line *line)
{
    struct test_record *record = &line->record;
    struct rg_buf *texts = &line->texts;
    size_t ends[5];

    rg_buf_init(texts, LINE_MAX);
    take_text(r, "name", false, texts);
    ends[0] = texts->len;
    take_text(r, "file", false, texts);
    ends[1] = texts->len;
    take_text(r, "flow", false, texts);
    ends[2] = texts->len;
    take_text(r, "expectation", true, texts);
    ends[3] = texts->len;
    take_lines(r, "details", texts);
    ends[4] = texts->len;
    record->name = part(texts, 0, ends[0]);
    record->file = part(texts, ends[0], ends[1]);
    record->flow = part(texts, ends[1], ends[2]);
    record->expectation = part(texts, ends[2], ends[3]);
    record->details = part(texts, ends[3], ends[4]);
    record->outcome = take_outcome(r);
    record->code = (int)take_number(r, "exit_code", 0, 255);
    record->duration_ns = (int64_t)take_number(r, "duration_ns", 0, EXACT_MAX);
    if ((record->outcome == SCENARIO_OK) != (record->code == CLI_OK))
        refuse(r, "outcome and exit_code contradict each other");
}

static void read_summary(struct reader *r, struct test_summary *summary)
{
    jv missing = member(r, "missing");

    summary->missing_count =
        jv_get_kind(missing) == JV_KIND_ARRAY ? (size_t)jv_array_length(jv_copy(missing)) : 0;
    jv_free(missing);
    summary->shards = take_number(r, "shards", 1, TEST_SHARDS_MAX);
    summary->shard = take_number(r, "shard", 1, summary->shards);
    summary->selected = take_number(r, "selected", 0, SCENARIOS_MAX);
    summary->selection = take_hash(r, "selection");
    summary->scenarios = take_number(r, "scenarios", 0, summary->selected);
    for (int i = 0; i < SCENARIO_OUTCOMES; i++)
        summary->counts[i] =
            take_number(r, scenario_outcome_name((enum scenario_outcome)i), 0, summary->scenarios);
    summary->code = (int)take_number(r, "exit_code", 0, 255);
    if (test_summary_told(summary) > summary->scenarios)
        refuse(r, "the counts are above scenarios");
}

/* Owned; invalid when r was refused. jv_parse_sized would want a text that ends with a NUL. */
static jv parse_object(struct reader *r, struct rg_str text)
{
    struct jv_parser *parser = jv_parser_new(0);
    jv value, more;

    jv_parser_set_buf(parser, text.ptr, (int)text.len, 0);
    value = jv_parser_next(parser);
    more = jv_is_valid(value) ? jv_parser_next(parser) : jv_invalid();
    if (jv_get_kind(value) != JV_KIND_OBJECT || jv_is_valid(more) ||
        jv_invalid_has_msg(jv_copy(more))) {
        jv why = jv_is_valid(value) ? jv_null() : jv_invalid_get_msg(jv_copy(value));

        refuse(r, "not one JSON object%s%s", jv_get_kind(why) == JV_KIND_STRING ? ": " : "",
            jv_get_kind(why) == JV_KIND_STRING ? jv_string_value(why) : "");
        jv_free(why);
    }
    jv_free(more);
    jv_parser_free(parser);
    return value;
}

static struct test_line *add_line(struct reader *r, struct test_results *results)
{
    void *array = results->lines;

    r->st = rg_grow(&array, &results->cap, results->count + 1, sizeof(*results->lines), EXACT_MAX);
    results->lines = array;
    if (r->st != RG_OK)
        return NULL;
    results->lines[results->count] = (struct test_line){.number = r->line};
    return &results->lines[results->count++];
}

static void read_line(struct reader *r, struct rg_str text, struct test_results *results)
{
    struct test_line *line;
    jv summary;

    if (results->summary_line > 0)
        refuse(r, "the file goes on behind its summary");
    if (text.len > LINE_MAX) {
        refuse(r, "longer than %zu MiB", LINE_MAX >> 20);
        r->st = r->st == RG_EINVALID ? RG_ELIMIT : r->st;
    }
    if (r->st != RG_OK)
        return;
    r->object = parse_object(r, text);
    if (r->st == RG_OK && take_number(r, "schema_version", 0, EXACT_MAX) != CLI_SCHEMA_VERSION)
        refuse(r, "schema_version is not %d, which this version reads", CLI_SCHEMA_VERSION);
    if (r->st == RG_OK) {
        summary = member(r, "summary");
        if (jv_get_kind(summary) == JV_KIND_TRUE) {
            results->summary_line = r->line;
            read_summary(r, &results->summary);
        } else {
            line = add_line(r, results);
            if (line) {
                line->raw = text;
                read_record(r, line);
            }
        }
        jv_free(summary);
    }
    jv_free(r->object);
}

static int compare_names(const void *a, const void *b)
{
    return rg_str_cmp(
        ((const struct test_line *)a)->record.name, ((const struct test_line *)b)->record.name);
}

static void check_whole(struct reader *r, struct test_results *results)
{
    if (results->summary_line == 0) {
        r->line = r->line ? r->line : 1;
        refuse(r, "the file ends without a summary: it is cut, or its run did not end");
    } else if (test_summary_told(&results->summary) != results->count) {
        r->line = results->summary_line;
        refuse(r, "the summary counts %" PRIu64 " results, the file has %zu",
            test_summary_told(&results->summary), results->count);
    }
    if (results->count > 0)
        qsort(results->lines, results->count, sizeof(*results->lines), compare_names);
    for (size_t i = 1; i < results->count && r->st == RG_OK; i++) {
        const struct test_line *a = &results->lines[i - 1], *b = &results->lines[i];

        r->line = a->number > b->number ? a->number : b->number;
        if (rg_str_eq(a->record.name, b->record.name))
            refuse(
                r, "the scenario of line %zu again", a->number > b->number ? b->number : a->number);
    }
}

enum rg_status test_results_read(const char *path, struct test_results *results, struct rg_err *err)
{
    struct reader r = {.path = path, .err = err};
    struct rg_str rest, line;

    results->path = path;
    rg_buf_init(&results->bytes, TEST_RESULTS_BYTES_MAX);
    r.st = cli_read_file(path, &results->bytes, err);
    if (r.st != RG_OK)
        return r.st;
    rest = rg_str_buf(&results->bytes);
    while (r.st == RG_OK && rg_str_split(&rest, '\n', &line)) {
        r.line++;
        read_line(&r, line, results);
    }
    if (r.st == RG_OK)
        check_whole(&r, results);
    return r.st;
}

void test_results_finish(struct test_results *results)
{
    for (size_t i = 0; i < results->count; i++)
        rg_buf_finish(&results->lines[i].texts);
    free(results->lines);
    rg_buf_finish(&results->bytes);
    *results = (struct test_results){.count = 0};
}

bool test_results_duration(const struct test_results *results, struct rg_str name, int64_t *ns)
{
    const struct test_line key = {.record = {.name = name}};
    const struct test_line *found =
        results->count > 0
            ? bsearch(&key, results->lines, results->count, sizeof(*results->lines), compare_names)
            : NULL;

    if (found)
        *ns = found->record.duration_ns;
    return found != NULL;
}
