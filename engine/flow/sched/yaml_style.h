/* How a text may be written: plain, quoted, as a block. */
#ifndef RG_FLOW_SCHED_YAML_STYLE_H
#define RG_FLOW_SCHED_YAML_STYLE_H

#include "yaml_tree.h"

enum rg_yaml_style { RG_YAML_PLAIN, RG_YAML_SINGLE, RG_YAML_DOUBLE, RG_YAML_LITERAL };

struct rg_yaml_form {
    bool multiline;
    bool plain, single, block; /* styles that keep the text; double quotes always do */
};

bool rg_yaml_is_break(uint32_t c);     /* LF, CR, NEL, LS, PS */
bool rg_yaml_is_printable(uint32_t c); /* as libyaml has it: not tabs, nothing beyond U+FFFD */
void rg_yaml_analyze(struct rg_str text, struct rg_yaml_form *out); /* text is valid UTF-8 */

#endif
