#include "process_payload.h"
#include "payload_frame.h"
#include "rg/base/mem.h"

#include <stdlib.h>

#include "process_agent.pb-c.h"

#define PB(name)           Datadog__ProcessAgent__##name
#define PB_INIT(msg, name) datadog__process_agent__##name##__init(msg)

/* A process with all its parts, so that each costs one allocation. */
struct process_parts {
    PB(Process) process;
    PB(Command) command;
    PB(ProcessUser) user;
    PB(MemoryStat) memory;
    PB(CPUStat) cpu;
    PB(IOStat) io;
};

struct stat_parts {
    PB(ProcessStat) stat;
    PB(MemoryStat) memory;
    PB(CPUStat) cpu;
    PB(IOStat) io;
};

void rg_payload_list_finish(struct rg_payload_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].bytes);
    free(list->items);
    *list = (struct rg_payload_list){0};
}

uint64_t rg_payload_list_bytes(const struct rg_payload_list *list)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < list->count; i++)
        sum += list->items[i].len;
    return sum;
}

void rg_payload_builder_init(struct rg_payload_builder *builder, const struct rg_payload_host *host)
{
    *builder = (struct rg_payload_builder){.host = *host};
}

void rg_payload_builder_finish(struct rg_payload_builder *builder)
{
    rg_arena_finish(&builder->arena);
}

uint64_t rg_payload_process_weight(const struct rg_payload_process *p)
{
    uint64_t weight = RG_PROCESS_WEIGHT_BASE;

    weight += p->process->exe.len + p->process->cwd.len + p->user.len + p->container_id.len;
    for (size_t i = 0; i < p->arg_count; i++)
        weight += p->args[i].len;
    return weight;
}

/* Strings of the message start as the library's empty text; a filled one needs no free. */
static bool set_text(struct rg_arena *arena, char **field, struct rg_str s)
{
    if (s.len == 0)
        return true;
    *field = rg_arena_utf8(arena, s);
    return *field != NULL;
}

static PB(ProcessState) state_of(char letter)
{
    switch (letter) {
    case 'D':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__D;
    case 'R':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__R;
    case 'S':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__S;
    case 'T':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__T;
    case 'W':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__W;
    case 'X':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__X;
    case 'Z':
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__Z;
    default:
        return DATADOG__PROCESS_AGENT__PROCESS_STATE__U;
    }
}

static void fill_memory(PB(MemoryStat) * out, const struct rg_process_stats *s)
{
    PB_INIT(out, memory_stat);
    out->rss = s->rss_bytes;
    out->vms = s->vms_bytes;
    out->swap = s->swap_bytes;
    out->shared = s->shared_bytes;
    out->text = s->text_bytes;
    out->lib = s->lib_bytes;
    out->data = s->data_bytes;
    out->dirty = s->dirty_bytes;
}

static void fill_cpu(PB(CPUStat) * out, const struct rg_process_stats *s, struct rg_process_cpu cpu)
{
    static const char all_cpus[] = "cpu";

    PB_INIT(out, cpustat);
    out->lastcpu = (char *)(uintptr_t)all_cpus; /* only read */
    out->totalpct = cpu.total_pct;
    out->userpct = cpu.user_pct;
    out->systempct = cpu.system_pct;
    out->numthreads = s->threads;
    out->nice = s->nice;
    out->usertime = (int64_t)s->user_s;
    out->systemtime = (int64_t)s->system_s;
}

static void fill_io(PB(IOStat) * out, struct rg_process_io io)
{
    PB_INIT(out, iostat);
    out->readrate = io.read_rate;
    out->writerate = io.write_rate;
    out->readbytesrate = io.read_bytes_rate;
    out->writebytesrate = io.write_bytes_rate;
}

static bool fill_command(
    struct rg_arena *arena, PB(Command) * out, const struct rg_payload_process *p)
{
    PB_INIT(out, command);
    out->ppid = p->process->ppid;
    out->args = rg_arena_array(arena, p->arg_count, sizeof(char *));
    if (!out->args)
        return false;
    for (; out->n_args < p->arg_count; out->n_args++) {
        out->args[out->n_args] = rg_arena_utf8(arena, p->args[out->n_args]);
        if (!out->args[out->n_args])
            return false;
    }
    return set_text(arena, &out->cwd, p->process->cwd) &&
           set_text(arena, &out->exe, p->process->exe) &&
           set_text(arena, &out->comm, p->process->comm);
}

