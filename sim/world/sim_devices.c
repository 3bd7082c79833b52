/* Disks, mounts, interfaces and numbers of the host: kept here, rendered elsewhere. */
#include "sim_model.h"

#include "rg/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES UINT64_C(4096)

static enum rg_status refuse(struct rg_err *err, const char *what)
{
    rg_err_set(err, "simulated host: %s", what);
    return RG_EINVALID;
}

static bool copy(const char *from, const char *fallback, char **to)
{
    if (!from)
        from = fallback;
    *to = rg_memdup0(from, strlen(from));
    return *to != NULL;
}

static bool text_ok(const char *text)
{
    return !text || (text[0] && strlen(text) < RG_SIM_TEXT_MAX);
}

/* A word of a line of /proc. */
static bool name_ok(const char *name)
{
    return name && name[0] && strlen(name) <= RG_SIM_DEVICE_NAME_MAX && !strpbrk(name, " \t\n");
}

/* Room for one more; *array is the caller's. */
static enum rg_status room(
    void **array, size_t *cap, size_t count, size_t size, size_t max, struct rg_err *err)
{
    enum rg_status st = rg_grow(array, cap, count + 1, size, max);

    if (st == RG_ELIMIT)
        rg_err_set(err, "simulated host: more than %zu of a kind", max);
    else if (st != RG_OK)
        rg_err_set(err, "no memory for a simulated host");
    return st;
}

void rg_sim_disk_finish(struct rg_sim_disk *disk)
{
    rg_sim_series_finish(&disk->reads_s);
    rg_sim_series_finish(&disk->writes_s);
    rg_sim_series_finish(&disk->read_bytes_s);
    rg_sim_series_finish(&disk->write_bytes_s);
    rg_sim_series_finish(&disk->busy);
}

void rg_sim_mount_finish(struct rg_sim_mount *mount)
{
    rg_sim_series_finish(&mount->used_kib);
    rg_sim_series_finish(&mount->inodes_used);
}

void rg_sim_interface_finish(struct rg_sim_interface *interface)
{
    rg_sim_series_finish(&interface->rx_bytes_s);
    rg_sim_series_finish(&interface->tx_bytes_s);
    rg_sim_series_finish(&interface->rx_packets_s);
    rg_sim_series_finish(&interface->tx_packets_s);
    rg_sim_series_finish(&interface->rx_errors_s);
    rg_sim_series_finish(&interface->tx_errors_s);
    rg_sim_series_finish(&interface->rx_drops_s);
    rg_sim_series_finish(&interface->tx_drops_s);
}

void rg_sim_numbers_finish(struct rg_sim_numbers *numbers)
{
    struct rg_sim_series *all[] = {&numbers->swap_used_kib, &numbers->swap_in_kib_s,
        &numbers->swap_out_kib_s, &numbers->load1, &numbers->load5, &numbers->load15,
        &numbers->nice, &numbers->iowait, &numbers->irq, &numbers->softirq, &numbers->steal,
        &numbers->guest, &numbers->blocked, &numbers->open_files, &numbers->established,
        &numbers->listen, &numbers->time_wait, &numbers->udp, &numbers->retrans_s};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        rg_sim_series_finish(all[i]);
}

static enum rg_status add_disk(
    struct rg_sim_host *h, const struct rg_sim_disk *disk, struct rg_err *err)
{
    void *array = h->disks;
    struct sim_disk own = {.is = *disk};
    enum rg_status st;

    if (!name_ok(disk->name))
        return refuse(err, "the name of a disk is none");
    if (disk->read_ms > RG_SIM_REQUEST_MS_MAX || disk->write_ms > RG_SIM_REQUEST_MS_MAX)
        return refuse(err, "a request to a disk takes too long");
    st = room(&array, &h->disk_cap, h->disk_count, sizeof(*h->disks), RG_SIM_DEVICES_MAX, err);
    h->disks = array;
    if (st == RG_OK && !copy(disk->name, "", &own.name))
        st = RG_ENOMEM;
    if (st != RG_OK)
        return st;
    own.is.name = NULL;
    h->disks[h->disk_count++] = own;
    return RG_OK;
}

