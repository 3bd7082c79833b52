#include "agent_paths.h"

#include "config_doc.h"
#include "rg/core/engine.h"
#include "rg/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DOCUMENT_CONFIG "datadog.yaml"

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum rg_status set_text(struct rg_buf *out, const char *text)
{
    return rg_buf_set(out, text, strlen(text) + 1);
}

/* What environment and configuration say, in the order of the engine. */
static bool named_confd(const struct cli_common *common, char storage[AGENT_PATH_MAX])
{
    const struct rg_live_host_options options = {
        .config_path = common->config_path, .config_named = common->config_path != NULL};
    struct rg_host *host = NULL;
    struct rg_buf path;
    struct rg_err ignored;
    bool named = false;
    enum rg_status st = rg_live_host_create(&options, &host, &ignored);

    rg_buf_init(&path, AGENT_PATH_MAX - 1);
    if (st == RG_OK)
        st = rg_engine_confd_path(host, &path, &ignored);
    if (st == RG_OK && path.len > 0) {
        memcpy(storage, path.data, path.len);
        storage[path.len] = 0;
        named = true;
    }
    rg_buf_finish(&path);
    rg_host_destroy(host);
    return named;
}

static bool beside_config(const char *config, char storage[AGENT_PATH_MAX])
{
    const char *slash = strrchr(config, '/');
    int folder = slash ? (int)(slash - config) + 1 : 0;
    int len = snprintf(storage, AGENT_PATH_MAX, "%.*sconf.d", folder, config);

    return len > 0 && len < AGENT_PATH_MAX && is_folder(storage);
}

bool agent_confd(struct cli_common *common, char storage[AGENT_PATH_MAX], int *code)
{
    if (common->confd) {
        struct rg_err err = {0};
        struct stat st;
        enum rg_status failed = RG_OK;

        if (stat(common->confd, &st) != 0)
            failed = rg_err_errno(&err, errno);
        else if (!S_ISDIR(st.st_mode))
            failed = rg_err_errno(&err, ENOTDIR);
        if (failed != RG_OK)
            *code = cli_fail(CLI_BAD_INPUT, common->confd, failed, &err);
        return failed == RG_OK;
    }
    if (named_confd(common, storage)) {
        common->confd = storage;
        if (!is_folder(common->confd))
            cli_say("warning: there is no folder %s for configurations of checks", common->confd);
    } else if (common->config_path && beside_config(common->config_path, storage)) {
        common->confd = storage;
    }
    return true;
}

/* The value of a key of the configuration file that only the command line uses. */
static bool config_text(const char *path, const char *key, struct rg_buf *out)
{
    const struct rg_live_host_options options = {.config_path = path, .config_named = true};
    struct rg_host *host = NULL;
    struct rg_config_doc doc;
    struct rg_buf text;
    struct rg_err ignored;
    bool found = false;
    enum rg_status st = rg_live_host_create(&options, &host, &ignored);

    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX);
    if (st == RG_OK)
        st = rg_host_document(host, DOCUMENT_CONFIG, &text, &ignored);
    if (st == RG_OK) {
        st = rg_config_doc_load(&doc, path, text.data, text.len, &ignored);
        if (st == RG_OK) {
            const struct rg_config_entry *entry = rg_config_doc_find(&doc, key);

            found = entry && entry->kind == RG_CONFIG_SCALAR && entry->text[0] &&
                    set_text(out, entry->text) == RG_OK;
        }
        rg_config_doc_finish(&doc);
    }
    rg_buf_finish(&text);
    rg_host_destroy(host);
    return found;
}

enum rg_status agent_run_dir(
    const struct cli_common *common, const char *option, struct rg_buf *out)
{
    const char *env = getenv("DD_RUN_PATH"), *user = getenv("XDG_RUNTIME_DIR");
    enum rg_status st;

    if (option)
        return set_text(out, option);
    if (env && env[0])
        return set_text(out, env);
    if (common->config_path && config_text(common->config_path, "run_path", out))
        return RG_OK;
    if (!user || !user[0])
        return set_text(out, "/run/reagent");
    rg_buf_clear(out);
    st = rg_buf_printf(out, "%s/reagent", user);
    return st == RG_OK ? rg_buf_byte(out, 0) : st;
}
