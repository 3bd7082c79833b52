/* Each form is a pattern with a literal that must occur before the pattern is tried. The match
 * limit of the library counts per starting point, so the patterns themselves must not scan far from
 * many starting points: runs are possessive or bounded, and what a run may hold excludes what
 * starts the pattern. Forms in any case are tried on a lower-cased copy, because the library's own
 * caseless search may look through all of the text at each starting point. */
#include "rg/scrub/secret_forms.h"
#include "rg/base/mem.h"
#include "secret_assign.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define EFFORT_MAX   40000000u /* steps from one starting point */
#define HEAP_KIB_MAX 65536u
#define GROUPS       3                 /* the match and two groups */
#define KEPT_BYTES   ((size_t)4 << 20) /* memory that stays for the next text */

#define EDGE "(?<![A-Za-z0-9])"
#define LAST "(?![A-Za-z0-9])"

struct form {
    const char *quick;   /* lower case; occurs in the lower-cased text of every match */
    const char *pattern; /* the secret is the group that matched, or else the match */
    bool caseless;       /* tried on the lower-cased text */
    bool pem;            /* the secret is what follows, up to the closing line */
};

static const struct form forms[] = {
    {"key",
        "(?:api|app|application)[ _-]?key[^A-Za-z0-9\\n]{0,8}"
        "(?:[a-z]{2,8}[^A-Za-z0-9\\n]{1,8}){0,2}([0-9a-f]{40}|[0-9a-f]{32})" LAST,
        true, false},
    {"additional_endpoints", EDGE "(?:[0-9a-f]{40}|[0-9a-f]{32})" LAST, true, false},
    {"authorization",
        "authorization\\\\{0,3}[\"']?[ \\t]*+[:=][ \\t]*+\\\\{0,3}[\"']?"
        "(?:(?:bearer|basic|token|digest|apikey|negotiate)[ \\t]++([^\\s\"',\\\\]++)|"
        "(?=[^\\s\"',0-9]*+[0-9])([^\\s\"',\\\\]{16,}+))",
        true, false},
    {"bearer", EDGE "bearer[ \\t]++(?=[A-Za-z._~+/=-]*+[0-9])([A-Za-z0-9._~+/=-]{8,}+)", true,
        false},
    {"basic", EDGE "basic[ \\t]++(?!realm=)(?=[A-Za-z+/]*+[0-9=])([A-Za-z0-9+/=]{8,}+)", true,
        false},
    {"://", "(?<=[A-Za-z0-9])://[^\\s/:@?\"']*+:([^\\s/?\"']+)@", false, false},
    {"private key", "-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----", false, true},
    {"eyj", "(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}+\\.[A-Za-z0-9_-]{4,}+(?:\\.[A-Za-z0-9_-]*+)?",
        false, false},
    {"akia", EDGE "AKIA[A-Z0-9]{16}" LAST, false, false},
    {"asia", EDGE "ASIA[A-Z0-9]{16}" LAST, false, false},
    {"secret", "secret[_.-]?access[_.-]?key[\"' \\t:=]{1,8}+([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
        true, false},
    {"gh", EDGE "gh[pousr]_[A-Za-z0-9]{20,}+", false, false},
    {"github_pat_", EDGE "github_pat_[A-Za-z0-9_]{20,}+", false, false},
    {"glpat-", EDGE "glpat-[A-Za-z0-9_-]{16,}+", false, false},
    {"xox", EDGE "xox[a-z]-[A-Za-z0-9-]{10,}+", false, false},
    {"xapp-", EDGE "xapp-[A-Za-z0-9-]{10,}+", false, false},
    {"hooks.slack.com", "hooks\\.slack\\.com/services/([A-Za-z0-9/]++)", true, false},
    {"aiza", EDGE "AIza[A-Za-z0-9_-]{35}", false, false},
    {"k_", EDGE "[sr]k_(?:live|test)_[A-Za-z0-9]{10,}+", false, false},
    {"whsec_", EDGE "whsec_[A-Za-z0-9]{16,}+", false, false},
    {"npm_", EDGE "npm_[A-Za-z0-9]{36}" LAST, false, false},
    {"pypi-age", EDGE "pypi-AgE[A-Za-z0-9_-]{16,}+", false, false},
    {"sg.", EDGE "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}", false, false},
    /* The user and password of one well-known tool's option, and another's only option. */
    {"curl", "(?<=\\s)(?:-u|--user)[ =]?[^\\s:]{1,64}:(?![0-9]+(?!\\S))([^\\s\"']++)", false,
        false},
    {"sshpass", "sshpass +-p ?([^\\s]++)", false, false},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

struct rg_secret_forms {
    pcre2_general_context *general;
    pcre2_match_context *match;
    pcre2_match_data *data;
    pcre2_code *code[FORMS];
    pcre2_code *words; /* SECRET_ASSIGN_WORDS */
    struct rg_buf lower;
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

static enum rg_status compile(pcre2_compile_context *ctx, const char *pattern, pcre2_code **out)
{
    uint32_t options = PCRE2_NEVER_UTF | PCRE2_DOTALL;
    PCRE2_SIZE offset;
    int code = 0;

    *out = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, ctx);
    rg_assert(*out || code == PCRE2_ERROR_HEAP_FAILED); /* the patterns are constants */
    return *out ? RG_OK : RG_ENOMEM;
}

static enum rg_status compile_all(struct rg_secret_forms *f)
{
    pcre2_compile_context *ctx = pcre2_compile_context_create(f->general);
    enum rg_status st = ctx ? RG_OK : RG_ENOMEM;

    for (size_t i = 0; i < FORMS && st == RG_OK; i++)
        st = compile(ctx, forms[i].pattern, &f->code[i]);
    if (st == RG_OK)
        st = compile(ctx, SECRET_ASSIGN_WORDS, &f->words);
    pcre2_compile_context_free(ctx);
    return st;
}

enum rg_status rg_secret_forms_create(struct rg_secret_forms **out, struct rg_err *err)
{
    struct rg_secret_forms *f = rg_calloc(1, sizeof(*f));
    enum rg_status st = RG_ENOMEM;

    if (!f)
        goto fail;
    rg_buf_init(&f->lower, RG_SECRET_TEXT_MAX);
    f->general = pcre2_general_context_create(take_memory, give_memory, NULL);
    if (!f->general)
        goto fail;
    f->match = pcre2_match_context_create(f->general);
    f->data = pcre2_match_data_create(GROUPS, f->general);
    if (!f->match || !f->data)
        goto fail;
    pcre2_set_match_limit(f->match, EFFORT_MAX);
    pcre2_set_heap_limit(f->match, HEAP_KIB_MAX);
    st = compile_all(f);
    if (st != RG_OK)
        goto fail;
    *out = f;
    return RG_OK;
fail:
    rg_secret_forms_destroy(f);
    rg_err_set(err, "secret forms: %s", rg_status_name(st));
    return st;
}

void rg_secret_forms_destroy(struct rg_secret_forms *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < FORMS; i++)
        pcre2_code_free(f->code[i]);
    pcre2_code_free(f->words);
    pcre2_match_data_free(f->data);
    pcre2_match_context_free(f->match);
    pcre2_general_context_free(f->general);
    rg_buf_finish(&f->lower);
    free(f);
}

