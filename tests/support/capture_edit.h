/* Captures as tests need them: written from a sample, read whole, and written again with a change
 * that leaves every checksum of the container right. */
#ifndef RG_TESTS_CAPTURE_EDIT_H
#define RG_TESTS_CAPTURE_EDIT_H

#include "effect_sample.h"
#include "rg/fixture.h"

#define CAPTURE_PATH_MAX 512

/* A fresh directory and, in path, the name of a file in it that does not exist. */
void capture_temp(char *folder, char *path);

/* folder/name into out (CAPTURE_PATH_MAX bytes). */
void capture_path(const char *folder, const char *name, char *out);
void capture_temp_remove(const char *folder); /* and the files in it */

void capture_slurp(const char *path, struct rg_buf *out);
void capture_spill(const char *path, const void *bytes, size_t len);

/* Writes count effects of the sample of that seed to path and reads the file into out. prints has
 * room for count; it may be NULL. */
void capture_write_sample(
    const char *path, uint64_t seed, size_t count, struct effect_print *prints, struct rg_buf *out);

/* Writes effects of a table, numbering them. */
void capture_write(const char *path, struct rg_effect *effects, size_t count, struct rg_buf *out);

/* How often a message is to be written again; data may be changed before. */
typedef int capture_edit_fn(void *ctx, const char *topic, uint64_t index, struct rg_buf *data);

struct capture_edit {
    const char *profile; /* NULL: as it was */
    const char *version; /* NULL: as it was; "": none */
    capture_edit_fn *message;
    void *ctx;
};

/* in written again, into out, which is initialised. */
void capture_edit(const struct rg_buf *in, const struct capture_edit *edit, struct rg_buf *out);

struct capture_read {
    enum rg_status st; /* of open, or the last of next */
    struct rg_err err;
    struct rg_capture_info info;
    size_t count;
};

/* Reads all effects; the first max are kept in prints, which may be NULL. */
void capture_read(
    const void *bytes, size_t len, struct effect_print *prints, size_t max, struct capture_read *r);

#endif
