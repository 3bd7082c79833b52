#include "judge_jq.h"
#include "judge_parts.h"
#include "rg/sim_judge.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct rg_judge {
    jv out;  /* array */
    jv last; /* object: source to items */
    jv open; /* object: source to the messages of a group that is not complete */
    int64_t *times;
    struct seen {
        jv last, status;
    } * seen; /* .last and .status behind each output */
    jv status;
    size_t count, times_cap, seen_cap;
    struct fired {
        int64_t t_ns;
        size_t rule;
    } * fired;
    size_t fired_count, fired_cap, rules;
    jv report;
    int64_t end_ns;
    bool ended;
};

enum rg_status rg_judge_create(size_t fault_count, struct rg_judge **out, struct rg_err *err)
{
    struct rg_judge *judge = rg_calloc(1, sizeof(*judge));

    if (!judge) {
        rg_err_set(err, "out of memory");
        return RG_ENOMEM;
    }
    judge->out = jv_array();
    judge->last = jv_object();
    judge->open = jv_object();
    judge->report = jv_null();
    judge->status = jv_null();
    judge->rules = fault_count;
    *out = judge;
    return RG_OK;
}

/* object is borrowed; the result is owned. */
static jv get(jv object, const char *key)
{
    if (jv_get_kind(object) != JV_KIND_OBJECT)
        return jv_null();
    object = jv_object_get(jv_copy(object), jv_string(key));
    if (jv_is_valid(object))
        return object;
    jv_free(object);
    return jv_null();
}

static double number(jv object, const char *key)
{
    jv value = get(object, key);
    double n = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : -1;

    jv_free(value);
    return n;
}

/* The processes or statistics of all messages, in order. messages is taken. */
static jv join_items(jv messages)
{
    jv items = jv_array();
    int count = jv_array_length(jv_copy(messages));

    for (int i = 0; i < count; i++) {
        jv message = jv_array_get(jv_copy(messages), i);
        jv part = get(message, "processes");

        if (jv_get_kind(part) != JV_KIND_ARRAY) {
            jv_free(part);
            part = get(message, "stats");
        }
        if (jv_get_kind(part) == JV_KIND_ARRAY)
            items = jv_array_concat(items, part);
        else
            jv_free(part);
        jv_free(message);
    }
    jv_free(messages);
    return items;
}

/* Adds a message to the group of its source; a complete group becomes .last. message is taken. */
static void take_message(struct rg_judge *judge, jv source, jv message)
{
    double group = number(message, "groupId");
    double size = number(message, "groupSize");
    const char *name = jv_string_value(source);
    jv open = get(judge->open, name);
    jv first = jv_null();

    if (jv_get_kind(open) == JV_KIND_ARRAY && jv_array_length(jv_copy(open)) > 0) {
        first = jv_array_get(jv_copy(open), 0);
        if (number(first, "groupId") < group || number(first, "groupId") > group) {
            jv_free(open);
            open = jv_array();
        }
    } else {
        jv_free(open);
        open = jv_array();
    }
    jv_free(first);
    open = jv_array_append(open, message);
    if (jv_array_length(jv_copy(open)) >= size) {
        judge->last = jv_object_set(judge->last, jv_copy(source), join_items(open));
        open = jv_array();
    }
    judge->open = jv_object_set(judge->open, jv_copy(source), open);
}

/* A status becomes .status, a message of a group goes to its group. output is borrowed. */
static void take_output(struct rg_judge *judge, jv output)
{
    jv kind = get(output, "kind"), source = get(output, "source"), message = get(output, "message");

    if (jv_get_kind(kind) == JV_KIND_STRING && strcmp(jv_string_value(kind), "status") == 0) {
        jv_free(judge->status);
        judge->status = jv_copy(message);
    } else if (jv_get_kind(source) == JV_KIND_STRING && number(message, "groupSize") >= 0) {
        take_message(judge, source, jv_copy(message));
    }
    jv_free(kind);
    jv_free(source);
    jv_free(message);
}

enum rg_status rg_judge_output(
    struct rg_judge *judge, int64_t t_ns, struct rg_str json, struct rg_err *err)
{
    void *times = judge->times, *seen = judge->seen;
    jv output;
    enum rg_status st;

