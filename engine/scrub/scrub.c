#include "rg/scrub/scrub.h"
#include "rg/base/mem.h"
#include "scrub_word.h"

#include <stdlib.h>
#include <string.h>

/* Steps of one search; far above what the default words need for the largest text. */
#define EFFORT_MAX   40000000u
#define HEAP_KIB_MAX 65536u

static const char *const default_words[] = {"*password*", "*passwd*", "*mysql_pwd*",
    "*access_token*", "*auth_token*", "*api_key*", "*apikey*", "*secret*", "*credentials*",
    "stripetoken"};

#define DEFAULT_WORDS (sizeof(default_words) / sizeof(default_words[0]))

struct rg_scrubber {
    bool enabled;
    bool strip_args;
    struct scrub_word *words; /* owned */
    size_t word_count;
    pcre2_general_context *general;
    pcre2_match_context *match;
    pcre2_match_data *data;
    struct rg_buf lower; /* lower-cased input */
    struct rg_buf text;  /* the text as changed so far */
    struct rg_buf spare; /* the next text */
};

/* The library allocates through these so that its memory counts as ours. */
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

static enum rg_status add_word(struct rg_scrubber *s, struct rg_str text,
    const struct rg_scrub_options *options, struct rg_err *err)
{
    struct rg_err why = {0};
    enum rg_status st = scrub_word_init(&s->words[s->word_count], text, s->general, &why);

    if (st == RG_OK) {
        s->word_count++;
        return RG_OK;
    }
    if (st == RG_EINVALID) {
        if (options->warn)
            options->warn(options->warn_ctx, why.text);
        return RG_OK;
    }
    rg_err_set(err, "scrubber: out of memory");
    return st;
}

static enum rg_status add_words(
    struct rg_scrubber *s, const struct rg_scrub_options *options, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < DEFAULT_WORDS && st == RG_OK; i++)
        st = add_word(s, rg_str_from(default_words[i]), options, err);
    for (size_t i = 0; i < options->word_count && st == RG_OK; i++)
        st = add_word(s, options->words[i], options, err);
    return st;
}

enum rg_status rg_scrubber_create(
    const struct rg_scrub_options *options, struct rg_scrubber **out, struct rg_err *err)
{
    struct rg_scrubber *s;
    enum rg_status st = RG_ENOMEM;

    if (options->word_count > RG_SCRUB_WORDS_MAX) {
        rg_err_set(err, "%zu sensitive words are above the limit of %d", options->word_count,
            RG_SCRUB_WORDS_MAX);
        return RG_ELIMIT;
    }
    s = rg_calloc(1, sizeof(*s));
    if (!s)
        return RG_ENOMEM;
    s->enabled = options->enabled;
    s->strip_args = options->strip_args;
    rg_buf_init(&s->lower, RG_SCRUB_TEXT_MAX);
    rg_buf_init(&s->text, RG_SCRUB_TEXT_MAX);
    rg_buf_init(&s->spare, RG_SCRUB_TEXT_MAX);
    s->words = rg_calloc(DEFAULT_WORDS + options->word_count, sizeof(*s->words));
    s->general = pcre2_general_context_create(take_memory, give_memory, NULL);
    if (!s->words || !s->general)
        goto fail;
    s->match = pcre2_match_context_create(s->general);
    s->data = pcre2_match_data_create(2, s->general);
    if (!s->match || !s->data)
        goto fail;
    pcre2_set_match_limit(s->match, EFFORT_MAX);
    pcre2_set_heap_limit(s->match, HEAP_KIB_MAX);
    st = add_words(s, options, err);
    if (st != RG_OK)
        goto fail;
    *out = s;
    return RG_OK;
fail:
    rg_scrubber_destroy(s);
    return st;
}

void rg_scrubber_destroy(struct rg_scrubber *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->word_count; i++)
        scrub_word_finish(&s->words[i]);
    free(s->words);
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->match);
    pcre2_general_context_free(s->general);
    rg_buf_finish(&s->lower);
    rg_buf_finish(&s->text);
    rg_buf_finish(&s->spare);
    free(s);
}

