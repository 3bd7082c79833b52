#include "intake_route.h"

#include "rg/base/mem.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#define JSON     "application/json"
#define PROTOBUF "application/x-protobuf"

static const struct rg_intake_route routes[] = {
    {"process", NULL, RG_INTAKE_PROCESS, "/api/v1/collector", true},
    {"rtprocess", NULL, RG_INTAKE_PROCESS, "/api/v1/collector", true},
    {"container", NULL, RG_INTAKE_PROCESS, "/api/v1/container", true},
    {"rtcontainer", NULL, RG_INTAKE_PROCESS, "/api/v1/container", true},
    {"process_discovery", NULL, RG_INTAKE_PROCESS, "/api/v1/discovery", true},
    {"connections", NULL, RG_INTAKE_PROCESS, "/api/v1/connections", true},
    {"series", PROTOBUF, RG_INTAKE_METRICS, "/api/v2/series", false},
    {"series", JSON, RG_INTAKE_METRICS, "/api/v1/series", false},
    {"sketches", PROTOBUF, RG_INTAKE_METRICS, "/api/beta/sketches", false},
    {"service_checks", JSON, RG_INTAKE_METRICS, "/api/v1/check_run", false},
    {"events", JSON, RG_INTAKE_METRICS, "/intake/", false},
};

const char *rg_intake_header(const struct rg_output *output, const char *name)
{
    for (size_t i = 0; i < output->header_count; i++) {
        if (strcasecmp(output->headers[i].name, name) == 0)
            return output->headers[i].value;
    }
    return NULL;
}

const struct rg_intake_route *rg_intake_route_find(const struct rg_output *output)
{
    const char *type = rg_intake_header(output, "Content-Type");

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].source, output->source) != 0)
            continue;
        if (!routes[i].content_type || (type && strcasecmp(routes[i].content_type, type) == 0))
            return &routes[i];
    }
    return NULL;
}

static bool has_part(CURLU *parsed, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(parsed, part, &text, 0) == CURLUE_OK && text;

    curl_free(text);
    return has;
}

static const char no_memory[] = "out of memory";

static const char *url_flaw(CURLU *parsed, const char *url)
{
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, 0);

    if (code == CURLUE_OUT_OF_MEMORY)
        return no_memory;
    if (code != CURLUE_OK)
        return curl_url_strerror(code);
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return "it must begin with http:// or https://";
    if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD))
        return "it must not hold a user or password";
    if (has_part(parsed, CURLUPART_QUERY) || has_part(parsed, CURLUPART_FRAGMENT))
        return "it must not hold '?' or '#'";
    return NULL;
}

enum rg_status rg_intake_url(const char *url, char **out, struct rg_err *err)
{
    CURLU *parsed = curl_url();
    size_t len = strlen(url);
    enum rg_status st = RG_OK;
    const char *flaw;
    char *copy;

    if (!parsed)
        return rg_err_errno(err, ENOMEM);
    flaw = url_flaw(parsed, url);
    curl_url_cleanup(parsed);
    if (flaw == no_memory)
        return rg_err_errno(err, ENOMEM);
    if (flaw) {
        rg_err_set(err, "the address of the intake is not usable: %s", flaw);
        return RG_EINVALID;
    }
    while (len > 0 && url[len - 1] == '/')
        len--;
    copy = rg_memdup0(url, len);
    if (!copy)
        st = rg_err_errno(err, ENOMEM);
    else
        *out = copy;
    return st;
}
