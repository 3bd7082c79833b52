#include "capture_facts.h"

#include "mcap_reader.h"
#include "rg/base/mem.h"

#include <stdlib.h>
#include <sys/stat.h>

void capture_facts_finish(struct capture_facts *facts)
{
    for (size_t i = 0; i < facts->channel_count; i++)
        free(facts->channels[i].topic);
    free(facts->channels);
    free(facts->profile);
    free(facts->library);
    *facts = (struct capture_facts){0};
}

static enum rg_status count_message(struct capture_facts *facts, struct rg_str topic)
{
    struct capture_channel *channel;
    void *array = facts->channels;
    enum rg_status st;

    for (size_t i = 0; i < facts->channel_count; i++) {
        if (rg_str_is(topic, facts->channels[i].topic)) {
            facts->channels[i].messages++;
            return RG_OK;
        }
    }
    st = rg_grow(&array, &facts->channel_cap, facts->channel_count + 1, sizeof(*facts->channels),
        CAPTURE_CHANNELS_MAX);
    facts->channels = array;
    if (st != RG_OK)
        return st;
    channel = &facts->channels[facts->channel_count];
    *channel = (struct capture_channel){rg_memdup0(topic.ptr, topic.len), 1};
    if (!channel->topic)
        return RG_ENOMEM;
    facts->channel_count++;
    return RG_OK;
}

/* Sizes before and after compression; a cut file has no summary that would say. */
static enum rg_status read_summary(
    struct capture_facts *facts, struct rg_mcap_reader *reader, struct rg_err *err)
{
    const struct rg_mcap_summary *summary;
    struct rg_mcap_record rec;
    size_t pos = 0;
    enum rg_status st = rg_mcap_reader_summary(reader, &summary, err);

    if (st != RG_OK)
        return st == RG_ENOTFOUND ? RG_OK : st;
    while (rg_mcap_summary_next(summary, RG_MCAP_CHUNK_INDEX, &pos, &rec)) {
        facts->chunks++;
        facts->plain_bytes += rec.u.chunk_index.uncompressed_bytes;
        facts->packed_bytes += rec.u.chunk_index.compressed_bytes;
    }
    return RG_OK;
}

static enum rg_status read_container(
    struct capture_facts *facts, struct rg_mcap_reader *reader, struct rg_err *err)
{
    const struct rg_mcap_header *header = rg_mcap_reader_header(reader);
    struct rg_mcap_progress progress;
    struct rg_mcap_record rec;
    enum rg_status st;

    facts->profile = rg_memdup0(header->profile.ptr, header->profile.len);
    facts->library = rg_memdup0(header->library.ptr, header->library.len);
    if (!facts->profile || !facts->library)
        return RG_ENOMEM;
    while ((st = rg_mcap_reader_next(reader, &rec, err)) == RG_OK) {
        const struct rg_mcap_channel *channel;

        if (rec.op != RG_MCAP_MESSAGE)
            continue;
        channel = rg_mcap_reader_channel(reader, rec.u.message.channel_id);
        if (!channel)
            continue;
        st = count_message(facts, channel->topic);
        if (st != RG_OK)
            return st;
    }
    if (st != RG_EEND)
        return st;
    rg_mcap_reader_progress(reader, &progress);
    facts->truncated = progress.truncated;
    facts->records = progress.records;
    return progress.complete ? read_summary(facts, reader, err) : RG_OK;
}

static enum rg_status read_effects(
    struct capture_facts *facts, struct rg_effects *effects, struct rg_err *err)
{
    struct rg_effect effect;
    struct rg_mono first = {0};
    enum rg_status st;
    bool any = false;

    while ((st = rg_effects_next(effects, &effect, err)) == RG_OK) {
        if (!any) {
            first = effect.mono;
            facts->start = effect.wall;
            any = true;
        }
        facts->duration_ns = effect.mono.ns - first.ns;
        if ((unsigned)effect.kind < CAPTURE_KINDS_MAX)
            facts->kinds[effect.kind]++;
    }
    rg_effects_info(effects, &facts->run);
    return st == RG_EEND ? RG_OK : st;
}

enum rg_status capture_facts_read(struct capture_facts *facts, const char *path,
    void (*notes)(void *ctx, const char *key, const char *value), void *ctx, struct rg_err *err)
{
    struct rg_mcap_reader *reader = NULL;
    struct rg_effects *effects = NULL;
    struct stat sb;
    enum rg_status st;

    st = rg_effects_open(path, &effects, err);
    if (st != RG_OK)
        return st;
    if (stat(path, &sb) == 0)
        facts->file_bytes = (uint64_t)sb.st_size;
    st = rg_mcap_reader_open(path, &reader, err);
    if (st != RG_OK)
        goto done;
    st = read_container(facts, reader, err);
    if (st != RG_OK)
        goto done;
    st = read_effects(facts, effects, err);
    if (st == RG_OK && notes)
        rg_effects_notes(effects, notes, ctx);
done:
    rg_mcap_reader_destroy(reader);
    rg_effects_close(effects);
    return st;
}
