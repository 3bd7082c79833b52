/* Disks, mounts, interfaces and numbers in the section "host" of a simulated world. */
#include "scenario_fields.h"
#include "scenario_parts.h"

#include "rg/sim_devices.h"

#include <string.h>

/* What a host has that says nothing of a list: a small virtual machine. */
static const char defaults[] =
    "disks:\n"
    "  - {name: sda, reads_s: 2, writes_s: 5, read_bytes_s: 32768, write_bytes_s: 81920,\n"
    "     busy: 1, read_ms: 1, write_ms: 2}\n"
    "  - {name: sda1, reads_s: 2, writes_s: 5, read_bytes_s: 32768, write_bytes_s: 81920,\n"
    "     busy: 1, read_ms: 1, write_ms: 2, part: true}\n"
    "mounts:\n"
    "  - {path: /sys, device: sysfs, type: sysfs, options: 'rw,nosuid,nodev,noexec,relatime'}\n"
    "  - {path: /proc, device: proc, type: proc, options: 'rw,nosuid,nodev,noexec,relatime'}\n"
    "  - {path: /dev, device: udev, type: devtmpfs, options: 'rw,nosuid,relatime',\n"
    "     size: 4GiB, used_kib: 0, inodes: 1000000, inodes_used: 400}\n"
    "  - {path: /run, device: tmpfs, type: tmpfs, options: 'rw,nosuid,nodev,noexec,relatime',\n"
    "     size: 800MiB, used_kib: 1200, inodes: 1000000, inodes_used: 700}\n"
    "  - {path: /, device: /dev/sda1, type: ext4, size: 64GiB, used_kib: 33554432,\n"
    "     inodes: 4194304, inodes_used: 2097152}\n"
    "interfaces:\n"
    "  - {name: lo, rx_bytes_s: 400, tx_bytes_s: 400}\n"
    "  - {name: eth0, rx_bytes_s: 120000, tx_bytes_s: 40000}\n";

#define DISK(key, kind, member)                                                                    \
    {                                                                                              \
        key, FIELD_##kind, offsetof(struct rg_sim_disk, member), 0                                 \
    }
#define MOUNT(key, kind, member)                                                                   \
    {                                                                                              \
        key, FIELD_##kind, offsetof(struct rg_sim_mount, member), 0                                \
    }
#define INTERFACE(key, kind, member)                                                               \
    {                                                                                              \
        key, FIELD_##kind, offsetof(struct rg_sim_interface, member), 0                            \
    }
#define NUMBER(key, kind, member)                                                                  \
    {                                                                                              \
        key, FIELD_##kind, offsetof(struct rg_sim_numbers, member), 0                              \
    }
#define STEP                                                                                       \
    {                                                                                              \
        "step", FIELD_SECTION, 0, 0                                                                \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, FIELD_SECTION, 0, 0                                                                  \
    }

static const struct scenario_field disk_fields[] = {
    DISK("name", TEXT, name),
    DISK("reads_s", SERIES, reads_s),
    DISK("writes_s", SERIES, writes_s),
    DISK("read_bytes_s", SERIES, read_bytes_s),
    DISK("write_bytes_s", SERIES, write_bytes_s),
    DISK("busy", SERIES, busy),
    DISK("read_ms", U32, read_ms),
    DISK("write_ms", U32, write_ms),
    DISK("part", BOOL, part),
    STEP,
    END,
};

static const struct scenario_field mount_fields[] = {
    MOUNT("path", TEXT, path),
    MOUNT("device", TEXT, device),
    MOUNT("type", TEXT, type),
    MOUNT("options", TEXT, options),
    MOUNT("size", SIZE, size_bytes),
    MOUNT("used_kib", SERIES, used_kib),
    MOUNT("reserved", PERMILLE, reserved_permille),
    MOUNT("inodes", I64, inodes),
    MOUNT("inodes_used", SERIES, inodes_used),
    STEP,
    END,
};

