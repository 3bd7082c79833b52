#include "user_names.h"

void rg_user_names_init(struct rg_user_names *u, struct rg_host *host, int64_t lifetime_ns)
{
    *u = (struct rg_user_names){.host = host, .lifetime_ns = lifetime_ns};
    rg_map_init(&u->by_uid);
    rg_intern_init(&u->names, RG_USER_NAMES_MAX);
    rg_buf_init(&u->buf, RG_USER_NAME_MAX);
}

void rg_user_names_finish(struct rg_user_names *u)
{
    rg_map_finish(&u->by_uid);
    rg_intern_finish(&u->names);
    rg_buf_finish(&u->buf);
}

void rg_user_names_start(struct rg_user_names *u, struct rg_mono now)
{
    bool fresh = now.ns - u->since.ns < u->lifetime_ns && u->names.count < u->names.max;

    if (fresh && u->by_uid.live)
        return;
    u->since = now;
    rg_map_clear(&u->by_uid);
    rg_intern_finish(&u->names);
    rg_intern_init(&u->names, RG_USER_NAMES_MAX);
}

enum rg_status rg_user_names_get(struct rg_user_names *u, uint32_t uid, struct rg_str *name)
{
    struct rg_err unused = {0};
    uint64_t number = 0;
    uint32_t text = 0;
    enum rg_status st;

    if (!rg_map_get(&u->by_uid, uid, &number)) {
        st = rg_host_user_name(u->host, uid, &u->buf, &unused);
        if (st == RG_ENOMEM)
            return st;
        if (st == RG_OK && u->buf.len) {
            st = rg_intern_put(&u->names, rg_str_buf(&u->buf), &text);
            if (st == RG_ENOMEM)
                return st;
            if (st == RG_OK)
                number = (uint64_t)text + 1;
        }
        st = rg_map_put(&u->by_uid, uid, number);
        if (st != RG_OK)
            return st;
    }
    *name = number ? rg_intern_text(&u->names, (uint32_t)(number - 1)) : (struct rg_str){0};
    return RG_OK;
}
