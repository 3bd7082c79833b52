#include "yaml_keys.h"
#include "yaml_letters.h"

#include "rg/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t rg_yaml_char(struct rg_str s, size_t i, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)s.ptr + i;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80             ? 1
               : (p[0] & 0xe0) == 0xc0 ? 2
               : (p[0] & 0xf0) == 0xe0 ? 3
               : (p[0] & 0xf8) == 0xf0 ? 4
                                       : 0;

    *c = 0xfffd;
    if (n == 0 || n > s.len - i)
        return 1;
    if (n == 1) {
        *c = p[0];
        return 1;
    }
    *c = p[0] & (0x7fu >> n);
    for (size_t k = 1; k < n; k++) {
        if ((p[k] & 0xc0) != 0x80) {
            *c = 0xfffd;
            return 1;
        }
        *c = *c << 6 | (p[k] & 0x3fu);
    }
    if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff)) {
        *c = 0xfffd;
        return 1;
    }
    return n;
}

bool rg_yaml_valid_utf8(struct rg_str s)
{
    uint32_t c;
    size_t n;

    for (size_t i = 0; i < s.len; i += n) {
        n = rg_yaml_char(s, i, &c);
        if (c == 0xfffd && n == 1)
            return false;
    }
    return true;
}

/* Kinds in the order of their numbers in Go's reflection: bool, int, uint, float, nil, string. */
static int kind_rank(const struct rg_yaml_node *n)
{
    switch (n->kind) {
    case RG_YAML_BOOL:
        return 1;
    case RG_YAML_INT:
        return 2;
    case RG_YAML_UINT:
        return 3;
    case RG_YAML_FLOAT:
        return 4;
    case RG_YAML_NULL:
        return 5;
    default:
        return 6;
    }
}

static int three_way(double a, double b)
{
    return a < b ? -1 : a > b;
}

static bool number_of(const struct rg_yaml_node *n, double *out)
{
    if (n->kind == RG_YAML_BOOL)
        *out = n->v.flag ? 1 : 0;
    else if (n->kind == RG_YAML_INT)
        *out = (double)n->v.i;
    else if (n->kind == RG_YAML_UINT)
        *out = (double)n->v.u;
    else if (n->kind == RG_YAML_FLOAT)
        *out = n->v.f;
    else
        return false;
    return true;
}

static int same_kind_order(const struct rg_yaml_node *a, const struct rg_yaml_node *b)
{
    if (a->kind == RG_YAML_INT)
        return a->v.i < b->v.i ? -1 : a->v.i > b->v.i;
    if (a->kind == RG_YAML_UINT)
        return a->v.u < b->v.u ? -1 : a->v.u > b->v.u;
    return 0;
}

int rg_yaml_key_identity(const struct rg_yaml_node *a, const struct rg_yaml_node *b)
{
    double x, y;
    int order = kind_rank(a) - kind_rank(b);

    if (order != 0)
        return order;
    if (a->kind == RG_YAML_STRING)
        return rg_str_cmp(a->text, b->text);
    if (a->kind == RG_YAML_INT || a->kind == RG_YAML_UINT)
        return same_kind_order(a, b);
    if (!number_of(a, &x) || !number_of(b, &y))
        return 0;
    if (isnan(x) || isnan(y))
        return isnan(x) && isnan(y) ? (a->seq < b->seq ? -1 : 1) : isnan(x) ? -1 : 1;
    return three_way(x, y);
}

/* The value of the run of digits of s at i, which *end then stands behind. It wraps as an int64. */
static int64_t digit_run(struct rg_str s, size_t i, uint64_t value, size_t *end)
{
    while (i < s.len) {
        uint32_t c;
        size_t n = rg_yaml_char(s, i, &c);

        if (!rg_yaml_is_digit(c))
            break;
        value = value * 10 + ((uint64_t)c - '0');
        i += n;
    }
    *end = i;
    return (int64_t)value;
}

/* True if the digits before i hold another than '0': zeros at i are then no leading zeros. */
static bool behind_number(struct rg_str s, size_t i)
{
    while (i > 0) {
        uint32_t c;

        do
            i--;
        while (i > 0 && ((unsigned char)s.ptr[i] & 0xc0) == 0x80);
        rg_yaml_char(s, i, &c);
        if (!rg_yaml_is_digit(c))
            return false;
        if (c != '0')
            return true;
    }
    return false;
}

/* Number of characters, which is what the ends of two runs that start together differ by. */
static size_t chars(struct rg_str s, size_t from, size_t to)
{
    size_t count = 0;
    uint32_t c;

    for (; from < to; count++)
        from += rg_yaml_char(s, from, &c);
    return count;
}