enum rg_status rg_sim_host_add_disk(
    struct rg_sim_host *host, struct rg_sim_disk *disk, struct rg_err *err)
{
    enum rg_status st = add_disk(host, disk, err);

    if (st != RG_OK)
        rg_sim_disk_finish(disk);
    disk->reads_s = disk->writes_s = disk->read_bytes_s = disk->write_bytes_s = disk->busy =
        (struct rg_sim_series){0};
    return st;
}

static void finish_mount(struct sim_mount *mount)
{
    free(mount->path);
    free(mount->device);
    free(mount->type);
    free(mount->options);
}

static enum rg_status add_mount(
    struct rg_sim_host *h, const struct rg_sim_mount *mount, struct rg_err *err)
{
    void *array = h->mounts;
    struct sim_mount own = {.shown = true, .is = *mount};
    const char *type = mount->type ? mount->type : "ext4";
    enum rg_status st;

    if (!mount->path || mount->path[0] != '/' || strlen(mount->path) >= RG_HOST_PATH_MAX)
        return refuse(err, "the path of a mount is not absolute, or too long");
    if (!text_ok(mount->device) || !text_ok(mount->type) || !text_ok(mount->options))
        return refuse(err, "a text of a mount is empty or too long");
    if (mount->reserved_permille > 1000)
        return refuse(err, "a mount has more than all reserved");
    st = room(
        &array, &h->mount_cap, h->mount_count, sizeof(*h->mounts), RG_SIM_FILESYSTEMS_MAX, err);
    h->mounts = array;
    if (st != RG_OK)
        return st;
    if (!copy(mount->path, "", &own.path) || !copy(mount->device, type, &own.device) ||
        !copy(type, "", &own.type) || !copy(mount->options, "rw,relatime", &own.options)) {
        finish_mount(&own);
        return RG_ENOMEM;
    }
    own.is.path = own.is.device = own.is.type = own.is.options = NULL;
    h->mounts[h->mount_count++] = own;
    return RG_OK;
}

enum rg_status rg_sim_host_add_mount(
    struct rg_sim_host *host, struct rg_sim_mount *mount, struct rg_err *err)
{
    enum rg_status st = add_mount(host, mount, err);

    if (st != RG_OK)
        rg_sim_mount_finish(mount);
    mount->used_kib = mount->inodes_used = (struct rg_sim_series){0};
    return st;
}

static enum rg_status add_interface(
    struct rg_sim_host *h, const struct rg_sim_interface *interface, struct rg_err *err)
{
    void *array = h->interfaces;
    struct sim_interface own = {.is = *interface};
    enum rg_status st;

    if (!name_ok(interface->name))
        return refuse(err, "the name of an interface is none");
    st = room(&array, &h->interface_cap, h->interface_count, sizeof(*h->interfaces),
        RG_SIM_DEVICES_MAX, err);
    h->interfaces = array;
    if (st == RG_OK && !copy(interface->name, "", &own.name))
        st = RG_ENOMEM;
    if (st != RG_OK)
        return st;
    own.is.name = NULL;
    h->interfaces[h->interface_count++] = own;
    return RG_OK;
}

enum rg_status rg_sim_host_add_interface(
    struct rg_sim_host *host, struct rg_sim_interface *interface, struct rg_err *err)
{
    enum rg_status st = add_interface(host, interface, err);

    if (st != RG_OK)
        rg_sim_interface_finish(interface);
    *interface = (struct rg_sim_interface){.name = interface->name};
    return st;
}

void rg_sim_host_set_numbers(struct rg_sim_host *host, struct rg_sim_numbers *numbers)
{
    rg_sim_numbers_finish(&host->numbers);
    host->numbers = *numbers;
    *numbers = (struct rg_sim_numbers){0};
}

