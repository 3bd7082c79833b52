/* Effects as JSON, as text, and the ten that came before one. */
#ifndef RG_EFFECT_TEXT_H
#define RG_EFFECT_TEXT_H

#include "cli_json.h"
#include "rg/effect.h"

/* Writes the members of an effect into the open object, contents left out. */
void effect_json(struct cli_json *json, const struct rg_effect *effect);

/* The kind of that name; false when there is none. */
bool effect_kind_parse(const char *name, enum rg_effect_kind *kind);

/* All kinds, ascending, ended by 0. */
const enum rg_effect_kind *effect_kinds(void);

/* Says on stderr which kind was meant. */
void effect_kind_refuse(const char *verb, const char *name);

/* True when s is valid UTF-8: it can be printed as a JSON string without loss. */
bool effect_is_text(struct rg_str s);

/* The last descriptions, oldest first. Zero-initialise. */
#define EFFECT_TRAIL_MAX 10
struct effect_trail {
    struct rg_buf lines[EFFECT_TRAIL_MAX]; /* owned */
    size_t next, count;
};

RG_NODISCARD enum rg_status effect_trail_add(
    struct effect_trail *trail, const struct rg_effect *effect);
void effect_trail_print(const struct effect_trail *trail);
void effect_trail_finish(struct effect_trail *trail);

#endif
