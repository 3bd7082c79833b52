#include "rg/backend/log.h"

#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {"error", "warn", "info", "debug"};

const char *rg_log_level_name(enum rg_log_level level)
{
    return level_names[level];
}

bool rg_log_level_parse(struct rg_str s, enum rg_log_level *out)
{
    for (int i = 0; i <= RG_LOG_DEBUG; i++) {
        if (rg_str_is(s, level_names[i])) {
            *out = (enum rg_log_level)i;
            return true;
        }
    }
    return false;
}

void rg_log(
    const struct rg_log *log, enum rg_log_level level, const char *source, const char *fmt, ...)
{
    char text[RG_LOG_LINE_MAX];
    char stamp[RG_WALL_TEXT];
    struct rg_err err = {0};
    struct rg_buf line;
    enum rg_status st;
    va_list args;
    int n;

    if (!log || level > log->level)
        return;
    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0)
        return;
    rg_buf_init(&line, RG_LOG_LINE_MAX * 4 + 128);
    st = rg_buf_printf(&line, "%s %s %s: ", rg_wall_text(rg_runtime_wall(log->runtime), stamp),
        rg_log_level_name(level), source);
    if (st == RG_OK)
        st = rg_str_escape(&line, (struct rg_str){text, strlen(text)});
    if (st == RG_OK) {
        struct rg_output out = {.kind = "log", .source = source, .payload = rg_str_buf(&line)};

        rg_ignore(rg_sink_emit(log->sink, &out, NULL, &err), "logging never stops a flow");
    }
    rg_buf_finish(&line);
}
