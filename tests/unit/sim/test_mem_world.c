/* Storage and sink in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "sim_fixture.h"

static struct rg_storage *storage_new(const struct rg_sim_storage_options *options)
{
    struct rg_storage *storage = NULL;
    struct rg_err err;

    assert_int_equal(rg_sim_storage_create(options, &storage, &err), RG_OK);
    return storage;
}

static void put(struct rg_storage *storage, const char *ns, const char *name, const char *text)
{
    struct rg_err err;

    assert_int_equal(rg_storage_put(storage, ns, name, text, strlen(text), &err), RG_OK);
}

static void assert_object(
    struct rg_storage *storage, const char *ns, const char *name, const char *text)
{
    struct rg_buf buf;
    struct rg_err err;

    rg_buf_init(&buf, 100);
    assert_int_equal(rg_storage_get(storage, ns, name, &buf, &err), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&buf), text));
    rg_buf_finish(&buf);
}

static void test_objects_are_kept_replaced_and_removed(void **state)
{
    struct rg_storage *storage = storage_new(NULL);
    struct rg_buf buf;
    struct rg_err err;

    (void)state;
    put(storage, "dumps", "b", "one");
    put(storage, "dumps", "a", "");
    put(storage, "cache", "b", "other");
    put(storage, "dumps", "b", "two");
    assert_object(storage, "dumps", "b", "two");
    assert_object(storage, "dumps", "a", "");
    assert_object(storage, "cache", "b", "other");
    assert_int_equal(rg_storage_remove(storage, "dumps", "b", &err), RG_OK);
    assert_int_equal(rg_storage_remove(storage, "dumps", "b", &err), RG_ENOTFOUND);
    rg_buf_init(&buf, 4);
    assert_int_equal(rg_storage_get(storage, "dumps", "b", &buf, &err), RG_ENOTFOUND);
    assert_int_equal(rg_storage_get(storage, "cache", "b", &buf, &err), RG_ETOOBIG);
    rg_buf_finish(&buf);
    rg_storage_destroy(storage);
}

static void test_list_names_one_namespace_in_order(void **state)
{
    struct rg_storage *storage = storage_new(NULL);
    struct rg_storage_list list = {0};
    struct rg_err err;

    (void)state;
    put(storage, "dumps", "c", "");
    put(storage, "dumps", "a", "");
    put(storage, "dumpsx", "z", "");
    put(storage, "dump", "y", "");
    put(storage, "dumps", "b", "");
    assert_int_equal(rg_storage_list(storage, "dumps", &list, &err), RG_OK);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.names[0], "a");
    assert_string_equal(list.names[1], "b");
    assert_string_equal(list.names[2], "c");
    assert_int_equal(rg_storage_list(storage, "none", &list, &err), RG_OK);
    assert_int_equal(list.count, 0);
    rg_storage_list_finish(&list);
    rg_storage_destroy(storage);
}

static void test_full_storage_keeps_the_old_object(void **state)
{
    struct rg_sim_storage_options options = {.bytes_max = 10};
    struct rg_storage *storage = storage_new(&options);
    struct rg_err err = {0};

    (void)state;
    put(storage, "ns", "a", "12345");
    put(storage, "ns", "b", "12345");
    assert_int_equal(rg_storage_put(storage, "ns", "a", "123456", 6, &err), RG_EIO);
    assert_int_equal(err.errnum, ENOSPC);
    assert_int_equal(rg_storage_put(storage, "ns", "c", "1", 1, &err), RG_EIO);
    assert_object(storage, "ns", "a", "12345");
    assert_int_equal(rg_storage_remove(storage, "ns", "b", &err), RG_OK);
    put(storage, "ns", "a", "1234567890");
    rg_storage_destroy(storage);
}

static struct rg_sink *sink_new(const struct rg_sim_sink_options *options)
{
    struct rg_sink *sink = NULL;
    struct rg_err err;

    assert_int_equal(rg_sim_sink_create(options, &sink, &err), RG_OK);
    return sink;
}

static enum rg_status emit(struct rg_sink *sink, const char *payload, struct rg_buf *response)
{
    struct rg_output output = {
        .kind = "payload", .source = "process", .payload = rg_str_from(payload)};
    struct rg_err err;

    return rg_sink_emit(sink, &output, response, &err);
}

static void test_sink_keeps_whole_outputs_in_order(void **state)
{
    struct rg_sink *sink = sink_new(NULL);
    char name[] = "X-Count";
    char payload[] = {'a', 0, 'b'};
    struct rg_output_header headers[] = {{name, "1"}, {"Other", ""}};
    struct rg_output output = {"payload", "rtprocess", headers, 2, {payload, sizeof(payload)}};
    const struct rg_output *kept;
    struct rg_err err;

    (void)state;
    assert_int_equal(rg_sink_emit(sink, &output, NULL, &err), RG_OK);
    memset(name, 'z', sizeof(name) - 1);
    memset(payload, 'z', sizeof(payload));
    headers[1].name = NULL;
    assert_int_equal(emit(sink, "second", NULL), RG_OK);
    assert_int_equal(rg_sim_sink_count(sink), 2);
    kept = rg_sim_sink_at(sink, 0);
    assert_string_equal(kept->kind, "payload");
    assert_string_equal(kept->source, "rtprocess");
    assert_int_equal(kept->header_count, 2);
    assert_string_equal(kept->headers[0].name, "X-Count");
    assert_string_equal(kept->headers[0].value, "1");
    assert_string_equal(kept->headers[1].name, "Other");
    assert_string_equal(kept->headers[1].value, "");
    assert_int_equal(kept->payload.len, 3);
    assert_memory_equal(kept->payload.ptr, "a\0b", 3);
    assert_true(rg_str_is(rg_sim_sink_at(sink, 1)->payload, "second"));
    rg_sim_sink_clear(sink);
    assert_int_equal(rg_sim_sink_count(sink), 0);
    assert_int_equal(rg_sim_sink_calls(sink), 2);
    rg_sink_destroy(sink);
}

/* Refuses the second call, answers the others with their number. */
static enum rg_status answer(void *ctx, uint64_t call, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    ++*(int *)ctx;
    if (call == 1) {
        rg_err_set(err, "no");
        return RG_EIO;
    }
    return rg_buf_printf(
        response, "%u:%.*s", (unsigned)call, (int)output->payload.len, output->payload.ptr);
}

