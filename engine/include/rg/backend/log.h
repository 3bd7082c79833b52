/* Log lines of the engine. They are output like any other: stamped by the run's wall clock, free of
 * addresses and thread numbers, sent to the sink with kind "log". */
#ifndef RG_BACKEND_LOG_H
#define RG_BACKEND_LOG_H

#include "rg/backend/runtime.h"
#include "rg/backend/sink.h"

enum rg_log_level {
    RG_LOG_ERROR,
    RG_LOG_WARN,
    RG_LOG_INFO,
    RG_LOG_DEBUG,
};

#define RG_LOG_LINE_MAX 4096

/* Constant after it was filled, so tasks may share it. Lines above level cost nothing. */
struct rg_log {
    struct rg_runtime *runtime; /* borrowed */
    struct rg_sink *sink;       /* borrowed */
    enum rg_log_level level;
};

/* "error", "warn", "info", "debug"; false on anything else. */
bool rg_log_level_parse(struct rg_str s, enum rg_log_level *out);
const char *rg_log_level_name(enum rg_log_level level);

/* One line: "TIME LEVEL source: text", control characters escaped, cut at RG_LOG_LINE_MAX. A sink
 * that fails loses the line: logging never stops a flow. log may be NULL (silent). */
void rg_log(const struct rg_log *log, enum rg_log_level level, const char *source, const char *fmt,
    ...) RG_PRINTF(4, 5);

#endif
