/* The parts of a condition that are worth a look when it does not hold. */
#ifndef RG_JUDGE_PARTS_H
#define RG_JUDGE_PARTS_H

#include "rg/base/str.h"

#define JUDGE_PARTS_MAX 16

struct judge_parts {
    char *parts[JUDGE_PARTS_MAX]; /* owned: jq programs; some may not compile */
    size_t count;
};

/* ".last.process | length == 3 and (.t > 1)" has the part ".last.process | length": what stands
 * left of a comparison outside of brackets and texts, behind the same pipes. Without a comparison
 * the part is what goes into the last pipe.
 *   RG_ENOMEM */
RG_NODISCARD enum rg_status judge_parts_find(const char *program, struct judge_parts *out);
void judge_parts_finish(struct judge_parts *parts);

#endif
