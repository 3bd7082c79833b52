#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_submitter.h"
#include "payload_frame.h"
#include "process_payload.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "process_agent.pb-c.h"

static const struct rg_host_facts facts = {.uuid = "m1",
    .os = "linux",
    .platform = "debian",
    .platform_family = "debian",
    .platform_version = "12",
    .kernel_version = "6.1",
    .total_memory_bytes = 1024};

static const struct rg_payload_host host = {
    .hostname = "host1", .network_id = "net", .facts = &facts, .cpu_entries = 2};

static struct rg_process sample(void)
{
    struct rg_process p = {.pid = 42,
        .ns_pid = 2,
        .ppid = 1,
        .uids = {1000},
        .gids = {100},
        .uid_count = 1,
        .gid_count = 1,
        .exe = RG_STR_LIT("/bin/app"),
        .cwd = RG_STR_LIT("/srv"),
        .comm = RG_STR_LIT("app")};

    p.stats = (struct rg_process_stats){.create_time_ms = 1700000000000,
        .user_s = 3.9,
        .system_s = 1.2,
        .rss_bytes = 1,
        .vms_bytes = 2,
        .swap_bytes = 3,
        .shared_bytes = 4,
        .text_bytes = 5,
        .lib_bytes = 6,
        .data_bytes = 7,
        .dirty_bytes = 8,
        .voluntary_switches = 11,
        .involuntary_switches = 12,
        .fd_count = -1,
        .threads = 9,
        .nice = -5,
        .state = 'Z'};
    return p;
}

static void build_standard(struct rg_payload_list *list, int32_t hints)
{
    struct rg_process p = sample();
    struct rg_str args[] = {RG_STR_LIT("app"), RG_STR_LIT("bad\xff\xc3\xa9")};
    struct rg_payload_process item = {.process = &p,
        .args = args,
        .arg_count = 2,
        .user = RG_STR_LIT("bob"),
        .cpu = {3.0f, 1.0f, 2.0f},
        .io = {1.0f, 2.0f, -1.0f, 4.0f}};
    struct rg_payload_builder b;
    struct rg_err err = {0};

    rg_payload_builder_init(&b, &host);
    assert_int_equal(
        rg_payload_add_standard(&b, &item, 1, (struct rg_payload_group){7, 3}, hints, list, &err),
        RG_OK);
    rg_payload_builder_finish(&b);
}

static void test_standard_message_carries_every_field(void **state)
{
    struct rg_payload_list list = {0};
    Datadog__ProcessAgent__CollectorProc *m;
    Datadog__ProcessAgent__Process *p;

    (void)state;
    build_standard(&list, 1);
    m = datadog__process_agent__collector_proc__unpack(
        NULL, list.items[0].len - 16, list.items[0].bytes + 16);
    assert_non_null(m);
    assert_string_equal(m->hostname, "host1");
    assert_string_equal(m->networkid, "net");
    assert_int_equal(m->groupid, 7);
    assert_int_equal(m->groupsize, 3);
    assert_int_equal(m->hintmask, 1);
    assert_int_equal(m->info->n_cpus, 2);
    assert_int_equal(m->info->cpus[1]->cores, 1);
    assert_int_equal(m->info->totalmemory, 1024);
    assert_string_equal(m->info->os->kernelversion, "6.1");
    assert_int_equal(m->n_processes, 1);
    p = m->processes[0];
    assert_int_equal(p->pid, 42);
    assert_int_equal(p->nspid, 2);
    assert_int_equal(p->command->n_args, 2);
    assert_string_equal(p->command->args[1], "bad\xef\xbf\xbd\xc3\xa9");
    assert_string_equal(p->command->exe, "/bin/app");
    assert_string_equal(p->command->cwd, "/srv");
    assert_string_equal(p->command->comm, "app");
    assert_int_equal(p->command->ppid, 1);
    assert_string_equal(p->user->name, "bob");
    assert_int_equal(p->user->uid, 1000);
    assert_int_equal(p->user->gid, 100);
    assert_int_equal(p->memory->rss, 1);
    assert_int_equal(p->memory->dirty, 8);
    assert_string_equal(p->cpu->lastcpu, "cpu");
    assert_true(p->cpu->totalpct == 3.0f && p->cpu->userpct == 1.0f);
    assert_int_equal(p->cpu->usertime, 3);
    assert_int_equal(p->cpu->nice, -5);
    assert_int_equal(p->cpu->numthreads, 9);
    assert_true(p->createtime == 1700000000000);
    assert_int_equal(p->openfdcount, -1);
    assert_int_equal(p->state, 7);
    assert_true(p->iostat->readbytesrate == -1.0f);
    assert_int_equal(p->voluntaryctxswitches, 11);
    assert_null(p->networks);
    datadog__process_agent__collector_proc__free_unpacked(m, NULL);
    rg_payload_list_finish(&list);
}