static void test_script_answers_each_call(void **state)
{
    int calls = 0;
    struct rg_sim_sink_options options = {.script = answer, .script_ctx = &calls};
    struct rg_sink *sink = sink_new(&options);
    struct rg_buf response;

    (void)state;
    rg_buf_init(&response, 100);
    assert_int_equal(emit(sink, "x", &response), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&response), "0:x"));
    assert_int_equal(emit(sink, "y", &response), RG_EIO);
    assert_int_equal(response.len, 0);
    assert_int_equal(emit(sink, "y", &response), RG_OK);
    assert_true(rg_str_is(rg_str_buf(&response), "2:y"));
    assert_int_equal(rg_sim_sink_count(sink), 2);
    assert_int_equal(rg_sim_sink_calls(sink), 3);
    assert_int_equal(calls, 3);
    rg_buf_finish(&response);
    rg_sink_destroy(sink);
}

static void test_full_sink_refuses(void **state)
{
    struct rg_sim_sink_options by_count = {.outputs_max = 2};
    struct rg_sim_sink_options by_bytes = {.bytes_max = 300};
    struct rg_sink *sink = sink_new(&by_count);
    char big[400];

    (void)state;
    assert_int_equal(emit(sink, "1", NULL), RG_OK);
    assert_int_equal(emit(sink, "2", NULL), RG_OK);
    assert_int_equal(emit(sink, "3", NULL), RG_EIO);
    assert_int_equal(rg_sim_sink_count(sink), 2);
    rg_sim_sink_clear(sink);
    assert_int_equal(emit(sink, "4", NULL), RG_OK);
    rg_sink_destroy(sink);

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    sink = sink_new(&by_bytes);
    assert_int_equal(emit(sink, "small", NULL), RG_OK);
    assert_int_equal(emit(sink, big, NULL), RG_EIO);
    assert_int_equal(rg_sim_sink_count(sink), 1);
    rg_sink_destroy(sink);
}

/* Several tasks emit to a slow receiver: the script sleeps, the calls overlap. */
struct office {
    struct rg_runtime *rt;
    struct rg_sink *sink;
    struct rg_storage *storage;
};

static enum rg_status slow(void *ctx, uint64_t call, const struct rg_output *output,
    struct rg_buf *response, struct rg_err *err)
{
    struct office *office = ctx;

    (void)output;
    (void)response;
    (void)err;
    assert_int_equal(
        rg_runtime_sleep_until(office->rt, sim_in(office->rt, (int64_t)(10 - call) * RG_NS_PER_S)),
        RG_OK);
    return RG_OK;
}

static void office_task(void *arg)
{
    struct office *office = arg;
    char name[16];

    snprintf(name, sizeof(name), "task%u", rg_runtime_self(office->rt));
    assert_int_equal(emit(office->sink, name, NULL), RG_OK);
    put(office->storage, "office", name, name);
}

static void test_tasks_share_sink_and_storage(void **state)
{
    struct rg_sim_runtime_options options = RG_SIM_RUNTIME_OPTIONS;
    struct office office = {.rt = sim_new(&options)};
    struct rg_sim_sink_options sink_options = {
        .runtime = office.rt, .script = slow, .script_ctx = &office};
    struct rg_sim_storage_options storage_options = {.runtime = office.rt};

    (void)state;
    office.sink = sink_new(&sink_options);
    office.storage = storage_new(&storage_options);
    for (int i = 0; i < 4; i++)
        sim_start(office.rt, "clerk", office_task, &office);
    for (uint32_t task = 1; task <= 4; task++)
        rg_runtime_join(office.rt, task);
    assert_int_equal(rg_sim_sink_count(office.sink), 4);
    assert_true(rg_str_is(rg_sim_sink_at(office.sink, 0)->payload, "task4"));
    assert_true(rg_str_is(rg_sim_sink_at(office.sink, 3)->payload, "task1"));
    assert_object(office.storage, "office", "task3", "task3");
    assert_int_equal(rg_runtime_mono(office.rt).ns, options.mono_start.ns + 10 * RG_NS_PER_S);
    rg_sink_destroy(office.sink);
    rg_storage_destroy(office.storage);
    rg_runtime_destroy(office.rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_kept_replaced_and_removed),
        cmocka_unit_test(test_list_names_one_namespace_in_order),
        cmocka_unit_test(test_full_storage_keeps_the_old_object),
        cmocka_unit_test(test_sink_keeps_whole_outputs_in_order),
        cmocka_unit_test(test_script_answers_each_call),
        cmocka_unit_test(test_full_sink_refuses),
        cmocka_unit_test(test_tasks_share_sink_and_storage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
