/* Any bytes as a file of conf.d. What is accepted has an identity and equals itself; what is
 * written can be read again. */
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "instance_config.h"
#include "yaml_emit.h"

#define INPUT_MAX ((size_t)64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum rg_status env(void *ctx, struct rg_str name, struct rg_buf *value, struct rg_err *err)
{
    (void)ctx;
    (void)err;
    return name.len > 3 ? RG_ENOTFOUND : rg_buf_append(value, name.ptr, name.len);
}

static enum rg_status service(
    void *ctx, struct rg_str name, struct rg_str key, struct rg_buf *value, struct rg_err *err)
{
    (void)ctx;
    (void)err;
    return rg_buf_printf(value, "%.*s%.*s", (int)name.len, name.ptr, (int)key.len, key.ptr);
}

/* Writes yaml anew into out; false if it cannot be read or written. */
static bool canonical(struct rg_str yaml, struct rg_buf *out)
{
    struct rg_yaml doc;
    struct rg_err err = {0};
    enum rg_status st = rg_yaml_parse(&doc, "blob", yaml, &err);

    rg_assert(st == RG_OK || st == RG_EINVALID || st == RG_ELIMIT);
    rg_assert(st == RG_OK || err.text[0]);
    rg_buf_clear(out);
    if (st == RG_OK)
        st = rg_yaml_emit(doc.root, out);
    rg_yaml_finish(&doc);
    return st == RG_OK;
}

/* A key `<<` is written plain, as the reference does it, and becomes a merge; what aliases expand
 * to may be more than one document may hold. */
static void check_instance(const struct rg_blob *blob)
{
    struct rg_instance_config common;
    struct rg_buf text, again;
    char *loader = NULL;

    rg_buf_init(&text, RG_YAML_EMIT_MAX);
    rg_buf_init(&again, RG_YAML_EMIT_MAX);
    if (canonical(rg_blob_str(blob), &text) && text.len < RG_YAML_BYTES_MAX &&
        !memmem(text.data, text.len, "<<", 2))
        rg_assert(canonical(rg_str_buf(&text), &again));
    rg_buf_finish(&again);
    if (rg_instance_config_decode(&common, "i", rg_blob_str(blob), NULL) == RG_OK)
        rg_instance_config_finish(&common);
    if (rg_config_loader("i", rg_blob_str(blob), &loader, NULL) == RG_OK)
        free(loader);
    rg_buf_finish(&text);
}

static void check_config(const struct rg_integration_config *c)
{
    struct rg_buf text;
    uint64_t first = 0, second = 1;
    bool same = false;

    rg_buf_init(&text, RG_YAML_EMIT_MAX);
    rg_assert(rg_config_digest(c, &first) == RG_OK);
    rg_assert(rg_config_digest(c, &second) == RG_OK);
    rg_assert(first == second);
    rg_assert(rg_config_identical(c, c, &same) == RG_OK && same);
    rg_ignore(rg_config_to_yaml(c, &text), "it may be too large");
    for (size_t i = 0; i < c->instances.count && i < 16; i++) {
        struct rg_str instance = rg_blob_str(&c->instances.items[i]);

        check_instance(&c->instances.items[i]);
        rg_buf_clear(&text);
        rg_assert(rg_check_id(rg_str_from(c->name), first, instance, rg_blob_str(&c->init_config),
                      &text) == RG_OK);
        rg_assert(rg_str_is(rg_check_id_name(rg_str_buf(&text)), "name"));
        rg_assert(rg_is_jmx_instance(
                      RG_STR_LIT("name"), instance, rg_blob_str(&c->init_config), &same) == RG_OK);
    }
    rg_buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct rg_template vars = {.env = env, .service = service};
    struct rg_integration_config c;
    struct rg_err err = {0}, strict;
    struct rg_str text = {(const char *)bytes, len};
    struct rg_blob blob;
    enum rg_status st;

    if (len > INPUT_MAX)
        return 0;
    st = rg_config_file_parse("name", "path", text, len % 2 ? &vars : NULL, &c, &strict, &err);
    rg_assert(st == RG_OK || st == RG_EINVALID || st == RG_ELIMIT || (st == RG_EEND && len == 0));
    rg_assert(st == RG_OK || st == RG_EEND || err.text[0]);
    if (st == RG_OK)
        check_config(&c);
    rg_integration_config_finish(&c);
    rg_assert((blob.ptr = malloc(len + 1)) != NULL);
    memcpy(blob.ptr, bytes, len);
    blob.ptr[len] = 0;
    blob.len = len;
    check_instance(&blob);
    free(blob.ptr);
    return 0;
}