/* RG_OK: the first *groups pairs of f->data hold the match and its groups. RG_EEND: no more.
 * RG_ELIMIT: too much effort. */
static enum rg_status search(struct rg_secret_forms *f, const pcre2_code *code, struct rg_str text,
    size_t start, size_t *groups)
{
    int n = pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, start, 0, f->data, f->match);

    if (n == PCRE2_ERROR_NOMATCH)
        return RG_EEND;
    if (n == PCRE2_ERROR_NOMEMORY)
        return RG_ENOMEM;
    *groups = n > 0 ? (size_t)n : 0;
    return n > 0 ? RG_OK : RG_ELIMIT;
}

/* The body of a PEM block; without a closing line all that follows is taken for it. */
static size_t pem_end(struct rg_str text, size_t body)
{
    const char *end = memmem(text.ptr + body, text.len - body, "-----END ", 9);

    return end ? (size_t)(end - text.ptr) : text.len;
}

static enum rg_status find_form(
    struct rg_secret_forms *f, size_t which, struct rg_str text, struct rg_scrub_spans *out)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(f->data);
    struct rg_str searched = forms[which].caseless ? rg_str_buf(&f->lower) : text;
    size_t start = 0;
    size_t groups;
    enum rg_status st;

    while ((st = search(f, f->code[which], searched, start, &groups)) == RG_OK) {
        size_t from = at[0];
        size_t to = at[1];

        start = to;
        for (size_t g = 1; g < groups; g++) {
            if (at[2 * g] != PCRE2_UNSET) {
                from = at[2 * g];
                to = at[2 * g + 1];
            }
        }
        if (forms[which].pem) {
            from = start;
            to = pem_end(text, from);
            start = to;
        }
        st = rg_scrub_spans_add(out, from, to - from);
        if (st != RG_OK)
            return st;
    }
    return st == RG_EEND ? RG_OK : st;
}