static const struct scenario_field interface_fields[] = {
    INTERFACE("name", TEXT, name),
    INTERFACE("rx_bytes_s", SERIES, rx_bytes_s),
    INTERFACE("tx_bytes_s", SERIES, tx_bytes_s),
    INTERFACE("rx_packets_s", SERIES, rx_packets_s),
    INTERFACE("tx_packets_s", SERIES, tx_packets_s),
    INTERFACE("rx_errors_s", SERIES, rx_errors_s),
    INTERFACE("tx_errors_s", SERIES, tx_errors_s),
    INTERFACE("rx_drops_s", SERIES, rx_drops_s),
    INTERFACE("tx_drops_s", SERIES, tx_drops_s),
    STEP,
    END,
};

static const struct scenario_field swap_fields[] = {
    NUMBER("size", SIZE, swap_bytes),
    NUMBER("used_kib", SERIES, swap_used_kib),
    NUMBER("in_kib_s", SERIES, swap_in_kib_s),
    NUMBER("out_kib_s", SERIES, swap_out_kib_s),
    STEP,
    END,
};

static const struct scenario_field load_fields[] = {
    NUMBER("1", SERIES, load1),
    NUMBER("5", SERIES, load5),
    NUMBER("15", SERIES, load15),
    STEP,
    END,
};

static const struct scenario_field cpu_fields[] = {
    NUMBER("nice", SERIES, nice),
    NUMBER("iowait", SERIES, iowait),
    NUMBER("irq", SERIES, irq),
    NUMBER("softirq", SERIES, softirq),
    NUMBER("steal", SERIES, steal),
    NUMBER("guest", SERIES, guest),
    NUMBER("blocked", SERIES, blocked),
    STEP,
    END,
};

static const struct scenario_field file_fields[] = {
    NUMBER("open", SERIES, open_files),
    STEP,
    END,
};

static const struct scenario_field socket_fields[] = {
    NUMBER("established", SERIES, established),
    NUMBER("listen", SERIES, listen),
    NUMBER("time_wait", SERIES, time_wait),
    NUMBER("udp", SERIES, udp),
    NUMBER("retrans_s", SERIES, retrans_s),
    STEP,
    END,
};

/* Each section is one mapping of numbers. */
static const struct {
    const char *key, *what;
    const struct scenario_field *fields;
} sections[] = {
    {"swap", "'swap'", swap_fields},
    {"load", "'load'", load_fields},
    {"cpu_time", "'cpu_time'", cpu_fields},
    {"files", "'files'", file_fields},
    {"sockets", "'sockets'", socket_fields},
};

/* One item of a list, into host unless that is NULL. */
typedef enum rg_status item_fn(struct scenario_fields *w, const struct scenario_node *item,
    struct rg_sim_host *host, struct rg_err *why);

static enum rg_status read_item(struct scenario_fields *w, const struct scenario_node *item,
    const char *what, const char *required, const struct scenario_field *fields, void *base)
{
    enum rg_status st = scenario_fields_check(w, item, what, fields);

    if (st == RG_OK && !scenario_get(w->doc, item, required))
        st = scenario_refuse(w->doc, item, w->err, "the key '%s' is missing", required);
    if (st == RG_OK)
        st = scenario_step(w, item);
    return st == RG_OK ? scenario_fields_read(w, item, what, fields, base) : st;
}

static enum rg_status read_disk(struct scenario_fields *w, const struct scenario_node *item,
    struct rg_sim_host *host, struct rg_err *why)
{
    struct rg_sim_disk disk = {.name = NULL};
    enum rg_status st = read_item(w, item, "a disk", "name", disk_fields, &disk);

    if (st == RG_OK && host)
        st = rg_sim_host_add_disk(host, &disk, why);
    rg_sim_disk_finish(&disk);
    return st;
}

static enum rg_status read_mount(struct scenario_fields *w, const struct scenario_node *item,
    struct rg_sim_host *host, struct rg_err *why)
{
    struct rg_sim_mount mount = {.path = NULL};
    enum rg_status st = read_item(w, item, "a mount", "path", mount_fields, &mount);