static bool fill_user(
    struct rg_arena *arena, PB(ProcessUser) * out, const struct rg_payload_process *p)
{
    PB_INIT(out, process_user);
    if (p->process->uid_count)
        out->uid = p->process->uids[0];
    if (p->process->gid_count)
        out->gid = p->process->gids[0];
    return set_text(arena, &out->name, p->user);
}

static PB(Process) * make_process(struct rg_arena *arena, const struct rg_payload_process *p)
{
    const struct rg_process_stats *s = &p->process->stats;
    struct process_parts *parts = rg_arena_alloc(arena, sizeof(*parts));
    PB(Process) * out;

    if (!parts)
        return NULL;
    out = &parts->process;
    PB_INIT(out, process);
    fill_memory(&parts->memory, s);
    fill_cpu(&parts->cpu, s, p->cpu);
    fill_io(&parts->io, p->io);
    if (!fill_command(arena, &parts->command, p) || !fill_user(arena, &parts->user, p))
        return NULL;
    out->pid = p->process->pid;
    out->nspid = p->process->ns_pid;
    out->command = &parts->command;
    out->user = &parts->user;
    out->memory = &parts->memory;
    out->cpu = &parts->cpu;
    out->iostat = &parts->io;
    out->createtime = s->create_time_ms;
    out->openfdcount = s->fd_count;
    out->state = state_of(s->state);
    out->voluntaryctxswitches = (uint64_t)s->voluntary_switches;
    out->involuntaryctxswitches = (uint64_t)s->involuntary_switches;
    return set_text(arena, &out->containerid, p->container_id) ? out : NULL;
}

static PB(ProcessStat) * make_stat(struct rg_arena *arena, const struct rg_payload_stat *p)
{
    const struct rg_process_stats *s = &p->process->stats;
    struct stat_parts *parts = rg_arena_alloc(arena, sizeof(*parts));
    PB(ProcessStat) * out;

    if (!parts)
        return NULL;
    out = &parts->stat;
    PB_INIT(out, process_stat);
    fill_memory(&parts->memory, s);
    fill_cpu(&parts->cpu, s, p->cpu);
    fill_io(&parts->io, p->io);
    out->pid = p->process->pid;
    out->createtime = s->create_time_ms;
    out->memory = &parts->memory;
    out->cpu = &parts->cpu;
    out->nice = s->nice;
    out->threads = s->threads;
    out->openfdcount = s->fd_count;
    out->processstate = state_of(s->state);
    out->iostat = &parts->io;
    out->voluntaryctxswitches = (uint64_t)s->voluntary_switches;
    out->involuntaryctxswitches = (uint64_t)s->involuntary_switches;
    return set_text(arena, &out->containerid, p->container_id) ? out : NULL;
}

static PB(SystemInfo) * make_system_info(struct rg_arena *arena, const struct rg_payload_host *host)
{
    const struct rg_host_facts *facts = host->facts;
    size_t n = host->cpu_entries > 0 ? (size_t)host->cpu_entries : 0;
    PB(SystemInfo) *info = rg_arena_alloc(arena, sizeof(*info));
    PB(OSInfo) *os = rg_arena_alloc(arena, sizeof(*os));
    PB(CPUInfo) **list = rg_arena_array(arena, n, sizeof(*list));
    PB(CPUInfo) *cpu = rg_arena_alloc(arena, sizeof(*cpu));

    if (!info || !os || !list || !cpu)
        return NULL;
    PB_INIT(info, system_info);
    PB_INIT(os, osinfo);
    PB_INIT(cpu, cpuinfo);
    cpu->cores = 1; /* one entry per logical CPU, nothing else is known of it */
    for (size_t i = 0; i < n; i++)
        list[i] = cpu;
    info->os = os;
    info->cpus = list;
    info->n_cpus = n;
    info->totalmemory = (int64_t)facts->total_memory_bytes;
    if (!set_text(arena, &info->uuid, rg_str_from(facts->uuid)) ||
        !set_text(arena, &os->name, rg_str_from(facts->os)) ||
        !set_text(arena, &os->platform, rg_str_from(facts->platform)) ||
        !set_text(arena, &os->family, rg_str_from(facts->platform_family)) ||
        !set_text(arena, &os->version, rg_str_from(facts->platform_version)) ||
        !set_text(arena, &os->kernelversion, rg_str_from(facts->kernel_version)))
        return NULL;
    return info;
}

