/* Any bytes as the texts that native checks read from /proc: the first byte says which. */
#include "cpu_stat.h"
#include "disk_table.h"
#include "mount_table.h"
#include "native_text.h"
#include "net_counters.h"
#include "net_sockets.h"

#include "rg/backend/host.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void see_counter(void *ctx, const char *metric, bool gauge, double value)
{
    (void)ctx;
    (void)gauge;
    rg_assert(metric[0] && value >= 0);
}

static void disks(const uint8_t *bytes, size_t len)
{
    struct rg_disk_table table;
    struct rg_err err;

    rg_disk_table_init(&table);
    if (rg_buf_set(&table.text, bytes, len) == RG_OK &&
        rg_disk_table_parse(&table, &err) == RG_OK) {
        for (size_t i = 0; i < table.count; i++)
            rg_assert(rg_disk_table_find(&table, table.rows[i].name) == &table.rows[i]);
    }
    rg_disk_table_finish(&table);
}

static void mounts(const uint8_t *bytes, size_t len)
{
    struct rg_mount_table table;
    struct rg_err err;

    rg_mount_table_init(&table);
    if (rg_buf_set(&table.text, bytes, len) == RG_OK &&
        rg_mount_table_parse(&table, &err) == RG_OK) {
        for (size_t i = 0; i < table.count; i++) {
            const struct rg_mount *m = &table.rows[i];

            rg_assert(m->point.len > 0 && m->point.len < RG_HOST_PATH_MAX);
            rg_assert(m->point.ptr[0] == '/' && !memchr(m->point.ptr, 0, m->point.len));
            rg_mount_has_option(m, "ro");
        }
    }
    rg_mount_table_finish(&table);
}

static void lines(struct rg_str text)
{
    struct rg_str line, key;
    uint64_t n;
    double value;

    rg_text_value(text, "pswpin", &n);
    while (rg_str_split(&text, '\n', &line)) {
        if (rg_text_meminfo_line(line, &key, &value))
            rg_assert(value >= 0);
        if (rg_text_word(&line, &key) && rg_text_decimal(key, &value))
            rg_assert(value >= 0 && value <= 1e18);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rg_str text = {(const char *)bytes + 1, len ? len - 1 : 0};
    struct rg_socket_counts sockets;
    struct rg_cpu_ticks ticks;

    if (len == 0)
        return 0;
    switch (bytes[0] % 6) {
    case 0:
        rg_cpu_stat_total(text, &ticks);
        rg_assert(rg_cpu_stat_count(text) >= 0);
        break;
    case 1:
        disks(bytes + 1, len - 1);
        break;
    case 2:
        mounts(bytes + 1, len - 1);
        break;
    case 3:
        rg_net_counters(text, see_counter, NULL);
        break;
    case 4:
        rg_net_sockets(text, &sockets);
        rg_assert(sockets.all >= sockets.by_state[1]);
        break;
    default:
        lines(text);
        break;
    }
    return 0;
}
