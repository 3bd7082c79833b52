#include "intake_headers.h"

#include "intake_route.h"

#include <ctype.h>
#include <string.h>

#include <curl/curl.h>

#define HEADER_LINE_MAX ((size_t)64 << 10)

static enum rg_status add_text(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (!longer)
        return RG_ENOMEM;
    *list = longer;
    return RG_OK;
}

static enum rg_status add_line(struct curl_slist **list, const char *name, const char *value)
{
    struct rg_buf line;
    enum rg_status st;

    rg_buf_init(&line, HEADER_LINE_MAX);
    if (value[0])
        st = rg_buf_printf(&line, "%s: %s", name, value);
    else
        st = rg_buf_printf(&line, "%s;", name); /* curl sends it without a value */
    if (st == RG_OK)
        st = rg_buf_byte(&line, 0);
    if (st == RG_OK) {
        st = add_text(list, (const char *)line.data);
        explicit_bzero(line.data, line.len); /* one of them holds the key */
    }
    rg_buf_finish(&line);
    return st;
}

/* Letters, digits and '-' in a name, no control characters in a value. */
bool rg_intake_header_sound(const struct rg_output_header *header)
{
    for (const char *c = header->name; *c; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-')
            return false;
    }
    for (const char *c = header->value; *c; c++) {
        if (iscntrl((unsigned char)*c))
            return false;
    }
    return header->name[0] != '\0';
}

enum rg_status rg_intake_headers(const struct rg_output *output, const char *key,
    const char *coding, struct curl_slist **list, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < output->header_count && st == RG_OK; i++) {
        if (!rg_intake_header_sound(&output->headers[i])) {
            rg_err_set(err, "header %zu of the %s output cannot be sent", i + 1, output->source);
            return RG_EINVALID;
        }
        st = add_line(list, output->headers[i].name, output->headers[i].value);
    }
    if (st == RG_OK)
        st = add_line(list, "DD-API-KEY", key);
    if (st == RG_OK && coding)
        st = add_line(list, "Content-Encoding", coding);
    if (st == RG_OK)
        st = add_text(list, "Expect:"); /* curl would ask first whether a long body is welcome */
    if (st == RG_OK && !rg_intake_header(output, "Content-Type"))
        st = add_text(list, "Content-Type:"); /* curl would make one up */
    if (st == RG_OK)
        return RG_OK;
    rg_err_set(err, "headers of a %s output: %s", output->source, rg_status_name(st));
    return st == RG_ETOOBIG ? RG_EINVALID : RG_EIO;
}

void rg_intake_headers_free(struct curl_slist *list)
{
    for (struct curl_slist *h = list; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(list);
}