/* Sizes first, writes once, and hands the bytes to the list. */
static enum rg_status encode(const ProtobufCMessage *message, enum rg_frame_type type,
    struct rg_payload_list *list, struct rg_err *err)
{
    size_t body = protobuf_c_message_get_packed_size(message);
    void *array = list->items;
    struct rg_buf bytes;
    enum rg_status st;

    rg_buf_init(&bytes, RG_PAYLOAD_BYTES_MAX);
    st = body > RG_PAYLOAD_BYTES_MAX ? RG_ETOOBIG
                                     : rg_buf_reserve(&bytes, RG_FRAME_HEADER_BYTES + body);
    if (st == RG_OK)
        st = rg_frame_header(&bytes, type);
    if (st == RG_OK) {
        st = rg_grow(&array, &list->cap, list->count + 1, sizeof(*list->items), SIZE_MAX);
        list->items = array;
    }
    if (st != RG_OK) {
        rg_buf_finish(&bytes);
        rg_err_set(err, "cannot encode a message of %zu bytes: %s", body, rg_status_name(st));
        return st;
    }
    bytes.len += protobuf_c_message_pack(message, bytes.data + bytes.len);
    list->items[list->count++] = (struct rg_payload){.bytes = bytes.data, .len = bytes.len};
    return RG_OK;
}

static enum rg_status no_memory(struct rg_err *err)
{
    rg_err_set(err, "cannot build a message: out of memory");
    return RG_ENOMEM;
}

enum rg_status rg_payload_add_standard(struct rg_payload_builder *builder,
    const struct rg_payload_process *processes, size_t count, struct rg_payload_group group,
    int32_t hint_mask, struct rg_payload_list *list, struct rg_err *err)
{
    struct rg_arena *arena = &builder->arena;
    PB(CollectorProc) message;

    PB_INIT(&message, collector_proc);
    rg_arena_reset(arena);
    message.processes = rg_arena_array(arena, count, sizeof(*message.processes));
    message.info = make_system_info(arena, &builder->host);
    if (!message.processes || !message.info ||
        !set_text(arena, &message.hostname, rg_str_from(builder->host.hostname)) ||
        !set_text(arena, &message.networkid, rg_str_from(builder->host.network_id)))
        return no_memory(err);
    for (; message.n_processes < count; message.n_processes++) {
        PB(Process) *p = make_process(arena, &processes[message.n_processes]);

        if (!p)
            return no_memory(err);
        message.processes[message.n_processes] = p;
    }
    message.groupid = group.id;
    message.groupsize = group.size;
    message.containerhosttype = (PB(ContainerHostType))builder->host.container_host_type;
    message.hints_case = DATADOG__PROCESS_AGENT__COLLECTOR_PROC__HINTS_HINT_MASK;
    message.hintmask = hint_mask;
    return encode(&message.base, RG_FRAME_COLLECTOR_PROC, list, err);
}

enum rg_status rg_payload_add_realtime(struct rg_payload_builder *builder,
    const struct rg_payload_stat *stats, size_t count, struct rg_payload_group group,
    struct rg_payload_list *list, struct rg_err *err)
{
    struct rg_arena *arena = &builder->arena;
    PB(CollectorRealTime) message;

    PB_INIT(&message, collector_real_time);
    rg_arena_reset(arena);
    message.stats = rg_arena_array(arena, count, sizeof(*message.stats));
    if (!message.stats || !set_text(arena, &message.hostname, rg_str_from(builder->host.hostname)))
        return no_memory(err);
    for (; message.n_stats < count; message.n_stats++) {
        PB(ProcessStat) *s = make_stat(arena, &stats[message.n_stats]);

        if (!s)
            return no_memory(err);
        message.stats[message.n_stats] = s;
    }
    message.groupid = group.id;
    message.groupsize = group.size;
    message.numcpus = builder->host.cpu_entries;
    message.totalmemory = (int64_t)builder->host.facts->total_memory_bytes;
    message.containerhosttype = (PB(ContainerHostType))builder->host.container_host_type;
    return encode(&message.base, RG_FRAME_COLLECTOR_REALTIME, list, err);
}
