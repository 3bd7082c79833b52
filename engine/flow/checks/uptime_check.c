/* upstream: pkg/collector/corechecks/system/uptime/uptime.go */
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"

#include <math.h>

/* "14229.11 13689.51" */
static enum rg_status uptime_run(struct rg_check *check, struct rg_err *err)
{
    struct rg_buf buf;
    struct rg_str text, word;
    double uptime_s;
    enum rg_status st;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read(check, "uptime", &buf, err);
    if (st != RG_OK)
        goto done;
    text = rg_str_buf(&buf);
    if (!rg_text_word(&text, &word) || !rg_text_decimal(word, &uptime_s)) {
        st = rg_native_malformed("uptime", "time", err);
        goto done;
    }
    rg_sender_gauge(check->sender, "system.uptime", floor(uptime_s), NULL, RG_NO_TAGS);
    st = rg_sender_commit(check->sender, err);
done:
    rg_buf_finish(&buf);
    return st;
}

static const struct rg_check_ops uptime_ops = {.version = "", .run = uptime_run};

enum rg_status rg_uptime_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    return rg_native_create(&uptime_ops, sizeof(struct rg_check), false, world, from, out, err);
}