    rg_assert(!judge->ended);
    st = rg_grow(
        &times, &judge->times_cap, judge->count + 1, sizeof(*judge->times), RG_JUDGE_OUTPUTS_MAX);
    judge->times = times;
    if (st == RG_OK)
        st = rg_grow(
            &seen, &judge->seen_cap, judge->count + 1, sizeof(*judge->seen), RG_JUDGE_OUTPUTS_MAX);
    judge->seen = seen;
    if (st != RG_OK) {
        rg_err_set(err, st == RG_ELIMIT ? "more than %zu outputs" : "out of memory for %zu outputs",
            RG_JUDGE_OUTPUTS_MAX);
        return st;
    }
    output = json.len <= INT32_MAX ? jv_parse_sized(json.ptr, (int)json.len) : jv_invalid();
    if (jv_get_kind(output) != JV_KIND_OBJECT) {
        jv_free(output);
        rg_err_set(err, "output %zu is not a JSON object", judge->count + 1);
        return RG_EINVALID;
    }
    take_output(judge, output);
    judge->out = jv_array_append(judge->out, output);
    judge->times[judge->count] = t_ns;
    judge->seen[judge->count++] = (struct seen){jv_copy(judge->last), jv_copy(judge->status)};
    return RG_OK;
}

enum rg_status rg_judge_fault(struct rg_judge *judge, int64_t t_ns, size_t rule)
{
    void *array = judge->fired;
    enum rg_status st = rg_grow(
        &array, &judge->fired_cap, judge->fired_count + 1, sizeof(*judge->fired), SIZE_MAX / 64);

    judge->fired = array;
    if (st == RG_OK)
        judge->fired[judge->fired_count++] = (struct fired){t_ns, rule};
    return st;
}

enum rg_status rg_judge_end(
    struct rg_judge *judge, int64_t t_ns, struct rg_str report, struct rg_err *err)
{
    jv parsed = report.len <= INT32_MAX ? jv_parse_sized(report.ptr, (int)report.len) : jv_null();

    if (jv_get_kind(parsed) != JV_KIND_OBJECT) {
        jv_free(parsed);
        rg_err_set(err, "the report is not a JSON object");
        return RG_EINVALID;
    }
    jv_free(judge->report);
    judge->report = parsed;
    judge->end_ns = t_ns;
    judge->ended = true;
    return RG_OK;
}

static jv faults_at(const struct rg_judge *judge, int64_t t_ns)
{
    jv faults = jv_array();

    for (size_t rule = 0; rule < judge->rules; rule++) {
        double count = 0;

        for (size_t i = 0; i < judge->fired_count && judge->fired[i].t_ns <= t_ns; i++)
            count += judge->fired[i].rule == rule;
        faults = jv_array_append(
            faults, jv_object_set(jv_object(), jv_string("fired"), jv_number(count)));
    }
    return faults;
}

/* The state behind the first n outputs. */
static jv state_at(const struct rg_judge *judge, size_t n, int64_t t_ns, bool end)
{
    jv state = jv_object();

    state = jv_object_set(state, jv_string("t"), jv_number((double)t_ns / 1e9));
    state = jv_object_set(state, jv_string("out"), jv_array_slice(jv_copy(judge->out), 0, (int)n));
    state =
        jv_object_set(state, jv_string("last"), n ? jv_copy(judge->seen[n - 1].last) : jv_object());
    state = jv_object_set(
        state, jv_string("status"), n ? jv_copy(judge->seen[n - 1].status) : jv_null());
    state = jv_object_set(state, jv_string("faults"), faults_at(judge, t_ns));
    return jv_object_set(state, jv_string("report"), end ? jv_copy(judge->report) : jv_null());
}

/* What the program and its parts gave, as lines. state is taken. */
static enum rg_status explain(
    const char *program, const struct jq_answer *answer, jv state, struct rg_buf *out)
{
    struct judge_parts parts;
    enum rg_status st = rg_buf_printf(out, "%s => %s", program, answer->failed ? "error: " : "");

    if (st == RG_OK)
        st = jq_print(jv_copy(answer->value), RG_JUDGE_VALUE_MAX, out);
    if (st == RG_OK)
        st = rg_buf_byte(out, '\n');
    if (st == RG_OK)
        st = judge_parts_find(program, &parts);
    else
        parts.count = 0;
    for (size_t i = 0; i < parts.count && st == RG_OK; i++) {
        struct jq_program *part;
        struct jq_answer value;
        struct rg_err ignored = {0};

        if (jq_program_create(parts.parts[i], &part, &ignored) != RG_OK)
            continue; /* the cut was not where jq would cut */
        jq_program_ask(part, jv_copy(state), &value);
        st = rg_buf_printf(out, "%s => %s", parts.parts[i], value.failed ? "error: " : "");
        if (st == RG_OK)
            st = jq_print(value.value, RG_JUDGE_VALUE_MAX, out);
        else
            jv_free(value.value);
        if (st == RG_OK)
            st = rg_buf_byte(out, '\n');
        jq_program_destroy(part);
    }
    judge_parts_finish(&parts);
    jv_free(state);
    return st == RG_ETOOBIG ? RG_OK : st; /* a report that is cut still says enough */
}