void rg_scrub_args_finish(struct rg_scrub_args *out)
{
    free(out->args);
    rg_buf_finish(&out->text);
    *out = (struct rg_scrub_args){0};
}

/* Fills s->lower from s->text. */
static enum rg_status lower_text(struct rg_scrubber *s)
{
    enum rg_status st = rg_buf_set(&s->lower, s->text.data, s->text.len);

    for (size_t i = 0; i < s->lower.len && st == RG_OK; i++) {
        if (s->lower.data[i] >= 'A' && s->lower.data[i] <= 'Z')
            s->lower.data[i] = (uint8_t)(s->lower.data[i] + 32);
    }
    return st;
}

/* One search in s->text. RG_OK: *value is the span of the value, *end the end of the match.
 * RG_EEND: nothing more. RG_ELIMIT: too much effort. */
static enum rg_status next_match(struct rg_scrubber *s, const struct scrub_word *word, size_t start,
    struct rg_scrub_span *value, size_t *end)
{
    int n = pcre2_match(word->code, s->text.data, s->text.len, start, 0, s->data, s->match);
    const PCRE2_SIZE *at;

    if (n == PCRE2_ERROR_NOMATCH)
        return RG_EEND;
    if (n == PCRE2_ERROR_NOMEMORY)
        return RG_ENOMEM;
    if (n < 2)
        return RG_ELIMIT;
    at = pcre2_get_ovector_pointer(s->data);
    *value = (struct rg_scrub_span){at[2], at[3] - at[2]};
    *end = at[1];
    return RG_OK;
}

static bool may_match(const struct rg_scrubber *s, const struct scrub_word *word)
{
    return s->lower.len >= word->quick_len &&
           memmem(s->lower.data, s->lower.len, word->quick, word->quick_len) != NULL;
}

/* Replaces every value of one word; s->spare becomes the new text. */
static enum rg_status replace_word(
    struct rg_scrubber *s, const struct scrub_word *word, bool *changed)
{
    struct rg_scrub_span value;
    size_t copied = 0;
    size_t end = 0;
    enum rg_status st;

    rg_buf_clear(&s->spare);
    while ((st = next_match(s, word, end, &value, &end)) == RG_OK) {
        st = rg_buf_append(&s->spare, s->text.data + copied, value.offset - copied);
        if (st == RG_OK)
            st = rg_buf_str(&s->spare, RG_SCRUB_MASK);
        if (st != RG_OK)
            return st;
        copied = value.offset + value.len;
    }
    if (st != RG_EEND)
        return st;
    if (copied == 0)
        return RG_OK;
    st = rg_buf_append(&s->spare, s->text.data + copied, s->text.len - copied);
    if (st == RG_OK) {
        struct rg_buf old = s->text;

        s->text = s->spare;
        s->spare = old;
        *changed = true;
    }
    return st;
}

static enum rg_status join(struct rg_buf *out, const struct rg_str *args, size_t count)
{
    enum rg_status st = RG_OK;

    rg_buf_clear(out);
    for (size_t i = 0; i < count && st == RG_OK; i++) {
        if (i)
            st = rg_buf_byte(out, ' ');
        if (st == RG_OK)
            st = rg_buf_append(out, args[i].ptr, args[i].len);
    }
    return st;
}

static enum rg_status add_arg(struct rg_scrub_args *out, struct rg_str arg)
{
    void *array = out->args;
    enum rg_status st =
        rg_grow(&array, &out->cap, out->count + 1, sizeof(*out->args), RG_SCRUB_TEXT_MAX);

    if (st != RG_OK)
        return st;
    out->args = array;
    out->args[out->count++] = arg;
    return RG_OK;
}

/* Splits out->text at single spaces; n spaces make n + 1 arguments. */
static enum rg_status split_text(struct rg_scrub_args *out)
{
    const char *at = (const char *)out->text.data;
    const char *end = at + out->text.len;
    enum rg_status st = RG_OK;

    while (st == RG_OK) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *stop = space ? space : end;

        st = add_arg(out, (struct rg_str){at, (size_t)(stop - at)});
        if (!space)
            break;
        at = space + 1;
    }
    return st;
}

