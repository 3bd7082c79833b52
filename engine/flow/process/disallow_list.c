#include "disallow_list.h"
#include "re2_pattern.h"
#include "rg/base/mem.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define EFFORT_MAX   1000000u /* steps of one search */
#define HEAP_KIB_MAX 65536u
#define TEXT_MAX     ((size_t)8 << 20) /* a command line is at most RG_PROCFS_FILE_MAX */

#define COMPILE_OPTIONS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY)

struct rg_disallow_list {
    pcre2_code **codes; /* owned */
    size_t count;
    pcre2_general_context *general;
    pcre2_compile_context *compile;
    pcre2_match_context *match;
    pcre2_match_data *data;
    struct rg_buf text;
};

static void *take_memory(size_t bytes, void *ctx)
{
    (void)ctx;
    return malloc(bytes);
}

static void give_memory(void *memory, void *ctx)
{
    (void)ctx;
    free(memory);
}

static enum rg_status add_pattern(
    struct rg_disallow_list *list, struct rg_str pattern, const struct rg_log *log)
{
    struct rg_buf translated;
    PCRE2_SIZE offset;
    enum rg_status st;
    int code = 0;

    rg_buf_init(&translated, (size_t)RG_DISALLOW_PATTERN_MAX * 8);
    st = pattern.len < RG_DISALLOW_PATTERN_MAX ? rg_re2_translate(pattern, &translated)
                                               : RG_EINVALID;
    if (st == RG_ENOMEM)
        goto done;
    if (st == RG_OK) {
        pcre2_code *compiled = pcre2_compile(translated.len ? translated.data : (PCRE2_SPTR) "",
            translated.len, COMPILE_OPTIONS, &code, &offset, list->compile);

        if (compiled)
            list->codes[list->count++] = compiled;
        else
            st = code == PCRE2_ERROR_HEAP_FAILED ? RG_ENOMEM : RG_EINVALID;
    }
    if (st != RG_OK && st != RG_ENOMEM) {
        rg_log(log, RG_LOG_WARN, "process", "Ignoring invalid disallow list pattern: %.*s",
            (int)(pattern.len < RG_DISALLOW_PATTERN_MAX ? pattern.len : RG_DISALLOW_PATTERN_MAX),
            pattern.ptr);
        st = RG_OK;
    }
done:
    rg_buf_finish(&translated);
    return st;
}

enum rg_status rg_disallow_list_create(const struct rg_str *patterns, size_t count,
    const struct rg_log *log, struct rg_disallow_list **out, struct rg_err *err)
{
    struct rg_disallow_list *list;
    enum rg_status st = RG_ENOMEM;

    if (count > RG_DISALLOW_PATTERNS_MAX) {
        rg_err_set(err, "%zu disallow list patterns are above the limit of %d", count,
            RG_DISALLOW_PATTERNS_MAX);
        return RG_ELIMIT;
    }
    list = rg_calloc(1, sizeof(*list));
    if (!list)
        return RG_ENOMEM;
    rg_buf_init(&list->text, TEXT_MAX);
    list->codes = rg_calloc(count + 1, sizeof(pcre2_code *));
    list->general = pcre2_general_context_create(take_memory, give_memory, NULL);
    if (!list->codes || !list->general)
        goto fail;
    list->compile = pcre2_compile_context_create(list->general);
    list->match = pcre2_match_context_create(list->general);
    list->data = pcre2_match_data_create(1, list->general);
    if (!list->compile || !list->match || !list->data)
        goto fail;
    pcre2_set_match_limit(list->match, EFFORT_MAX);
    pcre2_set_heap_limit(list->match, HEAP_KIB_MAX);
    st = RG_OK;
    for (size_t i = 0; i < count && st == RG_OK; i++)
        st = add_pattern(list, patterns[i], log);
    if (st != RG_OK)
        goto fail;
    *out = list;
    return RG_OK;
fail:
    rg_disallow_list_destroy(list);
    rg_err_set(err, "disallow list: %s", rg_status_name(st));
    return st;
}

void rg_disallow_list_destroy(struct rg_disallow_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        pcre2_code_free(list->codes[i]);
    free(list->codes);
    pcre2_match_data_free(list->data);
    pcre2_match_context_free(list->match);
    pcre2_compile_context_free(list->compile);
    pcre2_general_context_free(list->general);
    rg_buf_finish(&list->text);
    free(list);
}

size_t rg_disallow_list_count(const struct rg_disallow_list *list)
{
    return list->count;
}

static enum rg_status join(
    struct rg_buf *out, const struct rg_str *args, size_t count, struct rg_str exe)
{
    enum rg_status st = RG_OK;

    rg_buf_clear(out);
    if (count == 0)
        return rg_buf_append(out, exe.ptr, exe.len);
    for (size_t i = 0; i < count && st == RG_OK; i++) {
        if (i)
            st = rg_buf_byte(out, ' ');
        if (st == RG_OK)
            st = rg_buf_append(out, args[i].ptr, args[i].len);
    }
    return st;
}

enum rg_status rg_disallow_list_hides(struct rg_disallow_list *list, const struct rg_str *args,
    size_t count, struct rg_str exe, bool *hidden)
{
    bool found = false;
    enum rg_status st;

    if (list->count == 0) {
        *hidden = false;
        return RG_OK;
    }
    st = join(&list->text, args, count, exe);
    if (st == RG_ETOOBIG) {
        *hidden = true;
        return RG_OK;
    }
    if (st != RG_OK)
        return st;
    for (size_t i = 0; i < list->count && !found; i++) {
        PCRE2_SPTR text = list->text.len ? list->text.data : (PCRE2_SPTR) "";
        int n = pcre2_match(list->codes[i], text, list->text.len, 0, 0, list->data, list->match);

        if (n == PCRE2_ERROR_NOMEMORY)
            return RG_ENOMEM;
        found = n != PCRE2_ERROR_NOMATCH;
    }
    *hidden = found;
    return RG_OK;
}
