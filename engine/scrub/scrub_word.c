/* The pattern of a word is key, delimiter, value:
 *
 *   key        one or more spaces, or one space and one or two dashes; then the word
 *   delimiter  one or more spaces, or one '=', or one ':'
 *   value      a quoted string, or the run up to the next white space
 *
 * Runs are possessive and the word is atomic where that cannot change what matches: no class of a
 * key holds a delimiter, and a key's spaces start where no space is before them. So the cost of the
 * default words is linear in the text, also for hostile texts. */
#include "scrub_word.h"

#include <string.h>

#define KEY_START       "(?:(?<! ) ++| -{1,2})"
#define DELIMITER       "(?: ++|=|:)"
#define VALUE           "(\"[^\"]*\"|'[^']*'|[^\\t\\n\\f\\r ]*)"
#define INNER_STAR      "[^\\t\\n\\f\\r =:$/]*"
#define FINAL_STAR      "[^ =:]*+"
#define PATTERN_MAX     (RG_SCRUB_WORD_MAX * sizeof(INNER_STAR) + 256)
#define COMPILE_OPTIONS (PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_UTF)

static bool word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '*';
}

static enum rg_status check(struct rg_str w, struct rg_err *err)
{
    const char *why = NULL;

    if (w.len == 0 || w.len >= RG_SCRUB_WORD_MAX)
        why = "it is empty or too long";
    else if (rg_str_is(w, "*"))
        why = "a star alone would hide every argument";
    for (size_t i = 0; i < w.len && !why; i++) {
        if (!word_byte(w.ptr[i]))
            why = "only letters, digits, '_' and '*' may occur";
        else if (w.ptr[i] == '*' && i + 1 < w.len && w.ptr[i + 1] == '*')
            why = "two stars in a row mean nothing";
    }
    if (!why)
        return RG_OK;
    rg_err_set(
        err, "sensitive word '%.*s' is left out: %s", (int)(w.len < 64 ? w.len : 64), w.ptr, why);
    return RG_EINVALID;
}

/* The longest piece between stars, the first one on ties. */
static void find_quick(struct scrub_word *word, struct rg_str w)
{
    struct rg_str piece;
    struct rg_str best = {0};

    while (rg_str_split(&w, '*', &piece)) {
        if (piece.len > best.len)
            best = piece;
    }
    for (size_t i = 0; i < best.len; i++) {
        char c = best.ptr[i];

        word->quick[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    word->quick_len = best.len;
}

static enum rg_status build(struct rg_buf *out, struct rg_str w)
{
    bool final_star = w.ptr[w.len - 1] == '*';
    size_t body = final_star ? w.len - 1 : w.len;
    enum rg_status st = rg_buf_str(out, KEY_START);

    if (st == RG_OK)
        st = rg_buf_str(out, final_star ? "(?>" : "(?:");
    for (size_t i = 0; i < body && st == RG_OK; i++) {
        if (w.ptr[i] == '*')
            st = rg_buf_str(out, INNER_STAR);
        else
            st = rg_buf_byte(out, (uint8_t)w.ptr[i]);
    }
    if (st == RG_OK)
        st = rg_buf_str(out, final_star ? ")" FINAL_STAR : ")");
    if (st == RG_OK)
        st = rg_buf_str(out, DELIMITER VALUE);
    return st;
}

enum rg_status scrub_word_init(
    struct scrub_word *word, struct rg_str text, pcre2_general_context *general, struct rg_err *err)
{
    pcre2_compile_context *compile = NULL;
    struct rg_buf pattern;
    PCRE2_SIZE offset;
    enum rg_status st;
    int code = 0;

    memset(word, 0, sizeof(*word));
    rg_buf_init(&pattern, PATTERN_MAX);
    st = check(text, err);
    if (st != RG_OK)
        goto done;
    st = build(&pattern, text);
    if (st != RG_OK)
        goto done;
    st = RG_ENOMEM;
    compile = pcre2_compile_context_create(general);
    if (!compile)
        goto done;
    word->code = pcre2_compile(pattern.data, pattern.len, COMPILE_OPTIONS, &code, &offset, compile);
    if (!word->code)
        goto done; /* the pattern is ours: only memory can be short */
    find_quick(word, text);
    st = RG_OK;
done:
    pcre2_compile_context_free(compile);
    rg_buf_finish(&pattern);
    return st;
}

void scrub_word_finish(struct scrub_word *word)
{
    pcre2_code_free(word->code);
    word->code = NULL;
}
