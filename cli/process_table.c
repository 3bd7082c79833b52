#include "process_table.h"

#include "cli.h"
#include "payload_json.h"
#include "process_agent.pb-c.h"

#include <inttypes.h>
#include <stdio.h>

#define TEXT_BYTES_MAX ((size_t)4 << 20)

/* One line of the table. Texts are borrowed; empty ones print as "-". */
struct row {
    int32_t pid;
    const char *user;
    float cpu_pct;
    uint64_t rss_bytes;
    int32_t threads, fds;
    int state;
    const char *const *args;
    size_t arg_count;
};

void process_table_heading(void)
{
    printf("%8s %-12s %7s %10s %7s %6s %5s %s\n", "PID", "USER", "CPU%", "MEM KiB", "THREADS",
        "FDS", "STATE", "COMMAND");
}

static char state_letter(int state)
{
    static const char letters[] = "UDRSTWXZ"; /* in the order of the enum */

    return state >= 0 && state < (int)sizeof(letters) - 1 ? letters[state] : '?';
}

static enum rg_status print_row(const struct row *row, struct rg_buf *text)
{
    char fds[16] = "-";
    enum rg_status st;

    if (row->fds >= 0)
        snprintf(fds, sizeof(fds), "%" PRId32, row->fds);
    printf("%8" PRId32 " %-12s %7.1f %10" PRIu64 " %7" PRId32 " %6s %5c ", row->pid,
        row->user[0] ? cli_escaped(text, rg_str_from(row->user)) : "-", (double)row->cpu_pct,
        row->rss_bytes / 1024, row->threads, fds, state_letter(row->state));
    rg_buf_clear(text);
    st = row->arg_count == 0 ? rg_buf_byte(text, '-') : RG_OK;
    for (size_t i = 0; i < row->arg_count && st == RG_OK; i++) {
        if (i > 0)
            st = rg_buf_byte(text, ' ');
        if (st == RG_OK)
            st = rg_str_escape(text, rg_str_from(row->args[i]));
    }
    if (st == RG_OK)
        st = rg_buf_byte(text, '\n');
    if (st == RG_OK && !cli_put(rg_str_buf(text)))
        st = RG_EIO;
    return st;
}

static enum rg_status print_standard(
    const Datadog__ProcessAgent__CollectorProc *message, struct rg_buf *text)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < message->n_processes && st == RG_OK; i++) {
        const Datadog__ProcessAgent__Process *p = message->processes[i];
        struct row row = {.pid = p->pid, .user = "", .fds = p->openfdcount, .state = (int)p->state};

        if (p->user)
            row.user = p->user->name;
        if (p->cpu) {
            row.cpu_pct = p->cpu->totalpct;
            row.threads = p->cpu->numthreads;
        }
        if (p->memory)
            row.rss_bytes = p->memory->rss;
        if (p->command) {
            row.args = (const char *const *)p->command->args;
            row.arg_count = p->command->n_args;
        }
        st = print_row(&row, text);
    }
    return st;
}

static enum rg_status print_realtime(
    const Datadog__ProcessAgent__CollectorRealTime *message, struct rg_buf *text)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < message->n_stats && st == RG_OK; i++) {
        const Datadog__ProcessAgent__ProcessStat *p = message->stats[i];
        struct row row = {.pid = p->pid,
            .user = "",
            .threads = p->threads,
            .fds = p->openfdcount,
            .state = (int)p->processstate};

        if (p->cpu)
            row.cpu_pct = p->cpu->totalpct;
        if (p->memory)
            row.rss_bytes = p->memory->rss;
        st = print_row(&row, text);
    }
    return st;
}

enum rg_status process_table_rows(struct rg_str message, struct rg_err *err)
{
    ProtobufCMessage *unpacked = NULL;
    enum rg_status st = payload_unpack(message, &unpacked, err);
    struct rg_buf text;

    if (st != RG_OK)
        return st;
    rg_buf_init(&text, TEXT_BYTES_MAX);
    if (unpacked->descriptor == &datadog__process_agent__collector_proc__descriptor)
        st = print_standard((const Datadog__ProcessAgent__CollectorProc *)unpacked, &text);
    else
        st = print_realtime((const Datadog__ProcessAgent__CollectorRealTime *)unpacked, &text);
    rg_buf_finish(&text);
    protobuf_c_message_free_unpacked(unpacked, NULL);
    return st;
}