static enum rg_status find_assignments(
    struct rg_secret_forms *f, struct rg_str text, struct rg_scrub_spans *out)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(f->data);
    size_t start = 0;
    size_t groups;
    enum rg_status st;

    while ((st = search(f, f->words, rg_str_buf(&f->lower), start, &groups)) == RG_OK) {
        st = secret_assign_at(text, at[0], at[1], out, &start);
        if (st != RG_OK)
            return st;
    }
    return st == RG_EEND ? RG_OK : st;
}

static enum rg_status lower_text(struct rg_buf *lower, struct rg_str text)
{
    enum rg_status st = rg_buf_set(lower, text.ptr, text.len);

    for (size_t i = 0; i < text.len && st == RG_OK; i++) {
        if (lower->data[i] >= 'A' && lower->data[i] <= 'Z')
            lower->data[i] = (uint8_t)(lower->data[i] + 32);
    }
    return st;
}

static enum rg_status find_all(
    struct rg_secret_forms *f, struct rg_str text, struct rg_scrub_spans *out)
{
    enum rg_status st = lower_text(&f->lower, text);

    for (size_t i = 0; i < FORMS && st == RG_OK; i++) {
        const char *quick = forms[i].quick;

        if (memmem(f->lower.data, f->lower.len, quick, strlen(quick)))
            st = find_form(f, i, text, out);
    }
    return st == RG_OK ? find_assignments(f, text, out) : st;
}

static enum rg_status behind_first_word(struct rg_str text, struct rg_scrub_spans *out)
{
    size_t at = 0;

    while (at < text.len && !strchr(" \t\r\n", text.ptr[at] ? text.ptr[at] : 'x'))
        at++;
    out->count = 0;
    return rg_scrub_spans_add(out, at, text.len - at);
}

enum rg_status rg_secret_forms_find(
    struct rg_secret_forms *f, struct rg_str text, struct rg_scrub_spans *out, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    out->count = 0;
    if (text.len == 0)
        return RG_OK;
    st = text.len > RG_SECRET_TEXT_MAX ? RG_ELIMIT : find_all(f, text, out);
    if (f->lower.cap > KEPT_BYTES) {
        rg_buf_finish(&f->lower);
        rg_buf_init(&f->lower, RG_SECRET_TEXT_MAX);
    }
    if (st == RG_ELIMIT || st == RG_ETOOBIG)
        st = behind_first_word(text, out);
    if (st != RG_OK) {
        out->count = 0;
        rg_err_set(err, "secret forms: %s", rg_status_name(st));
        return st;
    }
    rg_scrub_spans_merge(out);
    return RG_OK;
}
