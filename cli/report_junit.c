#include "test_report.h"

#include "cli.h"

#include <errno.h>
#include <string.h>

#define CASES_BYTES_MAX ((size_t)256 << 20)

const char *test_report_flow(const char *path, char out[TEST_FLOW_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *start = slash;

    while (start && start > path && start[-1] != '/')
        start--;
    if (slash && slash > start)
        snprintf(out, TEST_FLOW_MAX, "%.*s", (int)(slash - start), start);
    else
        snprintf(out, TEST_FLOW_MAX, "scenarios");
    return out;
}

/* Length of the UTF-8 character at s that XML may hold; 0: none. */
static size_t xml_character(struct rg_str s)
{
    const unsigned char *b = (const unsigned char *)s.ptr;
    size_t len = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    uint32_t code;

    if (len == 0 || b[0] > 0xf4 || len > s.len)
        return 0;
    code = len == 1 ? b[0] : b[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (b[i] & 0x3fu);
    }
    if ((len == 3 && code < 0x800) || (len == 4 && (code < 0x10000 || code > 0x10ffff)))
        return 0;
    return (code >= 0xd800 && code < 0xe000) || code == 0xfffe || code == 0xffff ? 0 : len;
}

enum rg_status test_xml_text(struct rg_buf *out, struct rg_str text)
{
    enum rg_status st = RG_OK;

    while (text.len > 0 && st == RG_OK) {
        unsigned char c = (unsigned char)text.ptr[0];
        size_t len = xml_character(text);

        if (c == '<')
            st = rg_buf_str(out, "&lt;");
        else if (c == '>')
            st = rg_buf_str(out, "&gt;");
        else if (c == '&')
            st = rg_buf_str(out, "&amp;");
        else if (c == '"')
            st = rg_buf_str(out, "&quot;");
        else if (len == 0)
            st = rg_buf_str(out, "\xef\xbf\xbd");
        else if (c >= ' ' && c != 0x7f)
            st = rg_buf_append(out, text.ptr, len);
        else if (c == '\n')
            st = rg_buf_byte(out, c);
        text.ptr += len ? len : 1;
        text.len -= len ? len : 1;
    }
    return st;
}

void test_junit_init(struct test_junit *junit)
{
    *junit = (struct test_junit){.st = RG_OK};
    rg_buf_init(&junit->cases, CASES_BYTES_MAX);
}

static void put(struct test_junit *junit, const char *text)
{
    if (junit->st == RG_OK)
        junit->st = rg_buf_str(&junit->cases, text);
}

static void put_xml(struct test_junit *junit, struct rg_str text)
{
    if (junit->st == RG_OK)
        junit->st = test_xml_text(&junit->cases, text);
}

static void put_seconds(struct test_junit *junit, int64_t ns)
{
    if (junit->st == RG_OK)
        junit->st = rg_buf_printf(&junit->cases, "%.3f", (double)ns / 1e9);
}

/* A name that is all control characters would leave nothing; it is escaped then. */
static void put_name(struct test_junit *junit, struct rg_str name)
{
    size_t before = junit->cases.len;
    struct rg_buf escaped;

    put_xml(junit, name);
    if (junit->cases.len > before)
        return;
    rg_buf_init(&escaped, 4096);
    put_xml(junit, rg_str_from(cli_escaped(&escaped, name)));
    rg_buf_finish(&escaped);
}

void test_junit_add(struct test_junit *junit, const struct test_record *record)
{
    bool failed = record->outcome == SCENARIO_FAILED;

    junit->tests++;
    if (junit->duration_ns <= INT64_MAX - record->duration_ns)
        junit->duration_ns += record->duration_ns;
    put(junit, "    <testcase classname=\"");
    put_name(junit, record->flow);
    put(junit, "\" name=\"");
    put_name(junit, record->name);
    put(junit, "\" time=\"");
    put_seconds(junit, record->duration_ns);
    if (record->outcome == SCENARIO_OK) {
        put(junit, "\"/>\n");
        return;
    }
    junit->failures += failed;
    junit->errors += !failed;
    put(junit, failed ? "\">\n      <failure type=\"" : "\">\n      <error type=\"");
    put(junit, scenario_outcome_name(record->outcome));
    put(junit, "\" message=\"");
    put_xml(junit, record->expectation);
    put(junit, "\">");
    put_xml(junit, record->details);
    put(junit, failed ? "</failure>\n    </testcase>\n" : "</error>\n    </testcase>\n");
}

enum rg_status test_junit_write(
    const struct test_junit *junit, const char *path, struct rg_err *err)
{
    FILE *file;
    bool failed;

    if (junit->st != RG_OK) {
        rg_err_set(err, "the report is too large");
        return junit->st;
    }
    file = fopen(path, "we");
    if (!file)
        return rg_err_errno(err, errno);
    fprintf(file,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"reagent\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
        "skipped=\"0\" time=\"%.3f\">\n",
        junit->tests, junit->failures, junit->errors, (double)junit->duration_ns / 1e9);
    if (junit->cases.len > 0)
        (void)!fwrite(junit->cases.data, 1, junit->cases.len, file);
    fputs("  </testsuite>\n</testsuites>\n", file);
    failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return rg_err_errno(err, failed ? EIO : errno);
    return RG_OK;
}

void test_junit_finish(struct test_junit *junit)
{
    rg_buf_finish(&junit->cases);
}
