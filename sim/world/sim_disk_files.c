/* /proc/diskstats, mounts, filesystems and sys/fs/file-nr. */
#include "sim_model.h"

#include <string.h>

#define SECTOR_BYTES  512u
#define MAJOR_SCSI    8u
#define MS_PER_S      1000u
#define PERCENT       100u
#define OPEN_FILES    1024u
#define MAX_FILES_OLD UINT64_C(810239) /* what 8 GiB of memory gave before 5.x */
#define MAX_FILES     UINT64_C(9223372036854775807)

static void word(struct sim_out *out, uint64_t v)
{
    sim_out_bytes(out, " ", 1);
    sim_out_u64(out, v);
}

/* Fields: Documentation/admin-guide/iostats.rst. Discards came with 4.18, flushes with 5.5. */
static void put_disk(
    const struct rg_sim_host *h, const struct sim_disk *disk, uint64_t minor, struct sim_out *out)
{
    const struct rg_sim_disk *is = &disk->is;
    uint64_t read_ms = sim_total(h, &is->reads_s, is->read_ms, 1);
    uint64_t write_ms = sim_total(h, &is->writes_s, is->write_ms, 1);

    sim_out_right(out, MAJOR_SCSI, 4);
    sim_out_right(out, minor, 8);
    sim_out_bytes(out, " ", 1);
    sim_out_text(out, disk->name);
    word(out, sim_total(h, &is->reads_s, 1, 1));
    word(out, 0);
    word(out, sim_total(h, &is->read_bytes_s, 1, SECTOR_BYTES));
    word(out, read_ms);
    word(out, sim_total(h, &is->writes_s, 1, 1));
    word(out, 0);
    word(out, sim_total(h, &is->write_bytes_s, 1, SECTOR_BYTES));
    word(out, write_ms);
    word(out, 0);
    word(out, sim_total(h, &is->busy, MS_PER_S, PERCENT));
    word(out, read_ms + write_ms);
    sim_out_text(out, h->options.form == RG_SIM_KERNEL_6 ? " 0 0 0 0 0 0\n" : "\n");
}

/* Spaces and the like as octal escapes: fs/proc_namespace.c, mangle. */
static void escaped(struct sim_out *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char octal[4] = {'\\', (char)('0' + c / 64), (char)('0' + c / 8 % 8), (char)('0' + c % 8)};

        if (strchr(" \t\n\\#", c))
            sim_out_bytes(out, octal, sizeof(octal));
        else
            sim_out_bytes(out, text, 1);
    }
}

static void put_mounts(const struct rg_sim_host *h, struct sim_out *out)
{
    for (size_t i = 0; i < h->mount_count; i++) {
        const struct sim_mount *mount = &h->mounts[i];

        if (!mount->shown)
            continue;
        escaped(out, mount->device);
        sim_out_bytes(out, " ", 1);
        escaped(out, mount->path);
        sim_out_bytes(out, " ", 1);
        escaped(out, mount->type);
        sim_out_bytes(out, " ", 1);
        escaped(out, mount->options);
        sim_out_text(out, " 0 0\n");
    }
}

/* Whether an earlier mount has the same type. */
static bool seen(const struct rg_sim_host *h, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (h->mounts[k].shown && strcmp(h->mounts[k].type, h->mounts[i].type) == 0)
            return true;
    }
    return false;
}

/* The types that are mounted; those whose device is a path need one. */
static void put_filesystems(const struct rg_sim_host *h, struct sim_out *out)
{
    for (size_t i = 0; i < h->mount_count; i++) {
        const struct sim_mount *mount = &h->mounts[i];

        if (!mount->shown || seen(h, i))
            continue;
        sim_out_text(out, mount->device[0] == '/' ? "\t" : "nodev\t");
        sim_out_text(out, mount->type);
        sim_out_bytes(out, "\n", 1);
    }
}

static void put_file_nr(const struct rg_sim_host *h, struct sim_out *out)
{
    sim_out_u64(out, sim_value(h, &h->numbers.open_files, OPEN_FILES));
    sim_out_text(out, "\t0\t");
    sim_out_u64(out, h->options.form == RG_SIM_KERNEL_6 ? MAX_FILES : MAX_FILES_OLD);
    sim_out_bytes(out, "\n", 1);
}

bool sim_render_disks(const struct rg_sim_host *h, const char *path, struct sim_out *out)
{
    if (strcmp(path, "diskstats") == 0) {
        for (size_t i = 0; i < h->disk_count; i++)
            put_disk(h, &h->disks[i], i, out);
    } else if (strcmp(path, "mounts") == 0 || strcmp(path, "self/mounts") == 0) {
        put_mounts(h, out);
    } else if (strcmp(path, "filesystems") == 0) {
        put_filesystems(h, out);
    } else if (strcmp(path, "sys/fs/file-nr") == 0) {
        put_file_nr(h, out);
    } else {
        return false;
    }
    return true;
}
