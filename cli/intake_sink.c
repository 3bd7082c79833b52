#include "intake_sink.h"

#include "config_value.h"
#include "rg/backend/host.h"
#include "rg/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT       "datadog.yaml"
#define ENV_BYTES_MAX  ((size_t)64 << 10)
#define URL_MAX        1024
#define SITE_DEFAULT   "datadoghq.com"
#define TIMEOUT_S_MAX  3600
#define ENVS           2
#define CODING_DEFAULT "zlib"

enum { KEY_SEND = 0x2000, KEY_INTAKE, KEY_INTAKE_CA };

static const struct argp_option options[] = {
    {"send", KEY_SEND, NULL, 0,
        "Send the payloads to the intake that the configuration names (dd_url, site, "
        "process_config.process_dd_url), with its api_key or DD_API_KEY (default: nothing is sent "
        "anywhere)",
        0},
    {"intake", KEY_INTAKE, "URL", 0, "Send the payloads to this intake", 0},
    {"intake-ca", KEY_INTAKE_CA, "FILE", 0,
        "Certificates the intake may have (default: $SSL_CERT_FILE, else those of the system)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct cli_common *common = state->input;

    switch (key) {
    case KEY_SEND:
        common->send = true;
        return 0;
    case KEY_INTAKE:
        if (!arg[0])
            argp_error(state, "--intake needs an address");
        common->intake_url = arg;
        common->send = true;
        return 0;
    case KEY_INTAKE_CA:
        common->intake_ca = arg;
        return 0;
    case ARGP_KEY_END:
        if (common->intake_ca && !common->send)
            argp_error(state, "--intake-ca needs --send or --intake");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp cli_argp_intake = {options, parse, NULL, NULL, NULL, NULL, NULL};

struct settings {
    char *api_key, *site, *dd_url, *process_url;
    char *proxy_http, *proxy_https, *coding, *ca_file;
    struct rg_config_list no_proxy;
    bool insecure;
    int64_t timeout_s;
};

static const struct key {
    const char *path; /* NULL: only a variable */
    enum rg_config_type type;
    size_t offset;
    const char *envs[ENVS]; /* the first that is set counts */
} keys[] = {
    {"api_key", RG_CONFIG_TEXT, offsetof(struct settings, api_key), {"DD_API_KEY"}},
    {"site", RG_CONFIG_TEXT, offsetof(struct settings, site), {"DD_SITE"}},
    {"dd_url", RG_CONFIG_TEXT, offsetof(struct settings, dd_url), {"DD_DD_URL", "DD_URL"}},
    {"process_config.process_dd_url", RG_CONFIG_TEXT, offsetof(struct settings, process_url),
        {"DD_PROCESS_CONFIG_PROCESS_DD_URL", "DD_PROCESS_AGENT_URL"}},
    {"proxy.http", RG_CONFIG_TEXT, offsetof(struct settings, proxy_http), {"DD_PROXY_HTTP"}},
    {"proxy.https", RG_CONFIG_TEXT, offsetof(struct settings, proxy_https), {"DD_PROXY_HTTPS"}},
    {"proxy.no_proxy", RG_CONFIG_TEXTS, offsetof(struct settings, no_proxy), {"DD_PROXY_NO_PROXY"}},
    {"skip_ssl_validation", RG_CONFIG_BOOL, offsetof(struct settings, insecure),
        {"DD_SKIP_SSL_VALIDATION"}},
    {"forwarder_timeout", RG_CONFIG_INT, offsetof(struct settings, timeout_s),
        {"DD_FORWARDER_TIMEOUT"}},
    {"serializer_compressor_kind", RG_CONFIG_TEXT, offsetof(struct settings, coding),
        {"DD_SERIALIZER_COMPRESSOR_KIND"}},
    {NULL, RG_CONFIG_TEXT, offsetof(struct settings, ca_file), {"SSL_CERT_FILE"}},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static void settings_finish(struct settings *s)
{
    if (s->api_key)
        explicit_bzero(s->api_key, strlen(s->api_key));
    free(s->api_key);
    free(s->site);
    free(s->dd_url);
    free(s->process_url);
    free(s->proxy_http);
    free(s->proxy_https);
    free(s->coding);
    free(s->ca_file);
    rg_config_list_finish(&s->no_proxy);
}

static enum rg_status read_document(struct settings *s, struct rg_host *host, struct rg_err *err)
{
    struct rg_config_doc doc = {0};
    struct rg_buf text;
    enum rg_status st;

    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX);
    st = rg_host_document(host, DOCUMENT, &text, err);
    if (st == RG_OK) {
        st = rg_config_doc_load(&doc, DOCUMENT, text.data, text.len, err);
        for (size_t i = 0; st == RG_OK && i < rg_config_doc_count(&doc); i++) {
            for (size_t k = 0; st == RG_OK && k < KEYS; k++) {
                if (keys[k].path && rg_str_is(rg_config_doc_path(&doc, i), keys[k].path))
                    st =
                        rg_config_set_entry(keys[k].type, (char *)s + keys[k].offset, &doc, i, err);
            }
        }
        rg_config_doc_finish(&doc);
        explicit_bzero(text.data, text.len);
    } else if (st == RG_ENOTFOUND) {
        st = RG_OK;
    }
    rg_buf_finish(&text);
    return st;
}

/* upstream writes lists of the environment with spaces. */
static void commas_for_spaces(struct rg_buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == ' ')
            text->data[i] = ',';
    }
}

static enum rg_status read_variable(struct settings *s, struct rg_host *host, const struct key *key,
    const char *name, bool *found, struct rg_err *err)
{
    struct rg_buf text;
    enum rg_status st;

    rg_buf_init(&text, ENV_BYTES_MAX);
    st = rg_host_env(host, name, &text, err);
    *found = st == RG_OK && text.len > 0;
    if (*found) {
        if (key->type == RG_CONFIG_TEXTS && text.data[0] != '[')
            commas_for_spaces(&text);
        st = rg_buf_byte(&text, 0);
        if (st == RG_OK)
            st = rg_config_set_text(
                key->type, (char *)s + key->offset, (const char *)text.data, err);
        explicit_bzero(text.data, text.len);
    } else if (st == RG_ENOTFOUND) {
        st = RG_OK;
    }
    if (st != RG_OK)
        rg_err_prefix(err, "environment variable %s", name);
    rg_buf_finish(&text);
    return st;
}

static enum rg_status read_environment(struct settings *s, struct rg_host *host, struct rg_err *err)
{
    enum rg_status st = RG_OK;

    for (size_t k = 0; k < KEYS && st == RG_OK; k++) {
        bool found = false;

        for (size_t e = 0; e < ENVS && keys[k].envs[e] && !found && st == RG_OK; e++)
            st = read_variable(s, host, &keys[k], keys[k].envs[e], &found, err);
    }
    return st;
}

static bool filled(const char *text)
{
    return text && text[0];
}

/* The key without the white space that copying brings. */
static enum rg_status check_key(struct settings *s, struct rg_err *err)
{
    struct rg_str key = rg_str_trim(rg_str_from(s->api_key), " \t\r\n");

    if (key.len == 0) {
        rg_err_set(err, "sending needs an API key: api_key of datadog.yaml, or DD_API_KEY");
        return RG_EINVALID;
    }
    if (rg_str_starts(key, "ENC[")) {
        rg_err_set(err, "api_key is a secret of a secrets backend, which is not supported; "
                        "DD_API_KEY takes its place");
        return RG_EINVALID;
    }
    memmove(s->api_key, key.ptr, key.len);
    s->api_key[key.len] = '\0';
    return RG_OK;
}

static enum rg_status read_coding(
    const struct settings *s, enum rg_live_intake_coding *out, struct rg_err *err)
{
    const char *name = filled(s->coding) ? s->coding : CODING_DEFAULT;

    if (strcmp(name, "none") == 0)
        *out = RG_LIVE_INTAKE_PLAIN;
    else if (strcmp(name, "zlib") == 0)
        *out = RG_LIVE_INTAKE_DEFLATE;
    else if (strcmp(name, "zstd") == 0)
        *out = RG_LIVE_INTAKE_ZSTD;
    else {
        rg_err_set(
            err, "serializer_compressor_kind: expected zlib, zstd or none, not '%.32s'", name);
        return RG_EINVALID;
    }
    return RG_OK;
}

static enum rg_status check_settings(struct settings *s, struct rg_err *err)
{
    enum rg_status st = check_key(s, err);

    if (st == RG_OK && (s->timeout_s < 1 || s->timeout_s > TIMEOUT_S_MAX)) {
        rg_err_set(err, "forwarder_timeout: expected 1 to %d seconds", TIMEOUT_S_MAX);
        st = RG_EINVALID;
    }
    return st;
}

/* "a,b" of a list into text; RG_ENOMEM, RG_ETOOBIG. */
static enum rg_status join(const struct rg_config_list *list, struct rg_buf *text)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < list->count && st == RG_OK; i++)
        st = rg_buf_printf(text, "%s%s", i ? "," : "", list->items[i].ptr);
    return st == RG_OK ? rg_buf_byte(text, 0) : st;
}

