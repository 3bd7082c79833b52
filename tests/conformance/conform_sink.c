#include "conform_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TASKS            3
#define OUTPUTS_PER_TASK 20

static struct rg_output output_of(const char *kind, struct rg_str payload)
{
    return (struct rg_output){.kind = kind, .source = "process", .payload = payload};
}

static void emit(struct rg_sink *sink, const struct rg_output *output)
{
    struct rg_err err = {0};

    assert_int_equal(rg_sink_emit(sink, output, NULL, &err), RG_OK);
}

static void outputs_are_taken_whole_and_in_order(
    const struct conform_sink *factory, struct rg_sink *sink)
{
    static const char *const texts[] = {"first", "", "third\nwith\nlines\n", "fourth"};
    struct conform_output seen[5];

    for (int i = 0; i < 4; i++) {
        struct rg_output output = output_of(i % 2 ? "log" : "payload", rg_str_from(texts[i]));

        emit(sink, &output);
    }
    assert_int_equal(factory->collect(factory->context, sink, seen, 5), 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(seen[i].kind, i % 2 ? "log" : "payload");
        assert_string_equal(seen[i].source, "process");
        assert_int_equal(seen[i].header_count, 0);
        assert_int_equal(seen[i].payload_len, strlen(texts[i]));
        assert_memory_equal(seen[i].payload, texts[i], strlen(texts[i]));
    }
}

static void every_byte_value_survives(const struct conform_sink *factory, struct rg_sink *sink)
{
    struct conform_output seen[2];
    char bytes[256];
    struct rg_output output = output_of("payload", (struct rg_str){bytes, sizeof(bytes)});

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    emit(sink, &output);
    assert_int_equal(factory->collect(factory->context, sink, seen, 2), 1);
    assert_int_equal(seen[0].payload_len, sizeof(bytes));
    assert_memory_equal(seen[0].payload, bytes, sizeof(bytes));
}

static void headers_are_taken_in_order(const struct conform_sink *factory, struct rg_sink *sink)
{
    static const struct rg_output_header headers[] = {{"X-Host", "h"}, {"Content-Type", "a/b"}};
    struct rg_output output = output_of("payload", RG_STR_LIT("x"));
    struct conform_output seen[2];

    output.headers = headers;
    output.header_count = 2;
    emit(sink, &output);
    assert_int_equal(factory->collect(factory->context, sink, seen, 2), 1);
    assert_int_equal(seen[0].header_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(seen[0].names[i], headers[i].name);
        assert_string_equal(seen[0].values[i], headers[i].value);
    }
}

static void nothing_borrowed_is_kept(const struct conform_sink *factory, struct rg_sink *sink)
{
    char kind[] = "payload";
    char text[] = "mine";
    struct rg_output output = output_of(kind, rg_str_from(text));
    struct conform_output seen[2];

    emit(sink, &output);
    memset(kind, '#', strlen(kind));
    memset(text, '#', strlen(text));
    assert_int_equal(factory->collect(factory->context, sink, seen, 2), 1);
    assert_string_equal(seen[0].kind, "payload");
    assert_memory_equal(seen[0].payload, "mine", 4);
}

static void a_response_holds_nothing_of_before(
    const struct conform_sink *factory, struct rg_sink *sink)
{
    struct rg_output output = output_of("payload", RG_STR_LIT("x"));
    struct rg_err err = {0};
    struct rg_buf response;

    (void)factory;
    rg_buf_init(&response, RG_RESPONSE_BYTES_MAX);
    assert_int_equal(rg_buf_str(&response, "of the call before"), RG_OK);
    assert_int_equal(rg_sink_emit(sink, &output, &response, &err), RG_OK);
    assert_false(rg_str_is(rg_str_buf(&response), "of the call before"));
    rg_buf_finish(&response);
}

struct emitter {
    struct rg_sink *sink;
    char source[CONFORM_OUTPUT_TEXT];
    int failures;
};

