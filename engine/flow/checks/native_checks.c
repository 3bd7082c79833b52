#include "native_checks.h"

static const struct rg_check_factory factories[] = {
    {"cpu", rg_cpu_check_create},
    {"disk", rg_disk_check_create},
    {"file_handle", rg_file_handle_check_create},
    {"io", rg_io_check_create},
    {"load", rg_load_check_create},
    {"memory", rg_memory_check_create},
    {"network", rg_network_check_create},
    {"uptime", rg_uptime_check_create},
};

const struct rg_check_factory *rg_native_checks(size_t *count)
{
    *count = sizeof(factories) / sizeof(factories[0]);
    return factories;
}
