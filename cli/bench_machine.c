#include "bench_report.h"
#include "rg/base/str.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void put(char to[BENCH_FACT_MAX], const char *text)
{
    snprintf(to, BENCH_FACT_MAX, "%s", text);
}

static void read_cpu(char to[BENCH_FACT_MAX])
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[512];

    put(to, "unknown");
    while (file && fgets(line, sizeof(line), file)) {
        const char *value = strchr(line, ':');

        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        snprintf(to, BENCH_FACT_MAX, "%.*s", (int)strcspn(value + 1, "\n"),
            value + 1 + strspn(value + 1, " "));
        to[strcspn(to, "\n")] = 0;
        break;
    }
    if (file)
        fclose(file);
}

void bench_machine_read(struct bench_machine *out)
{
    struct utsname names;

    read_cpu(out->cpu);
    snprintf(out->cpus, sizeof(out->cpus), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    if (uname(&names) != 0)
        memset(&names, 0, sizeof(names));
    snprintf(out->kernel, sizeof(out->kernel), "%.*s", BENCH_FACT_MAX - 1, names.release);
    snprintf(out->arch, sizeof(out->arch), "%.*s", BENCH_FACT_MAX - 1, names.machine);
    put(out->build, RG_BUILD_TYPE);
    put(out->compiler, __VERSION__);
}

const char *bench_machine_fact(const struct bench_machine *machine, size_t i, const char **key)
{
    static const char *const keys[] = {"cpu", "cpus", "kernel", "arch", "build", "compiler"};
    const char *const facts[] = {machine->cpu, machine->cpus, machine->kernel, machine->arch,
        machine->build, machine->compiler};

    if (i >= sizeof(keys) / sizeof(keys[0]))
        return NULL;
    *key = keys[i];
    return facts[i];
}
