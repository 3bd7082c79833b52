#include "cpu_times.h"

#include <string.h>

#define CPU_FIELDS     10
#define CPU_FIELDS_MIN 7 /* up to softirq: what the oldest kernels print */

double rg_cpu_times_total(const struct rg_cpu_times *t)
{
    return t->user + t->nice + t->system + t->idle + t->iowait + t->irq + t->softirq + t->steal +
           t->guest + t->guest_nice;
}

static bool next_field(struct rg_str *rest, struct rg_str *word)
{
    size_t i = 0;

    *rest = rg_str_trim(*rest, " \t\r\v\f");
    while (i < rest->len && !strchr(" \t\r\v\f", rest->ptr[i]))
        i++;
    *word = (struct rg_str){rest->ptr, i};
    *rest = (struct rg_str){rest->ptr + i, rest->len - i};
    return i != 0;
}

/* "cpu  10132153 290696 3084719 ..." */
static bool parse_cpu_line(struct rg_str line, int64_t ticks_per_s, struct rg_cpu_times *out)
{
    double seconds[CPU_FIELDS] = {0};
    struct rg_str word;
    size_t n = 0;

    if (!next_field(&line, &word) || !rg_str_starts(word, "cpu"))
        return false;
    for (; n < CPU_FIELDS && next_field(&line, &word); n++) {
        uint64_t ticks;

        if (!rg_str_to_u64(word, &ticks))
            return false;
        seconds[n] = (double)ticks / (double)ticks_per_s;
    }
    if (n < CPU_FIELDS_MIN)
        return false;
    *out = (struct rg_cpu_times){
        .user = seconds[0],
        .nice = seconds[1],
        .system = seconds[2],
        .idle = seconds[3],
        .iowait = seconds[4],
        .irq = seconds[5],
        .softirq = seconds[6],
        .steal = seconds[7],
        .guest = seconds[8],
        .guest_nice = seconds[9],
    };
    return true;
}

enum rg_status rg_cpu_times_read(
    struct rg_procfs *fs, int64_t clock_ticks_per_s, struct rg_cpu_times *out, struct rg_err *err)
{
    struct rg_buf buf;
    struct rg_str text, line;
    enum rg_status st;

    rg_assert(clock_ticks_per_s > 0);
    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_procfs_read_host(fs, "stat", &buf, err);
    if (st != RG_OK) {
        rg_err_prefix(err, "CPU times");
        goto done;
    }
    text = rg_str_buf(&buf);
    if (!rg_str_split(&text, '\n', &line) || !parse_cpu_line(line, clock_ticks_per_s, out)) {
        rg_err_set(err, "empty CPU time information returned");
        st = RG_EINVALID;
    }
done:
    rg_buf_finish(&buf);
    return st;
}

static bool starts_ignoring_case(struct rg_str s, const char *lower)
{
    size_t n = strlen(lower);

    for (size_t i = 0; i < n; i++) {
        char c = i < s.len ? s.ptr[i] : 0;

        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != lower[i])
            return false;
    }
    return true;
}

/* "processor : 3" */
static bool is_processor_line(struct rg_str line)
{
    struct rg_str key;
    int64_t number;

    if (!starts_ignoring_case(line, "processor") || !rg_str_split(&line, ':', &key))
        return false;
    key = rg_str_trim(key, " \t");
    return key.len == strlen("processor") && rg_str_to_i64(rg_str_trim(line, " \t\r"), &number);
}

/* "cpu3 ..." */
static bool is_cpu_line(struct rg_str line)
{
    return line.len >= 4 && rg_str_starts(line, "cpu") && line.ptr[3] >= '0' && line.ptr[3] <= '9';
}

