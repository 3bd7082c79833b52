/* What the host backend answers besides facts: documents that change with time, file systems. */
#include "sim_model.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The first version that does not stand before (name, at_ns). */
static size_t lower_bound(const struct rg_sim_host *h, const char *name, int64_t at_ns)
{
    size_t low = 0, high = h->document_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(h->documents[middle].name, name);

        if (order < 0 || (order == 0 && h->documents[middle].at_ns < at_ns))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last version of name that holds at now_ns. NULL: there is none then. */
static const struct sim_document *current(
    const struct rg_sim_host *h, const char *name, int64_t now_ns)
{
    size_t behind = lower_bound(h, name, now_ns + 1);
    const struct sim_document *found = behind > 0 ? &h->documents[behind - 1] : NULL;

    return found && strcmp(found->name, name) == 0 && found->text ? found : NULL;
}

enum rg_status rg_sim_host_add_document(
    struct rg_sim_host *h, const char *name, const char *text, int64_t at_ns, struct rg_err *err)
{
    struct sim_document document = {.at_ns = at_ns};
    void *documents = h->documents;
    enum rg_status st;
    size_t at;

    if (!name[0] || strlen(name) >= RG_HOST_PATH_MAX || at_ns == INT64_MAX ||
        (text && strlen(text) > RG_HOST_DOCUMENT_MAX)) {
        rg_err_set(err, "simulated host: a document without a name, too long, or for never");
        return RG_EINVALID;
    }
    st = rg_grow(&documents, &h->document_cap, h->document_count + 1, sizeof(*h->documents),
        RG_SIM_DOCUMENTS_MAX);
    h->documents = documents;
    if (st == RG_ELIMIT)
        rg_err_set(err, "simulated host: more than %zu documents", RG_SIM_DOCUMENTS_MAX);
    if (st != RG_OK)
        return st;
    document.name = rg_memdup0(name, strlen(name));
    document.text = text ? rg_memdup0(text, strlen(text)) : NULL;
    if (!document.name || (text && !document.text)) {
        free(document.name);
        free(document.text);
        return RG_ENOMEM;
    }
    at = lower_bound(h, name, at_ns + 1);
    memmove(
        &h->documents[at + 1], &h->documents[at], (h->document_count - at) * sizeof(*h->documents));
    h->documents[at] = document;
    h->document_count++;
    return RG_OK;
}

enum rg_status rg_sim_host_add_filesystem(struct rg_sim_host *h, const char *path,
    const struct rg_filesystem *filesystem, struct rg_err *err)
{
    void *mounts = h->mounts;
    struct sim_mount mount = {.numbers = *filesystem};
    enum rg_status st;

    if (path[0] != '/' || strlen(path) >= RG_HOST_PATH_MAX || filesystem->block_size_bytes == 0) {
        rg_err_set(err, "simulated host: a file system without a path, or without a block size");
        return RG_EINVALID;
    }
    st = rg_grow(
        &mounts, &h->mount_cap, h->mount_count + 1, sizeof(*h->mounts), RG_SIM_FILESYSTEMS_MAX);
    h->mounts = mounts;
    if (st == RG_ELIMIT)
        rg_err_set(err, "simulated host: more than %zu file systems", RG_SIM_FILESYSTEMS_MAX);
    if (st != RG_OK)
        return st;
    mount.path = rg_memdup0(path, strlen(path));
    if (!mount.path)
        return RG_ENOMEM;
    h->mounts[h->mount_count++] = mount;
    return RG_OK;
}

void sim_documents_finish(struct rg_sim_host *h)
{
    for (size_t i = 0; i < h->document_count; i++) {
        free(h->documents[i].name);
        free(h->documents[i].text);
    }
    free(h->documents);
}

static int64_t present(const struct rg_sim_host *h)
{
    return rg_runtime_mono(h->options.clock).ns - h->mono_start_ns;
}

enum rg_status sim_document_get(const struct rg_sim_host *h, const char *name, struct rg_buf *out)
{
    const struct sim_document *document = current(h, name, present(h));

    return document ? rg_buf_str(out, document->text) : RG_ENOTFOUND;
}

enum rg_status sim_document_list(
    const struct rg_sim_host *h, const char *folder, struct rg_buf *out)
{
    int64_t now_ns = present(h);
    size_t len = strlen(folder);
    const char *last = NULL;
    bool known = false;

    for (size_t i = 0; i < h->document_count; i++) {
        const char *name = h->documents[i].name;
        enum rg_status st = RG_OK;

        if (strncmp(name, folder, len) != 0 || name[len] != '/' ||
            (last && strcmp(last, name) == 0))
            continue;
        known = true;
        last = name;
        if (current(h, name, now_ns))
            st = rg_buf_append(out, name, strlen(name) + 1);
        if (st != RG_OK)
            return st;
    }
    return known ? RG_OK : RG_ENOTFOUND;
}

/* Whether path is the mount point or below it. */
static bool holds(const char *mount, const char *path)
{
    size_t len = strlen(mount);

    if (len == 1)
        return true;
    return strncmp(mount, path, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

void sim_filesystem(const struct rg_sim_host *h, const char *path, struct rg_filesystem *out)
{
    int64_t now_ns = present(h);
    size_t best = 0;

    *out = RG_SIM_FILESYSTEM;
    for (size_t i = 0; i < h->mount_count; i++) {
        size_t len = strlen(h->mounts[i].path);

        if (len >= best && holds(h->mounts[i].path, path)) {
            sim_mount_numbers(&h->mounts[i], now_ns, out); /* the last one covers the others */
            best = len;
        }
    }
}
