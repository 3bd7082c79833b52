#include "pattern_list.h"

#include "rg/base/mem.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define EFFORT_MAX   100000u /* steps of one search */
#define HEAP_KIB_MAX 16384u

struct rg_pattern_list {
    pcre2_code **codes; /* owned */
    size_t count, cap;
    size_t given_up;
    pcre2_general_context *general;
    pcre2_compile_context *compile;
    pcre2_match_context *match;
    pcre2_match_data *data;
};

/* pcre2 is a shared library: its memory is to come from the allocator of the program. */
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

enum rg_status rg_pattern_list_create(struct rg_pattern_list **out)
{
    struct rg_pattern_list *list = rg_calloc(1, sizeof(*list));

    if (!list)
        return RG_ENOMEM;
    list->general = pcre2_general_context_create(take_memory, give_memory, NULL);
    if (!list->general)
        goto fail;
    list->compile = pcre2_compile_context_create(list->general);
    list->match = pcre2_match_context_create(list->general);
    list->data = pcre2_match_data_create(1, list->general);
    if (!list->compile || !list->match || !list->data)
        goto fail;
    pcre2_set_match_limit(list->match, EFFORT_MAX);
    pcre2_set_heap_limit(list->match, HEAP_KIB_MAX);
    *out = list;
    return RG_OK;
fail:
    rg_pattern_list_destroy(list);
    return RG_ENOMEM;
}

void rg_pattern_list_destroy(struct rg_pattern_list *list)
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
    free(list);
}

static enum rg_status compile(struct rg_pattern_list *list, const char *option,
    const struct rg_buf *text, unsigned flags, struct rg_err *err)
{
    uint32_t options = PCRE2_DOLLAR_ENDONLY;
    PCRE2_SIZE offset = 0;
    PCRE2_UCHAR reason[120];
    pcre2_code *code;
    int number = 0;

    options |= flags & RG_PATTERN_AT_START ? PCRE2_ANCHORED : 0;
    options |= flags & RG_PATTERN_IGNORE_CASE ? PCRE2_CASELESS : 0;
    code = pcre2_compile(text->len ? text->data : (PCRE2_SPTR) "", text->len, options, &number,
        &offset, list->compile);
    if (code) {
        list->codes[list->count++] = code;
        return RG_OK;
    }
    if (number == PCRE2_ERROR_HEAP_FAILED)
        return RG_ENOMEM;
    if (pcre2_get_error_message(number, reason, sizeof(reason)) < 0)
        reason[0] = 0;
    rg_err_set(err, "%s: '%.*s' is no regular expression: %s at offset %zu", option,
        (int)(text->len < 200 ? text->len : 200), (const char *)text->data, (const char *)reason,
        (size_t)offset);
    return RG_EINVALID;
}

enum rg_status rg_pattern_list_add(struct rg_pattern_list *list, const char *option,
    struct rg_str pattern, const char *suffix, unsigned flags, struct rg_err *err)
{
    struct rg_buf text;
    void *codes = list->codes;
    enum rg_status st =
        rg_grow(&codes, &list->cap, list->count + 1, sizeof(*list->codes), RG_PATTERNS_MAX);

    list->codes = codes;
    if (st != RG_OK) {
        if (st == RG_ELIMIT)
            rg_err_set(err, "%s: more than %d patterns", option, RG_PATTERNS_MAX);
        return st;
    }
    rg_buf_init(&text, RG_PATTERN_BYTES_MAX);
    st = rg_buf_append(&text, pattern.ptr, pattern.len);
    if (st == RG_OK)
        st = rg_buf_str(&text, suffix);
    if (st == RG_OK) {
        st = compile(list, option, &text, flags, err);
    } else if (st == RG_ETOOBIG) {
        rg_err_set(err, "%s: a pattern has more than %d bytes", option, RG_PATTERN_BYTES_MAX);
        st = RG_ELIMIT;
    }
    rg_buf_finish(&text);
    return st;
}

size_t rg_pattern_list_count(const struct rg_pattern_list *list)
{
    return list->count;
}

bool rg_pattern_matches(struct rg_pattern_list *list, size_t i, struct rg_str text)
{
    PCRE2_SPTR bytes = text.len ? (PCRE2_SPTR)text.ptr : (PCRE2_SPTR) "";
    int n;

    rg_assert(i < list->count);
    n = pcre2_match(list->codes[i], bytes, text.len, 0, 0, list->data, list->match);
    list->given_up += n < 0 && n != PCRE2_ERROR_NOMATCH;
    return n >= 0;
}

bool rg_pattern_list_matches(struct rg_pattern_list *list, struct rg_str text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (rg_pattern_matches(list, i, text))
            return true;
    }
    return false;
}

size_t rg_pattern_list_given_up(struct rg_pattern_list *list)
{
    size_t n = list->given_up;

    list->given_up = 0;
    return n;
}