    if (st == RG_OK && host)
        st = rg_sim_host_add_mount(host, &mount, why);
    rg_sim_mount_finish(&mount);
    return st;
}

static enum rg_status read_interface(struct scenario_fields *w, const struct scenario_node *item,
    struct rg_sim_host *host, struct rg_err *why)
{
    struct rg_sim_interface interface = {.name = NULL};
    enum rg_status st = read_item(w, item, "an interface", "name", interface_fields, &interface);

    if (st == RG_OK && host)
        st = rg_sim_host_add_interface(host, &interface, why);
    rg_sim_interface_finish(&interface);
    return st;
}

static const struct {
    const char *key;
    item_fn *read;
} lists[] = {
    {"disks", read_disk},
    {"mounts", read_mount},
    {"interfaces", read_interface},
};

static enum rg_status read_list(struct scenario_fields *w, const struct scenario_node *list,
    item_fn *read, struct rg_sim_host *host)
{
    const struct scenario_node *item;
    enum rg_status st = RG_OK;

    if (list->kind != SCENARIO_LIST)
        return scenario_refuse(w->doc, list, w->err, "'%s' must be a list", list->key);
    for (item = scenario_first(w->doc, list); item && st == RG_OK;
         item = scenario_next(w->doc, item)) {
        struct rg_err why = {0};

        st = read(w, item, host, &why);
        if (st != RG_OK && why.text[0])
            rg_ignore(scenario_refuse(w->doc, item, w->err, "%s", why.text),
                "the status of the host is kept");
    }
    return st;
}

static enum rg_status read_numbers(
    struct scenario_fields *w, const struct scenario_node *map, struct rg_sim_numbers *out)
{
    enum rg_status st = RG_OK;

    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && st == RG_OK; i++) {
        const struct scenario_node *node = scenario_get(w->doc, map, sections[i].key);

        if (!node)
            continue;
        st = scenario_fields_check(w, node, sections[i].what, sections[i].fields);
        if (st == RG_OK)
            st = scenario_step(w, node);
        if (st == RG_OK)
            st = scenario_fields_read(w, node, sections[i].what, sections[i].fields, out);
    }
    return st;
}

/* The lists that map (NULL: there is none) has not, from our own document. */
static enum rg_status add_defaults(const struct scenario_doc *doc, const struct scenario_node *map,
    struct rg_sim_host *host, struct rg_err *err)
{
    struct scenario_doc own;
    struct scenario_fields w = {.doc = &own, .err = err};
    enum rg_status st =
        scenario_doc_load(&own, "host", (struct rg_str){defaults, sizeof(defaults) - 1}, err);

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && st == RG_OK; i++) {
        if (!map || !scenario_get(doc, map, lists[i].key))
            st =
                read_list(&w, scenario_get(&own, &own.nodes[0], lists[i].key), lists[i].read, host);
    }
    scenario_doc_finish(&own);
    return st;
}

enum rg_status scenario_devices_read(const struct scenario_doc *doc,
    const struct scenario_node *map, struct rg_sim_host *host, struct rg_err *err)
{
    struct scenario_fields w = {.doc = doc, .err = err};
    struct rg_sim_numbers numbers = {.swap_bytes = 0};
    enum rg_status st = RG_OK;

    for (size_t i = 0; map && i < sizeof(lists) / sizeof(lists[0]) && st == RG_OK; i++) {
        const struct scenario_node *list = scenario_get(doc, map, lists[i].key);

        if (list)
            st = read_list(&w, list, lists[i].read, host);
    }
    if (st == RG_OK && map)
        st = read_numbers(&w, map, &numbers);
    if (st == RG_OK && host) {
        rg_sim_host_set_numbers(host, &numbers);
        st = add_defaults(doc, map, host, err);
    }
    rg_sim_numbers_finish(&numbers);
    return st;
}
