#include "check_table.h"

#define COLUMNS_MAX 6

/* Appends the items of a list as one text; list is taken. */
static jv joined(jv list)
{
    jv text;

    if (jv_get_kind(list) != JV_KIND_ARRAY) {
        jv_free(list);
        return jv_string("");
    }
    text = jv_string("");
    jv_array_foreach(list, i, item)
    {
        if (i > 0)
            text = jv_string_append_str(text, ", ");
        if (jv_get_kind(item) == JV_KIND_STRING)
            text = jv_string_append_str(text, jv_string_value(item));
        jv_free(item);
    }
    jv_free(list);
    return text;
}

/* A cell of any value, which is taken. */
static jv cell(jv value)
{
    return jv_get_kind(value) == JV_KIND_STRING ? value : jv_dump_string(value, 0);
}

static jv row_of(const char *const *texts)
{
    jv row = jv_array();

    for (size_t i = 0; texts[i]; i++)
        row = jv_array_append(row, jv_string(texts[i]));
    return row;
}

static void put_row(struct text_out *t, jv row, const int *widths)
{
    int columns = jv_array_length(jv_copy(row));

    for (int x = 0; x < columns; x++) {
        jv text = json_at(row, x);

        text_put_escaped(t, jv_string_value(text));
        if (x + 1 < columns)
            text_put(t, "%*s", widths[x] + 2 - jv_string_length_codepoints(jv_copy(text)), "");
        jv_free(text);
    }
    while (t->st == RG_OK && t->buf.len > 0 && t->buf.data[t->buf.len - 1] == ' ')
        t->buf.len--; /* of empty cells at the end */
    text_put(t, "\n");
}

/* rows: lists of at most COLUMNS_MAX texts; taken. */
static void put_table(struct text_out *t, jv rows)
{
    int widths[COLUMNS_MAX] = {0};
    int count = jv_array_length(jv_copy(rows));

    for (int y = 0; y < count; y++) {
        jv row = json_at(rows, y);

        for (int x = 0; x < COLUMNS_MAX; x++) {
            jv text = json_at(row, x);
            int width = jv_get_kind(text) == JV_KIND_STRING
                            ? jv_string_length_codepoints(jv_copy(text))
                            : 0;

            if (width > widths[x])
                widths[x] = width;
            jv_free(text);
        }
        jv_free(row);
    }
    for (int y = 0; y < count; y++) {
        jv row = json_at(rows, y);

        put_row(t, row, widths);
        jv_free(row);
    }
    jv_free(rows);
}

static jv add_series(jv rows, jv serie)
{
    jv points = json_get(serie, "points");

    if (jv_get_kind(points) != JV_KIND_ARRAY) {
        jv_free(points);
        return rows;
    }
    jv_array_foreach(points, i, point)
    {
        jv row = jv_array();

        row = jv_array_append(row, jv_string(json_text(serie, "metric")));
        row = jv_array_append(row, jv_string(json_text(serie, "type")));
        row = jv_array_append(row, cell(json_at(point, 0)));
        row = jv_array_append(row, cell(json_at(point, 1)));
        row = jv_array_append(row, joined(json_get(serie, "tags")));
        row = jv_array_append(row, jv_string(json_text(serie, "device")));
        rows = jv_array_append(rows, row);
        jv_free(point);
    }
    jv_free(points);
    return rows;
}

void check_table_series(struct text_out *t, jv items)
{
    static const char *const names[] = {
        "Metric", "Type", "Timestamp", "Value", "Tags", "Device", NULL};
    jv rows = jv_array_append(jv_array(), row_of(names));
    int count = jv_array_length(jv_copy(items));

    for (int i = 0; i < count; i++) {
        jv serie = json_at(items, i);

        rows = add_series(rows, serie);
        jv_free(serie);
    }
    put_table(t, rows);
}

void check_table_service_checks(struct text_out *t, jv items)
{
    static const char *const names[] = {
        "Check", "Hostname", "Timestamp", "Status", "Message", "Tags", NULL};
    jv rows = jv_array_append(jv_array(), row_of(names));
    int count = jv_array_length(jv_copy(items));

    for (int i = 0; i < count; i++) {
        jv check = json_at(items, i);
        jv row = jv_array();

        row = jv_array_append(row, jv_string(json_text(check, "check")));
        row = jv_array_append(row, jv_string(json_text(check, "host_name")));
        row = jv_array_append(row, cell(json_get(check, "timestamp")));
        row = jv_array_append(row, cell(json_get(check, "status")));
        row = jv_array_append(row, jv_string(json_text(check, "message")));
        row = jv_array_append(row, joined(json_get(check, "tags")));
        rows = jv_array_append(rows, row);
        jv_free(check);
    }
    put_table(t, rows);
}
