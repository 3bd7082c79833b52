#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mcap.h"
#include "mcap_registry.h"

static void test_message_has_the_layout_of_the_specification(void **state)
{
    static const uint8_t expected[] = {5, 25, 0, 0, 0, 0, 0, 0, 0, /* opcode, length */
        0x34, 0x12,                                                /* channel */
        0x78, 0x56, 0x34, 0x12,                                    /* sequence */
        8, 7, 6, 5, 4, 3, 2, 1,                                    /* log time */
        1, 0, 0, 0, 0, 0, 0, 0,                                    /* publish time */
        'a', 'b', 'c'};
    const struct rg_mcap_record rec = {.op = RG_MCAP_MESSAGE,
        .u.message = {0x1234, 0x12345678, 0x0102030405060708, 1, RG_STR_LIT("abc")}};
    struct rg_buf generic, quick;

    (void)state;
    rg_buf_init(&generic, 1024);
    rg_buf_init(&quick, 1024);
    assert_int_equal(rg_mcap_encode(&generic, &rec, NULL), RG_OK);
    assert_int_equal(rg_mcap_encode_message(&quick, &rec.u.message), RG_OK);
    assert_int_equal(generic.len, sizeof(expected));
    assert_memory_equal(generic.data, expected, sizeof(expected));
    assert_int_equal(quick.len, sizeof(expected));
    assert_memory_equal(quick.data, expected, sizeof(expected));
    rg_buf_finish(&generic);
    rg_buf_finish(&quick);
}

static void test_chunk_index_has_the_layout_of_the_specification(void **state)
{
    static const uint8_t expected[] = {8, 78, 0, 0, 0, 0, 0, 0, 0, /* opcode, length */
        1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,            /* times */
        3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,            /* offset, length */
        10, 0, 0, 0, 9, 0, 5, 0, 0, 0, 0, 0, 0, 0,                 /* {9: 5} */
        6, 0, 0, 0, 0, 0, 0, 0,                                    /* length of indexes */
        4, 0, 0, 0, 'z', 's', 't', 'd', 7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0};
    struct rg_mcap_record rec = {.op = RG_MCAP_CHUNK_INDEX,
        .u.chunk_index = {1, 2, 3, 4, {NULL, 0}, 6, RG_STR_LIT("zstd"), 7, 8}};
    struct rg_buf out, counts;

    (void)state;
    rg_buf_init(&out, 1024);
    rg_buf_init(&counts, 1024);
    assert_int_equal(rg_mcap_count_put(&counts, 9, 5), RG_OK);
    rec.u.chunk_index.index_offsets = rg_str_buf(&counts);
    assert_int_equal(rg_mcap_encode(&out, &rec, NULL), RG_OK);
    assert_int_equal(out.len, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    rg_buf_finish(&out);
    rg_buf_finish(&counts);
}

/* Every prefix of a record must be refused by the decoder, never read past. */
static void refuse_prefixes(const struct rg_mcap_record *rec)
{
    struct rg_mcap_record back;
    struct rg_buf out;

    rg_buf_init(&out, 4096);
    assert_int_equal(rg_mcap_encode(&out, rec, NULL), RG_OK);
    for (size_t len = 0; len <= out.len - RG_MCAP_PREFIX_LEN; len++) {
        char *copy = malloc(len + 1); /* of the exact size, so that sanitizers see an overrun */
        enum rg_status st;

        assert_non_null(copy);
        memcpy(copy, out.data + RG_MCAP_PREFIX_LEN, len);
        copy = realloc(copy, len ? len : 1);
        st = rg_mcap_decode(rec->op, (struct rg_str){copy, len}, &back, NULL);
        if (len == out.len - RG_MCAP_PREFIX_LEN)
            assert_int_equal(st, RG_OK);
        else
            assert_int_equal(st, RG_EINVALID);
        free(copy);
    }
    rg_buf_finish(&out);
}

static void test_decode_refuses_every_record_that_is_too_short(void **state)
{
    struct rg_mcap_record rec;

    (void)state;
    for (uint8_t op = RG_MCAP_HEADER; op <= RG_MCAP_OP_LAST; op++) {
        rec = (struct rg_mcap_record){.op = op};
        if (op == RG_MCAP_MESSAGE)
            continue; /* its data is whatever is left */
        refuse_prefixes(&rec);
    }
    rec = (struct rg_mcap_record){.op = RG_MCAP_ATTACHMENT,
        .u.attachment = {1, 2, RG_STR_LIT("name"), RG_STR_LIT("type"), RG_STR_LIT("data"), 0}};
    refuse_prefixes(&rec);
}

static void test_decode_allows_fields_of_the_future_but_not_in_a_footer(void **state)
{
    const struct rg_str longer = RG_STR_LIT("\1\0\0\0X\1\0\0\0Ymore to come");
    const struct rg_str footer = RG_STR_LIT("0123456789012345678901");
    struct rg_mcap_record rec;
    struct rg_err err;

    (void)state;
    assert_int_equal(rg_mcap_decode(RG_MCAP_HEADER, longer, &rec, NULL), RG_OK);
    assert_true(rg_str_is(rec.u.header.profile, "X"));
    assert_true(rg_str_is(rec.u.header.library, "Y"));
    assert_int_equal(rg_mcap_decode(RG_MCAP_FOOTER, footer, &rec, &err), RG_EINVALID);
}

static void test_encode_refuses_long_strings_and_broken_lists(void **state)
{
    static char text[RG_MCAP_STRING_BYTES_MAX + 1];
    struct rg_mcap_record rec = {
        .op = RG_MCAP_METADATA, .u.metadata = {{text, sizeof(text)}, RG_STR_LIT("")}};
    struct rg_err err = {0};
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, 1 << 20);
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "64 KiB"));
    rec.u.metadata.name.len--;
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_OK);
    out.len = 0;
    rec.u.metadata.pairs = RG_STR_LIT("\1\0\0\0a\1\0\0");
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_EINVALID);
    rec.u.metadata.pairs = RG_STR_LIT("\1\0\0\0a"); /* a key without a value */
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_EINVALID);
    rec.u.metadata.pairs = RG_STR_LIT("\1\0\0\0a\1\0\1\0"); /* longer than what is left */
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_EINVALID);
    rec = (struct rg_mcap_record){
        .op = RG_MCAP_MESSAGE_INDEX, .u.message_index = {1, RG_STR_LIT("seventeen bytes..")}};
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_EINVALID);
    rec = (struct rg_mcap_record){.op = RG_MCAP_ATTACHMENT};
    rec.u.attachment.data = (struct rg_str){text, RG_MCAP_RECORD_BYTES_MAX};
    assert_int_equal(rg_mcap_encode(&out, &rec, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "64 MiB"));
    assert_int_equal(out.len, 0);
    rg_buf_finish(&out);
}