/* Reads one field by hand: number, and varint or length. */
static const uint8_t *field(const uint8_t *p, uint32_t *number, uint64_t *value)
{
    uint64_t v[2] = {0};

    for (int i = 0; i < 2; i++) {
        for (int shift = 0;; shift += 7) {
            v[i] |= (uint64_t)(*p & 0x7f) << shift;
            if (!(*p++ & 0x80))
                break;
        }
    }
    *number = (uint32_t)(v[0] >> 3);
    *value = v[1];
    return (v[0] & 7) == 2 ? p + v[1] : p;
}

static void test_field_numbers_ascend_and_a_hint_of_zero_is_written(void **state)
{
    static const uint32_t want[] = {2, 3, 5, 6, 7, 11, 14};
    struct rg_payload_list list = {0};
    const uint8_t *p, *end;
    uint64_t value = 99;
    uint32_t number;

    (void)state;
    build_standard(&list, 0);
    p = list.items[0].bytes + 16;
    end = list.items[0].bytes + list.items[0].len;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_true(p < end);
        p = field(p, &number, &value);
        assert_int_equal(number, want[i]);
    }
    assert_ptr_equal(p, end);
    assert_int_equal(value, 0);
    rg_payload_list_finish(&list);
}

static void test_realtime_message_carries_every_field(void **state)
{
    struct rg_process p = sample();
    struct rg_payload_stat item = {.process = &p, .cpu = {3.0f, 1.0f, 2.0f}, .io = {1, 2, 3, 4}};
    struct rg_payload_list list = {0};
    struct rg_payload_builder b;
    struct rg_err err = {0};
    Datadog__ProcessAgent__CollectorRealTime *m;

    (void)state;
    rg_payload_builder_init(&b, &host);
    assert_int_equal(
        rg_payload_add_realtime(&b, &item, 1, (struct rg_payload_group){-7, 1}, &list, &err),
        RG_OK);
    rg_payload_builder_finish(&b);
    assert_int_equal(list.items[0].bytes[2], 27);
    m = datadog__process_agent__collector_real_time__unpack(
        NULL, list.items[0].len - 16, list.items[0].bytes + 16);
    assert_non_null(m);
    assert_int_equal(m->groupid, -7);
    assert_int_equal(m->numcpus, 2);
    assert_int_equal(m->totalmemory, 1024);
    assert_int_equal(m->stats[0]->pid, 42);
    assert_int_equal(m->stats[0]->nice, -5);
    assert_int_equal(m->stats[0]->threads, 9);
    assert_int_equal(m->stats[0]->processstate, 7);
    assert_int_equal(m->stats[0]->involuntaryctxswitches, 12);
    assert_int_equal(m->stats[0]->memory->vms, 2);
    assert_true(m->stats[0]->iostat->writebytesrate == 4.0f);
    datadog__process_agent__collector_real_time__free_unpacked(m, NULL);
    rg_payload_list_finish(&list);
}

static void test_unknown_states_are_sent_as_unknown(void **state)
{
    static const struct {
        char letter;
        int want;
    } rows[] = {{'I', 0}, {'t', 0}, {0, 0}, {'T', 4}, {'D', 1}, {'R', 2}, {'S', 3}, {'X', 6}};
    struct rg_payload_builder b;
    struct rg_err err = {0};

    (void)state;
    rg_payload_builder_init(&b, &host);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rg_process p = {.pid = 1, .stats = {.state = rows[i].letter}};
        struct rg_payload_stat item = {.process = &p};
        struct rg_payload_list list = {0};
        Datadog__ProcessAgent__CollectorRealTime *m;

        assert_int_equal(
            rg_payload_add_realtime(&b, &item, 1, (struct rg_payload_group){0, 1}, &list, &err),
            RG_OK);
        m = datadog__process_agent__collector_real_time__unpack(
            NULL, list.items[0].len - 16, list.items[0].bytes + 16);
        assert_int_equal(m->stats[0]->processstate, rows[i].want);
        datadog__process_agent__collector_real_time__free_unpacked(m, NULL);
        rg_payload_list_finish(&list);
    }
    rg_payload_builder_finish(&b);
}

static void test_weight_counts_the_texts_of_a_process(void **state)
{
    struct rg_process p = sample();
    struct rg_str args[] = {RG_STR_LIT("abc"), RG_STR_LIT("de")};
    struct rg_payload_process item = {.process = &p,
        .args = args,
        .arg_count = 2,
        .user = RG_STR_LIT("bob"),
        .container_id = RG_STR_LIT("c")};

    (void)state;
    assert_int_equal(rg_payload_process_weight(&item), 9 + 8 + 4 + 5 + 3 + 1);
}

static void expect_error(const uint8_t *bytes, size_t len, const char *text)
{
    struct rg_frame frame;
    struct rg_err err = {0};
    struct rg_buf scratch;

    rg_buf_init(&scratch, RG_FRAME_BODY_MAX);
    assert_int_equal(rg_frame_read(bytes, len, &frame, &scratch, &err), RG_EINVALID);
    assert_string_equal(err.text, text);
    rg_buf_finish(&scratch);
}

