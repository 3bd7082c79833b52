/* What can be said about a capture file as a whole. */
#ifndef RG_CAPTURE_FACTS_H
#define RG_CAPTURE_FACTS_H

#include "rg/fixture.h"

#define CAPTURE_CHANNELS_MAX 65536
#define CAPTURE_KINDS_MAX    64

struct capture_channel {
    char *topic; /* owned */
    uint64_t messages;
};

struct capture_facts {
    char *profile, *library; /* owned */
    uint64_t file_bytes;
    struct capture_channel *channels; /* owned, in order of appearance */
    size_t channel_count, channel_cap;
    uint64_t records, chunks;
    uint64_t plain_bytes, packed_bytes; /* of all chunks, from the summary; 0 without one */
    bool truncated;                     /* of the container */
    struct rg_capture_info run;         /* of the effects */
    uint64_t kinds[CAPTURE_KINDS_MAX];  /* effects by kind */
    int64_t duration_ns;
    struct rg_wall start;
};

/* Reads the whole file, which proves its integrity. notes, if not NULL, sees each metadata entry.
 * *facts is zero-initialised and needs capture_facts_finish in any case.
 *   statuses of rg_effects_open and rg_effects_next; err says why */
RG_NODISCARD enum rg_status capture_facts_read(struct capture_facts *facts, const char *path,
    void (*notes)(void *ctx, const char *key, const char *value), void *ctx, struct rg_err *err);
void capture_facts_finish(struct capture_facts *facts);

#endif