static void test_attachment_crc_covers_every_field(void **state)
{
    const struct rg_mcap_record rec = {.op = RG_MCAP_ATTACHMENT,
        .u.attachment = {1, 2, RG_STR_LIT("name"), RG_STR_LIT("type"), RG_STR_LIT("data"), 0}};
    struct rg_mcap_record back;
    struct rg_str content;
    struct rg_err err;
    struct rg_buf out;

    (void)state;
    rg_buf_init(&out, 1024);
    assert_int_equal(rg_mcap_encode(&out, &rec, NULL), RG_OK);
    content = rg_str_buf(&out);
    content.ptr += RG_MCAP_PREFIX_LEN;
    content.len -= RG_MCAP_PREFIX_LEN;
    assert_int_equal(rg_mcap_decode(RG_MCAP_ATTACHMENT, content, &back, &err), RG_OK);
    assert_int_not_equal(back.u.attachment.crc, 0);
    for (size_t i = RG_MCAP_PREFIX_LEN; i < out.len; i++) {
        out.data[i] ^= 0x10;
        assert_int_not_equal(rg_mcap_decode(RG_MCAP_ATTACHMENT, content, &back, &err), RG_OK);
        out.data[i] ^= 0x10;
    }
    rg_buf_finish(&out);
}

static void test_registry_keeps_one_meaning_per_id(void **state)
{
    struct rg_mcap_record schema = {.op = RG_MCAP_SCHEMA,
        .u.schema = {65535, RG_STR_LIT("A"), RG_STR_LIT("p"), RG_STR_LIT("data")}};
    struct rg_mcap_record channel = {.op = RG_MCAP_CHANNEL,
        .u.channel = {0, 65535, RG_STR_LIT("/t"), RG_STR_LIT("p"), RG_STR_LIT("")}};
    struct rg_mcap_registry reg = {0};
    struct rg_err err;
    bool added;
    size_t index;

    (void)state;
    assert_int_equal(rg_mcap_registry_add(&reg, &schema, &added, &err), RG_OK);
    assert_true(added);
    assert_int_equal(rg_mcap_registry_add(&reg, &schema, &added, &err), RG_OK);
    assert_false(added);
    assert_int_equal(rg_mcap_registry_add(&reg, &channel, NULL, &err), RG_OK);
    assert_true(rg_str_is(rg_mcap_registry_schema(&reg, 65535)->data, "data"));
    assert_null(rg_mcap_registry_schema(&reg, 1));
    assert_int_equal(rg_mcap_registry_channel(&reg, 0)->schema_id, 65535);
    assert_true(rg_mcap_registry_index(&reg, 0, &index));
    assert_int_equal(index, 0);
    assert_false(rg_mcap_registry_index(&reg, 9, &index));
    schema.u.schema.data = RG_STR_LIT("other");
    assert_int_equal(rg_mcap_registry_add(&reg, &schema, NULL, &err), RG_EINVALID);
    channel.u.channel.schema_id = 1;
    assert_int_equal(rg_mcap_registry_add(&reg, &channel, NULL, &err), RG_EINVALID);
    schema.u.schema.id = 0;
    assert_int_equal(rg_mcap_registry_add(&reg, &schema, NULL, &err), RG_EINVALID);
    rg_mcap_registry_finish(&reg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_has_the_layout_of_the_specification),
        cmocka_unit_test(test_chunk_index_has_the_layout_of_the_specification),
        cmocka_unit_test(test_decode_refuses_every_record_that_is_too_short),
        cmocka_unit_test(test_decode_allows_fields_of_the_future_but_not_in_a_footer),
        cmocka_unit_test(test_encode_refuses_long_strings_and_broken_lists),
        cmocka_unit_test(test_attachment_crc_covers_every_field),
        cmocka_unit_test(test_registry_keeps_one_meaning_per_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
