#include "conform_documents.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* In the order that the contract asks for: '-' and '.' come before '/'. */
const struct conform_document conform_documents[] = {
    {"conf.d/cpu-old.yaml", "a: 1\n"},
    {"conf.d/cpu.d/auto_conf.yaml", ""},
    {"conf.d/cpu.d/conf.yaml", "instances: [{}]\n"},
    {"conf.d/cpu.yaml", "instances: []\n"},
    {"conf.d/ntp.yaml.default", "b: 2\n"},
};
const size_t conform_document_count = sizeof(conform_documents) / sizeof(conform_documents[0]);

static void check_list(struct rg_host *host)
{
    struct rg_err err = {0};
    struct rg_buf names;
    size_t at = 0;

    rg_buf_init(&names, RG_HOST_DOCUMENT_MAX);
    assert_int_equal(rg_host_list_documents(host, "conf.d", &names, &err), RG_OK);
    for (size_t i = 0; i < conform_document_count; i++) {
        assert_true(at < names.len);
        assert_string_equal((const char *)names.data + at, conform_documents[i].name);
        at += strlen(conform_documents[i].name) + 1;
    }
    assert_int_equal(names.len, at);
    assert_int_equal(rg_host_list_documents(host, "elsewhere", &names, &err), RG_ENOTFOUND);
    rg_buf_finish(&names);

    rg_buf_init(&names, 16);
    assert_int_equal(rg_host_list_documents(host, "conf.d", &names, &err), RG_ETOOBIG);
    rg_buf_finish(&names);
}

static void check_texts(struct rg_host *host)
{
    static const char *const outside[] = {"conf.d/none.yaml", "conf.d/../secret", "conf.d/cpu.d/",
        "conf.d//cpu.yaml", "conf.d/./cpu.yaml", "elsewhere/cpu.yaml"};
    struct rg_err err = {0};
    struct rg_buf text;

    rg_buf_init(&text, RG_HOST_DOCUMENT_MAX);
    for (size_t i = 0; i < conform_document_count; i++) {
        assert_int_equal(rg_host_document(host, conform_documents[i].name, &text, &err), RG_OK);
        assert_int_equal(text.len, strlen(conform_documents[i].text));
        if (text.len)
            assert_memory_equal(text.data, conform_documents[i].text, text.len);
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        assert_int_equal(rg_host_document(host, outside[i], &text, &err), RG_ENOTFOUND);
    rg_buf_finish(&text);
}

static void check_filesystem(struct rg_host *host)
{
    struct rg_filesystem root = {0};
    struct rg_err err = {0};

    assert_int_equal(rg_host_filesystem(host, "/", &root, &err), RG_OK);
    assert_true(root.block_size_bytes > 0);
    assert_true(root.blocks >= root.blocks_free);
    assert_true(root.blocks_free >= root.blocks_available);
    assert_true(root.files >= root.files_free);
}

void conform_documents_run(struct rg_host *host)
{
    check_list(host);
    check_texts(host);
    check_filesystem(host);
}
