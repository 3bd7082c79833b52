/* /proc/PID/status in the forms of three generations of kernels. */
#include "sim_model.h"

#define SIGNALS_NONE "0000000000000000"
#define CAPS_ALL     UINT64_C(0x1ffffffffff)

static const char *state_text(const struct rg_sim_host *h, char state)
{
    switch (state) {
    case 'R':
        return "R (running)\n";
    case 'D':
        return "D (disk sleep)\n";
    case 'T':
        return "T (stopped)\n";
    case 'Z':
        return "Z (zombie)\n";
    case 'I':
        return h->options.form == RG_SIM_KERNEL_3_10 ? "S (sleeping)\n" : "I (idle)\n";
    default:
        return "S (sleeping)\n";
    }
}

static void line(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    sim_out_u64(out, v);
    sim_out_bytes(out, "\n", 1);
}

static void ids(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    for (int i = 0; i < 4; i++) {
        if (i)
            sim_out_bytes(out, "\t", 1);
        sim_out_u64(out, v);
    }
    sim_out_bytes(out, "\n", 1);
}

static void kib(struct sim_out *out, const char *key, uint64_t v)
{
    sim_out_text(out, key);
    sim_out_right(out, v, 8);
    sim_out_text(out, " kB\n");
}

/* The kernel escapes line feeds and backslashes here, and only here. */
static void put_name(struct sim_out *out, const struct sim_proc *p, const struct sim_counts *c)
{
    struct sim_out name;

    sim_out_init(&name, NULL);
    sim_render_comm(&name, p, c);
    sim_out_text(out, "Name:\t");
    for (size_t i = 0; i < name.len; i++) {
        if (name.chunk[i] == '\n')
            sim_out_text(out, "\\n");
        else if (name.chunk[i] == '\\')
            sim_out_text(out, "\\\\");
        else
            sim_out_bytes(out, &name.chunk[i], 1);
    }
    sim_out_bytes(out, "\n", 1);
}

static void put_head(const struct rg_sim_host *h, const struct sim_proc *p,
    const struct sim_counts *c, struct sim_out *out)
{
    enum rg_sim_kernel_form form = h->options.form;
    uint64_t pid = (uint64_t)p->pid;
    bool kernel = h->specs[p->spec].is.kernel_thread;

    put_name(out, p, c);
    if (form != RG_SIM_KERNEL_3_10)
        sim_out_text(out, kernel ? "Umask:\t0000\n" : "Umask:\t0022\n");
    sim_out_text(out, "State:\t");
    sim_out_text(out, state_text(h, c->state));
    line(out, "Tgid:\t", pid);
    if (form != RG_SIM_KERNEL_3_10)
        line(out, "Ngid:\t", 0);
    line(out, "Pid:\t", pid);
    line(out, "PPid:\t", (uint64_t)c->ppid);
    line(out, "TracerPid:\t", 0);
    ids(out, "Uid:\t", c->uid);
    ids(out, "Gid:\t", c->gid);
    line(out, "FDSize:\t", c->zombie ? 0 : c->fds > 64 ? 256 : 64);
    sim_out_text(out, "Groups:\t");
    if (!kernel)
        sim_out_u64(out, c->gid);
    sim_out_text(out, " \n");
    if (form == RG_SIM_KERNEL_3_10)
        return;
    line(out, "NStgid:\t", pid);
    line(out, "NSpid:\t", pid);
    line(out, "NSpgid:\t", kernel ? 0 : pid);
    line(out, "NSsid:\t", kernel ? 0 : pid);
    if (form == RG_SIM_KERNEL_6)
        line(out, "Kthread:\t", kernel);
}

