#include "judge_jq.h"

#include "rg/base/mem.h"

#include <jq.h>
#include <stdlib.h>
#include <string.h>

struct jq_program {
    jq_state *jq;
    struct rg_err *err; /* where messages go while compiling */
};

/* The first message says what is wrong; the others count errors. */
static void take_message(void *ctx, jv message)
{
    struct jq_program *program = ctx;
    jv text = jq_format_error(message);

    if (program->err && !program->err->text[0]) {
        const char *line = jv_string_value(text);
        size_t len;

        if (strncmp(line, "jq: error: ", 11) == 0)
            line += 11;
        len = strcspn(line, "\n");
        if (len > 0 && line[len - 1] == ':')
            len--; /* the lines behind it quote the program */
        rg_err_set(program->err, "%.*s", (int)len, line);
    }
    jv_free(text);
}

enum rg_status jq_program_create(const char *text, struct jq_program **out, struct rg_err *err)
{
    struct jq_program *program = rg_calloc(1, sizeof(*program));
    int compiled;

    if (!program)
        return RG_ENOMEM;
    program->jq = jq_init();
    if (!program->jq) {
        free(program);
        return RG_ENOMEM;
    }
    rg_err_set(err, "%s", "");
    program->err = err;
    jq_set_error_cb(program->jq, take_message, program);
    /* Programs are whole: modules would make a scenario depend on the home of its user. */
    jq_set_attr(program->jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
    compiled = jq_compile(program->jq, text);
    program->err = NULL;
    if (!compiled) {
        if (!err->text[0])
            rg_err_set(err, "not a jq program");
        jq_program_destroy(program);
        return RG_EINVALID;
    }
    *out = program;
    return RG_OK;
}

void jq_program_destroy(struct jq_program *program)
{
    if (!program)
        return;
    jq_teardown(&program->jq);
    free(program);
}

static bool truthy(jv value)
{
    jv_kind kind = jv_get_kind(value);

    return kind != JV_KIND_FALSE && kind != JV_KIND_NULL;
}

static jv error_text(jv invalid)
{
    jv message = jv_invalid_get_msg(invalid);

    if (jv_get_kind(message) == JV_KIND_STRING)
        return message;
    return jv_dump_string(message, 0);
}

void jq_program_ask(struct jq_program *program, jv input, struct jq_answer *out)
{
    size_t count = 0;
    jv value, last = jv_null();

    *out = (struct jq_answer){.holds = true};
    jq_start(program->jq, input, 0);
    while (jv_is_valid(value = jq_next(program->jq)) && count < JQ_OUTPUTS_MAX) {
        count++;
        jv_free(last);
        last = value;
        if (!truthy(value)) {
            out->holds = false;
            break;
        }
    }
    if (!jv_is_valid(value) && jv_invalid_has_msg(jv_copy(value))) {
        out->holds = false;
        out->failed = true;
        jv_free(last);
        last = error_text(value);
    } else if (count == 0 || count == JQ_OUTPUTS_MAX) {
        out->holds = false;
        out->failed = true;
        jv_free(last);
        jv_free(value);
        last = jv_string(count ? "too many values" : "no value");
    } else if (!jv_is_valid(value)) {
        jv_free(value);
    }
    out->value = last;
}

/* Keeps a cut from falling into a character. */
static size_t cut_at(const char *text, size_t max)
{
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

enum rg_status jq_print(jv value, size_t max, struct rg_buf *out)
{
    jv text = jv_dump_string(value, JV_PRINT_SORTED);
    const char *bytes = jv_string_value(text);
    size_t len = (size_t)jv_string_length_bytes(jv_copy(text));
    enum rg_status st;

    if (max && len > max) {
        st = rg_buf_append(out, bytes, cut_at(bytes, max));
        if (st == RG_OK)
            st = rg_buf_str(out, "...");
    } else {
        st = rg_buf_append(out, bytes, len);
    }
    jv_free(text);
    return st;
}
