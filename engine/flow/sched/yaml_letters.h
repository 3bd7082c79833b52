/* Unicode categories that the order of keys depends on. */
#ifndef RG_FLOW_SCHED_YAML_LETTERS_H
#define RG_FLOW_SCHED_YAML_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

bool rg_yaml_is_letter(uint32_t c); /* L* */
bool rg_yaml_is_digit(uint32_t c);  /* Nd */

#endif