static enum rg_status create(const struct cli_common *common, const struct settings *s,
    struct rg_sink **out, struct rg_err *err)
{
    const char *site = filled(s->site) ? s->site : SITE_DEFAULT;
    char url[URL_MAX], process_url[URL_MAX];
    struct rg_live_intake_options o = {
        .url = filled(s->dd_url) ? s->dd_url : url,
        .process_url = filled(s->process_url) ? s->process_url : process_url,
        .api_key = s->api_key,
        .user_agent = "reagent/" RG_VERSION,
        .ca_file = common->intake_ca ? common->intake_ca : s->ca_file,
        .proxy_http = s->proxy_http,
        .proxy_https = s->proxy_https,
        .insecure = s->insecure,
        .timeout_ns = s->timeout_s * RG_NS_PER_S,
    };
    struct rg_buf no_proxy;
    enum rg_status st = read_coding(s, &o.coding, err);

    rg_buf_init(&no_proxy, ENV_BYTES_MAX);
    snprintf(url, sizeof(url), "https://app.%s", site);
    snprintf(process_url, sizeof(process_url), "https://process.%s", site);
    if (common->intake_url)
        o.url = o.process_url = common->intake_url;
    if (st == RG_OK) {
        st = join(&s->no_proxy, &no_proxy);
        if (st != RG_OK)
            rg_err_set(err, "proxy.no_proxy: %s", rg_status_name(st));
    }
    o.no_proxy = (const char *)no_proxy.data;
    if (st == RG_OK)
        st = rg_live_sink_intake(&o, out, err);
    rg_buf_finish(&no_proxy);
    return st;
}

enum rg_status intake_sink_create(
    const struct cli_common *common, struct rg_sink **out, struct rg_err *err)
{
    const struct rg_live_host_options documents = {
        .config_path = common->config_path, .config_named = common->config_path != NULL};
    struct settings settings = {.timeout_s = RG_LIVE_INTAKE_TIMEOUT_NS / RG_NS_PER_S};
    struct rg_host *host = NULL;
    enum rg_status st;

    if (!common->send)
        return RG_OK;
    st = rg_live_host_create(&documents, &host, err);
    if (st == RG_OK)
        st = read_document(&settings, host, err);
    if (st == RG_OK)
        st = read_environment(&settings, host, err);
    if (st == RG_OK)
        st = check_settings(&settings, err);
    if (st == RG_OK)
        st = create(common, &settings, out, err);
    rg_host_destroy(host);
    settings_finish(&settings);
    return st;
}
