/* Values of configuration keys: from text to the types of the engine. */
#ifndef RG_CORE_CONFIG_VALUE_H
#define RG_CORE_CONFIG_VALUE_H

#include "config_doc.h"
#include "rg/base/str.h"

/* Owned texts. Zero-initialise. */
struct rg_config_list {
    struct rg_str *items; /* owned; each text too, NUL-terminated */
    size_t count, cap;
    bool set; /* some source named it, if only as an empty list */
};

enum rg_config_type {
    RG_CONFIG_BOOL,     /* bool */
    RG_CONFIG_INT,      /* int64_t */
    RG_CONFIG_TEXT,     /* char *, owned, may be NULL */
    RG_CONFIG_TEXTS,    /* struct rg_config_list */
    RG_CONFIG_DURATION, /* int64_t, nanoseconds */
};

#define RG_CONFIG_LIST_MAX 10000 /* items of one list */

void rg_config_list_finish(struct rg_config_list *list);
RG_NODISCARD enum rg_status rg_config_list_add(struct rg_config_list *list, struct rg_str text);

/* Sets *target from a text: of the environment, or a scalar of a document. A list is written "a,b"
 * or as a JSON list.
 *   RG_EINVALID  the text does not fit the type; err says what was expected
 *   RG_ENOMEM, RG_ELIMIT */
RG_NODISCARD enum rg_status rg_config_set_text(
    enum rg_config_type type, void *target, const char *text, struct rg_err *err);

/* Sets *target from entry i of a document; null leaves it alone. Errors begin with the place. */
RG_NODISCARD enum rg_status rg_config_set_entry(enum rg_config_type type, void *target,
    const struct rg_config_doc *doc, size_t i, struct rg_err *err);

#endif