static int differing_order(struct rg_str a, struct rg_str b, size_t i, uint32_t ca, uint32_t cb)
{
    bool letter_a = rg_yaml_is_letter(ca), letter_b = rg_yaml_is_letter(cb);
    uint64_t start = 0;
    int64_t number_a, number_b;
    size_t end_a, end_b;

    if (letter_a && letter_b)
        return ca < cb ? -1 : 1;
    if (letter_a || letter_b)
        return letter_b ? -1 : 1;
    if ((ca == '0' || cb == '0') && behind_number(a, i))
        start = 1;
    number_a = digit_run(a, i, start, &end_a);
    number_b = digit_run(b, i, start, &end_b);
    if (number_a != number_b)
        return number_a < number_b ? -1 : 1;
    end_a = chars(a, i, end_a);
    end_b = chars(b, i, end_b);
    if (end_a != end_b)
        return end_a < end_b ? -1 : 1;
    return ca < cb ? -1 : 1;
}

static int text_order(struct rg_str a, struct rg_str b)
{
    size_t i = 0;

    while (i < a.len && i < b.len) {
        uint32_t ca, cb;
        size_t n = rg_yaml_char(a, i, &ca);

        rg_yaml_char(b, i, &cb);
        if (ca != cb)
            return differing_order(a, b, i, ca, cb);
        i += n;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

int rg_yaml_key_order(const struct rg_yaml_node *a, const struct rg_yaml_node *b)
{
    double x, y;

    if (number_of(a, &x) && number_of(b, &y)) {
        int order = three_way(x, y);

        if (order == 0)
            order = kind_rank(a) - kind_rank(b);
        return order ? order : same_kind_order(a, b);
    }
    if (a->kind != RG_YAML_STRING || b->kind != RG_YAML_STRING)
        return kind_rank(a) - kind_rank(b);
    return text_order(a->text, b->text);
}

typedef int node_order(const struct rg_yaml_node *a, const struct rg_yaml_node *b);

static int by_identity(const struct rg_yaml_node *a, const struct rg_yaml_node *b)
{
    int order = rg_yaml_key_identity(a->key, b->key);

    return order ? order : (a->seq < b->seq ? -1 : a->seq > b->seq);
}

static int by_order(const struct rg_yaml_node *a, const struct rg_yaml_node *b)
{
    return rg_yaml_key_order(a->key, b->key);
}

/* A merge sort of our own: stable, and safe with an order that is not transitive, which the natural
 * one is not for every set of texts. */
static void sort_nodes(
    struct rg_yaml_node **nodes, struct rg_yaml_node **spare, size_t count, node_order *order)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = middle + width < count ? middle + width : count;
            size_t a = low, b = middle;

            for (size_t k = low; k < high; k++)
                spare[k] = a < middle && (b >= high || order(nodes[a], nodes[b]) <= 0) ? nodes[a++]
                                                                                       : nodes[b++];
        }
        memcpy(nodes, spare, count * sizeof(*nodes));
    }
}

static size_t drop_equal(struct rg_yaml_node **nodes, size_t count,
    const struct rg_yaml_node **again, const struct rg_yaml_node **before)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || rg_yaml_key_identity(nodes[kept - 1]->key, nodes[i]->key) != 0) {
            nodes[kept++] = nodes[i];
            continue;
        }
        if (!*again || nodes[i]->key->line < (*again)->line ||
            (nodes[i]->key->line == (*again)->line && nodes[i]->key->column < (*again)->column)) {
            *again = nodes[i]->key;
            *before = nodes[kept - 1]->key;
        }
        nodes[kept - 1] = nodes[i];
    }
    return kept;
}

enum rg_status rg_yaml_by_identity(const struct rg_yaml_node *map, struct rg_yaml_node ***out)
{
    struct rg_yaml_node **nodes = rg_calloc(map->count + 1, 2 * sizeof(*nodes));
    size_t count = 0;

    if (!nodes)
        return RG_ENOMEM;
    for (struct rg_yaml_node *n = map->first; n; n = n->next)
        nodes[count++] = n;
    sort_nodes(nodes, nodes + count, count, by_identity);
    *out = nodes;
    return RG_OK;
}

enum rg_status rg_yaml_sort_map(
    struct rg_yaml_node *map, const struct rg_yaml_node **again, const struct rg_yaml_node **before)
{
    struct rg_yaml_node **nodes;
    size_t count = 0;

    *again = NULL;
    *before = NULL;
    if (map->count < 2)
        return RG_OK;
    nodes = rg_calloc(map->count, 2 * sizeof(*nodes));
    if (!nodes)
        return RG_ENOMEM;
    for (struct rg_yaml_node *n = map->first; n; n = n->next)
        nodes[count++] = n;
    sort_nodes(nodes, nodes + count, count, by_identity);
    count = drop_equal(nodes, count, again, before);
    sort_nodes(nodes, nodes + count, count, by_order);
    map->first = map->last = NULL;
    map->count = 0;
    for (size_t i = 0; i < count; i++)
        rg_yaml_append(map, nodes[i]);
    free(nodes);
    return RG_OK;
}
