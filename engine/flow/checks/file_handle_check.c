/* upstream: pkg/collector/corechecks/system/filehandles/file_handles.go */
#include "native_checks.h"
#include "native_kit.h"
#include "native_text.h"

#define FILE_NR "sys/fs/file-nr"

enum { ALLOCATED, UNUSED, MAXIMUM, NUMBERS };

static void send_handles(struct rg_sender *sender, const uint64_t *n)
{
    uint64_t used = n[ALLOCATED] > n[UNUSED] ? n[ALLOCATED] - n[UNUSED] : 0;

    rg_sender_gauge(
        sender, "system.fs.file_handles.allocated", (double)n[ALLOCATED], NULL, RG_NO_TAGS);
    rg_sender_gauge(
        sender, "system.fs.file_handles.allocated_unused", (double)n[UNUSED], NULL, RG_NO_TAGS);
    rg_sender_gauge(sender, "system.fs.file_handles.used", (double)used, NULL, RG_NO_TAGS);
    rg_sender_gauge(sender, "system.fs.file_handles.max", (double)n[MAXIMUM], NULL, RG_NO_TAGS);
    if (n[MAXIMUM])
        rg_sender_gauge(sender, "system.fs.file_handles.in_use", (double)used / (double)n[MAXIMUM],
            NULL, RG_NO_TAGS);
}

/* "1208 0 2466177", with tabs */
static enum rg_status file_handle_run(struct rg_check *check, struct rg_err *err)
{
    struct rg_str words[NUMBERS + 1];
    uint64_t numbers[NUMBERS] = {0};
    struct rg_buf buf;
    enum rg_status st;
    bool usable;

    rg_buf_init(&buf, RG_PROCFS_FILE_MAX);
    st = rg_native_read(check, FILE_NR, &buf, err);
    if (st != RG_OK)
        goto done;
    usable = rg_text_words(rg_str_buf(&buf), words, NUMBERS + 1) == NUMBERS;
    for (size_t i = 0; i < NUMBERS && usable; i++)
        usable = rg_str_to_u64(words[i], &numbers[i]);
    if (!usable) {
        st = rg_native_malformed(FILE_NR, "three numbers", err);
        goto done;
    }
    send_handles(check->sender, numbers);
    st = rg_sender_commit(check->sender, err);
done:
    rg_buf_finish(&buf);
    return st;
}

static const struct rg_check_ops file_handle_ops = {.version = "", .run = file_handle_run};

enum rg_status rg_file_handle_check_create(const struct rg_check_world *world,
    const struct rg_check_source *from, struct rg_check **out, struct rg_err *err)
{
    return rg_native_create(
        &file_handle_ops, sizeof(struct rg_check), false, world, from, out, err);
}
