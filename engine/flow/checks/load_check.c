/* upstream: pkg/collector/corechecks/system/cpu/load/load.go */
#include "cpu_stat.h"
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"

#define AVERAGES 3

static void send_load(struct rg_check *check, const double *load, int32_t cpus)
{
    static const char *const plain[AVERAGES] = {"system.load.1", "system.load.5", "system.load.15"};
    static const char *const norm[AVERAGES] = {
        "system.load.norm.1", "system.load.norm.5", "system.load.norm.15"};

    for (size_t i = 0; i < AVERAGES; i++) {
        rg_sender_gauge(check->sender, plain[i], load[i], NULL, RG_NO_TAGS);
        rg_sender_gauge(check->sender, norm[i], load[i] / cpus, NULL, RG_NO_TAGS);
    }
}

/* "0.20 0.18 0.12 1/80 11206" */
static enum rg_status load_run(struct rg_check *check, struct rg_err *err)
{
    struct rg_str words[AVERAGES] = {{NULL, 0}};
    double load[AVERAGES] = {0};
    bool usable = true, there = false;
    int32_t cpus = 0;
    struct rg_buf buf;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read(check, "loadavg", &buf, err);
    if (st != RG_OK)
        goto done;
    usable = rg_text_words(rg_str_buf(&buf), words, AVERAGES) == AVERAGES;
    for (size_t i = 0; i < AVERAGES && usable; i++)
        usable = rg_text_decimal(words[i], &load[i]);
    if (!usable) {
        st = rg_native_malformed("loadavg", "averages", err);
        goto done;
    }
    st = rg_native_read_optional(check, "stat", false, &buf, &there, err);
    if (st != RG_OK)
        goto done;
    if (there)
        cpus = rg_cpu_stat_count(rg_str_buf(&buf));
    send_load(check, load, cpus ? cpus : check->world->facts->cpu_count);
    st = rg_sender_commit(check->sender, err);
done:
    rg_buf_finish(&buf);
    return st;
}

static const struct rg_check_ops load_ops = {.version = "", .run = load_run};

enum rg_status rg_load_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    return rg_native_create(&load_ops, sizeof(struct rg_check), false, world, from, out, err);
}
