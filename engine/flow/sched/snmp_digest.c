#include "snmp_digest.h"

#include "rg/base/hash.h"
#include "rg/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int text_order(const void *a, const void *b)
{
    return rg_str_cmp(*(const struct rg_str *)a, *(const struct rg_str *)b);
}

static uint64_t add(uint64_t h, struct rg_str s)
{
    return rg_fnv1_64_more(h, s.ptr, s.len);
}

enum rg_status rg_snmp_digest(const struct rg_snmp_config *c, struct rg_str address, uint64_t *out)
{
    const struct rg_str fields[] = {c->version, c->community, c->user, c->auth_key,
        c->auth_protocol, c->priv_key, c->priv_protocol, c->context_engine_id, c->context_name,
        c->loader, c->space};
    struct rg_str *ips = rg_calloc(c->ignored_count + 1, sizeof(*ips));
    char port[8];
    uint64_t h;

    if (!ips)
        return RG_ENOMEM;
    snprintf(port, sizeof(port), "%u", c->port);
    h = add(add(RG_FNV1_64_START, address), rg_str_from(port));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        h = add(h, fields[i]);
    for (size_t i = 0; i < c->ignored_count; i++)
        ips[i] = c->ignored_ips[i];
    qsort(ips, c->ignored_count, sizeof(*ips), text_order);
    for (size_t i = 0; i < c->ignored_count; i++)
        h = add(h, ips[i]);
    free(ips);
    *out = h;
    return RG_OK;
}
