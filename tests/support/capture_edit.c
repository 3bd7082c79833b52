#include "capture_edit.h"
#include "capture_writer.h"
#include "mcap_reader.h"
#include "mcap_writer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(call) rg_assert((call) == RG_OK)

void capture_temp(char *folder, char *path)
{
    const char *base = getenv("TMPDIR");

    snprintf(folder, CAPTURE_PATH_MAX / 2, "%s/rg-capture-XXXXXX", base && *base ? base : "/tmp");
    rg_assert(mkdtemp(folder));
    capture_path(folder, "test.mcap", path);
}

void capture_path(const char *folder, const char *name, char *out)
{
    int n = snprintf(out, CAPTURE_PATH_MAX, "%s/%s", folder, name);

    rg_assert(n > 0 && n < CAPTURE_PATH_MAX);
}

void capture_temp_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char path[CAPTURE_PATH_MAX];

    rg_assert(dir);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        capture_path(folder, entry->d_name, path);
        unlink(path);
    }
    closedir(dir);
    rmdir(folder);
}

void capture_slurp(const char *path, struct rg_buf *out)
{
    FILE *file = fopen(path, "rb");
    char block[65536];
    size_t n;

    rg_assert(file);
    rg_buf_init(out, SIZE_MAX / 2);
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        MUST(rg_buf_append(out, block, n));
    fclose(file);
}

void capture_spill(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");

    rg_assert(file && fwrite(bytes, 1, len, file) == len);
    fclose(file);
}

static struct rg_capture_writer *create(const char *path)
{
    struct rg_capture_writer *writer;
    struct rg_err err = {0};

    MUST(rg_capture_writer_create(path, "test", &writer, &err));
    MUST(rg_capture_writer_note(writer, "seed", "7", &err));
    return writer;
}

static void finish(struct rg_capture_writer *writer, const char *path, struct rg_buf *out)
{
    struct rg_capture_totals totals;
    struct rg_err err = {0};

    MUST(rg_capture_writer_finish(writer, true, &totals, &err));
    rg_capture_writer_destroy(writer);
    capture_slurp(path, out);
    rg_assert(out->len == totals.bytes);
}

void capture_write_sample(
    const char *path, uint64_t seed, size_t count, struct effect_print *prints, struct rg_buf *out)
{
    struct rg_capture_writer *writer = create(path);
    struct effect_sample sample;
    struct rg_err err = {0};

    effect_sample_init(&sample, seed);
    for (size_t i = 0; i < count; i++) {
        struct rg_effect e;

        effect_sample_next(&sample, &e);
        if (prints)
            effect_print_take(&e, &prints[i]);
        MUST(rg_capture_writer_add(writer, &e, &err));
    }
    effect_sample_finish(&sample);
    finish(writer, path, out);
}

void capture_write(const char *path, struct rg_effect *effects, size_t count, struct rg_buf *out)
{
    struct rg_capture_writer *writer = create(path);
    struct rg_err err = {0};

    for (size_t i = 0; i < count; i++) {
        effects[i].number = rg_capture_writer_next(writer);
        MUST(rg_capture_writer_add(writer, &effects[i], &err));
    }
    finish(writer, path, out);
}

static void copy_registry(struct rg_mcap_reader *reader, struct rg_mcap_writer *writer, uint16_t id)
{
    const struct rg_mcap_channel *channel = rg_mcap_reader_channel(reader, id);
    const struct rg_mcap_schema *schema = rg_mcap_reader_schema(reader, channel->schema_id);
    struct rg_err err;

    if (schema)
        MUST(rg_mcap_writer_schema(writer, schema, &err));
    MUST(rg_mcap_writer_channel(writer, channel, &err));
}

static void copy_message(const struct capture_edit *edit, struct rg_mcap_reader *reader,
    struct rg_mcap_writer *writer, const struct rg_mcap_message *from, uint64_t index)
{
    struct rg_mcap_message msg = *from;
    struct rg_buf data;
    struct rg_err err;
    char topic[64];
    int times = 1;

    copy_registry(reader, writer, msg.channel_id);
    snprintf(topic, sizeof(topic), "%.*s",
        (int)rg_mcap_reader_channel(reader, msg.channel_id)->topic.len,
        rg_mcap_reader_channel(reader, msg.channel_id)->topic.ptr);
    rg_buf_init(&data, SIZE_MAX / 2);
    MUST(rg_buf_set(&data, msg.data.ptr, msg.data.len));
    if (edit->message)
        times = edit->message(edit->ctx, topic, index, &data);
    msg.data = rg_str_buf(&data);
    for (; times > 0; times--)
        MUST(rg_mcap_writer_message(writer, &msg, &err));
    rg_buf_finish(&data);
}

static void copy_metadata(const struct capture_edit *edit, struct rg_mcap_writer *writer,
    const struct rg_mcap_metadata *from)
{
    struct rg_mcap_metadata meta = {.name = from->name};
    struct rg_str rest = from->pairs;
    struct rg_str key;
    struct rg_str value;
    struct rg_buf pairs;
    struct rg_err err;

    rg_buf_init(&pairs, 65536);
    while (rg_mcap_pair_next(&rest, &key, &value)) {
        if (edit->version && rg_str_is(key, "format_version"))
            value = rg_str_from(edit->version);
        if (value.len)
            MUST(rg_mcap_pair_put(&pairs, key, value));
    }
    meta.pairs = rg_str_buf(&pairs);
    MUST(rg_mcap_writer_metadata(writer, &meta, &err));
    rg_buf_finish(&pairs);
}

void capture_edit(const struct rg_buf *in, const struct capture_edit *edit, struct rg_buf *out)
{
    struct rg_mcap_writer_options options = {
        .profile = edit->profile ? edit->profile : "reagent",
        .library = "test",
        .compression = RG_MCAP_ZSTD,
    };
    struct rg_mcap_reader *reader;
    struct rg_mcap_writer *writer;
    struct rg_mcap_record rec;
    struct rg_err err;
    uint64_t index = 0;

    rg_buf_init(out, SIZE_MAX / 2);
    MUST(rg_mcap_reader_open_memory(in->data, in->len, &reader, &err));
    MUST(rg_mcap_writer_create_out(rg_mcap_out_buf(out), &options, &writer, &err));
    while (rg_mcap_reader_next(reader, &rec, &err) == RG_OK) {
        if (rec.op == RG_MCAP_MESSAGE)
            copy_message(edit, reader, writer, &rec.u.message, index++);
        else if (rec.op == RG_MCAP_METADATA)
            copy_metadata(edit, writer, &rec.u.metadata);
    }
    MUST(rg_mcap_writer_finish(writer, &err));
    rg_mcap_writer_destroy(writer);
    rg_mcap_reader_destroy(reader);
}

void capture_read(
    const void *bytes, size_t len, struct effect_print *prints, size_t max, struct capture_read *r)
{
    struct rg_effects *effects;
    struct rg_effect e;

    memset(r, 0, sizeof(*r));
    r->st = rg_effects_open_memory(bytes, len, &effects, &r->err);
    if (r->st != RG_OK)
        return;
    while ((r->st = rg_effects_next(effects, &e, &r->err)) == RG_OK) {
        if (prints && r->count < max)
            effect_print_take(&e, &prints[r->count]);
        r->count++;
    }
    rg_effects_info(effects, &r->info);
    rg_effects_close(effects);
}