/* Asks one state. Fills the verdict when the answer is final; when it is not, *final is false. */
static enum rg_status ask_state(struct jq_program *program, const struct rg_expect *expect,
    jv state, int64_t t_ns, bool end, struct rg_verdict *out, bool *final)
{
    struct jq_answer answer;
    bool wanted = expect->when != RG_EXPECT_SOMETIMES;
    enum rg_status st = RG_OK;

    jq_program_ask(program, jv_copy(state), &answer);
    out->holds = answer.holds;
    out->t_ns = t_ns;
    *final = end || answer.holds != wanted;
    if (*final && !answer.holds)
        st = explain(expect->jq, &answer, jv_copy(state), &out->values);
    jv_free(answer.value);
    jv_free(state);
    return st;
}

static enum rg_status ask(struct rg_judge *judge, struct jq_program *program,
    const struct rg_expect *expect, struct rg_verdict *out)
{
    bool every = expect->when == RG_EXPECT_ALWAYS || expect->when == RG_EXPECT_SOMETIMES;
    bool final = false;
    size_t n = 0;
    enum rg_status st = RG_OK;

    if (expect->when == RG_EXPECT_AT) {
        while (n < judge->count && judge->times[n] <= expect->at_ns)
            n++;
        return ask_state(program, expect, state_at(judge, n, expect->at_ns, false), expect->at_ns,
            true, out, &final);
    }
    for (n = 1; every && n <= judge->count && st == RG_OK; n++) {
        if (n < judge->count && judge->times[n] == judge->times[n - 1])
            continue;
        st = ask_state(program, expect, state_at(judge, n, judge->times[n - 1], false),
            judge->times[n - 1], false, out, &final);
        if (final)
            return st;
    }
    if (st != RG_OK)
        return st;
    return ask_state(program, expect, state_at(judge, judge->count, judge->end_ns, true),
        judge->end_ns, true, out, &final);
}

enum rg_status rg_judge_ask(struct rg_judge *judge, const struct rg_scenario *scenario,
    const struct rg_expect *expect, struct rg_verdict *out, struct rg_err *err)
{
    struct jq_program *program;
    struct rg_err why = {0};
    enum rg_status st = jq_program_create(expect->jq, &program, &why);

    rg_assert(judge->ended);
    if (st == RG_EINVALID)
        rg_err_set(err, "%s:%u:%u: %s", scenario->path, expect->line, expect->column, why.text);
    if (st != RG_OK)
        return st;
    st = ask(judge, program, expect, out);
    jq_program_destroy(program);
    return st;
}

void rg_judge_destroy(struct rg_judge *judge)
{
    if (!judge)
        return;
    for (size_t i = 0; i < judge->count; i++) {
        jv_free(judge->seen[i].last);
        jv_free(judge->seen[i].status);
    }
    free(judge->seen);
    jv_free(judge->status);
    jv_free(judge->out);
    jv_free(judge->last);
    jv_free(judge->open);
    jv_free(judge->report);
    free(judge->times);
    free(judge->fired);
    free(judge);
}

/* "del(A, B)"; "." for nothing to leave out. */
static enum rg_status delete_program(const char *const *ignore, size_t count, struct rg_buf *out)
{
    enum rg_status st = rg_buf_str(out, count ? "del(" : ".");

    for (size_t i = 0; i < count && st == RG_OK; i++)
        st = rg_buf_printf(out, "%s(%s)?", i ? ", " : "", ignore[i]);
    if (st == RG_OK && count)
        st = rg_buf_byte(out, ')');
    return st == RG_OK ? rg_buf_byte(out, 0) : st;
}

enum rg_status rg_judge_lines(struct rg_judge *judge, const char *const *ignore,
    size_t ignore_count, struct rg_buf *out, struct rg_err *err)
{
    struct jq_program *program = NULL;
    struct rg_buf text;
    enum rg_status st;

    rg_buf_init(&text, RG_SCENARIO_BYTES_MAX * 2);
    st = delete_program(ignore, ignore_count, &text);
    if (st == RG_OK)
        st = jq_program_create((const char *)text.data, &program, err);
    if (st == RG_EINVALID)
        rg_err_prefix(err, "golden.ignore");
    for (size_t i = 0; i < judge->count && st == RG_OK; i++) {
        struct jq_answer answer;

        jq_program_ask(program, jv_array_get(jv_copy(judge->out), (int)i), &answer);
        if (answer.failed) {
            rg_err_set(err, "golden.ignore: %.400s",
                jv_get_kind(answer.value) == JV_KIND_STRING ? jv_string_value(answer.value)
                                                            : "no value");
            jv_free(answer.value);
            st = RG_EINVALID;
            break;
        }
        st = jq_print(answer.value, 0, out);
        if (st == RG_OK)
            st = rg_buf_byte(out, '\n');
    }
    jq_program_destroy(program);
    rg_buf_finish(&text);
    return st;
}