static void test_broken_frames_are_refused_with_their_reason(void **state)
{
    const uint8_t good[16] = {3, 0, 12};
    const uint8_t version[16] = {4, 0, 12};
    const uint8_t type[16] = {3, 0, 99};
    const uint8_t encoding[16] = {3, 7, 12};

    (void)state;
    expect_error(good, 4, "invalid message length: 4");
    expect_error(good, 15, "invalid message length: 15");
    expect_error(version, 16, "invalid message version: 4");
    expect_error(type, 16, "unhandled message type: 99");
    expect_error(encoding, 16, "unknown message encoding: 7");
}

static void test_older_headers_are_read(void **state)
{
    const uint8_t v1[] = {1, 0, 23, 0, 'a'};
    const uint8_t v2[] = {2, 1, 23, 5, 0xff, 0xff, 0xff, 0xff, 'b'};
    struct rg_frame frame;
    struct rg_err err = {0};
    struct rg_buf scratch;

    (void)state;
    rg_buf_init(&scratch, RG_FRAME_BODY_MAX);
    assert_int_equal(rg_frame_read(v1, sizeof(v1), &frame, &scratch, &err), RG_OK);
    assert_true(rg_str_is(frame.body, "a"));
    assert_int_equal(rg_frame_read(v2, sizeof(v2), &frame, &scratch, &err), RG_OK);
    assert_true(rg_str_is(frame.body, "b"));
    assert_int_equal(frame.org_id, -1);
    assert_int_equal(frame.subscription, 5);
    rg_buf_finish(&scratch);
}

static size_t zstd_frame(const void *body, size_t len, uint8_t *out, size_t size)
{
    const uint8_t header[16] = {3, 4, 12};
    size_t n = ZSTD_compress(out + 16, size - 16, body, len, 1);

    assert_false(ZSTD_isError(n));
    memcpy(out, header, 16);
    return n + 16;
}

static void test_compressed_bodies_are_unpacked_within_bounds(void **state)
{
    size_t size = (size_t)40 << 20;
    uint8_t *big = calloc(1, size);
    uint8_t *out = malloc(1 << 20);
    struct rg_frame frame;
    struct rg_err err = {0};
    struct rg_buf scratch;
    size_t n;

    (void)state;
    assert_non_null(big);
    assert_non_null(out);
    rg_buf_init(&scratch, RG_FRAME_BODY_MAX);
    n = zstd_frame("hello", 5, out, 1 << 20);
    assert_int_equal(rg_frame_read(out, n, &frame, &scratch, &err), RG_OK);
    assert_true(rg_str_is(frame.body, "hello"));
    assert_int_equal(rg_frame_read(out, n - 1, &frame, &scratch, &err), RG_EINVALID);
    assert_string_equal(err.text, "message body is cut off");
    n = zstd_frame(big, size, out, 1 << 20);
    assert_int_equal(rg_frame_read(out, n, &frame, &scratch, &err), RG_ELIMIT);
    rg_buf_finish(&scratch);
    free(out);
    free(big);
}

static void test_request_id_of_the_worked_example(void **state)
{
    /* 86,405 s into November 2023 */
    struct rg_wall start = {(INT64_C(1698796800) + 86405) * RG_NS_PER_S + 7};

    (void)state;
    assert_true(rg_request_id(start, "host1", 1234, 3) == UINT64_C(380014299985674243));
}

static void test_status_of_a_response_is_decoded(void **state)
{
    /* header{type:23} status{activeClients:2 interval:5} */
    const uint8_t good[] = {
        3, 0, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 2, 0x20, 23, 0x1a, 4, 8, 2, 16, 5};
    const uint8_t bare[] = {1, 0, 23, 0, 0x0a, 2, 0x20, 23};
    const uint8_t other[] = {1, 0, 12, 0, 0x0a, 0};
    const uint8_t broken[] = {1, 0, 23, 0, 0x0a, 200};
    struct rg_rt_status status;
    struct rg_err err = {0};

    (void)state;
    assert_int_equal(rg_rt_status_decode(good, sizeof(good), &status, &err), RG_OK);
    assert_int_equal(status.active_clients, 2);
    assert_int_equal(status.interval_s, 5);
    assert_int_equal(rg_rt_status_decode(bare, sizeof(bare), &status, &err), RG_ENOTFOUND);
    assert_int_equal(rg_rt_status_decode(other, sizeof(other), &status, &err), RG_EINVALID);
    assert_int_equal(rg_rt_status_decode(broken, sizeof(broken), &status, &err), RG_EINVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_message_carries_every_field),
        cmocka_unit_test(test_field_numbers_ascend_and_a_hint_of_zero_is_written),
        cmocka_unit_test(test_realtime_message_carries_every_field),
        cmocka_unit_test(test_unknown_states_are_sent_as_unknown),
        cmocka_unit_test(test_weight_counts_the_texts_of_a_process),
        cmocka_unit_test(test_broken_frames_are_refused_with_their_reason),
        cmocka_unit_test(test_older_headers_are_read),
        cmocka_unit_test(test_compressed_bodies_are_unpacked_within_bounds),
        cmocka_unit_test(test_request_id_of_the_worked_example),
        cmocka_unit_test(test_status_of_a_response_is_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