/* The first argument (up to its first space when asked) and, for the rest, one mask. */
static enum rg_status keep_first(
    struct rg_scrub_args *out, const struct rg_str *args, size_t count, bool strip)
{
    struct rg_str first = args[0];
    const char *space = first.len ? memchr(first.ptr, ' ', first.len) : NULL;
    enum rg_status st;

    out->count = 0;
    if (space && strip)
        first.len = (size_t)(space - first.ptr);
    out->changed = count > 1 || first.len != args[0].len;
    st = add_arg(out, first);
    if (st == RG_OK && !strip && count > 1)
        st = add_arg(out, RG_STR_LIT(RG_SCRUB_MASK));
    return st;
}

static enum rg_status scrub_words(
    struct rg_scrubber *s, const struct rg_str *args, size_t count, struct rg_scrub_args *out)
{
    enum rg_status st = join(&s->text, args, count);

    if (st == RG_OK)
        st = lower_text(s);
    for (size_t i = 0; i < s->word_count && st == RG_OK; i++) {
        if (may_match(s, &s->words[i]))
            st = replace_word(s, &s->words[i], &out->changed);
    }
    if (st == RG_ELIMIT || st == RG_ETOOBIG)
        return keep_first(out, args, count, false);
    if (st == RG_OK && out->changed) {
        st = rg_buf_set(&out->text, s->text.data, s->text.len);
        return st == RG_OK ? split_text(out) : st;
    }
    for (size_t i = 0; i < count && st == RG_OK; i++)
        st = add_arg(out, args[i]);
    return st;
}

enum rg_status rg_scrubber_scrub(struct rg_scrubber *s, const struct rg_str *args, size_t count,
    struct rg_scrub_args *out, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    out->count = 0;
    out->changed = false;
    out->text.max = RG_SCRUB_TEXT_MAX;
    rg_buf_clear(&out->text);
    if (count == 0)
        return RG_OK;
    if (s->strip_args) {
        st = keep_first(out, args, count, true);
    } else if (s->enabled) {
        st = scrub_words(s, args, count, out);
    } else {
        for (size_t i = 0; i < count && st == RG_OK; i++)
            st = add_arg(out, args[i]);
    }
    if (st == RG_OK)
        return RG_OK;
    out->count = 0;
    rg_err_set(err, "scrubber: %s", rg_status_name(st));
    return st;
}

/* Values become as many stars as they had bytes, so offsets hold for the words that follow. */
static enum rg_status span_word(
    struct rg_scrubber *s, const struct scrub_word *word, struct rg_scrub_spans *out)
{
    struct rg_scrub_span value;
    size_t end = 0;
    enum rg_status st;

    while ((st = next_match(s, word, end, &value, &end)) == RG_OK) {
        st = rg_scrub_spans_add(out, value.offset, value.len);
        if (st != RG_OK)
            return st;
        memset(s->text.data + value.offset, '*', value.len);
    }
    return st == RG_EEND ? RG_OK : st;
}

static enum rg_status span_rest(struct rg_scrub_spans *out, struct rg_str text)
{
    const char *space = text.len ? memchr(text.ptr, ' ', text.len) : NULL;
    size_t offset = space ? (size_t)(space - text.ptr) + 1 : text.len;

    out->count = 0;
    return rg_scrub_spans_add(out, offset, text.len - offset);
}

enum rg_status rg_scrubber_spans(
    struct rg_scrubber *s, struct rg_str text, struct rg_scrub_spans *out, struct rg_err *err)
{
    enum rg_status st;

    out->count = 0;
    if (s->strip_args)
        return span_rest(out, text);
    if (!s->enabled)
        return RG_OK;
    st = rg_buf_set(&s->text, text.ptr, text.len);
    if (st == RG_OK)
        st = lower_text(s);
    for (size_t i = 0; i < s->word_count && st == RG_OK; i++) {
        if (may_match(s, &s->words[i]))
            st = span_word(s, &s->words[i], out);
    }
    if (st == RG_ELIMIT || st == RG_ETOOBIG)
        st = span_rest(out, text);
    if (st != RG_OK) {
        out->count = 0;
        rg_err_set(err, "scrubber: %s", rg_status_name(st));
        return st;
    }
    rg_scrub_spans_merge(out);
    return RG_OK;
}
