/* The file /etc/os-release: lines NAME=value, the value quoted as in a shell. */
#ifndef RG_LIVE_OS_RELEASE_H
#define RG_LIVE_OS_RELEASE_H

#include "rg/backend/host.h"
#include "rg/base/str.h"

/* NUL-terminated; empty when the file does not say, or says something longer or with a control
 * character in it. */
struct rg_os_release {
    char id[RG_HOST_TEXT_MAX];         /* ID: "ubuntu" */
    char family[RG_HOST_TEXT_MAX];     /* first word of ID_LIKE, else ID: "debian" */
    char version_id[RG_HOST_TEXT_MAX]; /* VERSION_ID: "22.04" */
};

/* Never fails: a malformed line is skipped. The last of several lines with one name counts. */
void rg_os_release_parse(struct rg_str text, struct rg_os_release *out);

#endif
