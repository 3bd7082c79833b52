/* Mappings with fixed keys, read into structs by tables. */
#ifndef RG_SCENARIO_FIELDS_H
#define RG_SCENARIO_FIELDS_H

#include "rg/sim_host.h"
#include "scenario_yaml.h"

enum scenario_field_kind {
    FIELD_TEXT,     /* const char * */
    FIELD_ARGS,     /* const char *const * and the size_t behind it */
    FIELD_I32,      /* int32_t, not negative */
    FIELD_SIGNED,   /* int32_t */
    FIELD_U32,      /* uint32_t */
    FIELD_I64,      /* int64_t, not negative */
    FIELD_SIZE,     /* uint64_t, as text with a unit */
    FIELD_BYTES,    /* size_t */
    FIELD_SPAN,     /* int64_t in ns, not negative */
    FIELD_MOMENT,   /* int64_t in ns */
    FIELD_BOOL,     /* bool */
    FIELD_LETTER,   /* char */
    FIELD_SERIES,   /* struct rg_sim_series */
    FIELD_PERMILLE, /* uint32_t from a share */
    FIELD_PERCENT,  /* uint32_t from a share */
    FIELD_FORM,     /* enum rg_sim_kernel_form */
    FIELD_SECTION,  /* read elsewhere */
};

struct scenario_field {
    const char *key;
    enum scenario_field_kind kind;
    size_t offset, count_offset;
};

/* Where values come from; zero-initialise. */
struct scenario_fields {
    const struct scenario_doc *doc;
    int64_t step_ns; /* of series */
    struct rg_err *err;
};

/* Refuses map unless it is a mapping all of whose keys are in fields, which ends with a NULL key.
 * what names the mapping. */
RG_NODISCARD enum rg_status scenario_fields_check(const struct scenario_fields *w,
    const struct scenario_node *map, const char *what, const struct scenario_field *fields);

/* The same, and fills the struct at base; keys that are absent leave it alone. Lists and series
 * that were read are the caller's to free, also on failure. */
RG_NODISCARD enum rg_status scenario_fields_read(const struct scenario_fields *w,
    const struct scenario_node *map, const char *what, const struct scenario_field *fields,
    void *base);

/* A section of map, if it is there. */
RG_NODISCARD enum rg_status scenario_section_read(const struct scenario_fields *w,
    const struct scenario_node *map, const char *key, const char *what,
    const struct scenario_field *fields, void *base);

/* "30s" or "-1h". */
RG_NODISCARD enum rg_status scenario_moment(
    const struct scenario_fields *w, const struct scenario_node *node, int64_t *out_ns);

/* The key "step" of map; RG_SIM_SERIES_STEP_NS when it is absent. */
RG_NODISCARD enum rg_status scenario_step(
    struct scenario_fields *w, const struct scenario_node *map);

#endif
