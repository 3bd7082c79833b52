/* Prints identities of configurations that another implementation made up. Standard input holds
 * records of fields, each "KEY LENGTH\n", LENGTH bytes, "\n". Keys: name, instance, init, ad, node,
 * logs, service (all as in struct rg_integration_config), ignore (tags are ignored), file (the
 * bytes of a file of conf.d, instead of the others), end (of a record). Each record is answered by
 * one line: digest, fast digest, and the check id of each instance, its bytes in hexadecimal. */
#include "config_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_MAX ((size_t)1 << 20)

static void die(const char *why)
{
    fprintf(stderr, "config_identity_driver: %s\n", why);
    exit(1);
}

static void must(enum rg_status st, const struct rg_err *err)
{
    if (st != RG_OK)
        die(rg_err_text(err, st));
}

static void set_text(char **text, struct rg_str value)
{
    struct rg_blob blob = {*text, 0};

    must(rg_blob_set(&blob, value), NULL);
    *text = blob.ptr;
}

static void set_field(struct rg_integration_config *c, const char *key, struct rg_str value)
{
    struct rg_err err = {0}, strict;

    if (strcmp(key, "name") == 0)
        set_text(&c->name, value);
    else if (strcmp(key, "instance") == 0)
        must(rg_blob_add(&c->instances, value), &err);
    else if (strcmp(key, "init") == 0)
        must(rg_blob_set(&c->init_config, value), &err);
    else if (strcmp(key, "ad") == 0)
        must(rg_blob_add(&c->ad_identifiers, value), &err);
    else if (strcmp(key, "node") == 0)
        set_text(&c->node_name, value);
    else if (strcmp(key, "logs") == 0)
        must(rg_blob_set(&c->logs_config, value), &err);
    else if (strcmp(key, "service") == 0)
        set_text(&c->service_id, value);
    else if (strcmp(key, "ignore") == 0)
        c->ignore_autodiscovery_tags = true;
    else if (strcmp(key, "file") == 0)
        must(rg_config_file_parse("file", "file.yaml", value, NULL, c, &strict, &err), &err);
    else
        die("a key is not known");
}

static void print(const struct rg_integration_config *c)
{
    char digest[RG_DIGEST_TEXT_MAX], fast[RG_DIGEST_TEXT_MAX];
    uint64_t hash;

    must(rg_config_digest(c, &hash), NULL);
    rg_digest_text(hash, digest);
    rg_digest_text(rg_config_fast_digest(c), fast);
    printf("%s %s", digest, fast);
    for (size_t i = 0; i < c->instances.count; i++) {
        struct rg_buf id;

        rg_buf_init(&id, FIELD_MAX);
        must(rg_check_id(rg_str_from(c->name), rg_config_fast_digest(c),
                 rg_blob_str(&c->instances.items[i]), rg_blob_str(&c->init_config), &id),
            NULL);
        putchar(' ');
        for (size_t k = 0; k < id.len; k++)
            printf("%02x", id.data[k]);
        rg_buf_finish(&id);
    }
    putchar('\n');
}

int main(void)
{
    static char bytes[FIELD_MAX + 1];
    struct rg_integration_config c = {0};
    char key[20];
    size_t len;

    while (scanf("%19s %zu", key, &len) == 2) {
        if (getchar() != '\n' || len > FIELD_MAX || fread(bytes, 1, len + 1, stdin) != len + 1)
            die("a field is cut");
        if (strcmp(key, "end") != 0) {
            set_field(&c, key, (struct rg_str){bytes, len});
            continue;
        }
        print(&c);
        rg_integration_config_finish(&c);
    }
    rg_integration_config_finish(&c);
    return 0;
}
