#include "disk_table.h"

#include "native_text.h"
#include "rg/backend/procfs.h"
#include "rg/base/mem.h"

#include <stdlib.h>

#define WORDS_MIN 14
#define NAME_WORD 2
#define COUNTERS  11 /* words behind the name */

void rg_disk_table_init(struct rg_disk_table *table)
{
    *table = (struct rg_disk_table){0};
    rg_buf_init(&table->text, RG_PROCFS_FILE_MAX);
}

void rg_disk_table_finish(struct rg_disk_table *table)
{
    rg_buf_finish(&table->text);
    free(table->rows);
    table->rows = NULL;
    table->count = table->cap = 0;
}

/* "8 0 sda 1 2 3 ..." */
static bool parse_line(struct rg_str line, struct rg_disk_stats *out)
{
    struct rg_str words[WORDS_MIN];
    uint64_t n[COUNTERS];
    bool idle = true;

    if (rg_text_words(line, words, WORDS_MIN) < WORDS_MIN ||
        words[NAME_WORD].len > RG_DISK_NAME_MAX)
        return false;
    for (size_t i = 0; i < COUNTERS; i++) {
        if (!rg_str_to_u64(words[NAME_WORD + 1 + i], &n[i]))
            return false;
        idle = idle && n[i] == 0;
    }
    *out = (struct rg_disk_stats){
        .name = words[NAME_WORD],
        .reads = n[0],
        .merged_reads = n[1],
        .read_sectors = n[2],
        .read_ms = n[3],
        .writes = n[4],
        .merged_writes = n[5],
        .written_sectors = n[6],
        .write_ms = n[7],
        .io_ms = n[9], /* n[8]: requests under way now */
        .weighted_ms = n[10],
    };
    return !idle;
}

/* By name; equal names keep the order of their lines, which is that of their addresses in the text.
 */
static int compare_rows(const void *a, const void *b)
{
    const struct rg_disk_stats *x = a, *y = b;
    int order = rg_str_cmp(x->name, y->name);

    return order ? order : (x->name.ptr > y->name.ptr) - (x->name.ptr < y->name.ptr);
}

static void drop_repeated(struct rg_disk_table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (kept && rg_str_eq(table->rows[kept - 1].name, table->rows[i].name))
            kept--;
        table->rows[kept++] = table->rows[i];
    }
    table->count = kept;
}

enum rg_status rg_disk_table_parse(struct rg_disk_table *table, struct rg_err *err)
{
    struct rg_str text = rg_str_buf(&table->text), line;
    struct rg_disk_stats row;

    table->count = 0;
    while (rg_str_split(&text, '\n', &line)) {
        void *rows = table->rows;
        enum rg_status st;

        if (!parse_line(line, &row))
            continue;
        st = rg_grow(&rows, &table->cap, table->count + 1, sizeof(row), RG_DISKS_MAX);
        table->rows = rows;
        if (st != RG_OK) {
            table->count = 0;
            rg_err_set(err,
                st == RG_ELIMIT ? "proc file 'diskstats' lists more than %d devices"
                                : "no memory for %d devices",
                RG_DISKS_MAX);
            return st;
        }
        table->rows[table->count++] = row;
    }
    if (table->count)
        qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
    drop_repeated(table);
    return RG_OK;
}

const struct rg_disk_stats *rg_disk_table_find(
    const struct rg_disk_table *table, struct rg_str name)
{
    size_t low = 0, high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = rg_str_cmp(table->rows[middle].name, name);

        if (order == 0)
            return &table->rows[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
