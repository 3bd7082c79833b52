#include "capture_notes.h"

#include <stdio.h>
#include <sys/utsname.h>

enum rg_status capture_notes_add(
    struct rg_recorder *rec, const char *mask, const char *checks, struct rg_err *err)
{
    struct utsname host = {0};
    char command[256];
    enum rg_status st;

    if (uname(&host) != 0)
        host = (struct utsname){.release = "unknown", .machine = "unknown"};
    snprintf(command, sizeof(command), "record --mask %s%s%s", mask, checks ? " --checks " : "",
        checks ? checks : "");
    st = rg_recorder_note(rec, "kernel", host.release, err);
    if (st == RG_OK)
        st = rg_recorder_note(rec, "architecture", host.machine, err);
    if (st == RG_OK)
        st = rg_recorder_note(rec, "version", RG_VERSION, err);
    if (st == RG_OK)
        st = rg_recorder_note(rec, "build_type", RG_BUILD_TYPE, err);
    if (st == RG_OK)
        st = rg_recorder_note(rec, "mask", mask, err);
    if (st == RG_OK)
        st = rg_recorder_note(rec, "command", command, err);
    return st;
}