static void emit_often(void *arg)
{
    struct emitter *emitter = arg;
    struct rg_err err = {0};
    char text[CONFORM_OUTPUT_TEXT + 32];

    for (int i = 0; i < OUTPUTS_PER_TASK; i++) {
        struct rg_output output = {.kind = "payload", .source = emitter->source};

        snprintf(text, sizeof(text), "%s-%d", emitter->source, i);
        output.payload = rg_str_from(text);
        emitter->failures += rg_sink_emit(emitter->sink, &output, NULL, &err) != RG_OK;
    }
}

/* Outputs of one task stay in order and whole, whatever other tasks emit. */
static void judge_mixture(const struct conform_output *seen, size_t count)
{
    int next[TASKS] = {0};

    for (size_t i = 0; i < count; i++) {
        int task = seen[i].source[0] - 'a';
        char text[CONFORM_OUTPUT_TEXT + 32];

        assert_in_range(task, 0, TASKS - 1);
        snprintf(text, sizeof(text), "%s-%d", seen[i].source, next[task]++);
        assert_int_equal(seen[i].payload_len, strlen(text));
        assert_memory_equal(seen[i].payload, text, strlen(text));
    }
}

static void several_tasks_may_emit_at_once(const struct conform_sink *factory, struct rg_sink *sink)
{
    static struct conform_output seen[TASKS * OUTPUTS_PER_TASK + 1];
    struct emitter emitters[TASKS];
    struct rg_err err = {0};
    uint32_t tasks[TASKS];
    struct rg_runtime *rt;
    size_t count;

    if (!factory->runtime)
        return;
    rt = factory->runtime(factory->context);
    assert_non_null(rt);
    for (int i = 0; i < TASKS; i++) {
        emitters[i] = (struct emitter){.sink = sink, .source = {(char)('a' + i)}};
        assert_int_equal(
            rg_runtime_spawn(rt, "emitter", emit_often, &emitters[i], &tasks[i], &err), RG_OK);
    }
    for (int i = 0; i < TASKS; i++) {
        rg_runtime_join(rt, tasks[i]);
        assert_int_equal(emitters[i].failures, 0);
    }
    count = factory->collect(factory->context, sink, seen, TASKS * OUTPUTS_PER_TASK + 1);
    assert_int_equal(count, TASKS * OUTPUTS_PER_TASK);
    judge_mixture(seen, count);
    rg_runtime_destroy(rt);
}

static const struct sink_case {
    const char *name;
    void (*run)(const struct conform_sink *factory, struct rg_sink *sink);
} cases[] = {
    {"outputs_are_taken_whole_and_in_order", outputs_are_taken_whole_and_in_order},
    {"every_byte_value_survives", every_byte_value_survives},
    {"headers_are_taken_in_order", headers_are_taken_in_order},
    {"nothing_borrowed_is_kept", nothing_borrowed_is_kept},
    {"a_response_holds_nothing_of_before", a_response_holds_nothing_of_before},
    {"several_tasks_may_emit_at_once", several_tasks_may_emit_at_once},
};

#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

struct bound_case {
    const struct conform_sink *factory;
    const struct sink_case *what;
};

static void run_case(void **state)
{
    const struct bound_case *bound = *state;
    const struct conform_sink *factory = bound->factory;
    struct rg_sink *sink = factory->create(factory->context);

    assert_non_null(sink);
    bound->what->run(factory, sink);
    rg_sink_destroy(sink);
    if (factory->cleanup)
        factory->cleanup(factory->context);
}

int conform_sink_run(const struct conform_sink *factory)
{
    struct CMUnitTest tests[CASE_COUNT];
    struct bound_case bound[CASE_COUNT];

    for (size_t i = 0; i < CASE_COUNT; i++) {
        bound[i] = (struct bound_case){factory, &cases[i]};
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_case, .initial_state = &bound[i]};
    }
    return cmocka_run_group_tests_name(factory->name, tests, NULL, NULL);
}