/* Counts the lines of a host file; an unreadable file has none. */
static enum rg_status count_lines(struct rg_procfs *fs, const char *path,
    bool (*matches)(struct rg_str line), int32_t *count, struct rg_err *err)
{
    struct rg_buf buf;
    struct rg_str text, line;
    enum rg_status st;

    *count = 0;
    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_procfs_read_host(fs, path, &buf, err);
    if (st == RG_OK) {
        text = rg_str_buf(&buf);
        while (rg_str_split(&text, '\n', &line))
            *count += matches(line);
    } else if (st == RG_ENOMEM || st == RG_EDIVERGED || st == RG_ESTOPPED) {
        rg_err_prefix(err, "CPU count");
    } else {
        st = RG_OK;
    }
    rg_buf_finish(&buf);
    return st;
}

enum rg_status rg_host_cpu_count(
    struct rg_procfs *fs, int32_t fallback, int32_t *count, int32_t *processors, struct rg_err *err)
{
    int32_t in_cpuinfo;
    int32_t found;
    enum rg_status st = count_lines(fs, "cpuinfo", is_processor_line, &in_cpuinfo, err);

    if (st != RG_OK)
        return st;
    found = in_cpuinfo;
    if (found == 0) {
        st = count_lines(fs, "stat", is_cpu_line, &found, err);
        if (st != RG_OK)
            return st;
    }
    *count = found ? found : fallback;
    if (processors)
        *processors = in_cpuinfo;
    return RG_OK;
}

/* upstream: pkg/process/checks/process.go, formatCPU. Each share is capped by itself, so that total
 * may be less than user plus system. */
static float percent(double used_s, double host_s, int32_t cpu_count)
{
    double share;

    if (host_s <= 0 || used_s <= 0)
        return 0;
    share = used_s / host_s * 100;
    if (share > 100)
        share = 100;
    return (float)(share * cpu_count);
}

bool rg_process_same(const struct rg_process_stats *now, const struct rg_process_stats *before)
{
    if (now->start_ticks && before->start_ticks)
        return now->start_ticks == before->start_ticks;
    return now->create_time_ms == before->create_time_ms;
}

/* Nothing is known of a process whose stat could not be read. */
static bool has_times(const struct rg_process_stats *s)
{
    return s->start_ticks || s->create_time_ms;
}

struct rg_process_cpu rg_process_cpu_rates(const struct rg_process_stats *now,
    const struct rg_process_stats *before, double total_now_s, double total_before_s,
    int32_t cpu_count)
{
    bool same = rg_process_same(now, before);
    double user_s = now->user_s - (same ? before->user_s : 0);
    double system_s = now->system_s - (same ? before->system_s : 0);
    double host_s = total_now_s - total_before_s;

    if (has_times(now) && !has_times(before))
        return (struct rg_process_cpu){0};
    return (struct rg_process_cpu){
        .total_pct = percent(user_s + system_s, host_s, cpu_count),
        .user_pct = percent(user_s, host_s, cpu_count),
        .system_pct = percent(system_s, host_s, cpu_count),
    };
}

/* A counter that was zero or unreadable before, or that fell, gives no rate: upstream compares as
 * unsigned numbers, which makes -1 the largest of all. */
static float rate(int64_t now, int64_t before, int64_t elapsed_s)
{
    if (now < 0)
        return -1;
    if (before == 0 || (uint64_t)before > (uint64_t)now)
        return 0;
    return (float)(now - before) / (float)elapsed_s;
}

struct rg_process_io rg_process_io_rates(
    const struct rg_process_stats *now, const struct rg_process_stats *before, int64_t elapsed_s)
{
    /* Counters of a reused pid belong to another process: as good as never seen. */
    bool same = rg_process_same(now, before);

    if (elapsed_s <= 0)
        return (struct rg_process_io){0};
    return (struct rg_process_io){
        .read_rate = rate(now->read_count, same ? before->read_count : 0, elapsed_s),
        .write_rate = rate(now->write_count, same ? before->write_count : 0, elapsed_s),
        .read_bytes_rate = rate(now->read_bytes, same ? before->read_bytes : 0, elapsed_s),
        .write_bytes_rate = rate(now->write_bytes, same ? before->write_bytes : 0, elapsed_s),
    };
}
