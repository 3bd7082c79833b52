#include "probe_texts.h"

#include "proc_parse.h"

#include "rg/base/hash.h"

#include <stdlib.h>
#include <string.h>

static struct rg_str store(char **at, struct rg_str s)
{
    struct rg_str copy = {*at, s.len};

    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

static bool says_the_same(const struct probe_texts *texts, const struct probe_texts_source *source,
    struct rg_str kept, uint64_t args_hash)
{
    return texts->args_hash == args_hash && rg_str_eq(texts->cmdline, kept) &&
           rg_str_eq(texts->exe, source->exe) && rg_str_eq(texts->cwd, source->cwd) &&
           rg_str_eq(texts->comm, source->comm) && rg_str_eq(texts->name, source->name);
}

static struct probe_texts *texts_create(
    const struct probe_texts_source *source, struct rg_str kept, uint64_t args_hash)
{
    size_t count = rg_proc_split_cmdline(kept, NULL, 0);
    size_t bytes =
        kept.len + source->exe.len + source->cwd.len + source->comm.len + source->name.len;
    struct probe_texts *texts;
    char *at;

    if (count > RG_PROCESS_ARGS_MAX)
        count = RG_PROCESS_ARGS_MAX;
    texts = malloc(sizeof(*texts) + count * sizeof(texts->args[0]) + bytes);
    if (!texts)
        return NULL;
    at = (char *)&texts->args[count];
    texts->next = NULL;
    texts->cmdline = store(&at, kept);
    texts->exe = store(&at, source->exe);
    texts->cwd = store(&at, source->cwd);
    texts->comm = store(&at, source->comm);
    texts->name = store(&at, source->name);
    texts->args_hash = args_hash;
    texts->arg_count = (uint32_t)count;
    rg_ignore(rg_proc_split_cmdline(texts->cmdline, texts->args, count), "counted above");
    return texts;
}

enum rg_status probe_texts_update(struct probe_texts **texts,
    const struct probe_texts_source *source, struct probe_texts **retired)
{
    uint64_t args_hash = rg_hash64(source->cmdline.ptr, source->cmdline.len);
    struct rg_str kept = source->cmdline;
    struct probe_texts *fresh;

    if (kept.len > RG_PROCESS_ARGS_BYTES_MAX)
        kept.len = RG_PROCESS_ARGS_BYTES_MAX;
    if (*texts && says_the_same(*texts, source, kept, args_hash))
        return RG_OK;
    fresh = texts_create(source, kept, args_hash);
    if (!fresh)
        return RG_ENOMEM;
    probe_texts_retire(texts, retired);
    *texts = fresh;
    return RG_OK;
}

void probe_texts_retire(struct probe_texts **texts, struct probe_texts **retired)
{
    if (!*texts)
        return;
    (*texts)->next = *retired;
    *retired = *texts;
    *texts = NULL;
}

void probe_texts_free_list(struct probe_texts **list)
{
    while (*list) {
        struct probe_texts *next = (*list)->next;

        free(*list);
        *list = next;
    }
}

void probe_texts_fill(struct rg_process *proc, struct probe_texts *texts)
{
    proc->args = texts->arg_count ? texts->args : NULL;
    proc->arg_count = texts->arg_count;
    proc->args_hash = texts->args_hash;
    proc->exe = texts->exe;
    proc->cwd = texts->cwd;
    proc->comm = texts->comm;
    proc->name = texts->name;
}