static void put_memory(const struct rg_sim_host *h, const struct sim_counts *c, struct sim_out *out)
{
    enum rg_sim_kernel_form form = h->options.form;

    kib(out, "VmPeak:\t", c->peak_size_kib);
    kib(out, "VmSize:\t", c->size_kib);
    kib(out, "VmLck:\t", 0);
    kib(out, "VmPin:\t", 0);
    kib(out, "VmHWM:\t", c->peak_kib);
    kib(out, "VmRSS:\t", c->resident_kib);
    if (form != RG_SIM_KERNEL_3_10) {
        uint64_t file = c->shared_kib < c->resident_kib ? c->shared_kib : c->resident_kib;

        kib(out, "RssAnon:\t", c->resident_kib - file);
        kib(out, "RssFile:\t", file);
        kib(out, "RssShmem:\t", 0);
    }
    kib(out, "VmData:\t", c->data_kib);
    kib(out, "VmStk:\t", 132);
    kib(out, "VmExe:\t", c->text_kib);
    kib(out, "VmLib:\t", 1800);
    kib(out, "VmPTE:\t", 60);
    if (form == RG_SIM_KERNEL_4)
        kib(out, "VmPMD:\t", 12);
    kib(out, "VmSwap:\t", 0);
    if (form != RG_SIM_KERNEL_3_10)
        kib(out, "HugetlbPages:\t", 0);
    if (form == RG_SIM_KERNEL_6)
        sim_out_text(out, "CoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\n");
}

static void put_signals(
    const struct rg_sim_host *h, const struct sim_counts *c, struct sim_out *out)
{
    enum rg_sim_kernel_form form = h->options.form;
    uint64_t caps = c->uid == 0 ? CAPS_ALL : 0;
    const uint64_t sets[] = {0, caps, caps, CAPS_ALL, 0};
    const char *const names[] = {"CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapBnd:\t", "CapAmb:\t"};

    line(out, "Threads:\t", (uint64_t)c->threads);
    sim_out_text(out,
        "SigQ:\t0/31000\nSigPnd:\t" SIGNALS_NONE "\nShdPnd:\t" SIGNALS_NONE
        "\nSigBlk:\t" SIGNALS_NONE "\nSigIgn:\t0000000000001000\nSigCgt:\t0000000180004002\n");
    for (size_t i = 0; i < (form == RG_SIM_KERNEL_3_10 ? 4 : 5); i++) {
        sim_out_text(out, names[i]);
        sim_out_hex(out, sets[i], 16);
        sim_out_bytes(out, "\n", 1);
    }
    if (form == RG_SIM_KERNEL_6)
        sim_out_text(out, "NoNewPrivs:\t0\n");
    sim_out_text(out, "Seccomp:\t0\n");
    if (form == RG_SIM_KERNEL_6)
        sim_out_text(out, "Seccomp_filters:\t0\nSpeculation_Store_Bypass:\tthread vulnerable\n"
                          "SpeculationIndirectBranch:\tconditional enabled\n");
}

/* Bit masks in groups of 32, the highest first. */
static void put_cpus(const struct rg_sim_host *h, struct sim_out *out)
{
    uint32_t count = (uint32_t)h->options.cpu_count;
    uint32_t words = (count + 31) / 32;

    sim_out_text(out, "Cpus_allowed:\t");
    for (uint32_t i = words; i-- > 0;) {
        uint32_t bits = i == words - 1 && count % 32 ? count % 32 : 32;
        uint64_t mask = (UINT64_C(1) << bits) - 1;

        sim_out_hex(out, mask, i == words - 1 ? (bits + 3) / 4 : 8);
        sim_out_text(out, i ? "," : "\n");
    }
    sim_out_text(out, count > 1 ? "Cpus_allowed_list:\t0-" : "Cpus_allowed_list:\t");
    sim_out_u64(out, count - 1);
    sim_out_text(out, "\nMems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n");
}

void sim_render_status(const struct rg_sim_host *h, const struct sim_proc *p,
    const struct sim_counts *c, struct sim_out *out)
{
    put_head(h, p, c, out);
    if (c->addresses)
        put_memory(h, c, out);
    put_signals(h, c, out);
    put_cpus(h, out);
    line(out, "voluntary_ctxt_switches:\t", c->voluntary);
    line(out, "nonvoluntary_ctxt_switches:\t", c->involuntary);
}