enum rg_status rg_sim_host_add_env(
    struct rg_sim_host *h, const char *name, const char *value, struct rg_err *err)
{
    void *array = h->env;
    struct sim_env own = {0};
    enum rg_status st;

    if (!name[0] || strchr(name, '=') || strlen(name) >= RG_SIM_TEXT_MAX ||
        strlen(value) >= RG_SIM_TEXT_MAX)
        return refuse(err, "a variable of the environment has no name, or is too long");
    st = room(&array, &h->env_cap, h->env_count, sizeof(*h->env), RG_SIM_DEVICES_MAX, err);
    h->env = array;
    if (st != RG_OK)
        return st;
    if (!copy(name, "", &own.name) || !copy(value, "", &own.value)) {
        free(own.name);
        return RG_ENOMEM;
    }
    h->env[h->env_count++] = own;
    return RG_OK;
}

const char *sim_env(const struct rg_sim_host *h, const char *name)
{
    for (size_t i = h->env_count; i > 0; i--) {
        if (strcmp(h->env[i - 1].name, name) == 0)
            return h->env[i - 1].value;
    }
    return NULL;
}

void sim_devices_finish(struct rg_sim_host *h)
{
    for (size_t i = 0; i < h->disk_count; i++) {
        rg_sim_disk_finish(&h->disks[i].is);
        free(h->disks[i].name);
    }
    for (size_t i = 0; i < h->mount_count; i++) {
        rg_sim_mount_finish(&h->mounts[i].is);
        finish_mount(&h->mounts[i]);
    }
    for (size_t i = 0; i < h->interface_count; i++) {
        rg_sim_interface_finish(&h->interfaces[i].is);
        free(h->interfaces[i].name);
    }
    for (size_t i = 0; i < h->env_count; i++) {
        free(h->env[i].name);
        free(h->env[i].value);
    }
    rg_sim_numbers_finish(&h->numbers);
    free(h->disks);
    free(h->mounts);
    free(h->interfaces);
    free(h->env);
}

uint64_t sim_total(const struct rg_sim_host *h, const struct rg_sim_series *series, uint64_t times,
    uint64_t divisor)
{
    sim_wide sum = sim_series_integral(series, h->now_ns) - sim_series_integral(series, h->boot_ns);

    sum = sum * (sim_wide)times / ((sim_wide)1000 * RG_NS_PER_S * (sim_wide)divisor);
    return sum < INT64_MAX ? (uint64_t)sum : INT64_MAX;
}

static uint64_t whole(const struct rg_sim_series *series, int64_t now_ns)
{
    return (uint64_t)rg_sim_series_at(series, now_ns) / 1000;
}

uint64_t sim_value(
    const struct rg_sim_host *h, const struct rg_sim_series *series, uint64_t fallback)
{
    return series->run_count ? whole(series, h->now_ns) : fallback;
}

void sim_mount_numbers(const struct sim_mount *mount, int64_t now_ns, struct rg_filesystem *out)
{
    const struct rg_sim_mount *is = &mount->is;
    uint64_t blocks = is->size_bytes / BLOCK_BYTES;
    uint64_t used = (whole(&is->used_kib, now_ns) * 1024 + BLOCK_BYTES - 1) / BLOCK_BYTES;
    uint64_t files = whole(&is->inodes_used, now_ns);
    uint64_t reserved = (uint64_t)((sim_wide)blocks * is->reserved_permille / 1000);
    uint64_t left = used < blocks ? blocks - used : 0;

    if (!mount->shown) {
        *out = mount->numbers;
        return;
    }
    *out = (struct rg_filesystem){
        .block_size_bytes = BLOCK_BYTES,
        .blocks = blocks,
        .blocks_free = left,
        .blocks_available = left > reserved ? left - reserved : 0,
        .files = is->inodes,
        .files_free = files < is->inodes ? is->inodes - files : 0,
    };
}
