/* What a simulated host has besides processes: disks, mounts, interfaces, and the numbers behind
 * the host-wide files of /proc. All counters begin at boot and are closed forms of the time.
 * Texts are copied; series are taken, also on failure: the caller's own are zeroed. */
#ifndef RG_SIM_DEVICES_H
#define RG_SIM_DEVICES_H

#include "rg/sim_host.h"

#define RG_SIM_DEVICES_MAX     ((size_t)10000) /* disks, and interfaces */
#define RG_SIM_REQUEST_MS_MAX  10000u
#define RG_SIM_DEVICE_NAME_MAX 255 /* bytes */

/* A line of /proc/diskstats. */
struct rg_sim_disk {
    const char *name;                                 /* "sda1" */
    struct rg_sim_series reads_s, writes_s;           /* requests per second */
    struct rg_sim_series read_bytes_s, write_bytes_s; /* bytes per second */
    struct rg_sim_series busy;                        /* percent of the time */
    uint32_t read_ms, write_ms;                       /* that one request takes */
    bool part; /* of another one: not counted in pgpgin and pgpgout again */
};

/* A line of /proc/self/mounts, and what statvfs says of it; blocks have 4 KiB. */
struct rg_sim_mount {
    const char *path;    /* absolute */
    const char *device;  /* NULL: type */
    const char *type;    /* NULL: "ext4" */
    const char *options; /* NULL: "rw,relatime" */
    uint64_t size_bytes; /* 0: none, as of proc */
    struct rg_sim_series used_kib;
    uint32_t reserved_permille; /* of size_bytes; free, but not for users */
    uint64_t inodes;
    struct rg_sim_series inodes_used;
};

/* A line of /proc/net/dev. */
struct rg_sim_interface {
    const char *name;                                /* "eth0" */
    struct rg_sim_series rx_bytes_s, tx_bytes_s;     /* bytes per second */
    struct rg_sim_series rx_packets_s, tx_packets_s; /* unset: one per 512 bytes */
    struct rg_sim_series rx_errors_s, tx_errors_s;
    struct rg_sim_series rx_drops_s, tx_drops_s;
};

/* Zero-initialised: no swap, load from the CPU demand, a few files and sockets. */
struct rg_sim_numbers {
    uint64_t swap_bytes;
    struct rg_sim_series swap_used_kib, swap_in_kib_s, swap_out_kib_s;
    struct rg_sim_series load1, load5, load15; /* unset: the CPUs in demand now */
    /* Percent of one CPU, taken from the idle time; guest time is user time too. */
    struct rg_sim_series nice, iowait, irq, softirq, steal, guest;
    struct rg_sim_series blocked;                        /* processes that wait for IO */
    struct rg_sim_series open_files;                     /* unset: 1024 */
    struct rg_sim_series established, listen, time_wait; /* TCP sockets; unset: 3, 2, 0 */
    struct rg_sim_series udp;                            /* UDP sockets; unset: 2 */
    struct rg_sim_series retrans_s;                      /* TCP segments sent again per second */
};

/*   RG_EINVALID  a field is outside its range; err names it
 *   RG_ELIMIT    more than RG_SIM_DEVICES_MAX, or RG_SIM_FILESYSTEMS_MAX
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status rg_sim_host_add_disk(
    struct rg_sim_host *host, struct rg_sim_disk *disk, struct rg_err *err);
RG_NODISCARD enum rg_status rg_sim_host_add_mount(
    struct rg_sim_host *host, struct rg_sim_mount *mount, struct rg_err *err);
RG_NODISCARD enum rg_status rg_sim_host_add_interface(
    struct rg_sim_host *host, struct rg_sim_interface *interface, struct rg_err *err);

/* Replaces the numbers. */
void rg_sim_host_set_numbers(struct rg_sim_host *host, struct rg_sim_numbers *numbers);

/* Free the series of what is not added after all. */
void rg_sim_disk_finish(struct rg_sim_disk *disk);
void rg_sim_mount_finish(struct rg_sim_mount *mount);
void rg_sim_interface_finish(struct rg_sim_interface *interface);
void rg_sim_numbers_finish(struct rg_sim_numbers *numbers);

/* An environment variable. The last one of a name holds. RG_EINVALID: no name, or one with '=';
 * RG_ELIMIT, RG_ENOMEM. */
RG_NODISCARD enum rg_status rg_sim_host_add_env(
    struct rg_sim_host *host, const char *name, const char *value, struct rg_err *err);

#endif
